"""What there is to do, by area and by worker, within the reader's access: the numbers of the front page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date, datetime, time
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Left

from server.accounts.access import Access
from server.accounts.selectors import colleagues
from server.core.clock import OFFICE, first_of_quarter
from server.geo.codes import lies_in
from server.ledgers.reading.entries import cases, exceptions, households
from server.ledgers.storage.fragments import IS_OPEN, visit_due_soon, visit_overdue
from server.submissions.models import TO_REVIEW
from server.submissions.selectors import submissions


@dataclass(slots=True)
class Counts:
    """The numbers of an area, or of a worker."""

    arrived: int = 0  # records received today
    to_review: int = 0
    exceptions: int = 0
    open_cases: int = 0
    due: int = 0  # visits due within a week, not yet overdue
    overdue: int = 0
    homes: int = 0
    confirmed: int = 0  # homes confirmed in this quarter

    @property
    def coverage(self) -> int | None:
        """How many of a hundred homes were confirmed in this quarter, rounded down; None without homes."""
        return self.confirmed * 100 // self.homes if self.homes else None

    def add(self, other: Counts) -> None:
        """Add the numbers of another area."""
        for name in (field.name for field in fields(self)):
            setattr(self, name, getattr(self, name) + getattr(other, name))


def counts_by_area(access: Access, base: str, length: int, day: date) -> dict[str, Counts]:
    """The prefix of this many digits → its numbers, of the areas below `base`. Four queries, whatever their number."""
    here = lies_in(base) if base else Q()
    by_area: dict[str, Counts] = {}
    for rows, numbers in (
        (_waiting(access, day), _of_submissions(day)),
        (exceptions(access).filter(resolved_at=None), {"exceptions": Q()}),
        (cases(access).filter(IS_OPEN), _of_cases(day)),
        (households(access), _of_homes(day)),
    ):
        within = rows.filter(here) if base else rows
        for key, values in _grouped(within, Left("area_code", length), numbers):
            counts = by_area.setdefault(key, Counts())
            for name, number in values.items():
                setattr(counts, name, number)
    return by_area


def counts_by_worker(access: Access, base: str, day: date) -> list[tuple[Any, Counts]]:
    """The workers responsible for open cases, or who sent records that wait, below `base`, each with the numbers; the most overdue first. Three queries."""
    here = lies_in(base) if base else Q()
    by_worker: dict[int | None, Counts] = {}
    for rows, who, numbers in (
        (cases(access).filter(IS_OPEN), "linked_worker_id", _of_cases(day)),
        (_waiting(access, day), "submitter_id", _of_submissions(day)),
    ):
        within = rows.filter(here) if base else rows
        for key, values in _grouped(within, who, numbers):
            counts = by_worker.setdefault(key, Counts())
            for name, number in values.items():
                setattr(counts, name, number)
    people = {person.pk: person for person in colleagues(access, [key for key in by_worker if key])}
    known = [(people.get(key) if key else None, counts) for key, counts in by_worker.items()]
    return sorted(known, key=lambda pair: (-pair[1].overdue, -pair[1].to_review, str(pair[0])))


def _grouped(
    rows: QuerySet[Any], key: Any, numbers: dict[str, Q]
) -> Iterable[tuple[Any, dict[str, int]]]:
    """Each value of the key with how many of its rows meet each condition. One query."""
    counted = {name: Count("pk", filter=condition or None) for name, condition in numbers.items()}
    plain = rows.order_by().annotate(group=key) if not isinstance(key, str) else rows.order_by()
    name = key if isinstance(key, str) else "group"
    for row in plain.values(name).annotate(**counted):
        yield row.pop(name), row


def _waiting(access: Access, day: date) -> QuerySet[Any]:
    """The records of today, and those to review."""
    return submissions(access).filter(Q(review_state__in=TO_REVIEW) | _today(day))


def _today(day: date) -> Q:
    return Q(received_at__gte=datetime.combine(day, time(), OFFICE))


def _of_submissions(day: date) -> dict[str, Q]:
    return {"arrived": _today(day), "to_review": Q(review_state__in=TO_REVIEW)}


def _of_cases(day: date) -> dict[str, Q]:
    return {
        "open_cases": Q(),
        "overdue": visit_overdue(day),
        "due": visit_due_soon(day) & ~visit_overdue(day),
    }


def _of_homes(day: date) -> dict[str, Q]:
    return {"homes": Q(), "confirmed": Q(last_confirmed_on__gte=first_of_quarter(day))}
