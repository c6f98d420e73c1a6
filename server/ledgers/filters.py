"""Filters of the lists of ledger entries and of exceptions.

Those of a ledger are made from its column declarations: a new column needs nothing here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import django_filters
from django.db.models import Model, Q, QuerySet
from django.utils.functional import lazystr
from django.utils.translation import gettext_lazy as _

from server.accounts.access import Access
from server.core.clock import today
from server.core.codes import restricted_codes
from server.core.filters import (
    AnyOf,
    Box,
    Day,
    Flag,
    ListFilters,
    Ordering,
    Search,
    Since,
    Until,
    code_list,
    holding_word,
)
from server.geo.filters import Area
from server.ledgers.column_filters import (
    AnyCode,
    Assisted,
    Colleague,
    Due,
    InView,
    NamedEntry,
    OfCases,
    RestrictedOnly,
)
from server.ledgers.definitions.columns import Column, Kind, Sensitivity, columns_of
from server.ledgers.definitions.declaring import LedgerDefinition
from server.ledgers.definitions.ledgers import DEFINITIONS
from server.ledgers.definitions.vocabulary import Family
from server.ledgers.models import (
    AssistanceCase,
    Employer,
    EntryLink,
    Household,
    LedgerException,
    Person,
    Spell,
    Vacancy,
    Visit,
)
from server.ledgers.models.base import LedgerEntry
from server.ledgers.models.choices import EXCEPTION_CHOICES, FAMILY_CHOICES, LINK_CHOICES
from server.ledgers.rounded import RoundedDay, RoundedOrdering
from server.ledgers.selectors import PLANS
from server.ledgers.storage.searching import (
    HOUSEHOLD_TEXTS,
    cases_holding,
    households_holding,
    persons_holding,
    visits_holding,
)


def entry_filters(
    model: type[LedgerEntry],
    *,
    search: Search,
    more: Mapping[str, Any] | None = None,
) -> type[ListFilters]:
    """The filters of a ledger: one or two for each column, by its kind, and those of every entry."""
    definition = model.ledger
    filters: dict[str, Any] = {
        "area": Area(label=_("Area"), help_text="Within this division (code)."),
        "updated_since": Since(
            field_name="observed_at",
            label=_("Observed since"),
            help_text="Observed at or after this instant.",
        ),
        "verified_level_from": django_filters.NumberFilter(
            field_name="verified_level", lookup_expr="gte", label=_("Verification level from")
        ),
        "last_confirmed_on_to": Day(
            field_name="last_confirmed_on", lookup_expr="lte", label=_("Last confirmed until")
        ),
    }
    for column in columns_of(model).values():
        filters.update(_filters_of(column))
    filters["search"] = search
    if definition.views:
        filters["view"] = InView(definition)
    if definition.place:
        filters["in_bbox"] = Box(
            field_name=definition.place, label=_("Within west,south,east,north")
        )
    orders = ("id", "area_code", "observed_at", "last_confirmed_on", *definition.ordering)
    rounded = {
        column.name: column.rounded.to
        for column in columns_of(model).values()
        if column.rounded is not None
    }
    filters["ordering"] = (
        RoundedOrdering(*orders, rounded=rounded) if rounded else Ordering(*orders)
    )
    filters.update(more or {})
    meta = type("Meta", (), {"model": model, "fields": ()})
    members = {**filters, "Meta": meta, "__module__": __name__}
    return type(f"{model.__name__}Filters", (ListFilters,), members)


def _filters_of(column: Column) -> Iterator[tuple[str, Any]]:
    """The filters of one column; a form names them by its label, REST's document by both languages."""
    name, both = column.name, f"{column.label.zh} {column.label.en}"

    def new(kind: type, label: Any = None, **options: Any) -> Any:
        if column.sensitivity is Sensitivity.RESTRICTED:
            kind = type(f"Restricted{kind.__name__}", (RestrictedOnly, kind), {})
        options.setdefault("help_text", both)
        return kind(field_name=name, label=label or lazystr(column.label), **options)

    several = f"{both}: codes of {column.codes}, with commas between."
    first, last = _edge(_("{column} from"), column), _edge(_("{column} to"), column)
    holds_several = column.kind is Kind.CODES
    may_tell = column.sensitivity is not Sensitivity.RESTRICTED and restricted_codes(column.codes)
    match column.kind:
        case Kind.CODE | Kind.CODES if may_tell:
            yield (
                name,
                new(AnyCode, code_list_name=column.codes, several=holds_several, help_text=several),
            )
        case Kind.CODE:
            yield (
                name,
                new(AnyOf, lookup_expr="in", help_text=several, **code_list(column.codes)),
            )
        case Kind.CODES:
            yield (
                name,
                new(AnyOf, lookup_expr="overlap", help_text=several, **code_list(column.codes)),
            )
        case Kind.BOOLEAN:
            yield name, new(Flag)
        case Kind.ENTRY:
            yield name, new(NamedEntry)
        case Kind.USER:
            yield name, new(Colleague)
        case Kind.AREA:
            yield name, new(Area)
        case Kind.DATE if column.rounded is not None:
            to = column.rounded.to
            yield f"{name}_from", new(RoundedDay, first, lookup_expr="gte", precision=to)
            yield f"{name}_to", new(RoundedDay, last, lookup_expr="lte", precision=to)
        case Kind.DATE:
            yield f"{name}_from", new(Day, first, lookup_expr="gte")
            yield f"{name}_to", new(Day, last, lookup_expr="lte")
        case Kind.INSTANT:
            yield f"{name}_from", new(Since, first)
            yield f"{name}_to", new(Until, last)
        case Kind.INTEGER | Kind.DECIMAL:
            yield f"{name}_from", new(django_filters.NumberFilter, first, lookup_expr="gte")
            yield f"{name}_to", new(django_filters.NumberFilter, last, lookup_expr="lte")


