"""The rule table as a reader sees it: the value in force of each key in an area, and what was decided about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import Q, QuerySet

from server.accounts.access import Access
from server.ledgers.definitions.rule_keys import RULE_KEYS, RuleKey
from server.ledgers.folding.derive.rules import Rules, rules
from server.ledgers.models import RuleValue
from server.ledgers.storage.rules import standing_rules


@dataclass(frozen=True, slots=True)
class StandingRule:
    """A key of the table, with what holds in an area on a day."""

    rule: RuleKey
    value: str | None
    """In force; None where the table has none for the area and day."""
    shipped: str | None
    """What the shipped table says there."""
    history: tuple[RuleValue, ...]
    """What was decided about the key for the area, around it and inside it, the latest first."""

    @property
    def in_words(self) -> str:
        """The value in force with its unit, in the reader's language; "" where there is none."""
        return "" if self.value is None else self.rule.in_words(self.value)

    @property
    def shipped_in_words(self) -> str:
        """The shipped value likewise."""
        return "" if self.shipped is None else self.rule.in_words(self.shipped)


def decided_rules(access: Access) -> QuerySet[RuleValue]:
    """What was decided for the reader's areas, for areas around them and inside them, the latest first."""
    seen = Q(pk__in=())
    for area in access.areas():
        around = [area[:length] for length in range(len(area) + 1)]
        seen |= Q(area_code__in=around) | Q(area_code__startswith=area)
    return RuleValue.objects.filter(seen).select_related("decided_by", "withdrawn_by")


def standing_list(access: Access, area: str, day: date) -> list[StandingRule]:
    """Every key with what holds in an area (a prefix of division codes) on a day. Two queries."""
    standing: Rules = standing_rules()
    history: dict[str, list[RuleValue]] = {}
    for value in decided_rules(access):
        if value.area_code.startswith(area) or area.startswith(value.area_code):
            history.setdefault(value.key, []).append(value)
    return [
        StandingRule(
            rule,
            standing.find(key, area, day),
            rules().find(key, area, day),
            tuple(history.get(key, ())),
        )
        for key, rule in RULE_KEYS.items()
    ]
