"""A filter's tree as a condition on the records that `submissions.selectors.records` gives."""

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
    Both,
    Column,
    Compare,
    Condition,
    Either,
    Literal,
    Not,
    Now,
    Operand,
    Part,
)
from server.submissions.models import ReviewState

COLUMNS: Final = {
    "submissionDate": "received_at",
    "updatedAt": "updated_at",
    "submitterId": "submitter_id",
    "reviewState": "review_state",
}
STATES: Final = {
    ReviewState.RECEIVED.value: None,
    ReviewState.HAS_ISSUES.value: "hasIssues",
    ReviewState.EDITED.value: "edited",
    ReviewState.APPROVED.value: "approved",
    ReviewState.REJECTED.value: "rejected",
}
"""Ours → Central's review states; a record nobody has looked at has none there."""

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
"""What is always true. An empty condition would vanish beside `or` and below `not`."""
_NONE: Final = Q(pk__in=())


def q(condition: Condition, now: datetime) -> Q:
    """The condition, true of the same records as `filters.holds`; the clock is read at the door."""
    match condition:
        case Both(left, right):
            return q(left, now) & q(right, now)
        case Either(left, right):
            return q(left, now) | q(right, now)
        case Not(inner):
            return ~q(inner, now)
        case Compare():
            return _compared(condition, now)


def _compared(compare: Compare, now: datetime) -> Q:
    left, right = _stated(compare.left, compare.right), _stated(compare.right, compare.left)
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
    """The comparison, false where one side is empty: SQL's answer there is neither true nor false."""
    test = Q(lookup(_expression(left, now), _expression(right, now)))
    return test & ~_empty(left) & ~_empty(right)


def _empty(operand: Operand) -> Q:
    """Whether it is null. Only updatedAt may be; a part of it is as empty as itself."""
    inner = operand.of if isinstance(operand, Part) else operand
    if inner == Literal(None):
        return _EVERY
    is_nullable = isinstance(inner, Column) and inner.name == "updatedAt"
    return Q(updated_at__isnull=True) if is_nullable else _NONE


def _stated(operand: Operand, other: Operand) -> Operand:
    """Central's name of a review state as ours, where it is compared with the field."""
    is_state = isinstance(other, Column) and other.name == "reviewState"
    if not is_state or not isinstance(operand, Literal):
        return operand
    ours = {theirs: our for our, theirs in STATES.items()}
    if operand.value is None or operand.value in ours:
        return Literal(ours[operand.value])  # type: ignore[index]
    return Literal("-")  # no state at all


def _expression(operand: Operand, now: datetime) -> Any:
    match operand:
        case Now():
            return Value(now, DateTimeField())
        case Column(name):
            return F(COLUMNS[name])
        case Part(name, inner):
            return _PARTS[name](_expression(inner, now), tzinfo=UTC)
        case Literal(datetime() as instant):
            return Value(instant, DateTimeField())
        case Literal(int() as number):
            return Value(number, IntegerField())
        case Literal(text):
            return Value(text, TextField())
