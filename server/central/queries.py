"""Parses OData's query options and resource paths, and reads and writes $skiptoken. Pure."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from django.http import QueryDict
from django.utils.translation import gettext as _

from server.central.edmx import SYSTEM
from server.central.filters import ENTITY_FIELDS, SUBMISSION_FIELDS, Condition, parse
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
class RowKind:
    """What query options may name for a kind of rows."""

    fields: Mapping[str, str]  # of __system in $filter
    orders: Mapping[str, str]  # of __system in $orderby
    key: str  # kind of the key at the end of $skiptoken


SUBMISSION_ROWS: Final = RowKind(SUBMISSION_FIELDS, SUBMISSION_FIELDS, "int")
ENTITY_ROWS: Final = RowKind(ENTITY_FIELDS, {}, "text")


@dataclass(frozen=True, slots=True)
class PageEnd:
    """The last submission (or entity) of a page.

    `values` are those of the order, the key last. `n_rows` is how many of its rows were on the
    page; None means all.
    """

    values: tuple[Any, ...]
    n_rows: int | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """The query options of a request for a table."""

    top: int | None
    skip: int
    count: bool
    wkt: bool
    expand: bool
    select: tuple[str, ...]  # empty: everything
    order: tuple[tuple[str, bool], ...]  # field of __system, whether descending
    filter: Condition | None
    after: PageEnd | None


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a row, by $select."""

    fields: tuple[Field, ...]
    system: frozenset[str]  # of __system
    keys: frozenset[str]  # __id, __Submissions-id


def options_of(parameters: QueryDict) -> dict[str, str]:
    """The query options of a request by name.

    Raises BadOption for an option that is given twice: OData 4.0 part 2, 5.1 forbids that, and
    whichever of two filters held, the client would take the rows for those of the other.
    """
    options: dict[str, str] = {}
    for name, values in parameters.lists():
        if len(values) > 1:
            raise BadOption(option=name[:60], expected=_("one value"))
        options[name] = values[0]
    return options


def check_options(options: Mapping[str, str], format: Literal["json", "xml"]) -> None:
    """Raises OptionNotOffered for an unknown option, and for a $format other than this."""
    for name in options:
        if name not in OPTIONS:
            raise OptionNotOffered(feature=name[:60])
    wanted = options.get("$format", "").lower()
    if wanted and format not in wanted:
        raise OptionNotOffered(feature=f"$format={wanted[:40]}")


def parse_query(options: Mapping[str, str], rows: RowKind = SUBMISSION_ROWS) -> Query:
    """Parse the options. Raises BadOption, BadFilter, BadSkipToken, and …NotOffered problems."""
    check_options(options, "json")
    texts = {name: text.strip() for name, text in options.items() if text.strip()}
    expand, select = texts.get("$expand", ""), texts.get("$select", "")
    if expand not in ("", "*") or (expand and select):
        raise ExpandNotOffered
    if "$orderby" in texts and not rows.orders:
        raise OptionNotOffered(feature="$orderby")
    first = dict(reversed(list(_orders(texts.get("$orderby", ""), rows))))
    order = tuple(reversed(first.items()))
    token = texts.get("$skiptoken")
    return Query(
        top=_number(texts, "$top"),
        skip=0
        if token
        else _number(texts, "$skip") or 0,  # the page of a token begins after what was skipped
        count=_truth(texts, "$count"),
        wkt=_truth(texts, "$wkt"),
        expand=expand == "*",
        select=()
        if select in ("", "*")
        else tuple(dict.fromkeys(name.strip() for name in select.split(","))),
        order=order,
        filter=parse(texts["$filter"], rows.fields) if "$filter" in texts else None,
        after=read_skiptoken(token, _kinds(order, rows)) if token else None,
    )


def select_columns(schema: Schema, table: str, select: Iterable[str]) -> Columns:
    """The columns that $select names; all when it is empty. Raises UnknownProperty, BelowARepeat."""
    chain, columns = schema.tables[table], schema.columns(table)
    keys = {"__id", join_column(chain)} if chain else {"__id"}
    names = list(select)
    if not names:
        return Columns(columns, frozenset() if chain else frozenset(SYSTEM), frozenset(keys))
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
    return Columns(
        pruned(columns, frozenset(paths)), frozenset(system), frozenset(keys & set(names))
    )


