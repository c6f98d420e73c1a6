"""Filters that know of ledgers: restricted columns and codes, entries that rows name, views, due visits."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils.functional import lazystr
from django.utils.translation import gettext_lazy as _
from django_filters.constants import EMPTY_VALUES

from server.accounts.access import RESTRICTED
from server.accounts.selectors import grants_near, workers
from server.core.clock import today
from server.core.codes import restricted_codes
from server.core.filters import AnyOf, ChosenNumber, Flag, code_list
from server.ledgers.definitions.columns import Kind, columns_of
from server.ledgers.definitions.declaring import LedgerDefinition
from server.ledgers.models import AssistanceCase
from server.ledgers.selectors import assisted, cases
from server.ledgers.storage.fragments import IS_OPEN, visit_due, visit_due_soon, visit_overdue


class RestrictedOnly(django_filters.Filter):
    """Mixed into a filter by a restricted column: only rows where the reader may see it can match.

    Otherwise a list filtered by disability would tell what the column does not show.
    """

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        if value in EMPTY_VALUES:
            return qs
        rows: QuerySet[Any] = super().filter(qs, value)
        return rows.filter(self.parent.access.within("area_code", RESTRICTED))


class NamedEntry(django_filters.UUIDFilter):
    """Rows that name this entry, if the reader sees the entry: a row says no more than that it names one elsewhere."""

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        if value in EMPTY_VALUES:
            return qs
        rows: QuerySet[Any] = super().filter(qs, value)
        return rows.filter(self.parent.access.within(f"{self.field_name}__area_code"))


class Colleague(ChosenNumber):
    """Rows that name this user in a column, if the reader may read the user's name; a form offers the workers of the reader's areas."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            options=lambda access: [
                (str(user.pk), str(user)) for user in workers(access).prefetch_related(None)
            ],
            **kwargs,
        )

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        if value in EMPTY_VALUES:
            return qs
        near = grants_near(self.parent.access).filter(user=int(value)).values("user")
        return qs.filter(**{f"{self.field_name}__in": near})


class OfCases(Colleague):
    """Households with an open case, their own or a member's, that is linked to this user."""

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        if value in EMPTY_VALUES:
            return qs
        theirs = super().filter(cases(self.parent.access).filter(IS_OPEN), value)
        return qs.filter(
            Q(pk__in=theirs.values("subject_household"))
            | Q(pk__in=theirs.values("subject_person__household"))
        )


class AnyCode(AnyOf):
    """Rows whose column shows the reader one of several codes.

    A restricted code matches only where the reader may see it. Elsewhere the row matches the
    code that is shown instead: a row that shows a code and is not found by it would tell.
    """

    def __init__(self, code_list_name: str, *, several: bool, **kwargs: Any) -> None:
        super().__init__(**code_list(code_list_name), **kwargs)
        self.restricted = restricted_codes(code_list_name)
        self.lookup = "overlap" if several else "in"

    def offered(self) -> Iterable[tuple[str, Any]]:
        """Restricted codes are offered to those who may see them somewhere."""
        may_see = bool(self.parent.access.areas(RESTRICTED))
        for code, label in super().offered():
            if may_see or code not in self.restricted:
                yield code, label

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        if not value:
            return qs
        wanted = {code for code in value if code}
        if not wanted:
            return qs
        plain = wanted - self.restricted.keys()
        covered = {code for code, other in self.restricted.items() if other in plain}
        known = self.parent.access.within("area_code", RESTRICTED)
        return qs.filter(
            self._holding(plain)
            | self._holding(wanted & self.restricted.keys()) & known
            | self._holding(covered) & ~known
        )

    def _holding(self, codes: Iterable[str]) -> Q:
        return Q(**{f"{self.field_name}__{self.lookup}": sorted(codes)})


class Assisted(Flag):
    """Households with, or without, an open case that the reader may know of."""

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        if value in EMPTY_VALUES:
            return qs
        known = assisted(self.parent.access)
        return qs.filter(known if value == "true" else ~known)


class Due(django_filters.ChoiceFilter):
    """Cases, or households with a case, by when their next visit is due (rules.md, Due dates).

    What is due within a week includes what is due today or overdue.
    """

    CONDITIONS = {"overdue": visit_overdue, "today": visit_due, "week": visit_due_soon}

    def __init__(self, **kwargs: Any) -> None:
        choices = (
            ("overdue", _("overdue")),
            ("today", _("due today")),
            ("week", _("due within 7 days")),
        )
        super().__init__(label=_("Visit"), choices=choices, empty_label=_("All"), **kwargs)

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        if value in EMPTY_VALUES:
            return qs
        due = self.CONDITIONS[value](today())
        if qs.model is AssistanceCase:
            return qs.filter(due)
        subjects = cases(self.parent.access).filter(due)
        return qs.filter(
            Q(pk__in=subjects.values("subject_household"))
            | Q(pk__in=subjects.values("subject_person__household"))
        )


class InView(django_filters.ChoiceFilter):
    """Rows of a ledger that is a part of this one (台帐): a named view of its declaration."""

    def __init__(self, definition: LedgerDefinition, **kwargs: Any) -> None:
        self.views = {view.name: view for view in definition.views}
        choices = [(view.name, lazystr(view.label)) for view in definition.views]
        super().__init__(label=_("Ledger"), choices=choices, empty_label=_("All"), **kwargs)

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        if value in EMPTY_VALUES:
            return qs
        columns = columns_of(qs.model)
        for condition in self.views[value].where:
            lookup = "overlap" if columns[condition.column].kind is Kind.CODES else "in"
            qs = qs.filter(**{f"{condition.column}__{lookup}": list(condition.values)})
        return qs
