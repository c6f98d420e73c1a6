"""What lists can be narrowed by."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import django_filters as filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from server.accounts.access import RESTRICTED, Access
from server.accounts.selectors import workers
from server.core.clock import today
from server.core.codes import code_lists
from server.forms.models import Form
from server.geo.models import Level
from server.geo.selectors import divisions
from server.ledgers.models import (
    AssistanceCase,
    Employer,
    Household,
    LedgerException,
    Person,
    Vacancy,
)
from server.ledgers.models.choices import EXCEPTION_CHOICES
from server.ledgers.reading.tiles import RESTRICTED_CATEGORIES
from server.submissions.models import TO_REVIEW, ReviewState, Submission
from server.submissions.selectors import AWAITING
from server.submissions.steps import Flag


def area_choices(access: Access, lowest: Level = Level.COMMUNITY) -> list[tuple[str, str]]:
    """The divisions a person may choose between, indented by level; the value is the code's prefix."""
    found = divisions(access).filter(
        access.within("code"), level__gte=Level.COUNTY, level__lte=lowest
    )
    return [(place.prefix, "\u3000" * (place.level - Level.COUNTY) + str(place)) for place in found]


def coded(list_name: str) -> list[tuple[str, str]]:
    """A code list as choices, in the active language."""
    found = code_lists().get(list_name)
    return [(code, str(label)) for code, label in found.codes.items()] if found else []


def search(label: Any, method: str) -> filters.CharFilter:
    return filters.CharFilter(
        label=label, method=method, widget=forms.TextInput(attrs={"type": "search"})
    )


def date_from(field: str, label: Any) -> filters.DateFilter:
    return filters.DateFilter(
        field_name=field,
        lookup_expr="date__gte",
        label=label,
        widget=forms.DateInput(attrs={"type": "date"}),
    )


def date_to(field: str, label: Any) -> filters.DateFilter:
    return filters.DateFilter(
        field_name=field,
        lookup_expr="date__lte",
        label=label,
        widget=forms.DateInput(attrs={"type": "date"}),
    )


