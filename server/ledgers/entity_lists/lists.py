"""The entity lists phones get, built from the ledgers for one worker's communities (openrosa.md §7, domain §6).

A list's hash is made of revisions that rise with its rows (and of the day, where a row shows
what is due), so that an unchanged list costs one small query. Rows come straight from
SQL: a list of 5,000 is a fifth of a second. No ID numbers or phones; a label may end in
the last four characters of an ID number where people must be told apart.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from typing import Any, TypeAlias
from uuid import UUID, uuid5

from server.accounts.access import Worker
from server.core import clock
from server.core.codes import code_lists
from server.core.sealing import UnknownKey, unseal_text
from server.ledgers.folding.derive.categories import RESTRICTED
from server.ledgers.storage.database import query

_COMMUNITIES = UUID("0d3b8c9a-7d54-5a57-9a39-0d6d4b1f2c33")
_CHUNK = 1000
MOST = 5_000  # what an old phone digests (domain §7.10); what is due comes first
_DUE, _SOON, _FINE, _ASSISTED = "#d32f2f", "#f57c00", "#388e3c", "#7b1fa2"
_SOON_DAYS = 7
_NO_PLACE = ""


Tells: TypeAlias = Callable[[str], bool]
"""Whether labels of an area may end in digits of an ID number."""


def _always(area: str) -> bool:
    return True


class Within:
    """The areas as an SQL condition on a column; literal, so that the planner sees the prefixes and uses the index."""

    tells: Tells = staticmethod(_always)

    def __init__(self, areas: Iterable[str]) -> None:
        self._areas = sorted(areas)
        if not all(area == "" or area.isdecimal() for area in self._areas):
            raise ValueError("an area is a prefix of digits")

    def __call__(self, column: str) -> str:
        likes = [f"{column} like '{area}%%'" for area in self._areas]
        return f"({' or '.join(likes)})" if likes else "false"

    def rows(self, area: str, entry: str) -> str:
        """A condition on a row by its area; `entry` is what `Among` asks of."""
        return self(area)

    def households(self, column: str) -> str:
        """A condition on a column that names a household."""
        return f"{column} in (select id from ledgers_household where {self('area_code')})"  # noqa: S608

    def cases(self, entry: str) -> str:
        """A condition on the cases of these households and of those who live in them."""
        return (
            f"{entry} in (select id from ledgers_assistancecase"  # noqa: S608 digits only
            f" where {self.households('subject_household_id')}"
            " union all select found.id from ledgers_person owner"
            " join ledgers_assistancecase found on found.subject_person_id = owner.id"
            f" where {self.households('owner.household_id')})"
        )


class Among(Within):
    """The same conditions for certain entries, whatever their area; literal uuids."""

    def __init__(self, entries: Iterable[str], tells: Tells = _always) -> None:
        super().__init__(())
        self.tells = tells
        self._entries = ",".join(str(UUID(entry)) for entry in sorted(entries))

    def __call__(self, column: str) -> str:
        return f"{column} = any('{{{self._entries}}}'::uuid[])"

    def rows(self, area: str, entry: str) -> str:
        return self(entry)

    def households(self, column: str) -> str:
        return self(column)


class LedgerList:
    """One list: its columns, the SQL of its rows, and how a row is written."""

    def __init__(self, name: str, columns: Sequence[str], rows: Any, *, dated: bool) -> None:
        self.name = name
        self.columns = tuple(columns)
        self._rows = rows
        self._dated = dated

    def rows_of(self, entries: Iterable[str], tells: Tells = _always) -> list[Sequence[Any]]:
        """The rows of certain entries, as a worker for whom they are due would see them."""
        wanted = list(entries)
        return list(self._rows(Among(wanted, tells), clock.today(), len(wanted))) if wanted else []

    def hash(self, worker: Worker) -> str:
        """MD5 hex over the list's revisions in the worker's communities, the list's columns, and the day if rows depend on it."""
        within = Within(worker.areas)
        found = query(
            "select list, area_code, revision from ledgers_entitylistrevision"  # noqa: S608 digits only
            f" where list = %s and {within('area_code')} order by area_code",
            (self.name,),
        )
        day = clock.today().isoformat() if self._dated else ""
        told = repr((self.columns, sorted(worker.areas), day, found))
        return hashlib.md5(told.encode(), usedforsecurity=False).hexdigest()

    def csv(self, worker: Worker) -> Iterator[bytes]:
        """The header and at most 5,000 rows, in chunks."""
        return _written(self.columns, self._rows(Within(worker.areas), clock.today(), MOST))


