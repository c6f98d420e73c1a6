"""The rule table in force: the shipped one under what offices decided; queueing the entries that rest on a rule."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, datetime
from functools import lru_cache

from django.db.models import F, Q

from server.geo.codes_since import CodesSince, codes_known_by, codes_since
from server.geo.models import PREFIX_LENGTH, Level
from server.ledgers.definitions.ledgers import LEDGERS
from server.ledgers.definitions.rule_keys import RULE_KEYS
from server.ledgers.folding.derive.rules import Rule, Rules, rules
from server.ledgers.models.rules import RuleValue
from server.ledgers.storage.changes import mark_changed
from server.ledgers.storage.database import query_values


def standing_rules() -> Rules:
    """The table as it stands: what was decided and not withdrawn, the latest first, before the shipped lines.

    One query, and one if a community has a rule of its own.
    """
    return _with(RuleValue.objects.filter(withdrawn_at=None), codes_since)


def rules_known_by(instant: datetime) -> Rules:
    """The table as it stood at an instant. The shipped lines are those of today. At most three queries."""
    stood = Q(withdrawn_at=None) | Q(withdrawn_at__gt=instant)
    return _with(
        RuleValue.objects.filter(stood, decided_at__lte=instant), lambda: codes_known_by(instant)
    )


def _with(values: Iterable[RuleValue], codes: Callable[[], CodesSince]) -> Rules:
    """The table with these values; a community's rule holds under the code that the community has."""
    decided = tuple(
        Rule(value.key, value.area_code, value.since, value.until, value.value) for value in values
    )
    if any(len(rule.area) == PREFIX_LENGTH[Level.COMMUNITY] for rule in decided):
        since = codes()
        decided = tuple(replace(rule, area=since.now(rule.area)) for rule in decided)
    return _table(decided)


@lru_cache(maxsize=4)
def _table(decided: tuple[Rule, ...]) -> Rules:
    """One table for the same lines, which keeps what it looked up."""
    return Rules((*decided, *rules().all)) if decided else rules()


def queue_for(value: RuleValue, as_of: date) -> int:
    """Have the entries that rest on a value's rule folded again, and mark them for what is computed from them; how many.

    They are due by the day and taken by `refold_due` in batches. In the caller's transaction,
    under the merge lock.
    """
    rule, area = RULE_KEYS[value.key], codes_since().now(value.area_code)
    marks = {family: _make_due(family, area, as_of, rule.by_record) for family in rule.families}
    mark_changed(marks)
    RuleValue.objects.filter(pk=value.pk).update(queued_on=as_of)
    return sum(map(len, marks.values()))


def queue_changes(as_of: date) -> None:
    """Queue likewise for the values that began or ended since they were last queued. One query when there are none."""
    began, ended = (
        Q(since__lte=as_of, since__gt=F("queued_on")),
        Q(until__lte=as_of, until__gt=F("queued_on")),
    )
    for value in RuleValue.objects.filter(began | ended, withdrawn_at=None):
        queue_for(value, as_of)


def _make_due(family: str, area: str, as_of: date, by_record: bool) -> list[str]:
    table = LEDGERS[family]._meta.db_table
    of_records = (
        " or id in (select entry from ledgers_contribution where family = %s and area_code like %s)"
        if by_record
        else ""
    )
    more = (family, f"{area}%") if by_record else ()
    return query_values(
        f"update {table} set refold_on = least(refold_on, %s)"  # noqa: S608 a model's table
        f" where area_code like %s{of_records} returning id::text",
        (as_of, f"{area}%", *more),
    )