class AreaFilterSet(filters.FilterSet):
    """Any list of rows that lie in a community."""

    area = filters.ChoiceFilter(
        label=_("Area"), field_name="area_code", lookup_expr="startswith", empty_label=_("All")
    )

    def __init__(self, *args: Any, access: Access, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.access = access
        if "area" in self.filters:
            self.filters["area"].extra["choices"] = area_choices(access)


FLAGS = [
    (Flag.OUTSIDE_AREA.value, _("outside the community")),
    (Flag.NO_LOCATION.value, _("no location")),
    (Flag.INACCURATE.value, _("location imprecise")),
    (Flag.CLOCK.value, _("device clock not plausible")),
    (Flag.FILES_MISSING.value, _("encrypted, files are missing")),
    (Flag.SEALED.value, _("encrypted, still sealed")),
    (Flag.TAMPERED.value, _("encrypted, altered afterwards")),
    (Flag.UNPROCESSED.value, _("not worked into the ledgers")),
]


class SubmissionFilter(AreaFilterSet):
    q = search(_("Title"), "in_title")
    form = filters.ModelChoiceFilter(
        label=_("Form"), queryset=Form.objects.all(), empty_label=_("All")
    )
    state = filters.ChoiceFilter(
        label=_("State"),
        choices=[("to_review", _("to review")), *ReviewState.choices],
        method="in_state",
        empty_label=_("All"),
    )
    worker = filters.ModelChoiceFilter(
        label=_("Worker"), field_name="submitter", queryset=None, empty_label=_("All")
    )
    received_from = date_from("received_at", _("Received from"))
    received_to = date_to("received_at", _("to"))
    flag = filters.ChoiceFilter(
        label=_("Remarks"),
        choices=[("approval", _("counts once approved")), *FLAGS],
        method="flagged",
        empty_label=_("All"),
    )

    class Meta:
        model = Submission
        fields = ()

    def __init__(self, *args: Any, access: Access, **kwargs: Any) -> None:
        super().__init__(*args, access=access, **kwargs)
        self.filters["worker"].queryset = workers(access).prefetch_related(None)

    def in_title(self, rows: QuerySet, _name: str, value: str) -> QuerySet:
        return rows.filter(title__icontains=value.strip())

    def in_state(self, rows: QuerySet, _name: str, value: str) -> QuerySet:
        if value == "to_review":
            return rows.filter(review_state__in=TO_REVIEW)
        return rows.filter(review_state=value)

    def flagged(self, rows: QuerySet, _name: str, value: str) -> QuerySet:
        return rows.filter(AWAITING if value == "approval" else Q(flags__contains=[value]))


class ReviewFilter(SubmissionFilter):
    """The review queue: what still needs a decision."""

    state = None


class HouseholdFilter(AreaFilterSet):
    q = search(_("Name, address or household number"), "matching")
    assisted = filters.ChoiceFilter(
        label=_("Assistance"),
        choices=[("yes", _("assisted")), ("due", _("visit overdue"))],
        method="by_assistance",
        empty_label=_("All"),
    )

    class Meta:
        model = Household
        fields = ()

    def matching(self, rows: QuerySet, _name: str, value: str) -> QuerySet:
        return rows.filter(household_matches(value))

    def by_assistance(self, rows: QuerySet, _name: str, value: str) -> QuerySet:
        if value == "yes":
            return rows.exclude(assisted_categories=[])
        overdue = AssistanceCase.objects.filter(next_due__lt=today(), closed_on=None)
        return rows.filter(
            Q(pk__in=overdue.values("subject_household"))
            | Q(pk__in=overdue.values("subject_person__household"))
        )


def household_matches(text: str) -> Q:
    """Households by number, address, or the name of someone who lives there."""
    text = text.strip()
    return (
        Q(hh_no=text)
        | Q(address__icontains=text)
        | Q(building__icontains=text)
        | Q(pk__in=Person.objects.filter(name__icontains=text).values("household"))
    )


class PersonFilter(AreaFilterSet):
    q = search(_("Name"), "named")
    emp_status = filters.ChoiceFilter(label=_("Employment"), empty_label=_("All"))
    sort = filters.ChoiceFilter(
        label=_("Group"),
        choices=[
            ("is_4050", _("4050")),
            ("in_zero_emp_hh", _("zero-employment household")),
            ("long_term_unemployed", _("long-term unemployed")),
            ("new_entrant", _("new entrant")),
            ("is_key", _("key person")),
        ],
        method="in_group",
        empty_label=_("All"),
    )

    class Meta:
        model = Person
        fields = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.filters["emp_status"].extra["choices"] = coded("ES")

    def named(self, rows: QuerySet, _name: str, value: str) -> QuerySet:
        return rows.filter(name__icontains=value.strip())

    def in_group(self, rows: QuerySet, _name: str, value: str) -> QuerySet:
        return rows.filter(**{value: True})


class CaseFilter(AreaFilterSet):
    q = search(_("Name or case number"), "matching")
    state = filters.ChoiceFilter(label=_("State"), empty_label=_("All"))
    category = filters.ChoiceFilter(label=_("Category"), method="of_category", empty_label=_("All"))
    due = filters.ChoiceFilter(
        label=_("Visit"),
        choices=[("overdue", _("overdue")), ("week", _("due within 7 days"))],
        method="by_due",
        empty_label=_("All"),
    )

    class Meta:
        model = AssistanceCase
        fields = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.filters["state"].extra["choices"] = coded("ST4")
        may_see = bool(self.access.areas(RESTRICTED))
        self.filters["category"].extra["choices"] = [
            (code, label)
            for code, label in coded("AC")
            if may_see or code not in RESTRICTED_CATEGORIES
        ]

    def matching(self, rows: QuerySet, _name: str, value: str) -> QuerySet:
        return rows.filter(
            Q(case_no=value.strip()) | Q(subject_person__name__icontains=value.strip())
        )

    def of_category(self, rows: QuerySet, _name: str, value: str) -> QuerySet:
        return rows.filter(category__contains=[value])

    def by_due(self, rows: QuerySet, _name: str, value: str) -> QuerySet:
        limit = today() if value == "overdue" else today() + timedelta(days=8)
        return rows.filter(next_due__lt=limit, closed_on=None)


class EmployerFilter(AreaFilterSet):
    q = search(_("Name or address"), "matching")
    industry = filters.ChoiceFilter(label=_("Industry"), empty_label=_("All"))

    class Meta:
        model = Employer
        fields = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.filters["industry"].extra["choices"] = coded("IND")

    def matching(self, rows: QuerySet, _name: str, value: str) -> QuerySet:
        value = value.strip()
        return rows.filter(Q(name__icontains=value) | Q(address__icontains=value) | Q(uscc=value))


class VacancyFilter(AreaFilterSet):
    q = search(_("Post or employer"), "matching")
    state = filters.ChoiceFilter(label=_("State"), empty_label=_("All"))
    public_welfare = filters.ChoiceFilter(
        label=_("Public-welfare post"),
        choices=[("yes", _("yes")), ("no", _("no"))],
        method="by_welfare",
        empty_label=_("All"),
    )

    class Meta:
        model = Vacancy
        fields = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.filters["state"].extra["choices"] = coded("ST7")

    def by_welfare(self, rows: QuerySet, _name: str, value: str) -> QuerySet:
        return rows.filter(is_public_welfare=value == "yes")

    def matching(self, rows: QuerySet, _name: str, value: str) -> QuerySet:
        value = value.strip()
        return rows.filter(Q(title__icontains=value) | Q(employer__name__icontains=value))


class ExceptionFilter(AreaFilterSet):
    kind = filters.ChoiceFilter(label=_("Kind"), choices=EXCEPTION_CHOICES, empty_label=_("All"))
    state = filters.ChoiceFilter(
        label=_("State"),
        choices=[("open", _("unsettled")), ("resolved", _("settled")), ("all", _("all"))],
        method="by_state",
        empty_label=None,
    )

    class Meta:
        model = LedgerException
        fields = ()

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        data = data.copy() if data is not None else {}
        data.setdefault("state", "open")
        super().__init__(data, *args, **kwargs)

    def by_state(self, rows: QuerySet, _name: str, value: str) -> QuerySet:
        if value == "all":
            return rows
        return rows.filter(resolved_at__isnull=value == "open")