def write_skiptoken(after: PageEnd) -> str:
    """The end of a page as a $skiptoken."""
    values = [value.isoformat() if isinstance(value, datetime) else value for value in after.values]
    plain = json.dumps([values, after.n_rows], separators=(",", ":"))
    return _MARK + base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")


def read_skiptoken(text: str, kinds: Iterable[str]) -> PageEnd:
    """The end of a page from a $skiptoken; `kinds` are those of its values. Raises BadSkipToken."""
    try:
        if not text.startswith(_MARK) or len(text) > 500:
            raise ValueError
        packed = text[len(_MARK) :]
        plain = base64.b64decode(packed + "=" * (-len(packed) % 4), altchars=b"-_", validate=True)
        values, n_rows = json.loads(plain)
        read = tuple(_value(*pair) for pair in zip(kinds, values, strict=True))
        return PageEnd(read, None if n_rows is None else _value("int", n_rows))
    except (ValueError, TypeError, RecursionError, binascii.Error):
        raise BadSkipToken from None


def next_page(options: Mapping[str, str], after: PageEnd) -> list[tuple[str, str]]:
    """The query options of the page after that."""
    kept = [pair for pair in options.items() if pair[0] not in ("$skip", "$skiptoken")]
    return [*kept, ("$skiptoken", write_skiptoken(after))]


def parse_path(path: str) -> list[tuple[str, str | None]]:
    """`Submissions('uuid:…')/children/child` as pairs of name and key (or None); [] for another path."""
    segments: list[tuple[str, str | None]] = []
    for part in re.split(r"/(?=(?:[^']*'[^']*')*[^']*$)", path):  # no slash inside a key
        match = re.fullmatch(r"([^'()]+)(?:\('((?:[^']|'')*)'\))?", part)
        if match is None:
            return []
        segments.append((match[1], None if match[2] is None else match[2].replace("''", "'")))
    return segments if segments[0][0].partition(".")[0] == ROOT else []


def _number(texts: Mapping[str, str], name: str) -> int | None:
    text = texts.get(name)
    if text is None:
        return None
    if not re.fullmatch("[0-9]+", text):
        raise BadOption(option=name, expected=_("a number from 0 on"))
    return int(text[:18])


def _truth(texts: Mapping[str, str], name: str) -> bool:
    text = texts.get(name, "false").lower()
    if text not in ("true", "false"):
        raise BadOption(option=name, expected=_("true or false"))
    return text == "true"


def _orders(text: str, rows: RowKind) -> Iterable[tuple[str, bool]]:
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, *direction = part.split()
        field = name.removeprefix("__system/")
        way = " ".join(direction).lower()
        if field not in rows.orders or name == field or way not in ("", "asc", "desc"):
            raise FieldNotOffered(field=part[:100], fields=", ".join(rows.orders))
        yield field, way == "desc"


def _kinds(order: Iterable[tuple[str, bool]], rows: RowKind) -> list[str]:
    return [*(rows.orders[name] for name, _descending in order), rows.key]


def _value(kind: str, value: object) -> Any:
    if kind == "instant":
        instant = datetime.fromisoformat(str(value))
        if instant.tzinfo is None:
            raise ValueError
        return instant
    if kind == "int":
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 62:
            raise ValueError
        return value
    if not isinstance(value, str) or "\0" in value:
        raise ValueError
    value.encode()
    return value


def _path(fields: Iterable[Field], name: str) -> str:
    field: Field | None = None
    for step in name.split("/"):
        if field is not None and field.kind == "repeat":
            raise BelowARepeat(property=name[:100])
        level = fields if field is None else field.children
        field = next((child for child in level if child.odata_name == step), None)
        if field is None:
            raise UnknownProperty(property=name[:100])
    assert field is not None  # noqa: S101 a split text has a first part
    return field.path
