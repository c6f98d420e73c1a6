"""Translates a parsed `$filter` to a Django Q over the submissions of `submissions.selectors.records`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from django.db.models import DateTimeField, F, IntegerField, Q, TextField, Value
from django.db.models.functions import (
    ExtractDay,
    ExtractHour,
    ExtractMinute,
    ExtractMonth,
    ExtractSecond,
    ExtractYear,
)
from django.db.models.lookups import (
    Exact,
    GreaterThan,
    GreaterThanOrEqual,
    LessThan,
    LessThanOrEqual,
)

from server.central.filters import (
    And,
    Column,
    Compare,
    Condition,
    DatePart,
    Literal,
    Not,
    Now,
    Operand,
    Or,
)
from server.submissions.models import ReviewState

COLUMNS: Final = {
    "submissionDate": "received_at",
    "updatedAt": "updated_at",
    "submitterId": "submitter_id",
    "reviewState": "review_state",
}
REVIEW_STATES: Final = {
    ReviewState.RECEIVED.value: None,
    ReviewState.HAS_ISSUES.value: "hasIssues",
    ReviewState.EDITED.value: "edited",
    ReviewState.APPROVED.value: "approved",
    ReviewState.REJECTED.value: "rejected",
}
"""Ruhu's review state → Central's; Central has null for a submission that nobody has reviewed."""

_LOOKUPS: Final[dict[str, Any]] = {
    "lt": LessThan,
    "le": LessThanOrEqual,
    "gt": GreaterThan,
    "ge": GreaterThanOrEqual,
}
_PARTS: Final[dict[str, Any]] = {
    "year": ExtractYear,
    "month": ExtractMonth,
    "day": ExtractDay,
    "hour": ExtractHour,
    "minute": ExtractMinute,
    "second": ExtractSecond,
}
_EVERY: Final = Q(pk__isnull=False)
"""Always true. An empty Q would be dropped in a disjunction and below a negation."""
_NONE: Final = Q(pk__in=())


def as_q(condition: Condition, now: datetime) -> Q:
    """The Q that is true of the same submissions as `filters.evaluate`."""
    match condition:
        case And(left, right):
            return as_q(left, now) & as_q(right, now)
        case Or(left, right):
            return as_q(left, now) | as_q(right, now)
        case Not(inner):
            return ~as_q(inner, now)
        case Compare():
            return _compared(condition, now)


def _compared(compare: Compare, now: datetime) -> Q:
    left = _own_state(compare.left, compare.right)
    right = _own_state(compare.right, compare.left)
    if compare.operator in ("eq", "ne"):
        equal = _equal(left, right, now)
        return ~equal if compare.operator == "ne" else equal
    return _both_known(_LOOKUPS[compare.operator], left, right, now)


def _equal(left: Operand, right: Operand, now: datetime) -> Q:
    both_empty = _empty(left) & _empty(right)
    if Literal(None) in (left, right):
        return both_empty
    return both_empty | _both_known(Exact, left, right, now)


def _both_known(lookup: Any, left: Operand, right: Operand, now: datetime) -> Q:
    """The comparison, but false where one side is null; there SQL's result is neither true nor false."""
    test = Q(lookup(_expression(left, now), _expression(right, now)))
    return test & ~_empty(left) & ~_empty(right)


def _empty(operand: Operand) -> Q:
    """Whether the operand is null: only `updatedAt` and its parts may be."""
    inner = operand.of if isinstance(operand, DatePart) else operand
    if inner == Literal(None):
        return _EVERY
    is_nullable = isinstance(inner, Column) and inner.name == "updatedAt"
    return Q(updated_at__isnull=True) if is_nullable else _NONE


def _own_state(operand: Operand, other: Operand) -> Operand:
    """Ruhu's review state for Central's, if the operand is compared with the field reviewState."""
    is_state = isinstance(other, Column) and other.name == "reviewState"
    if not is_state or not isinstance(operand, Literal):
        return operand
    own_states = {central: own for own, central in REVIEW_STATES.items()}
    if operand.value is None or operand.value in own_states:
        return Literal(own_states[operand.value])  # type: ignore[index]
    return Literal("-")  # equal to no state


def _expression(operand: Operand, now: datetime) -> Any:
    match operand:
        case Now():
            return Value(now, DateTimeField())
        case Column(name):
            return F(COLUMNS[name])
        case DatePart(name, inner):
            return _PARTS[name](_expression(inner, now), tzinfo=UTC)
        case Literal(datetime() as instant):
            return Value(instant, DateTimeField())
        case Literal(int() as number):
            return Value(number, IntegerField())
        case Literal(text):
            return Value(text, TextField())