def _edge(words: Any, column: Column) -> Any:
    """`words` with the column's label in the active language."""

    class Edge:
        def __str__(self) -> str:
            return str(words).format(column=column.label)

    return lazystr(Edge())


def _by_members_name(word: str, access: Access) -> Q:
    """Households in which somebody whom the reader sees has a name that holds the word."""
    people = Person.objects.filter(access.within(), holding_word("name", word))
    return Q(pk__in=people.values("household"))


HOUSEHOLD_SEARCH = Search(
    HOUSEHOLD_TEXTS,
    _by_members_name,
    joined=("head_person__name",),
    numbers=("hh_no",),
    holders=households_holding,
    label=_("Name, address or household number"),
)
"""Also what the map searches by."""

HouseholdFilters = entry_filters(
    Household,
    search=HOUSEHOLD_SEARCH,
    more={
        "assisted": Assisted(
            label=_("Assistance"),
            help_text="With an open assistance case.",
            yes=_("assisted"),
            no=_("not assisted"),
        ),
        "assisted_categories": AnyCode(
            "AC",
            several=True,
            field_name="assisted_categories",
            label=_("Categories of open cases"),
        ),
        "due": Due(),
        "case_worker": OfCases(
            field_name="linked_worker",
            label=_("Worker"),
            help_text="The id of a worker to whom an open case is linked.",
        ),
    },
)
PersonFilters = entry_filters(
    Person, search=Search(("name",), holders=persons_holding, label=_("Name, or its pinyin"))
)
SpellFilters = entry_filters(Spell, search=Search(("employer_name",), label=_("Employer")))
EmployerFilters = entry_filters(
    Employer,
    search=Search(
        ("name", "uscc", "address"), numbers=("uscc",), label=_("Name, address or credit code")
    ),
)
VacancyFilters = entry_filters(
    Vacancy,
    search=Search(
        ("title", "vacancy_no"),
        joined=("employer__name",),
        numbers=("vacancy_no",),
        label=_("Post, employer or vacancy number"),
    ),
)
CaseFilters = entry_filters(
    AssistanceCase,
    search=Search(
        ("case_no",),
        joined=("subject_person__name",),
        numbers=("case_no",),
        holders=cases_holding,
        label=_("Name or case number"),
    ),
    more={"due": Due()},
)
VisitFilters = entry_filters(
    Visit,
    search=Search(
        (),
        joined=("person__name", "household__address", "employer__name"),
        holders=visits_holding,
        label=_("Name or address"),
    ),
)


