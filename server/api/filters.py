"""What a list can be narrowed and sorted by; made from the column declarations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import django_filters
from django.contrib.gis.geos import Polygon
from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_filters.constants import EMPTY_VALUES
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import extend_schema_field

from server.accounts.access import RESTRICTED
from server.api.fields import RESTRICTED_CODES
from server.api.problems import InvalidQuery
from server.api.requests import access
from server.core.codes import code_lists
from server.ledgers.definitions.columns import Column, Kind, Sensitivity, columns_of

PAGING = frozenset({"page", "page_size", "cursor", "format"})


class Backend(DjangoFilterBackend):
    """Refuses what it does not know: a mistyped filter must not answer with everything."""

    def filter_queryset(self, request: Any, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        filterset = self.get_filterset(request, queryset, view)
        if filterset is None:
            return queryset
        errors = list(_faults(filterset, request.query_params))
        if errors:
            raise InvalidQuery(errors=errors)
        return filterset.qs


def _faults(filterset: django_filters.FilterSet, given: Iterable[str]) -> Iterator[dict[str, str]]:
    for name in given:
        if name not in filterset.filters and name not in PAGING:
            detail = _("There is no such parameter here.")
            yield {"pointer": f"#/{name}", "code": "unknown", "detail": detail}
    for name, faults in filterset.form.errors.get_json_data().items():
        for fault in faults:
            yield {
                "pointer": f"#/{name}",
                "code": fault["code"] or "invalid",
                "detail": fault["message"],
            }


class AnyOf(django_filters.BaseInFilter, django_filters.CharFilter):
    """One of several values, separated by commas."""


class Flag(django_filters.ChoiceFilter):
    """true or false, and nothing else."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=(("true", "true"), ("false", "false")), **kwargs)

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        return qs if value in EMPTY_VALUES else super().filter(qs, value == "true")


class Area(django_filters.CharFilter):
    """Rows within a division, given by its code; trailing zeros cover what lies below."""

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        if value in EMPTY_VALUES:
            return qs
        return qs.filter(**{f"{self.field_name}__startswith": area_prefix(value)})


def area_prefix(code: str) -> str:
    """440106003000 → 440106003: the digits every code inside the division begins with."""
    if len(code) != 12:
        return code
    for length in (2, 4, 6, 9):
        if set(code[length:]) == {"0"}:
            return code[:length]
    return code


