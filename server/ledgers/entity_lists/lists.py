"""The entity lists that phones get, made from the ledgers for one worker's communities (openrosa.md, Entity lists).

A list's hash is made of the revisions of its rows (and of the day, where a row shows what
is due), so that an unchanged list costs one small query. A phone may be lost: no ID number,
day of birth or phone stands here, also none that somebody typed into a name or an address.
Namesakes are told apart by sex, year of birth, relation and room.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from itertools import islice
from typing import Any, Final, TypeAlias
from uuid import UUID, uuid5

from server.accounts.access import Worker
from server.core import clock
from server.core.codes import code_lists
from server.core.masking import mask_numbers
from server.ledgers.definitions.sensitivity import unrestricted_codes
from server.ledgers.definitions.vocabulary import EntityList
from server.ledgers.folding.derive.due import Urgency, urgency
from server.ledgers.storage.list_revisions import list_revisions
from server.ledgers.storage.list_rows import (
    PersonRow,
    case_rows,
    community_rows,
    employer_rows,
    household_rows,
    person_rows,
    retiree_rows,
    vacancy_rows,
)
from server.ledgers.storage.selections import AreaSelection, EntrySelection, Selection

MAX_ROWS: Final = 5_000
"""What an old phone can hold; a list shows first what is due first (architecture.md, Numbers to design for)."""

_COMMUNITIES: Final = UUID("0d3b8c9a-7d54-5a57-9a39-0d6d4b1f2c33")
_CHUNK: Final = 1000
_RED, _ORANGE, _GREEN, _PURPLE = "#d32f2f", "#f57c00", "#388e3c", "#7b1fa2"
_COLOURS: Final = {
    Urgency.OVERDUE: _RED,
    Urgency.DUE: _RED,  # as overdue: go there today; in sunlight nobody tells two reds apart
    Urgency.SOON: _ORANGE,
    Urgency.LATER: _GREEN,
    Urgency.NONE: _GREEN,
}
_TYPED: Final = frozenset(
    {
        "label",
        "address",
        "building",
        "room",
        "head",
        "person_name",
        "contact",
        "title",
        "job",
        "course",
        "employer_name",
    }
)
"""Properties whose texts people typed."""
_GO_TODAY: Final = frozenset({Urgency.OVERDUE, Urgency.DUE})

ListRow: TypeAlias = dict[str, Any]
"""A row of a list: property → value in the order of the columns, with `name` (the uuid), `label` and `__version`."""

RowReader: TypeAlias = Callable[[Selection, date, int], Iterator[ListRow]]
"""Reads the selected rows as they are on a day, at most so many."""


class LedgerList:
    """A list whose rows are ledger entries."""

    def __init__(
        self,
        name: EntityList,
        columns: Sequence[str],
        read: RowReader,
        *,
        is_dated: bool,
        saved_by: str = "",
    ) -> None:
        self.name = name
        self.columns: tuple[str, ...] = tuple(columns)
        self.saved_by: str = saved_by  # of forms.entities.EntityList
        self._read = read
        self._is_dated = is_dated  # whether rows change with the day

    def rows_of(self, entries: Iterable[str]) -> list[ListRow]:
        """The rows of certain entries, whatever their area; those the list does not have are left out. One query."""
        wanted = list(entries)
        if not wanted:
            return []
        return list(self._rows(EntrySelection(wanted), len(wanted)))

    def hash(self, worker: Worker) -> str:
        """MD5 hex over the revisions of the worker's communities, the columns, and the day if rows depend on it. One query."""
        day = clock.today().isoformat() if self._is_dated else ""
        revisions = [tuple(revision) for revision in list_revisions(self.name, worker.areas)]
        state = repr((self.columns, sorted(worker.areas), day, revisions))
        return hashlib.md5(state.encode(), usedforsecurity=False).hexdigest()

    def csv(self, worker: Worker) -> Iterator[bytes]:
        """The header and at most MAX_ROWS rows, in chunks. One query."""
        return _written(self.columns, self._rows(AreaSelection(worker.areas), MAX_ROWS))

    def _rows(self, selection: Selection, limit: int) -> Iterator[ListRow]:
        """The rows, without the personal numbers that people typed into texts."""
        for row in self._read(selection, clock.today(), limit):
            yield {
                name: mask_numbers(value) if name in _TYPED and value else value
                for name, value in row.items()
            }


