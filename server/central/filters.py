"""Parses OData's `$filter` into a tree and evaluates it, as far as Central supports it. Pure.

A filter compares fields of `__system` with literals and `now()`, also by their parts
(`year(…)` to `second(…)`), and joins comparisons by `and`, `or`, `not` and brackets. A
comparison is true or false, also where a field is null (OData 4.0, part 2, 5.1.1.1): nothing
is less or greater than null, and `ne` is the opposite of `eq`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import ge, gt, le, lt
from typing import Any, Final, TypeAlias

from server.central.problems import BadFilter, FieldNotOffered, FilterNotOffered

DATE_PARTS: Final = ("year", "month", "day", "hour", "minute", "second")
SUBMISSION_FIELDS: Final = {
    "submissionDate": "instant",
    "updatedAt": "instant",
    "submitterId": "int",
    "reviewState": "text",
}
"""The fields of a submission that a filter may name, with their kinds."""
ENTITY_FIELDS: Final = {
    "createdAt": "instant",
    "updatedAt": "instant",
    "creatorId": "int",
    "conflict": "text",
}
"""The fields of an entity that a filter may name, with their kinds."""
_PREFIX: Final = re.compile(r"(?:\$root/(?:Submissions|Entities)/)?__system/")
_LONGEST: Final = 4000
_DEEPEST: Final = 40
_COMPARING: Final = ("eq", "ne", "lt", "le", "gt", "ge")
_ORDERS: Final = {"lt": lt, "le": le, "gt": gt, "ge": ge}

_TOKEN: Final = re.compile(
    r"""\s*(?:
      (?P<text>'(?:[^']|'')*')
    | (?P<instant>\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?(?![\w:.-]))
    | (?P<int>-?\d{1,18}(?![\w.-]))
    | (?P<call>[A-Za-z]\w*)\(
    | (?P<word>[$\w][\w./$@-]*)
    | (?P<open>\()
    | (?P<close>\))
    | (?P<end>$)
    )""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant."""

    value: Value


@dataclass(frozen=True, slots=True)
class Now:
    """`now()`: the time of the request."""


@dataclass(frozen=True, slots=True)
class Column:
    """A field of `__system`."""

    name: str
    kind: str  # instant, int, text


@dataclass(frozen=True, slots=True)
class DatePart:
    """A part of an instant, in UTC, such as `year(…)`."""

    name: str  # one of DATE_PARTS
    of: Operand


@dataclass(frozen=True, slots=True)
class Compare:
    """A comparison by `eq`, `ne`, `lt`, `le`, `gt` or `ge`."""

    operator: str
    left: Operand
    right: Operand


@dataclass(frozen=True, slots=True)
class And:
    """True when both conditions are."""

    left: Condition
    right: Condition


@dataclass(frozen=True, slots=True)
class Or:
    """True when at least one of the conditions is."""

    left: Condition
    right: Condition


@dataclass(frozen=True, slots=True)
class Not:
    """True when the condition is not."""

    of: Condition


Value: TypeAlias = str | int | datetime | None
Operand: TypeAlias = Literal | Now | Column | DatePart
Condition: TypeAlias = Compare | And | Or | Not


def parse(text: str, fields: Mapping[str, str] = SUBMISSION_FIELDS) -> Condition:
    """Parse a filter over these fields. Raises BadFilter, FilterNotOffered, FieldNotOffered."""
    if len(text) > _LONGEST or "\0" in text:
        raise BadFilter(at=min(len(text), _LONGEST))
    return _Reader(text, fields).whole()


def evaluate(condition: Condition, values: Mapping[str, Value], now: datetime) -> bool:
    """Whether the filter is true of these values of its fields."""
    match condition:
        case And(left, right):
            return evaluate(left, values, now) and evaluate(right, values, now)
        case Or(left, right):
            return evaluate(left, values, now) or evaluate(right, values, now)
        case Not(inner):
            return not evaluate(inner, values, now)
        case Compare(name, left, right):
            sides = _valued(left, values, now), _valued(right, values, now)
            if name in ("eq", "ne"):
                return (sides[0] == sides[1]) is (name == "eq")
            return None not in sides and bool(_ORDERS[name](*sides))


def _valued(operand: Operand, values: Mapping[str, Value], now: datetime) -> Any:
    match operand:
        case Now():
            return now
        case Column(name):
            return values[name]
        case DatePart(name, inner):
            at = _valued(inner, values, now)
            return None if at is None else getattr(at.astimezone(UTC), name)
        case Literal(value):
            return value


def kind_of(operand: Operand) -> str:
    """The kind of an operand's value: instant, int, text, or null."""
    match operand:
        case Now():
            return "instant"
        case DatePart():
            return "int"
        case Column():
            return operand.kind
        case Literal(value):
            if value is None:
                return "null"
            return {datetime: "instant", int: "int"}.get(type(value), "text")


