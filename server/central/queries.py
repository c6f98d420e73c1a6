"""OData's query options, read and checked; and the place in a table at which a page ends. Pure."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from django.utils.translation import gettext as _

from server.central.edmx import SYSTEM
from server.central.filters import ENTITIES, RECORDS, Condition, parse
from server.central.problems import (
    BadOption,
    BadSkipToken,
    BelowARepeat,
    ExpandNotOffered,
    FieldNotOffered,
    OptionNotOffered,
    UnknownProperty,
)
from server.central.schema import ROOT, Field, Schema, pruned
from server.central.tables import join_column

OPTIONS: Final = frozenset(
    f"${name}"
    for name in (
        "format", "count", "skip", "top", "filter", "wkt", "expand", "select", "skiptoken", "orderby",
    )
)  # fmt: skip
_MARK: Final = "01"


@dataclass(frozen=True, slots=True)
class Rows:
    """What the options may name of a kind of rows."""

    fields: Mapping[str, str]  # of __system in $filter
    orders: Mapping[str, str]  # in $orderby
    place: str  # the kind of what tells the last row of a page


RECORD_ROWS: Final = Rows(RECORDS, RECORDS, "int")
ENTITY_ROWS: Final = Rows(ENTITIES, {}, "text")


@dataclass(frozen=True, slots=True)
class After:
    """The last record of a page by the order's values, and how many of its rows were given; None: all."""

    values: tuple[Any, ...]
    given: int | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked of a table."""

    top: int | None
    skip: int
    count: bool
    wkt: bool
    expand: bool
    select: tuple[str, ...]  # empty: everything
    order: tuple[tuple[str, bool], ...]  # field of __system, whether downwards
    filter: Condition | None
    after: After | None


@dataclass(frozen=True, slots=True)
class Shape:
    """Which columns a row gets by $select."""

    fields: tuple[Field, ...]
    system: frozenset[str]  # of __system
    keys: frozenset[str]  # __id, __Submissions-id


def check(options: Mapping[str, str], format: Literal["json", "xml"]) -> None:
    """Raises OptionNotOffered for what OData calls not implemented, and for another format."""
    for name in options:
        if name not in OPTIONS:
            raise OptionNotOffered(feature=name[:60])
    wanted = options.get("$format", "").lower()
    if wanted and format not in wanted:
        raise OptionNotOffered(feature=f"$format={wanted[:40]}")


def read(options: Mapping[str, str], rows: Rows = RECORD_ROWS) -> Query:
    """The query. Raises BadOption, BadFilter, and what says that something is not offered."""
    check(options, "json")
    given = {name: text.strip() for name, text in options.items() if text.strip()}
    expand, select = given.get("$expand", ""), given.get("$select", "")
    if expand not in ("", "*") or (expand and select):
        raise ExpandNotOffered
    if "$orderby" in given and not rows.orders:
        raise OptionNotOffered(feature="$orderby")
    first = dict(reversed(list(_orders(given.get("$orderby", ""), rows))))
    order = tuple(reversed(first.items()))
    token = given.get("$skiptoken")
    return Query(
        top=_number(given, "$top"),
        skip=0 if token else _number(given, "$skip") or 0,  # the token is behind what is skipped
        count=_truth(given, "$count"),
        wkt=_truth(given, "$wkt"),
        expand=expand == "*",
        select=()
        if select in ("", "*")
        else tuple(dict.fromkeys(name.strip() for name in select.split(","))),
        order=order,
        filter=parse(given["$filter"], rows.fields) if "$filter" in given else None,
        after=token_read(token, _kinds(order, rows)) if token else None,
    )


def shape(schema: Schema, table: str, select: Iterable[str]) -> Shape:
    """The columns asked for. Raises UnknownProperty, BelowARepeat."""
    chain, columns = schema.tables[table], schema.columns(table)
    keys = {"__id", join_column(chain)} if chain else {"__id"}
    names = list(select)
    if not names:
        return Shape(columns, frozenset() if chain else frozenset(SYSTEM), frozenset(keys))
    system: set[str] = set()
    paths: set[str] = set()
    for name in names:
        if name in keys:
            continue
        if not chain and name == "__system":
            system |= set(SYSTEM)
        elif not chain and name.startswith("__system/") and name[9:] in SYSTEM:
            system.add(name[9:])
        else:
            paths.add(_path(columns, name))
    return Shape(pruned(columns, frozenset(paths)), frozenset(system), frozenset(keys & set(names)))


def token_text(after: After) -> str:
    """The place as $skiptoken has it."""
    values = [value.isoformat() if isinstance(value, datetime) else value for value in after.values]
    plain = json.dumps([values, after.given], separators=(",", ":"))
    return _MARK + base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")


def token_read(text: str, kinds: Iterable[str]) -> After:
    """The place; `kinds` are those of its values. Raises BadSkipToken."""
    try:
        if not text.startswith(_MARK) or len(text) > 500:
            raise ValueError
        packed = text[len(_MARK) :]
        plain = base64.b64decode(packed + "=" * (-len(packed) % 4), altchars=b"-_", validate=True)
        values, given = json.loads(plain)
        read = tuple(_value(*pair) for pair in zip(kinds, values, strict=True))
        return After(read, None if given is None else _value("int", given))
    except (ValueError, TypeError, RecursionError, binascii.Error):
        raise BadSkipToken from None


def following(options: Mapping[str, str], after: After) -> list[tuple[str, str]]:
    """The options of the page that comes then."""
    kept = [pair for pair in options.items() if pair[0] not in ("$skip", "$skiptoken")]
    return [*kept, ("$skiptoken", token_text(after))]


def resource(path: str) -> list[tuple[str, str | None]]:
    """`Submissions('uuid:…')/children/child` as names with the keys in brackets; empty when it is no such path."""
    found = []
    for part in path.split("/"):
        match = re.fullmatch(r"([^'()]+)(?:\('((?:[^']|'')*)'\))?", part)
        if match is None:
            return []
        found.append((match[1], None if match[2] is None else match[2].replace("''", "'")))
    return found if found[0][0].partition(".")[0] == ROOT else []


def _number(given: Mapping[str, str], name: str) -> int | None:
    text = given.get(name)
    if text is None:
        return None
    if not re.fullmatch("[0-9]+", text):
        raise BadOption(option=name, expected=_("a number from 0 on"))
    return int(text[:18])


def _truth(given: Mapping[str, str], name: str) -> bool:
    text = given.get(name, "false").lower()
    if text not in ("true", "false"):
        raise BadOption(option=name, expected=_("true or false"))
    return text == "true"


def _orders(text: str, rows: Rows) -> Iterable[tuple[str, bool]]:
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, *direction = part.split()
        field = name.removeprefix("__system/")
        way = " ".join(direction).lower()
        if field not in rows.orders or name == field or way not in ("", "asc", "desc"):
            raise FieldNotOffered(field=part[:100], fields=", ".join(rows.orders))
        yield field, way == "desc"


def _kinds(order: Iterable[tuple[str, bool]], rows: Rows) -> list[str]:
    return [*(rows.orders[name] for name, _down in order), rows.place]


def _value(kind: str, value: object) -> Any:
    if kind == "instant":
        found = datetime.fromisoformat(str(value))
        if found.tzinfo is None:
            raise ValueError
        return found
    if kind == "int":
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 62:
            raise ValueError
        return value
    if not isinstance(value, str) or "\0" in value:
        raise ValueError
    value.encode()
    return value


def _path(fields: Iterable[Field], name: str) -> str:
    found: Field | None = None
    for step in name.split("/"):
        if found is not None and found.kind == "repeat":
            raise BelowARepeat(property=name[:100])
        level = fields if found is None else found.children
        found = next((field for field in level if field.odata_name == step), None)
        if found is None:
            raise UnknownProperty(property=name[:100])
    assert found is not None  # noqa: S101 a split text has a first part
    return found.path