class CommunityList:
    """The list of communities: they come from the divisions, which change seldom, so the rows are hashed."""

    name = EntityList.COMMUNITIES
    columns: tuple[str, ...] = ("name", "label", "__version", "code", "street", "geometry")
    saved_by = ""

    def rows(self, areas: Iterable[str]) -> Iterator[ListRow]:
        """All communities of the areas that exist today, by code. One query."""
        for row in community_rows(areas, clock.today(), 1_000_000):
            yield {
                "name": str(community_uuid(row.code)),
                "label": row.name,
                "__version": 1,
                "code": row.code,
                "street": row.street or "",
                "geometry": _geometry(row.lat, row.lon),
            }

    def hash(self, worker: Worker) -> str:
        """MD5 hex of the list itself. One query."""
        digest = hashlib.md5(usedforsecurity=False)
        for chunk in self.csv(worker):
            digest.update(chunk)
        return digest.hexdigest()

    def csv(self, worker: Worker) -> Iterator[bytes]:
        """The header and the rows, in chunks. One query."""
        return _written(self.columns, islice(self.rows(worker.areas), MAX_ROWS))


def _written(columns: Sequence[str], rows: Iterator[ListRow]) -> Iterator[bytes]:
    """CSV with the columns in order, in chunks of bytes."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    lines = map(dict.values, rows)
    while True:
        writer.writerows(islice(lines, _CHUNK))
        if not (text := buffer.getvalue()):
            return
        yield text.encode()
        buffer.seek(0)
        buffer.truncate()


def community_uuid(code: str) -> UUID:
    """The uuid of a community as an entity, made from its division code."""
    return uuid5(_COMMUNITIES, code)


def _household_rows(selection: Selection, today: date, limit: int) -> Iterator[ListRow]:
    for row in household_rows(selection, limit):
        label = _joined(row.address, row.building, row.room, row.head_name)
        yield {
            "name": row.id,
            "label": label or row.hh_no,
            "__version": row.version,
            "geometry": _geometry(row.lat, row.lon),
            "community": row.area_code,
            "hh_no": row.hh_no,
            "address": row.address,
            "building": row.building,
            "room": row.room,
            "head": row.head_name,
            "members": "" if row.n_members is None else row.n_members,
            "assisted": int(row.is_assisted),
            "last_visit": row.last_visit or "",
            "due_on": row.next_due or "",
            "marker-color": _PURPLE
            if row.is_assisted and row.next_due is None
            else _COLOURS[urgency(row.next_due, today)],
            "marker-symbol": "★" if row.is_assisted else "",
        }


def _case_rows(selection: Selection, today: date, limit: int) -> Iterator[ListRow]:
    categories, states = code_lists()["AC"].codes, code_lists()["ST4"].codes
    for row in case_rows(selection, limit):
        who = row.person_name or ""
        sex, relation = _in_words("SEX", row.sex), _in_words("REL", row.relation)
        born = "" if row.birth_year is None else str(row.birth_year)
        label = _joined(who, sex, born, relation, row.building, row.room) if who else ""
        shown = unrestricted_codes("AC", row.categories)
        yield {
            "name": row.id,
            "label": label or _joined(row.address, row.building, row.room) or row.case_no,
            "__version": row.version,
            "geometry": _geometry(row.lat, row.lon),
            "community": row.area_code,
            "person": row.person_id or "",
            "household": row.household_id or "",
            "person_name": who,
            "relation": relation,
            "sex": sex,
            "birth_year": born,
            "address": _joined(row.address, row.building, row.room),
            "building": row.building,
            "room": row.room,
            "categories": "、".join(
                categories[code].zh if code in categories else code for code in shown
            ),
            "state": states[row.state].zh if row.state in states else row.state,
            "last_visit": row.last_visit or "",
            "next_due": row.next_due or "",
            "offers": row.offers,
            "marker-color": _COLOURS[urgency(row.next_due, today)],
            "marker-symbol": "!" if urgency(row.next_due, today) in _GO_TODAY else "",
        }


def _employer_rows(selection: Selection, today: date, limit: int) -> Iterator[ListRow]:
    for row in employer_rows(selection, limit):
        yield {
            "name": row.id,
            "label": row.name or row.address or row.id[:8].upper(),
            "__version": row.version,
            "geometry": _geometry(row.lat, row.lon),
            "community": row.area_code,
            "address": row.address,
            "contact": row.contact,
            "vacancies": row.vacancies,
            "last_visit": row.last_visit or "",
            "marker-color": _GREEN if row.vacancies else _ORANGE,
        }


def _person_rows(selection: Selection, today: date, limit: int) -> Iterator[ListRow]:
    for row in person_rows(selection, limit, today=today, quarter=clock.first_of_quarter(today)):
        relation, sex = _in_words("REL", row.relation), _in_words("SEX", row.sex)
        born = "" if row.birth_year is None else str(row.birth_year)
        label = _joined(row.name, relation, sex, born, row.building, row.room)
        yield {
            "name": row.id,
            "label": label or row.id[:8].upper(),
            "__version": row.version,
            "community": row.area_code,
            "household": row.household_id or "",
            "person_name": row.name,
            "relation": row.relation or "",
            "sex": row.sex or "",
            "birth_year": born,
            "building": row.building,
            "room": row.room,
            "confirmed_on": row.last_confirmed_on or "",
            **_entries_of(row),
        }


def _entries_of(row: PersonRow) -> dict[str, str]:
    """The latest open entry of each ledger that a quick change can bring to an end, and the titles of two of them."""
    offer, _space, job = (row.offer or "").partition(" ")
    training, _space, course = (row.training or "").partition(" ")
    others = (row.transfer, row.floating, row.flexible)
    transfer, floating, flexible = ((entry or "").strip() for entry in others)
    return {
        "offer": offer, "job": job, "training": training, "course": course,
        "transfer": transfer, "floating": floating, "flexible": flexible,
    }  # fmt: skip


def _vacancy_rows(selection: Selection, _today: date, limit: int) -> Iterator[ListRow]:
    for row in vacancy_rows(selection, limit):
        wage = "–".join(f"{amount:.0f}" for amount in (row.wage_min, row.wage_max) if amount)
        label = _joined(row.title, row.employer_name, f"{wage}元" if wage else "")
        yield {
            "name": row.id,
            "label": label or row.id[:8].upper(),
            "__version": row.version,
            "community": row.area_code,
            "employer": row.employer_id or "",
            "employer_name": row.employer_name,
            "title": row.title,
            "occupation": row.occupation,
            "wage": wage,
            "n_left": "" if row.n_left is None else row.n_left,
            "n_filled": row.n_filled,
            "welfare": int(row.is_public_welfare),
            "assisted": int(row.accepts_assisted),
            "expires_on": row.expires_on or "",
        }


def _retiree_rows(selection: Selection, _today: date, limit: int) -> Iterator[ListRow]:
    for row in retiree_rows(selection, limit):
        born = "" if row.birth_year is None else str(row.birth_year)
        label = _joined(row.name, _in_words("SEX", row.sex), born, row.building, row.room)
        yield {
            "name": row.id,
            "label": label or row.id[:8].upper(),
            "__version": row.version,
            "community": row.area_code,
            "person": row.person_id or "",
            "person_name": row.name,
            "sex": row.sex or "",
            "birth_year": born,
            "building": row.building,
            "room": row.room,
            "qual_on": row.qual_on or "",
        }


def _joined(*parts: str) -> str:
    """The parts that are not empty."""
    return " ".join(filter(None, parts))


def _geometry(lat: float | None, lon: float | None) -> str:
    """A point as ODK writes geopoints; "" without one."""
    return "" if lat is None else f"{lat:.6f} {lon:.6f} 0 0"


def _in_words(code_list: str, code: str | None) -> str:
    """A code's Chinese label; the code itself where it is unknown, "" for none."""
    if not code:
        return ""
    codes = code_lists()[code_list].codes
    return codes[code].zh if code in codes else code


