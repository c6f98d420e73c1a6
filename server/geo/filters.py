"""The filter by area that most lists have, and the filters of the list of divisions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import django_filters
from django.core.validators import RegexValidator
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django_filters.constants import EMPTY_VALUES

from server.core.filters import Day, ListFilters, OneOf, Ordering, Search
from server.geo.codes import code_prefix
from server.geo.codes_since import CodesSince, codes_since
from server.geo.models import PREFIX_LENGTH, Division, DivisionChange, Level
from server.geo.selectors import divisions_inside

_CODE = RegexValidator(
    r"\A[0-9]{1,12}\Z", _("A division code has twelve digits; its first digits will do.")
)


def area_options(access: Any) -> Iterable[tuple[str, str]]:
    """The divisions inside the reader's areas, county to community: code and name, indented by level."""
    for division in divisions_inside(access):
        yield division.code, "\u3000" * (division.level - Level.COUNTY) + str(division)


class Area(OneOf):
    """Rows within a division, given by its code or a prefix of one; trailing zeros cover what lies below.

    Any code that a community had gives the same rows (decision 0358).
    """

    def __init__(self, field_name: str = "area_code", **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Area"))
        kwargs.setdefault("options", area_options)
        kwargs.setdefault("validators", [_CODE])
        super().__init__(field_name=field_name, **kwargs)

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        if value in EMPTY_VALUES:
            return qs
        area = code_prefix(value)
        is_whole = len(area) == PREFIX_LENGTH[Level.COMMUNITY]
        codes = codes_since() if is_whole else CodesSince()
        return qs.filter(codes.lies_in(area, self.field_name))


class DivisionFilters(ListFilters):
    """Filters of the list of divisions."""

    area = Area(field_name="code")
    level = django_filters.ChoiceFilter(
        label=_("Level"), choices=Level.choices, empty_label=_("All")
    )
    parent = django_filters.CharFilter(field_name="parent_id", label=_("Directly below"))
    valid_on = Day(method="in_force_on", label=_("In force on"))
    search = Search(("name", "name_en"), label=_("Name"))
    ordering = Ordering("code", "level", "name")

    class Meta:
        model = Division
        fields = ()

    def in_force_on(self, rows: QuerySet[Any], _name: str, day: Any) -> QuerySet[Any]:
        return rows.exclude(valid_from__gt=day).exclude(valid_to__lte=day)


class DivisionChangeFilters(ListFilters):
    """Filters of the list of changed divisions."""

    area = Area(field_name="division__code")

    class Meta:
        model = DivisionChange
        fields = ()