class Search(django_filters.CharFilter):
    """Rows in which one of some columns contains the text."""

    def __init__(self, columns: tuple[str, ...], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.columns = columns

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        for word in (value or "").split():
            condition = Q()
            for column in self.columns:
                condition |= Q(**{f"{column}__icontains": word})
            qs = qs.filter(condition)
        return qs


@extend_schema_field({"type": "string", "example": "113.30,23.10,113.40,23.20"})
class Box(django_filters.CharFilter):
    """Rows placed within west,south,east,north."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(validators=[_box], **kwargs)

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        if value in EMPTY_VALUES:
            return qs
        return qs.filter(**{f"{self.field_name}__coveredby": _box(value)})


def _box(text: str) -> Polygon:
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        raise ValidationError(_("Give west,south,east,north in degrees."), "invalid") from None
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise ValidationError(_("Give west,south,east,north in degrees."), "invalid")
    box = Polygon.from_bbox((west, south, east, north))
    box.srid = 4326
    return box


class Ordering(django_filters.OrderingFilter):
    """Sorts by the columns given, and lastly by the key, so that pages never overlap."""

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        if value in EMPTY_VALUES:
            return qs
        return qs.order_by(*(self.get_ordering_value(name) for name in value), "pk")

    def build_choices(self, fields: Any, labels: Any) -> list[tuple[str, str]]:
        """Named by the columns: django-filter's labels would keep the language of the import."""
        return [(name, name) for param in fields.values() for name in (param, f"-{param}")]


class RestrictedOnly:
    """Mixed into a filter by a restricted column: only rows where the caller may see it can match.

    Otherwise a list filtered by disability would tell what the column does not show.
    """

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        if value in EMPTY_VALUES:
            return qs
        visible = access(self.parent.request).within("area_code", RESTRICTED)  # type: ignore[attr-defined]
        return super().filter(qs, value).filter(visible)  # type: ignore[misc]


class AnyCode(AnyOf):
    """One of several codes; restricted ones match only where the caller may see them."""

    def __init__(self, restricted: frozenset[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.restricted = restricted

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        if not value:
            return qs
        name = f"{self.field_name}__overlap"
        visible = access(self.parent.request).within("area_code", RESTRICTED)
        plain = [code for code in value if code not in self.restricted]
        return qs.filter(Q(**{name: plain}) | Q(**{name: list(value)}) & visible)


class Assisted(Flag):
    """Households with, or without, a case that the caller may know of."""

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        if value in EMPTY_VALUES:
            return qs
        visible = access(self.parent.request).within("area_code", RESTRICTED)
        plain = sorted(set(code_lists()["AC"].codes) - RESTRICTED_CODES["AC"])
        assisted = Q(assisted_categories__overlap=plain) | ~Q(assisted_categories=[]) & visible
        return qs.filter(assisted if value == "true" else ~assisted)


def entry_filters(
    model: type[Model],
    *,
    search: tuple[str, ...] = (),
    place: str = "",
    ordering: tuple[str, ...] = (),
    more: Mapping[str, Any] | None = None,
) -> type[django_filters.FilterSet]:
    """The filter set of a ledger: one or more filters a column, by its kind, and those of every row."""
    filters: dict[str, Any] = {
        "area": Area(field_name="area_code", label=gettext_lazy("Within this division (code).")),
        "updated_since": django_filters.IsoDateTimeFilter(
            field_name="observed_at",
            lookup_expr="gte",
            label=gettext_lazy("Observed at or after this instant."),
        ),
        "verified_level_from": django_filters.NumberFilter(
            field_name="verified_level", lookup_expr="gte"
        ),
        "last_confirmed_on_to": django_filters.DateFilter(
            field_name="last_confirmed_on", lookup_expr="lte"
        ),
    }
    for column in columns_of(model).values():
        filters.update(_filters_of(column))
    if search:
        filters["search"] = Search(search, label=", ".join(search))
    if place:
        filters["in_bbox"] = Box(field_name=place)
    sortable = ("id", "area_code", "observed_at", "last_confirmed_on", *ordering)
    filters["ordering"] = Ordering(fields=[(name, name) for name in sortable])
    filters.update(more or {})
    meta = type("Meta", (), {"model": model, "fields": []})
    return type(f"{model.__name__}Filters", (django_filters.FilterSet,), {**filters, "Meta": meta})


def _filters_of(column: Column) -> Iterator[tuple[str, Any]]:
    name, label = column.name, f"{column.label.zh} {column.label.en}"

    def made(kind: type, **options: Any) -> Any:
        if column.sensitivity is Sensitivity.RESTRICTED:
            kind = type(f"Restricted{kind.__name__}", (RestrictedOnly, kind), {})
        return kind(field_name=name, label=label, **options)

    match column.kind:
        case Kind.CODE:
            yield name, made(AnyOf, lookup_expr="in", help_text=_several(column))
        case Kind.CODES if column.codes in RESTRICTED_CODES:
            codes = RESTRICTED_CODES[column.codes]
            yield name, made(AnyCode, restricted=codes, help_text=_several(column))
        case Kind.CODES:
            yield name, made(AnyOf, lookup_expr="overlap", help_text=_several(column))
        case Kind.BOOLEAN:
            yield name, made(Flag)
        case Kind.ENTRY:
            yield name, made(django_filters.UUIDFilter)
        case Kind.AREA:
            yield name, made(Area)
        case Kind.DATE:
            yield f"{name}_from", made(django_filters.DateFilter, lookup_expr="gte")
            yield f"{name}_to", made(django_filters.DateFilter, lookup_expr="lte")
        case Kind.INSTANT:
            yield f"{name}_from", made(django_filters.IsoDateTimeFilter, lookup_expr="gte")
            yield f"{name}_to", made(django_filters.IsoDateTimeFilter, lookup_expr="lte")
        case Kind.INTEGER | Kind.DECIMAL:
            yield f"{name}_from", made(django_filters.NumberFilter, lookup_expr="gte")
            yield f"{name}_to", made(django_filters.NumberFilter, lookup_expr="lte")


def _several(column: Column) -> str:
    return f"{column.label.zh} {column.label.en}: codes of {column.codes}, with commas between."
