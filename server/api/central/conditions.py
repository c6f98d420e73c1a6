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
    IsNull,
    LessThan,
    LessThanOrEqual,
)

from server.api.central.filters import (
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
    "eq": Exact,
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
_NULLABLE: Final = Column("updatedAt")


def q(condition: Condition, now: datetime) -> Q:
    """The condition; the clock is read at the door."""
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
    if Literal(None) in (left, right):
        return _null(left, right, compare.operator)
    sides = _expression(left, now), _expression(right, now)
    if compare.operator != "ne":
        return Q(_LOOKUPS[compare.operator](*sides))
    unequal = ~Q(Exact(*sides))
    return unequal | Q(IsNull(F("updated_at"), True)) if _NULLABLE in (left, right) else unequal


def _null(left: Operand, right: Operand, operator: str) -> Q:
    """Only updatedAt may be empty; a part of it is as empty as itself."""
    other = right if left == Literal(None) else left
    inner = other.of if isinstance(other, Part) else other
    is_wanted = operator == "eq"
    if inner == _NULLABLE:
        return Q(IsNull(F("updated_at"), is_wanted))
    is_null = inner == Literal(None)
    return Q() if is_null == is_wanted else Q(pk__in=())


def _stated(operand: Operand, other: Operand) -> Operand:
    """Central's name of a review state as ours, where it is compared with the field."""
    if other != Column("reviewState") or not isinstance(operand, Literal):
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
