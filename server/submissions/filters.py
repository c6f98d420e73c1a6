"""Filters of the lists of submissions."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django_filters.constants import EMPTY_VALUES

from server.accounts.filters import worker_options
from server.core.filters import (
    AnyOf,
    Box,
    Flag,
    ListFilters,
    OneOf,
    Ordering,
    Search,
    Since,
    Until,
)
from server.forms.filters import form_options
from server.forms.models import Form
from server.geo.filters import Area
from server.submissions.models import TO_REVIEW, Deletion, ReviewState, Submission
from server.submissions.selectors import AWAITING
from server.submissions.steps import Flag as Remark

REMARKS = (
    (Remark.OUTSIDE_AREA.value, _("outside the community")),
    (Remark.NO_LOCATION.value, _("no location")),
    (Remark.INACCURATE.value, _("location imprecise")),
    (Remark.CLOCK.value, _("device clock not plausible")),
    (Remark.FILES_MISSING.value, _("encrypted, files are missing")),
    (Remark.SEALED.value, _("encrypted, not yet opened")),
    (Remark.TAMPERED.value, _("encrypted, altered afterwards")),
    (Remark.UNPROCESSED.value, _("not worked into the ledgers")),
)
"""The remarks on a submission in words."""


WITH_REMARKS = ~Q(flags=[])
"""The few submissions that have an index of their own; PostgreSQL uses it only where this condition stands, too."""


class _OfForms(AnyOf):
    """Submissions of these forms. The forms are read first: PostgreSQL then knows how rare each one is."""

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        wanted = [text for text in value or () if text]
        if not wanted:
            return qs
        forms = Form.objects.filter(form_id__in=wanted).values_list("pk", flat=True)
        return qs.filter(form__in=list(forms))


class _Awaiting(Flag):
    """Submissions that count in the ledgers once they are approved, or all others."""

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        if value in EMPTY_VALUES:
            return qs
        return qs.filter(AWAITING) if value == "true" else qs.exclude(AWAITING)


def _states(_access: Any) -> list[tuple[str, Any]]:
    return [(",".join(TO_REVIEW), _("to review")), *ReviewState.choices]


class SubmissionFilters(ListFilters):
    """Filters of the list of submissions."""

    form = _OfForms(field_name="form__form_id", label=_("Form"), options=form_options)
    state = AnyOf(
        field_name="review_state",
        lookup_expr="in",
        label=_("State"),
        codes=lambda: ReviewState.values,
        options=_states,
    )
    submitter = OneOf(field_name="submitter__username", label=_("Worker"), options=worker_options)
    area = Area()
    located_area = Area(field_name="located_area", label=_("Located in"))
    received_from = Since(field_name="received_at", label=_("Received from"))
    received_to = Until(field_name="received_at", label=_("Received until"))
    observed_from = Since(field_name="observed_at", label=_("Observed from"))
    observed_to = Until(field_name="observed_at", label=_("Observed until"))
    updated_since = Since(
        field_name="current_version__received_at",
        label=_("Received or edited since"),
        help_text="Received or edited at or after this instant.",
    )
    awaits_approval = _Awaiting(
        label=_("Counts once approved"),
        help_text="Counts in the ledgers only once it is approved.",
    )
    is_processed = Flag(
        field_name="processed_at", lookup_expr="isnull", exclude=True, label=_("Processed")
    )
    flag = django_filters.ChoiceFilter(
        method="with_remark", label=_("Remarks"), choices=REMARKS, empty_label=_("All")
    )
    search = Search(("title", "instance_id"), label=_("Title or instance ID"))
    in_bbox = Box(field_name="location", label=_("Within west,south,east,north"))
    ordering = Ordering("received_at", "observed_at", "area_code", "title")

    class Meta:
        model = Submission
        fields = ()

    def with_remark(
        self, rows: QuerySet[Submission], _name: str, value: str
    ) -> QuerySet[Submission]:
        return rows.filter(WITH_REMARKS, flags__contains=[value])


class DeletionFilters(ListFilters):
    """Filters of the list of deleted submissions."""

    form = AnyOf(
        field_name="submission__form__form_id",
        lookup_expr="in",
        label=_("Form"),
        options=form_options,
    )
    submitter = OneOf(
        field_name="submission__submitter__username", label=_("Worker"), options=worker_options
    )
    area = Area(field_name="submission__area_code")
    deleted_from = Since(field_name="at", label=_("Deleted from"))
    deleted_to = Until(field_name="at", label=_("Deleted until"))
    search = Search(
        ("submission__title", "submission__instance_id"), label=_("Title or instance ID")
    )
    ordering = Ordering("at")

    class Meta:
        model = Deletion
        fields = ()