class CommunityList(LedgerList):
    """Communities come from the divisions, which change by import only: the rows themselves are hashed."""

    def rows(self, within: Within) -> list[Sequence[Any]]:
        """All communities of the areas."""
        return list(self._rows(within, clock.today(), 1_000_000))

    def hash(self, worker: Worker) -> str:
        digest = hashlib.md5(usedforsecurity=False)
        for chunk in self.csv(worker):
            digest.update(chunk)
        return digest.hexdigest()


def _written(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    for count, row in enumerate(rows, 1):
        writer.writerow(row)
        if count % _CHUNK == 0:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def community_uuid(code: str) -> UUID:
    """The name a community goes by on the phones' list."""
    return uuid5(_COMMUNITIES, code)


def _community_rows(within: Within, today: date, most: int) -> Iterator[Sequence[Any]]:
    rows = query(
        f"""
        select community.code, community.name, street.name,
               st_y(place.point), st_x(place.point)
          from geo_division community
          left join geo_division street on street.code = community.parent_id
          left join lateral (
               select st_pointonsurface(outline) as point from geo_boundary
                where division_id = community.code
                order by valid_from desc nulls last limit 1) place on true
         where community.level = 5 and {within("community.code")}
           and (community.valid_from is null or community.valid_from <= %s)
           and (community.valid_to is null or community.valid_to > %s)
         order by community.code limit %s
        """,  # noqa: S608 digits only
        (today, today, most),
    )
    for code, name, street, lat, lon in rows:
        place = _NO_PLACE if lat is None else f"{lat:.6f} {lon:.6f} 0 0"
        yield (str(community_uuid(code)), name, 1, code, street or "", place)


def _household_rows(within: Within, today: date, most: int) -> Iterator[Sequence[Any]]:
    rows = query(
        f"""
        select house.id::text, coalesce(listed.version, 1), st_y(loc), st_x(loc), house.area_code, hh_no,
               coalesce(address, ''), coalesce(building, ''), coalesce(room, ''),
               coalesce(head.name, ''), n_members, cardinality(assisted_categories) > 0,
               (last.at at time zone 'Asia/Shanghai')::date, due.next_due
          from ledgers_household house
          left join ledgers_person head on head.id = house.head_person_id
          left join (select household_id, max(visited_at) as at from ledgers_visit
                      where outcome in ('1', '2') and {within.households("household_id")}
                      group by household_id) last on last.household_id = house.id
          left join (select coalesce(subject_household_id, person.household_id) as household_id,
                            min(next_due) as next_due
                       from ledgers_assistancecase found
                       left join ledgers_person person on person.id = found.subject_person_id
                      where found.state <> '9' and {within.cases("found.id")}
                      group by 1) due on due.household_id = house.id
          left join ledgers_listedentity listed
                 on listed.list = 'households' and listed.entity = house.id
         where {within.rows("house.area_code", "house.id")}
         order by due.next_due nulls last, house.area_code, address, room, house.id
         limit %s
        """,  # noqa: S608 digits only
        (most,),
    )
    for row in rows:
        (entry, version, lat, lon, area, number, address, building, room, head) = row[:10]
        members, assisted, last, due = row[10:]
        place = " ".join(part for part in (address, building, room) if part)
        yield (
            entry,
            f"{place} {head}".strip() or number,
            version,
            _NO_PLACE if lat is None else f"{lat:.6f} {lon:.6f} 0 0",
            area,
            number,
            address,
            building,
            room,
            head,
            "" if members is None else members,
            int(assisted),
            last or "",
            due or "",
            _ASSISTED if assisted and due is None else _colour(due, today),
            "★" if assisted else "",
        )


def _case_rows(within: Within, today: date, most: int) -> Iterator[Sequence[Any]]:
    rows = query(
        f"""
        select found.id::text, coalesce(listed.version, 1), st_y(house.loc), st_x(house.loc),
               found.area_code, person.id::text, house.id::text, person.name, person.id_no,
               coalesce(house.address, person.residence_addr, ''), coalesce(house.building, ''),
               coalesce(house.room, ''), found.category, found.state, found.last_visit,
               found.next_due, coalesce(found.offers_n, 0), head.name, found.case_no
          from ledgers_assistancecase found
          left join ledgers_person person on person.id = found.subject_person_id
          left join ledgers_household house
                 on house.id = coalesce(found.subject_household_id, person.household_id)
          left join ledgers_person head on head.id = house.head_person_id
          left join ledgers_listedentity listed
                 on listed.list = 'cases' and listed.entity = found.id
         where found.state <> '9' and {within.rows("found.area_code", "found.id")}
         order by found.next_due nulls last, found.area_code, found.id
         limit %s
        """,  # noqa: S608 digits only
        (most,),
    )
    names = code_lists()["AC"].codes
    states = code_lists()["ST4"].codes
    for row in rows:
        (entry, version, lat, lon, area, person, house, name, sealed, address) = row[:10]
        building, room, categories, state, last, due, offers, head, number = row[10:]
        who = name or head or ""
        tail = _last_four(sealed) if within.tells(area) else ""
        shown = [code for code in categories if code not in RESTRICTED]
        yield (
            entry,
            " ".join(part for part in (who, building, room, tail) if part) or address or number,
            version,
            _NO_PLACE if lat is None else f"{lat:.6f} {lon:.6f} 0 0",
            area,
            person or "",
            house or "",
            who,
            " ".join(part for part in (address, building, room) if part),
            "、".join(names[code].zh if code in names else code for code in shown),
            states[state].zh if state in states else state,
            last or "",
            due or "",
            offers,
            _colour(due, today),
            "!" if due is not None and due <= today else "",
        )


def _employer_rows(within: Within, today: date, most: int) -> Iterator[Sequence[Any]]:
    rows = query(
        f"""
        select employer.id::text, coalesce(listed.version, 1), st_y(loc), st_x(loc), employer.area_code,
               coalesce(employer.name, ''), coalesce(address, ''), coalesce(contact, ''),
               coalesce(open.n, 0), (last.at at time zone 'Asia/Shanghai')::date
          from ledgers_employer employer
          left join (select employer_id, count(*) as n from ledgers_vacancy
                      where state in ('1', '2', '3', '4') group by employer_id) open
                 on open.employer_id = employer.id
          left join (select employer_id, max(visited_at) as at from ledgers_visit
                      where employer_id is not null and outcome in ('1', '2')
                      group by employer_id) last on last.employer_id = employer.id
          left join ledgers_listedentity listed
                 on listed.list = 'employers' and listed.entity = employer.id
         where {within.rows("employer.area_code", "employer.id")}
         order by employer.area_code, employer.name, employer.id limit %s
        """,  # noqa: S608 digits only
        (most,),
    )
    for entry, version, lat, lon, area, name, address, contact, vacancies, last in rows:
        yield (
            entry,
            name or address or entry[:8].upper(),
            version,
            _NO_PLACE if lat is None else f"{lat:.6f} {lon:.6f} 0 0",
            area,
            address,
            contact,
            vacancies,
            last or "",
            _FINE if vacancies else _SOON,
        )


def _colour(due: date | None, today: date) -> str:
    """Red when due, orange within a week, else green."""
    if due is None:
        return _FINE
    days = (due - today).days
    return _DUE if days <= 0 else _SOON if days <= _SOON_DAYS else _FINE


def _last_four(sealed: str | None) -> str:
    if sealed is None:
        return ""
    try:
        return unseal_text(sealed, "id_no")[-4:]
    except UnknownKey:
        return ""


communities = CommunityList(
    "communities",
    ("name", "label", "__version", "code", "street", "geometry"),
    _community_rows,
    dated=True,
)
households = LedgerList(
    "households",
    (
        "name", "label", "__version", "geometry", "community", "hh_no", "address", "building",
        "room", "head", "members", "assisted", "last_visit", "due_on", "marker-color",
        "marker-symbol",
    ),
    _household_rows,
    dated=True,
)  # fmt: skip
cases = LedgerList(
    "cases",
    (
        "name", "label", "__version", "geometry", "community", "person", "household",
        "person_name", "address", "categories", "state", "last_visit", "next_due", "offers",
        "marker-color", "marker-symbol",
    ),
    _case_rows,
    dated=True,
)  # fmt: skip
employers = LedgerList(
    "employers",
    (
        "name", "label", "__version", "geometry", "community", "address", "contact",
        "vacancies", "last_visit", "marker-color",
    ),
    _employer_rows,
    dated=False,
)  # fmt: skip
