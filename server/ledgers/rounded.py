"""Filters and orders by dates whose day not every reader sees (security.md, Masks; decision 0255)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.functions import Trunc
from django_filters.constants import EMPTY_VALUES

from server.accounts.access import REVEALERS, within
from server.core.filters import Day, Ordering
from server.core.masking import Precision, first_day, last_day


def _sees_day(filters: Any) -> tuple[str, ...]:
    """The areas in which the reader of a list sees the days of dates that are rounded."""
    areas: tuple[str, ...] | None = filters.day_areas
    return filters.access.areas(REVEALERS) if areas is None else areas


class RoundedDay(Day):
    """A date whose day not every reader sees: where it is masked, it is compared by its year or month.

    Otherwise a list filtered from a day on would tell the day that the column does not show.
    """

    def __init__(self, *, precision: Precision, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.precision = precision

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        if value in EMPTY_VALUES:
            return qs
        edge = first_day if self.lookup_expr == "gte" else last_day
        name = f"{self.field_name}__{self.lookup_expr}"
        seen = within(_sees_day(self.parent))
        return qs.filter(
            Q(**{name: value}) & seen | Q(**{name: edge(value, self.precision)}) & ~seen
        )


class RoundedOrdering(Ordering):
    """Orders by a date that is rounded only readers who see its day in all their areas; others by its year or month.

    Between two rows whose days are shown, the order would tell the day of the one between.
    """

    def __init__(self, *columns: str, rounded: Mapping[str, Precision]) -> None:
        super().__init__(*columns)
        self.rounded = rounded

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        if value in EMPTY_VALUES:
            return qs
        seen = _sees_day(self.parent)
        if all(area.startswith(seen) for area in self.parent.access.areas()):
            return super().filter(qs, value)
        orders = [self._coarse(name) for name in value]
        return qs.order_by(*orders, "pk")

    def _coarse(self, name: str) -> Any:
        column = name.removeprefix("-")
        if column not in self.rounded:
            return self.get_ordering_value(name)
        start = Trunc(column, str(self.rounded[column]))
        return start.desc() if name.startswith("-") else start.asc()
