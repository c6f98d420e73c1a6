"""The visits due and overdue."""

from __future__ import annotations

from typing import Any

from rest_framework.mixins import ListModelMixin
from rest_framework.viewsets import ViewSetMixin

from server.api.paging import ByPlace
from server.api.shapes.due_visits import DueVisitSerializer
from server.api.views.base import Door
from server.core.clock import today
from server.ledgers import selectors
from server.ledgers.filters import DueVisitFilters
from server.ledgers.models import Visit


class VisitsDue(ViewSetMixin, ListModelMixin, Door):
    """Whom to visit, when, and why: persons and households with a case, persons registered as unemployed, retired persons, main employers. The longest overdue come first."""

    model = Visit
    pagination_class = ByPlace
    serializer_class = DueVisitSerializer
    filterset_class = DueVisitFilters

    def rows(self) -> Any:
        return selectors.due_visits(self.access, today())

    def filter_queryset(self, queryset: Any) -> Any:
        return queryset.narrowed(super().filter_queryset)