communities = CommunityList()
households = LedgerList(
    EntityList.HOUSEHOLDS,
    (
        "name", "label", "__version", "geometry", "community", "hh_no", "address", "building",
        "room", "head", "members", "assisted", "last_visit", "due_on", "marker-color",
        "marker-symbol",
    ),
    _household_rows,
    is_dated=True,
    saved_by="household.id",
)  # fmt: skip
cases = LedgerList(
    EntityList.CASES,
    (
        "name", "label", "__version", "geometry", "community", "person", "household",
        "person_name", "relation", "sex", "birth_year", "address", "building", "room",
        "categories", "state", "last_visit", "next_due", "offers", "marker-color",
        "marker-symbol",
    ),
    _case_rows,
    is_dated=True,
)  # fmt: skip
employers = LedgerList(
    EntityList.EMPLOYERS,
    (
        "name", "label", "__version", "geometry", "community", "address", "contact",
        "vacancies", "last_visit", "marker-color",
    ),
    _employer_rows,
    is_dated=False,
    saved_by="employer.id",
)  # fmt: skip

persons = LedgerList(
    EntityList.PERSONS,
    (
        "name", "label", "__version", "community", "household", "person_name", "relation", "sex",
        "birth_year", "building", "room", "confirmed_on", "offer", "job", "training", "course",
        "transfer", "floating", "flexible",
    ),
    _person_rows,
    is_dated=True,
    saved_by="person.id",
)  # fmt: skip

vacancies = LedgerList(
    EntityList.VACANCIES,
    (
        "name", "label", "__version", "community", "employer", "employer_name", "title",
        "occupation", "wage", "n_left", "n_filled", "welfare", "assisted", "expires_on",
    ),
    _vacancy_rows,
    is_dated=False,
    saved_by="vacancy.id",
)  # fmt: skip
retirees = LedgerList(
    EntityList.RETIREES,
    (
        "name", "label", "__version", "community", "person", "person_name", "sex", "birth_year",
        "building", "room", "qual_on",
    ),
    _retiree_rows,
    is_dated=False,
    saved_by="retiree.id",
)  # fmt: skip

LISTS: Final[dict[str, LedgerList]] = {
    ledger_list.name: ledger_list
    for ledger_list in (households, cases, employers, persons, vacancies, retirees)
}
"""The lists whose entries have versions, by name."""