class _Reader:
    """A recursive descent parser; `kind` and `word` are the next token."""

    def __init__(self, text: str, fields: Mapping[str, str]) -> None:
        self.text, self.at, self.depth = text, 0, 0
        self.fields = fields
        self.kind, self.word, self.start = "", "", 0
        self.next()

    def next(self) -> None:
        match = _TOKEN.match(self.text, self.at)
        if match is None:
            raise BadFilter(at=self.at)
        self.kind = match.lastgroup or "end"
        self.word, self.start, self.at = match[self.kind], match.start(self.kind), match.end()

    def whole(self) -> Condition:
        condition = self.either()
        if self.kind != "end":
            if self.kind == "word":
                raise FilterNotOffered(text=self.word[:40])
            raise BadFilter(at=self.start)
        return condition

    def either(self) -> Condition:
        condition = self.both()
        while self.is_word("or"):
            self.next()
            condition = Or(condition, self.both())
        return condition

    def both(self) -> Condition:
        condition = self.negated()
        while self.is_word("and"):
            self.next()
            condition = And(condition, self.negated())
        return condition

    def negated(self) -> Condition:
        self.deeper()
        if self.is_word("not") or (self.kind == "call" and self.word == "not"):
            is_call = self.kind == "call"
            self.next()
            condition: Condition = Not(self.bracketed() if is_call else self.negated())
        elif self.kind == "open":
            self.next()
            condition = self.bracketed()
        else:
            condition = self.comparison()
        self.depth -= 1
        return condition

    def bracketed(self) -> Condition:
        """A condition after an opening bracket, and the closing bracket."""
        condition = self.either()
        if self.kind != "close":
            raise BadFilter(at=self.start)
        self.next()
        return condition

    def comparison(self) -> Condition:
        left = self.operand()
        operator = self.word
        if self.kind != "word":
            raise BadFilter(at=self.start)
        if operator not in _COMPARING:
            raise FilterNotOffered(text=operator[:40])
        start = self.start
        self.next()
        return _comparable(operator, left, self.operand(), start)

    def operand(self) -> Operand:
        kind, word, start = self.kind, self.word, self.start
        if kind not in ("text", "instant", "int", "call", "word"):
            raise BadFilter(at=start)
        self.next()
        match kind:
            case "text":
                return Literal(word[1:-1].replace("''", "'"))
            case "instant":
                return Literal(_instant(word, start))
            case "int":
                return Literal(int(word))
            case "call":
                return self.call(word, start)
        return Literal(None) if word == "null" else self.column(word)

    def call(self, name: str, start: int) -> Operand:
        self.deeper()
        if name == "now":
            operand: Operand = Now()
        elif name.lower() in DATE_PARTS:
            operand = DatePart(name.lower(), _as_instant(self.operand(), start))
        else:
            raise FilterNotOffered(text=f"{name[:40]}()")
        if self.kind != "close":
            raise BadFilter(at=self.start)
        self.next()
        self.depth -= 1
        return operand

    def column(self, word: str) -> Column:
        prefix = _PREFIX.match(word)
        name = word[prefix.end() :] if prefix else ""
        if name not in self.fields:
            raise FieldNotOffered(field=word[:100], fields=", ".join(self.fields))
        return Column(name, self.fields[name])

    def is_word(self, word: str) -> bool:
        return self.kind == "word" and self.word == word

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise BadFilter(at=self.start)


def _instant(text: str, at: int) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
        return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadFilter(at=at) from None


def _as_instant(operand: Operand, at: int) -> Operand:
    if isinstance(operand, Literal) and isinstance(operand.value, str):
        return Literal(_instant(operand.value, at))
    if kind_of(operand) != "instant":
        raise BadFilter(at=at)
    return operand


def _comparable(operator: str, left: Operand, right: Operand, at: int) -> Compare:
    """The comparison, with literals converted to the kind of the other side. Raises BadFilter, FilterNotOffered."""
    kinds = {kind_of(left), kind_of(right)}
    if "null" in kinds:
        if operator not in ("eq", "ne"):
            raise BadFilter(at=at)
    elif kinds == {"instant", "text"}:
        left, right = _as_instant(left, at), _as_instant(right, at)
    elif kinds == {"int", "text"}:
        left, right = _as_int(left), _as_int(right)
    elif len(kinds) > 1:
        raise BadFilter(at=at)
    if kinds == {"text"} and operator not in ("eq", "ne"):
        raise FilterNotOffered(text=f"{_name(left, right)} {operator}")
    return Compare(operator, left, right)


def _as_int(operand: Operand) -> Operand:
    """A quoted ID as a number, because IDs are strings in OData's JSON; -1, which nobody has, for another text."""
    if isinstance(operand, Literal) and isinstance(operand.value, str):
        is_id = re.fullmatch(r"[0-9]{1,18}", operand.value)
        return Literal(int(operand.value) if is_id else -1)
    if kind_of(operand) == "text":
        raise FilterNotOffered(text=_name(operand))
    return operand


def _name(*operands: Operand) -> str:
    """The name of the first field among the operands."""
    return next((operand.name for operand in operands if isinstance(operand, Column)), "''")
