"""How often one person may look behind masks: so many times a day, and so many searches an hour (rules.md, Disclosure).

The audit log is what is counted, so that everything counts that was looked at. A lock of
the database lets the same person's requests through one by one.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Final, NoReturn

from django.db import connection
from django.db.models import Q

from server.accounts.access import Access
from server.audit.models import Act, AuditEntry
from server.audit.services import record
from server.core import clock
from server.core.problems import Problem
from server.disclosure.problems import BudgetSpent, SearchesSpent
from server.ledgers.storage.rules import standing_rules

_COUNTED: Final = {
    "reveals_a_day": Q(act__in=(Act.REVEAL, Act.SUBJECT_ACCESS))
    | Q(act=Act.EXPORT, object_type="quarantine"),
    "files_a_day": Q(act=Act.MEDIA),
}
"""Rule → the acts that it limits."""
_HOUR: Final = timedelta(hours=1)


def one_at_a_time(access: Access) -> None:
    """Wait until no other transaction of this user looks behind masks. Holds a lock until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select pg_advisory_xact_lock(hashtext('disclosure'), %s::int)", [access.user_id]
        )


def reveals_spent(access: Access, area: str, rule: str = "reveals_a_day") -> BudgetSpent | None:
    """The problem to raise when the user has revealed today as often as this rule of the area allows, else None.

    What an export permit allowed does not count: it has a limit of its own. One query.
    """
    limit = standing_rules().number(rule, area, clock.today())
    begins = datetime.combine(clock.today(), time(), clock.OFFICE)
    acts = AuditEntry.objects.filter(_COUNTED[rule], actor_id=access.user_id, at__gte=begins)
    if acts.exclude(facts__has_key="permit").count() < limit:
        return None
    return BudgetSpent(limit=limit, seconds=_seconds(begins + timedelta(days=1)))


def searches_spent(access: Access, area: str) -> SearchesSpent | None:
    """The problem to raise when the user has searched by number as often within an hour as the rule allows, else None. One query."""
    limit = standing_rules().number("finds_an_hour", area, clock.today())
    acts = AuditEntry.objects.filter(
        actor_id=access.user_id, act=Act.FIND, at__gt=clock.now() - _HOUR
    )
    times = list(acts.order_by("-at").values_list("at", flat=True)[:limit])
    if len(times) < limit:
        return None
    return SearchesSpent(limit=limit, seconds=_seconds(times[-1] + _HOUR))


def refuse(access: Access, area: str, problem: Problem) -> NoReturn:
    """Raise the problem, and record it if it is the first of its kind today, so that administrators see it.

    Call it outside a transaction, which the problem would take back with the record.
    """
    begins = datetime.combine(clock.today(), time(), clock.OFFICE)
    alerts = AuditEntry.objects.filter(
        actor_id=access.user_id, at__gte=begins, act=Act.BUDGET_SPENT, object_type=problem.type
    )
    if not alerts.exists():
        record(
            Act.BUDGET_SPENT,
            actor=access,
            object_type=problem.type,
            area=area,
            facts={"limit": problem.data["limit"]},
        )
    raise problem


def check_reveals(access: Access, area: str, rule: str = "reveals_a_day") -> None:
    """Raises BudgetSpent, recorded; for what is recorded as a reveal by another room."""
    if spent := reveals_spent(access, area, rule):
        refuse(access, area, spent)


def _seconds(until: datetime) -> int:
    return max(1, int((until - clock.now()).total_seconds()) + 1)
