"""Values that a filter takes or refuses by its kind, and which rows pass it."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import django_filters
from django.contrib.gis.geos import Point
from django.db.models import QuerySet

from server.accounts.access import Access
from server.core.filters import AnyOf, Box, Ordering, Since, Until
from server.geo.filters import Area

EVERYTHING = Access(0, (("administrator", ""), ("restricted", "")))
NOON = datetime(2026, 11, 20, 4, tzinfo=UTC)  # 12:00 at the office
INSIDE, OUTSIDE = Point(113.35, 23.12, srid=4326), Point(114.35, 23.12, srid=4326)
BOX = "113.3,23.1,113.4,23.2"


def good_value(filter_: Any) -> str:
    match filter_:
        case Ordering() | django_filters.ChoiceFilter():
            return str(filter_.extra["choices"][0][0])
        case Since() | Until():
            return "2026-11-20T08:00:00Z"
        case django_filters.DateFilter():
            return "2026-11-20"
        case django_filters.NumberFilter():
            return "1"
        case django_filters.UUIDFilter():
            return str(uuid.UUID(int=1))
        case Box():
            return "113,23,114,24"
        case Area():
            return "440106003000"
        case AnyOf() if filter_.extra["codes"] is not None:
            return ",".join(list(filter_.extra["codes"]())[:2])
    return "x"


def bad_value(filter_: Any) -> str:
    match filter_:
        case Since() | Until() | django_filters.DateFilter():
            return "2026-13-01"
        case django_filters.NumberFilter() | django_filters.UUIDFilter():
            return "many"
        case Box():
            return "113,23,114"
        case Area():
            return "44010600300A"
        case Ordering() | django_filters.ChoiceFilter():
            return "no-such"
        case AnyOf() if filter_.extra["codes"] is not None:
            return good_value(filter_) + ",no-such"
    return "x\0"  # any text will do, but for what PostgreSQL cannot hold


def kept(
    filterset: Any, rows: QuerySet[Any], access: Access = EVERYTHING, **values: str
) -> list[Any]:
    """The primary keys of the rows that pass."""
    chosen = filterset(values, rows, access=access)
    assert not chosen.errors
    return list(chosen.qs.values_list("pk", flat=True))


def check(
    filterset: Any, rows: dict[str, Any], cases: dict[str, dict[str, str]], *also: str
) -> None:
    """`cases`: filter → value → the letters of the rows that pass, in order only where it sorts.

    Every filter of the set has a case that keeps some of the rows and leaves others out;
    `also` names those that another test looks at.
    """
    of = {row.pk: letter for letter, row in rows.items()}
    everything = type(next(iter(rows.values())))._default_manager.filter(pk__in=of)
    decided = set(also)
    for name, expected in cases.items():
        for value, letters in expected.items():
            found = [of[pk] for pk in kept(filterset, everything, **{name: value})]
            assert "".join(found if name == "ordering" else sorted(found)) == letters, (name, value)
            if name == "ordering" or 0 < len(letters) < len(rows):
                decided.add(name)
    assert decided == set(filterset.base_filters), (
        f"{filterset.__name__}: give each of {sorted(set(filterset.base_filters) ^ decided)}"
        " a case that keeps some of the rows and leaves others out"
    )
