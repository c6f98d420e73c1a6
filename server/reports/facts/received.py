"""The facts of received records and of exceptions (R10). The caller sees the rows of all areas."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from enum import StrEnum
from typing import Any
from uuid import UUID

from server.core.clock import office_day
from server.ledgers.models import LedgerException
from server.reports.facts.records import Doubt, Received
from server.submissions.models import Submission
from server.submissions.steps import Flag


class Position(StrEnum):
    """How the place of a record agrees with the community that it names."""

    NEAR = "near"  # within the outline, or outside by no more than the accuracy
    FAR = "far"
    NONE = "none"  # the record has no place
    UNKNOWN = "unknown"  # no outline holds the place


def uuid_of_record(number: int) -> str:
    """The number of a submission as a UUID, which facts and marks name it by."""
    return str(UUID(int=number))


def number_of_record(entry: str) -> int:
    """The submission that such a UUID names."""
    return UUID(entry).int


def received_facts(entries: Collection[str]) -> Iterator[Received]:
    """The facts of these records that count or are rejected; held and deleted ones have none."""
    rows: Any = Submission.objects.filter(
        pk__in=[number_of_record(entry) for entry in entries],
        current_version__isnull=False,
        observed_at__isnull=False,
    ).only(
        "area_code", "observed_at", "received_at", "location", "located_area", "flags",
        "review_state", "submitter_id",
    )  # fmt: skip
    for row in rows:
        day = office_day(row.observed_at)
        yield Received(
            entry=uuid_of_record(row.pk),
            area_code=row.area_code,
            day=day,
            days_late=(office_day(row.received_at) - day).days,
            position=_position(row),
            state=row.review_state,
            worker=row.submitter_id,
        )


def doubt_facts(entries: Collection[str]) -> Iterator[Doubt]:
    """The exceptions of these entries, open and resolved. One whose cause is gone has none."""
    rows = LedgerException.objects.filter(entry__in=entries).values_list(
        "entry", "area_code", "opened_at", "resolved_at", "family", "kind"
    )
    for entry, area, opened_at, resolved_at, family, kind in rows:
        since = office_day(opened_at)
        until = max(since, office_day(resolved_at)) if resolved_at else None
        yield Doubt(str(entry), area, since, until, family, kind)


def _position(row: Submission) -> Position:
    if row.location is None:
        return Position.NONE
    if Flag.OUTSIDE_AREA in row.flags:
        return Position.FAR
    return Position.NEAR if row.located_area else Position.UNKNOWN
