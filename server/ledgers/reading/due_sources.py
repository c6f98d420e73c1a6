"""The visits due of each ledger as queries of the same shape, which lists narrow, order and count alike.

Cases and persons keep their due day; that of retired persons and main employers is worked out
from the last visit and the rule table as it is today. Every row has the FIELDS.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from django.db.models import (
    Case,
    DateField,
    F,
    Func,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    UUIDField,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Greatest, TruncDate

from server.accounts.access import Access
from server.core.clock import OFFICE
from server.ledgers.definitions.visit_plans import LEDGER_OF, RULE_OF, VisitPlan
from server.ledgers.definitions.vocabulary import (
    LISTED_PERSONS,
    LISTED_RETIREES,
    UNDER_WAY,
    VISITED,
    CaseState,
)
from server.ledgers.folding.derive.rules import Rules
from server.ledgers.models import Visit
from server.ledgers.reading.entries import cases, employers, persons, rows_of
from server.ledgers.storage.fragments import IS_OPEN

GONE: Final = ("5", "6")
"""Codes of list EC by which an employer has closed or moved out."""

FIELDS: Final = (
    "pk", "due_on", "plan", "area_code", "worker", "made_on", "since", "of_person", "of_household",
    "of_employer",
)  # fmt: skip
"""Columns of every source: `worker` is a user's id; `made_on` the last visit, where the ledger
keeps it; `since` the day from which the plan counts, where a promise may have come before it."""


def due_sources(access: Access, day: date, rules: Rules) -> list[QuerySet[Any]]:
    """The visits due, whenever, that the reader sees: one query a ledger, none run yet. `day` picks the rules in force."""
    return [
        _of_cases(access),
        _of_persons(access),
        _of_retired(access, day, rules),
        _of_employers(access, day, rules),
    ]


def _of_cases(access: Access) -> QuerySet[Any]:
    """Open cases; a case without a visit since it was opened waits for its first one, unless it is under way."""
    plan = Case(
        When(
            state__in=(CaseState.PLACED, CaseState.FOLLOW_UP), then=Value(str(VisitPlan.FOLLOW_UP))
        ),
        When(
            Q(state__in=sorted(UNDER_WAY)) | Q(last_visit__gte=F("opened_on")),
            then=Value(str(VisitPlan.CASE)),
        ),
        default=Value(str(VisitPlan.NEW_CASE)),
        output_field=TextField(),
    )
    return (
        cases(access)
        .filter(IS_OPEN, next_due__isnull=False)
        .annotate(
            due_on=F("next_due"),
            plan=plan,
            worker=F("linked_worker_id"),
            made_on=F("last_visit"),
            since=Greatest("opened_on", "last_visit"),
            of_person=F("subject_person_id"),
            of_household=F("subject_household_id"),
            of_employer=_nobody(),
        )
    )


def _of_persons(access: Access) -> QuerySet[Any]:
    """Persons registered as unemployed without a case."""
    return (
        persons(access)
        .filter(visit_due__isnull=False)
        .annotate(
            due_on=F("visit_due"),
            plan=Value(str(VisitPlan.REGISTERED), TextField()),
            worker=F("linked_worker_id"),
            made_on=_never(),
            since=_never(),
            of_person=F("pk"),
            of_household=_nobody(),
            of_employer=_nobody(),
        )
    )


def _of_retired(access: Access, day: date, rules: Rules) -> QuerySet[Any]:
    """Retired persons in care, of a special class or not, after the last visit, else after they were handed over."""
    rows = rows_of(access, LEDGER_OF[VisitPlan.RETIRED]).filter(
        state__in=LISTED_RETIREES, person__person_status__in=LISTED_PERSONS
    )
    is_special = Q(special__len__gt=0)
    days = Case(
        When(is_special, then=_days(VisitPlan.RETIRED_SPECIAL, day, rules)),
        default=_days(VisitPlan.RETIRED, day, rules),
        output_field=IntegerField(),
    )
    # A visit to the home and to nobody in particular counts for whoever lives there (rules.md, Visits).
    at_home = _last_visit(household=OuterRef("person__household"), person=None)
    made_on = Greatest(_last_visit(person=OuterRef("person")), at_home)
    start = Coalesce(made_on, "transferred_in_on", "retired_on")
    sees_person = access.within("person__area_code")
    due: QuerySet[Any] = rows.annotate(
        due_on=_plus(start, days),
        plan=Case(
            When(is_special, then=Value(str(VisitPlan.RETIRED_SPECIAL))),
            default=Value(str(VisitPlan.RETIRED)),
            output_field=TextField(),
        ),
        worker=Case(
            When(sees_person, then=F("person__linked_worker_id")), output_field=IntegerField()
        ),
        made_on=made_on,
        since=_never(),
        of_person=F("person_id"),
        of_household=_nobody(),
        of_employer=_nobody(),
    )
    return due.filter(due_on__isnull=False)


def _of_employers(access: Access, day: date, rules: Rules) -> QuerySet[Any]:
    """Main employers, after the last visit, else after anything was last confirmed of them."""
    made_on = _last_visit(employer=OuterRef("pk"))
    start = Coalesce(made_on, "last_confirmed_on", TruncDate("observed_at", tzinfo=OFFICE))
    rows = employers(access).filter(Q(change=None) | ~Q(change__in=GONE), is_main=True)
    return rows.annotate(
        due_on=_plus(start, _days(VisitPlan.EMPLOYER, day, rules)),
        plan=Value(str(VisitPlan.EMPLOYER), TextField()),
        worker=F("linked_worker_id"),
        made_on=made_on,
        since=_never(),
        of_person=_nobody(),
        of_household=_nobody(),
        of_employer=F("pk"),
    ).filter(due_on__isnull=False)


def _last_visit(**whose: Any) -> Subquery:
    """The office's day of the last visit that was made."""
    made = Visit.objects.filter(outcome__in=VISITED, **whose).order_by("-visited_at")
    return Subquery(
        made.annotate(day=TruncDate("visited_at", tzinfo=OFFICE)).values("day")[:1],
        output_field=DateField(),
    )


def _days(plan: VisitPlan, day: date, rules: Rules) -> Case:
    """The days between visits of a plan where a row lies, by the rules in force on the day: the longest area prefix wins."""
    in_force = [rule for rule in rules.of_key(RULE_OF[plan]) if rule.applies(rule.area, day)]
    in_force.sort(key=lambda rule: -len(rule.area))
    return Case(
        *(When(area_code__startswith=rule.area, then=Value(int(rule.value))) for rule in in_force),
        output_field=IntegerField(),
    )


def _plus(start: Any, days: Any) -> Func:
    """So many days after a day."""
    return Func(
        start, days, template="(%(expressions)s)", arg_joiner=" + ", output_field=DateField()
    )


def _nobody() -> Value:
    return Value(None, UUIDField())


def _never() -> Value:
    return Value(None, DateField())