def _declared(definition: LedgerDefinition) -> type[ListFilters]:
    """The filters of a ledger by its declaration alone."""
    return entry_filters(
        definition.model,
        search=Search(
            definition.search,
            label=_("Name, number or text"),
            joined=definition.joined_search,
            numbers=(definition.numbered,) if definition.numbered in definition.search else (),
        ),
    )


_BY_MODEL: dict[type[Model], type[ListFilters]] = {
    Household: HouseholdFilters,
    Person: PersonFilters,
    Spell: SpellFilters,
    Employer: EmployerFilters,
    Vacancy: VacancyFilters,
    AssistanceCase: CaseFilters,
    Visit: VisitFilters,
}
FILTERS: dict[str, type[ListFilters]] = {
    ledger: _BY_MODEL.get(definition.model) or _declared(definition)
    for ledger, definition in DEFINITIONS.items()
}
"""Ledger → the filters of its list."""


class LinkFilters(ListFilters):
    """Filters of the list of links between offices."""

    area = Area()
    ledger = AnyOf(
        field_name="family",
        lookup_expr="in",
        label=_("Ledger"),
        codes=lambda: dict(FAMILY_CHOICES),
        options=lambda _access: [
            choice for choice in FAMILY_CHOICES if choice[0] in (Family.PERSON, Family.EMPLOYER)
        ],
    )
    entry = django_filters.UUIDFilter(field_name="entry", label=_("Entry"))
    state = AnyOf(
        field_name="state",
        lookup_expr="in",
        label=_("State"),
        codes=lambda: dict(LINK_CHOICES),
        options=lambda _access: LINK_CHOICES,
    )
    awaits_us = Flag(
        field_name="awaits_us",
        label=_("Answer"),
        help_text="The other office waits for this one's answer.",
        yes=_("wanted from us"),
        no=_("not wanted"),
    )
    updated_since = Since(field_name="opened_at", label=_("Known since"))
    ordering = Ordering("opened_at", "area_code")

    class Meta:
        model = EntryLink
        fields = ()


class ExceptionFilters(ListFilters):
    """Filters of the list of exceptions."""

    area = Area()
    kind = AnyOf(
        field_name="kind",
        lookup_expr="in",
        label=_("Kind"),
        codes=lambda: dict(EXCEPTION_CHOICES),
        options=lambda _access: EXCEPTION_CHOICES,
    )
    ledger = AnyOf(
        field_name="family",
        lookup_expr="in",
        label=_("Ledger"),
        codes=lambda: dict(FAMILY_CHOICES),
        options=lambda _access: FAMILY_CHOICES,
    )
    entry = django_filters.UUIDFilter(field_name="entry", label=_("Entry"))
    open = Flag(
        field_name="resolved_at",
        lookup_expr="isnull",
        label=_("State"),
        help_text="Not yet resolved.",
        yes=_("unresolved"),
        no=_("resolved"),
    )
    updated_since = Since(field_name="opened_at", label=_("Raised since"))
    ordering = Ordering("opened_at", "area_code")

    class Meta:
        model = LedgerException
        fields = ()


class DueVisitFilters(ListFilters):
    """Filters of the visits due, whichever ledger asks for them."""

    area = Area(
        label=_("Area"), help_text="Within this division (code): a community, or what lies above."
    )
    worker = Colleague(
        field_name="worker", label=_("Worker"), help_text="The id of the linked worker."
    )
    unassigned = Flag(
        field_name="worker",
        lookup_expr="isnull",
        label=_("Assigned"),
        help_text="Linked to no worker.",
        yes=_("to nobody"),
        no=_("to a worker"),
    )
    plan = AnyOf(
        field_name="plan",
        lookup_expr="in",
        label=_("Why"),
        codes=lambda: PLANS,
        options=lambda _access: PLANS.items(),
        help_text="Plans of visits, with commas between.",
    )
    overdue = Flag(method="is_overdue", label=_("State"), yes=_("overdue"), no=_("not yet overdue"))
    due_from = Day(field_name="due_on", lookup_expr="gte", label=_("Due from"))
    due_to = Day(field_name="due_on", lookup_expr="lte", label=_("Due until"))

    def is_overdue(self, rows: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        """Those whose due day is over, or those whose day is not."""
        return (
            rows.filter(due_on__lt=today()) if value == "true" else rows.filter(due_on__gte=today())
        )
