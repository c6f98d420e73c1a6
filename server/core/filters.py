"""The kinds of filters that lists have, and the base of every list's filter set.

Each room declares the filters of its lists once, in its `filters.py`. REST and the
console both take that declaration, so a parameter has one name, accepts one set of
values, and is refused in the same words at both doors. A filter set knows the reader's
access: what a form offers to choose from is read through the selectors with it, and only
when the form is drawn.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date, datetime, time
from typing import Any

import django_filters
from django import forms
from django.contrib.gis.geos import Polygon
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL
from django.utils.dateparse import parse_date
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_filters.constants import EMPTY_VALUES
from django_filters.fields import IsoDateTimeField
from django_filters.widgets import BaseCSVWidget

from server.core.clock import OFFICE
from server.core.codes import code_lists
from server.core.row_security import view_of_places
from server.core.sealed_fields import is_sealed

Options = Callable[[Any], Iterable[tuple[str, Any]]]
"""The reader's access → the values that a form offers, each with its label."""

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


class ListFilters(django_filters.FilterSet):
    """The filters of one list, for a reader with this access.

    `day_areas` are the areas in which the reader sees days of birth; None leaves them to
    the reader's roles.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Raises TypeError for a filter or an order by a sealed column, which finds nothing."""
        super().__init_subclass__(**kwargs)
        model = getattr(getattr(cls, "Meta", None), "model", None)
        declared: dict[str, Any] = cls.__dict__.get("declared_filters", {})
        for name, declaration in declared.items():
            for path in _paths_of(declaration):
                if model is not None and is_sealed(model, path):
                    raise TypeError(f"{cls.__name__}.{name}: {path} is sealed")

    def __init__(
        self,
        data: Any = None,
        queryset: Any = None,
        *,
        access: Any,
        day_areas: tuple[str, ...] | None = None,
        **kwargs: Any,
    ):
        super().__init__(data, queryset, **kwargs)
        self.access, self.day_areas = access, day_areas

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rows that pass every filter; no rows while a value is bad."""
        if self.errors:
            return queryset.none()
        rows: QuerySet[Any] = super().filter_queryset(queryset)
        return rows


def _paths_of(declared: Any) -> Iterable[str]:
    """The columns that a filter compares or sorts by."""
    if isinstance(declared, Search):
        return (*declared.columns, *declared.joined)
    if isinstance(declared, django_filters.OrderingFilter):
        return tuple(declared.param_map)
    return (declared.field_name,) if declared.field_name else ()


def code_list(name: str) -> dict[str, Any]:
    """What `AnyOf` needs to accept the codes of a code list and to offer them by label."""
    return {
        "codes": lambda: code_lists()[name].codes,
        "options": lambda _access: code_lists()[name].codes.items(),
    }


class Select(forms.Select):
    """A select that also shows a given value that it does not offer, as a link may hold one."""

    def optgroups(self, name: str, value: Any, attrs: Any = None) -> Any:
        groups = super().optgroups(name, value, attrs)
        offered = {str(option["value"]) for _name, options, _index in groups for option in options}
        for text in value:
            if text and text not in offered:
                option = self.create_option(name, text, text, True, len(groups), attrs=attrs)
                groups.append((None, [option], len(groups)))
        return groups


class CommaSelect(BaseCSVWidget, Select):
    """A select for a parameter of several values with commas between."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> Any:
        text = ",".join(map(str, value)) if self._isiterable(value) else value
        return forms.Select.render(self, name, text, attrs, renderer)


class DayInput(forms.DateInput):
    """Picks a day; shows an instant, which a link may hold, as text."""

    input_type = "date"

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        if value and not _DAY.fullmatch(str(value)):
            context["widget"]["type"] = "text"
        return context


