"""`$filter` of OData, as much of it as Central offers, read into a tree. Pure.

Fields of `__system` compared with literals, with `now()`, or by `year(…)` to `second(…)`,
joined by `and`, `or`, `not` and brackets. A comparison is true or false, also where a
field is empty (OData 4.0, part 2, 5.1.1.1): nothing is less than null, and `ne` is what
`eq` is not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import ge, gt, le, lt
from typing import Any, Final, TypeAlias

from server.central.problems import BadFilter, FieldNotOffered, FilterNotOffered

PARTS: Final = ("year", "month", "day", "hour", "minute", "second")
RECORDS: Final = {
    "submissionDate": "instant",
    "updatedAt": "instant",
    "submitterId": "int",
    "reviewState": "text",
}
"""The fields of a record that a filter may name, with their kinds."""
ENTITIES: Final = {
    "createdAt": "instant",
    "updatedAt": "instant",
    "creatorId": "int",
    "conflict": "text",
}
"""Those of an entity."""
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
    value: Value


@dataclass(frozen=True, slots=True)
class Now:
    """The instant of the request."""


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    kind: str  # instant, int, text


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an instant, in UTC."""

    name: str  # one of PARTS
    of: Operand


@dataclass(frozen=True, slots=True)
class Compare:
    operator: str
    left: Operand
    right: Operand


@dataclass(frozen=True, slots=True)
class Both:
    left: Condition
    right: Condition


@dataclass(frozen=True, slots=True)
class Either:
    left: Condition
    right: Condition


@dataclass(frozen=True, slots=True)
class Not:
    of: Condition


Value: TypeAlias = str | int | datetime | None
Operand: TypeAlias = Literal | Now | Column | Part
Condition: TypeAlias = Compare | Both | Either | Not


def parse(text: str, fields: Mapping[str, str] = RECORDS) -> Condition:
    """The filter as a tree. Raises BadFilter, FilterNotOffered, FieldNotOffered."""
    if len(text) > _LONGEST or "\0" in text:
        raise BadFilter(at=min(len(text), _LONGEST))
    return _Reader(text, fields).whole()


def holds(condition: Condition, values: Mapping[str, Value], now: datetime) -> bool:
    """Whether the filter lets something with these values of its fields through."""
    match condition:
        case Both(left, right):
            return holds(left, values, now) and holds(right, values, now)
        case Either(left, right):
            return holds(left, values, now) or holds(right, values, now)
        case Not(inner):
            return not holds(inner, values, now)
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
        case Part(name, inner):
            at = _valued(inner, values, now)
            return None if at is None else getattr(at.astimezone(UTC), name)
        case Literal(value):
            return value


def kind_of(operand: Operand) -> str:
    """instant, int, text, or null."""
    match operand:
        case Now():
            return "instant"
        case Part():
            return "int"
        case Column():
            return operand.kind
        case Literal(value):
            if value is None:
                return "null"
            return {datetime: "instant", int: "int"}.get(type(value), "text")


class _Reader:
    """Recursive descent; `kind` and `word` are the token that comes next."""

    def __init__(self, text: str, fields: Mapping[str, str]) -> None:
        self.text, self.at, self.depth = text, 0, 0
        self.fields = fields
        self.kind, self.word, self.start = "", "", 0
        self.next()

    def next(self) -> None:
        found = _TOKEN.match(self.text, self.at)
        if found is None:
            raise BadFilter(at=self.at)
        self.kind = found.lastgroup or "end"
        self.word, self.start, self.at = found[self.kind], found.start(self.kind), found.end()

    def whole(self) -> Condition:
        found = self.either()
        if self.kind != "end":
            if self.kind == "word":
                raise FilterNotOffered(text=self.word[:40])
            raise BadFilter(at=self.start)
        return found

    def either(self) -> Condition:
        found = self.both()
        while self.is_word("or"):
            self.next()
            found = Either(found, self.both())
        return found

    def both(self) -> Condition:
        found = self.negated()
        while self.is_word("and"):
            self.next()
            found = Both(found, self.negated())
        return found

    def negated(self) -> Condition:
        self.deeper()
        if self.is_word("not") or (self.kind == "call" and self.word == "not"):
            is_call = self.kind == "call"
            self.next()
            found: Condition = Not(self.bracketed() if is_call else self.negated())
        elif self.kind == "open":
            self.next()
            found = self.bracketed()
        else:
            found = self.comparison()
        self.depth -= 1
        return found

    def bracketed(self) -> Condition:
        """What stands after an opened bracket, and the closing one."""
        found = self.either()
        if self.kind != "close":
            raise BadFilter(at=self.start)
        self.next()
        return found

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
            found: Operand = Now()
        elif name.lower() in PARTS:
            found = Part(name.lower(), _as_instant(self.operand(), start))
        else:
            raise FilterNotOffered(text=f"{name[:40]}()")
        if self.kind != "close":
            raise BadFilter(at=self.start)
        self.next()
        self.depth -= 1
        return found

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
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadFilter(at=at) from None


def _as_instant(operand: Operand, at: int) -> Operand:
    if isinstance(operand, Literal) and isinstance(operand.value, str):
        return Literal(_instant(operand.value, at))
    if kind_of(operand) != "instant":
        raise BadFilter(at=at)
    return operand


def _comparable(operator: str, left: Operand, right: Operand, at: int) -> Compare:
    """The comparison, its literals of the other side's kind. Raises BadFilter, FilterNotOffered."""
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
    """Ids are texts in OData's JSON: 'quoted' ones are taken; one that is no number is nobody's."""
    if isinstance(operand, Literal) and isinstance(operand.value, str):
        is_id = re.fullmatch(r"[0-9]{1,18}", operand.value)
        return Literal(int(operand.value) if is_id else -1)
    if kind_of(operand) == "text":
        raise FilterNotOffered(text=_name(operand))
    return operand


def _name(*operands: Operand) -> str:
    """What the field is called, if one is among them."""
    return next((one.name for one in operands if isinstance(one, Column)), "''")
