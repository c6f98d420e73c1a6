"""The review queue as one reader has filtered it: its order, a record's place in it, and what stands next to that."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.urls import reverse

from server.console.pages import StaffRequest
from server.core.paging import COUNTED
from server.submissions.filters import SubmissionFilters
from server.submissions.models import TO_REVIEW, Submission
from server.submissions.selectors import submissions as visible

ORDER = ("received_at", "id")
_BEFORE, _BEHIND = 8, 22
"""How many of its neighbours stand in the list beside a record."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record stands in the queue."""

    number: int  # from 1; 0 when the record waits for no decision or is left out by the filter
    total: int
    is_capped: bool  # there are more than were counted


class Queue:
    """The submissions that wait for a decision and pass the address's filters, the longest waiting first."""

    def __init__(self, request: StaffRequest, query: QueryDict | None = None) -> None:
        given = request.GET if query is None else query
        self.filters = SubmissionFilters(given, waiting(request), access=request.access)
        self.rows: QuerySet[Submission] = self.filters.qs.order_by(*ORDER)
        kept = given.copy()
        for name in ("page", "ordering"):
            kept.pop(name, None)
        self.query = urlencode(
            [(name, value) for name, values in kept.lists() for value in values if value]
        )

    def address(self, page: str, *args: object) -> str:
        """A page's address that keeps the filter."""
        return reverse(f"console:{page}", args=args) + (f"?{self.query}" if self.query else "")

    def narrowed(self) -> list[tuple[str, str]]:
        """The filters that are set: label and value in words."""
        form = self.filters.form
        words = []
        for name, field in form.fields.items():
            value = form.data.get(name)
            if value and name not in ("ordering", "page"):
                choices = dict(getattr(field.widget, "choices", ()))
                words.append((str(field.label), str(choices.get(value, value))))
        return words

    def after(self, row: Submission) -> Submission | None:
        """The next record; behind the last one the first that is not this one."""
        return self._later(row).first() or self.rows.exclude(pk=row.pk).first()

    def before(self, row: Submission) -> Submission | None:
        """The record in front of this one."""
        return self._earlier(row).last()

    def place(self, row: Submission) -> Place:
        """Where the record stands. Two queries, which count no further than lists do."""
        total = self.rows.order_by()[:COUNTED].count()
        number = 0
        if self.rows.filter(pk=row.pk).exists():
            number = self._earlier(row).order_by()[:COUNTED].count() + 1
        return Place(number, total, total >= COUNTED)

    def neighbours(self, row: Submission) -> list[Submission]:
        """The records around this one, in the queue's order, this one among them."""
        joined = ("form", "submitter")
        earlier = list(self._earlier(row).select_related(*joined).reverse()[:_BEFORE])
        later = list(self._later(row).select_related(*joined)[:_BEHIND])
        return [*reversed(earlier), row, *later]

    def _earlier(self, row: Submission) -> QuerySet[Submission]:
        at, number = row.received_at, row.pk
        return self.rows.filter(Q(received_at__lt=at) | Q(received_at=at, pk__lt=number))

    def _later(self, row: Submission) -> QuerySet[Submission]:
        at, number = row.received_at, row.pk
        return self.rows.filter(Q(received_at__gt=at) | Q(received_at=at, pk__gt=number))


def waiting(request: StaffRequest) -> QuerySet[Submission]:
    """The submissions of the reader's areas that wait for a decision."""
    return visible(request.access).filter(review_state__in=TO_REVIEW).order_by(*ORDER)