class _Choosing(django_filters.Filter):
    """A filter whose form offers values to choose from; whether a value is valid is another matter."""

    widget: type[forms.Widget] = Select

    def __init__(self, *, options: Options | None = None, **kwargs: Any) -> None:
        if options is not None:
            kwargs.setdefault("widget", self.widget)
        super().__init__(**kwargs)
        self.options = options

    def offered(self) -> Iterable[tuple[str, Any]]:
        return self.options(self.parent.access) if self.options is not None else ()

    @cached_property
    def _choices(self) -> list[tuple[str, Any]]:
        return [("", _("All")), *self.offered()]  # a select asks for them twice

    @property
    def field(self) -> Any:
        field = super().field
        if self.options is not None:
            field.widget.choices = lambda: self._choices  # called when the select is drawn
        return field


class OneOf(_Choosing, django_filters.CharFilter):
    """Rows whose column equals the text; a form offers those the reader knows of."""


class ChosenNumber(_Choosing, django_filters.NumberFilter):
    """Rows whose column holds the number of something; a form offers those the reader knows of."""

    field_class = forms.IntegerField

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=1, max_value=2**31 - 1, **kwargs)

    def get_max_validator(self) -> None:
        """None: the field has its own bounds."""
        return


class _CodeField(forms.CharField):
    """A text that is one of the codes, where there is a list of them."""

    default_error_messages = {
        "invalid_choice": forms.ChoiceField.default_error_messages["invalid_choice"]
    }

    def __init__(self, *, codes: Callable[[], Collection[str]] | None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.codes = codes

    def validate(self, value: Any) -> None:
        super().validate(value)
        if value and self.codes is not None and value not in self.codes():
            message = self.error_messages["invalid_choice"]
            raise ValidationError(message, "invalid_choice", {"value": value})


class AnyOf(_Choosing, django_filters.BaseInFilter, django_filters.CharFilter):
    """Rows whose column holds one of the values given, with commas between.

    `codes` are the values there are, and any other is refused; without it any text is valid.
    """

    field_class = _CodeField
    widget = CommaSelect

    def __init__(
        self, *, codes: Callable[[], Collection[str]] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(codes=codes, **kwargs)

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().filter(qs, [text for text in value or () if text])
        return rows


class Flag(django_filters.ChoiceFilter):
    """true or false, and nothing else; `yes` and `no` are what a form calls them."""

    def __init__(self, *, yes: Any = None, no: Any = None, **kwargs: Any) -> None:
        choices = (("true", yes or gettext_lazy("yes")), ("false", no or gettext_lazy("no")))
        super().__init__(choices=choices, empty_label=gettext_lazy("All"), **kwargs)

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        if value in EMPTY_VALUES:
            return qs
        rows: QuerySet[Any] = super().filter(qs, value == "true")
        return rows


MOST_WORDS = 10
"""Words of a search: each is looked for in each row, in each column."""


def _check_words(text: str) -> None:
    if len(text.split()) > MOST_WORDS:
        raise ValidationError(
            _("Search for at most {words} words.").format(words=MOST_WORDS), code="too_many_words"
        )


class Search(django_filters.CharFilter):
    """Rows in which each word of the text stands in one of some columns.

    `joined` are columns of rows with an area that a row names, and count where the reader sees
    them. A word with three digits in a row must be all of the digits that stand there, but in
    the columns `numbers`, which hold numbers of offices: else the search would find out, digit
    by digit, a number that the list shows masked. `also` gives a further condition under which a
    row holds a word, for a reader with this access. `holders` gives the ids of the rows that hold a
    word in any of these ways, for a reader of some areas: large tables have an index for that. A
    single character is in so many rows that reading them in the order of the list is faster.
    """

    def __init__(
        self,
        columns: tuple[str, ...],
        also: Callable[[str, Any], Q] | None = None,
        *,
        joined: tuple[str, ...] = (),
        numbers: Collection[str] = (),
        holders: Callable[[str, Sequence[str]], Any] | None = None,
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("help_text", ", ".join((*columns, *joined)))
        widget = forms.TextInput(attrs={"type": "search"})
        super().__init__(widget=widget, validators=[_check_words], **kwargs)
        self.columns, self.also, self.joined = columns, also, joined
        self.numbers, self.holders = frozenset(numbers), holders

    def condition(self, text: str, access: Any) -> Q:
        """Which rows hold each of the first MOST_WORDS words of the text; all rows when it has none.

        A joined column counts where the reader with this access sees the row that it is of.
        """
        condition = Q()
        for word in text.split()[:MOST_WORDS]:
            condition &= self._holding(word, access)
        return condition

    def _holding(self, word: str, access: Any) -> Q:
        if self.holders is not None and len(word) > 1:
            return Q(pk__in=self.holders(word, access.areas()))
        holds_word = self.also(word, access) if self.also is not None else Q()
        for column in self.columns:
            holds_word |= holding_word(column, word, is_number=column in self.numbers)
        for column in self.joined:
            relation, _joins, _name = column.rpartition("__")
            is_seen = access.within(f"{relation}__area_code")
            holds_word |= holding_word(column, word) & is_seen
        return holds_word

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        return qs.filter(self.condition(value, self.parent.access)) if value else qs


_DIGITS = "0-9０-９"
_THREE_DIGITS = re.compile(f"[{_DIGITS}]{{3}}")


def holding_word(column: str, word: str, *, is_number: bool = False) -> Q:
    """Rows whose column holds the word; three digits and more only as the whole run of digits."""
    if is_number or not _THREE_DIGITS.search(word):
        return Q(**{f"{column}__icontains": word})
    escaped = re.sub(r"([^\w])", r"\\\1", word)
    pattern = f"(^|[^{_DIGITS}]){escaped}([^{_DIGITS}]|$)"
    return Q(**{f"{column}__iregex": pattern})


class Day(django_filters.DateFilter):
    """A day, compared by `lookup_expr`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=DayInput(), **kwargs)


class _MomentField(IsoDateTimeField):
    """An instant, or a day of the office."""

    widget = DayInput

    def to_python(self, value: Any) -> datetime | date | None:
        if isinstance(value, str) and _DAY.fullmatch(value.strip()):
            try:
                return parse_date(value.strip())
            except ValueError:
                raise ValidationError(self.error_messages["invalid"], "invalid") from None
        moment: datetime | None = super().to_python(value)
        return moment


class Since(django_filters.IsoDateTimeFilter):
    """Rows at or after an instant, or from the beginning of an office day."""

    field_class = _MomentField

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", "From this instant, or from the beginning of this day, on.")
        super().__init__(**kwargs)

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        if value in EMPTY_VALUES:
            return qs
        start = value if isinstance(value, datetime) else datetime.combine(value, time(), OFFICE)
        return qs.filter(**{f"{self.field_name}__gte": start})


class Until(django_filters.IsoDateTimeFilter):
    """Rows at or before an instant, or until the end of an office day."""

    field_class = _MomentField

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", "Until this instant, or until the end of this day.")
        super().__init__(**kwargs)

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        if value in EMPTY_VALUES:
            return qs
        if isinstance(value, datetime):
            return qs.filter(**{f"{self.field_name}__lte": value})
        end = datetime.combine(value, time.max, OFFICE)
        return qs.filter(**{f"{self.field_name}__lte": end})


class Box(django_filters.CharFilter):
    """Rows placed within west,south,east,north, found by the index of places."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(validators=[_box], **kwargs)

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        if value in EMPTY_VALUES:
            return qs
        view = view_of_places(qs.model._meta.db_table)
        inside = f"select id from {view} where st_coveredby(place, st_geomfromewkt(%s))"  # noqa: S608 a table's name
        return qs.filter(pk__in=RawSQL(inside, [_box(value).ewkt]))  # noqa: S611 the value is a parameter


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

    def __init__(self, *columns: str, renamed: dict[str, str] | None = None) -> None:
        """`renamed` are columns that the parameter calls otherwise."""
        fields = {**{name: name for name in columns}, **(renamed or {})}
        super().__init__(fields=list(fields.items()), label=gettext_lazy("Ordering"))

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        if value in EMPTY_VALUES:
            return qs
        return qs.order_by(*(self.get_ordering_value(name) for name in value), "pk")

    def build_choices(self, fields: Any, labels: Any) -> list[tuple[str, str]]:
        """Named by the columns: django-filter's labels would keep the language of the import."""
        return [(name, name) for param in fields.values() for name in (param, f"-{param}")]
