"""Figures that offices state and no form asks: census counts of communities, certificates and study of staff (S3, S5).

They are facts like all others: a figure that is stated anew ends being known, and the new one begins.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, Final
from uuid import NAMESPACE_URL, UUID, uuid5

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from server.accounts.models import User
from server.audit.models import Act
from server.audit.services import record
from server.core import clock
from server.geo.models import Division, Level
from server.reports.facts.keeping import known_rows, take_facts_lock
from server.reports.facts.records import Figure
from server.reports.models import FigureFact
from server.reports.problems import BadFigures

COLUMNS: Final = ("kind", "area", "since", "until", "worker", "number", "people")
"""The heads of the table that is read, in any order; `until`, the last day, `worker` and `people` as the kind needs them."""
_MOST: Final = Decimal(10**9)


class Kind(StrEnum):
    """What a figure is."""

    CENSUS = "census"  # households and people of a community from a day on, until the next census
    CERTIFICATE = "certificate"  # a member of staff may do the work from a day to another
    STUDY = "study"  # hours of study of a member of staff on a day


@dataclass(frozen=True, slots=True)
class Stated:
    """What an import did."""

    added: int
    unchanged: int
    superseded: int


def read_figures(lines: Iterable[str]) -> list[Figure]:
    """The figures of a CSV table with the heads of COLUMNS. Raises BadFigures, which names the line and column."""
    reader = csv.DictReader(lines)
    missing = {"kind", "area", "since", "number"} - set(reader.fieldnames or ())
    if missing:
        raise BadFigures(line=1, column=", ".join(sorted(missing)), reason=_("is missing"))
    codes = set(Division.objects.filter(level=Level.COMMUNITY).values_list("code", flat=True))
    areas = set(Division.objects.values_list("code", flat=True))
    people = dict(User.objects.values_list("username", "pk"))
    return [_figure(number, row, codes, areas, people) for number, row in enumerate(reader, 2)]


@transaction.atomic
def state_figures(figures: Iterable[Figure], *, actor: User | None = None) -> Stated:
    """Put figures in force; what was stated of the same thing and day before ends being known.

    A census count holds until the community's next one. Stating the same again changes nothing.
    Takes the facts lock to the end of the transaction. The caller sees the rows of all areas.
    """
    take_facts_lock()
    by_subject: dict[tuple[str, str], dict[date, Figure]] = defaultdict(dict)
    for figure in figures:
        by_subject[figure.kind, figure.entry][figure.since] = figure
    at = clock.now()
    added = unchanged = superseded = 0
    for (kind, entry), stated in by_subject.items():
        known = dict(known_rows(FigureFact, Q(kind=kind, entry=entry)))
        wanted = {row.since: row for row in known} | stated
        rows = set(_in_order(kind, wanted.values()))
        gone = [number for row, number in known.items() if row not in rows]
        new = [row for row in rows if row not in known]
        FigureFact.objects.filter(pk__in=gone).update(known_until=at)
        FigureFact.objects.bulk_create(
            FigureFact(**row._asdict(), known_from=at) for row in sorted(new, key=repr)
        )
        added, superseded = added + len(new), superseded + len(gone)
        unchanged += len(rows) - len(new)
    if added:
        record(
            Act.FIGURES_STATED,
            actor=actor,
            object_type="report",
            facts={"added": added, "superseded": superseded},
        )
    return Stated(added, unchanged, superseded)


def _in_order(kind: str, figures: Iterable[Figure]) -> Iterator[Figure]:
    rows = sorted(figures, key=lambda row: row.since)
    for row, after in zip(rows, [*rows[1:], None], strict=True):
        if kind == Kind.CENSUS:
            yield row._replace(until=after.since if after else None)
        else:
            yield row


def _figure(
    line: int, row: dict[str, Any], communities: set[str], areas: set[str], people: dict[str, int]
) -> Figure:
    def given(column: str) -> str:
        return (row.get(column) or "").strip()

    def wrong(column: str, reason: str) -> BadFigures:
        return BadFigures(line=line, column=column, reason=reason)

    try:
        kind = Kind(given("kind"))
    except ValueError:
        raise wrong("kind", _("is none of census, certificate, study")) from None
    area = given("area")
    if area not in (communities if kind is Kind.CENSUS else areas):
        raise wrong("area", _("is not the code of a community or, for staff, of a division"))
    since = _day(given("since"))
    if since is None:
        raise wrong("since", _("is not a day such as 2026-09-30"))
    number = _number(given("number") or "1")
    if number is None:
        raise wrong("number", _("is not a number from 0 on"))
    figure = Figure(
        entry="", area_code=area, since=since, until=None, kind=kind, day=since, worker=None,
        quantity=number, people=0,
    )  # fmt: skip
    if kind is Kind.CENSUS:
        count = _number(given("people"))
        if count is None or count != int(count):
            raise wrong("people", _("is not a number from 0 on"))
        return figure._replace(entry=str(uuid5(NAMESPACE_URL, area)), people=int(count))
    worker = people.get(given("worker"))
    if worker is None:
        raise wrong("worker", _("is no user name of a member of staff"))
    until: date | None = since
    if kind is Kind.CERTIFICATE:
        last = _day(given("until")) if given("until") else None
        if given("until") and (last is None or last < since):
            raise wrong("until", _("is no day, or one before the first"))
        until = last
    return figure._replace(
        entry=uuid_of_worker(worker), worker=worker,
        until=until + timedelta(days=1) if until else None,
        quantity=Decimal(1) if kind is Kind.CERTIFICATE else number,
    )  # fmt: skip


def uuid_of_worker(number: int) -> str:
    """The number of a user as a UUID, which figures name a member of staff by."""
    return str(UUID(int=number))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() and 0 <= number < _MOST else None
