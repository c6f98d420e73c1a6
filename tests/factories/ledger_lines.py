"""A ledger's CSV file row by row: what the file by COPY has to equal. And rows whose values are as bad as may be."""

from __future__ import annotations

import csv
import io
import random
import uuid
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

from django.contrib.gis.geos import Point

from server.accounts.access import RESTRICTED, access_of
from server.accounts.models import User
from server.api.ledger_files import columns_shown
from server.api.views.ledgers import LEDGER_VIEWS
from server.core.codes import code_lists
from server.core.plain import dumps
from server.core.sealing import seal_text
from server.core.spreadsheets import inert
from server.disclosure.models import ExportPermit
from server.disclosure.selectors import areas_of, open_permits
from server.ledgers import selectors
from server.ledgers.definitions.columns import Column, Kind, Reading
from server.ledgers.definitions.ledgers import DEFINITIONS

TEXTS: Final = (
    None, "", "陈大文", "环市东路3号2-1栋", 'a,"b"', "两\n行\r\n", "=1+1", "  +cmd|'x'!A0", "\u3000＝1", "\x07x", "é", "'=", "-5",
    "电话 020-00001234", "０２０－００００１２３４", "4499061990010112345", "100%", "\\.", "\\", "a\tb", "\x85=1", "１２３４５６７８９０１",
    "91440101MA5D0C1X2Y", "，逗号开头", "3 " * 12, "é123456789012", "\u200bx", "０", "x\x7f",
)  # fmt: skip
NUMBERS: Final = (None, "4499061990010112", "02000001234", "12", "", "=1", "449906199001011234")
INSTANTS: Final = (
    datetime(2026, 11, 27, 8, 0, tzinfo=UTC),
    datetime(2026, 11, 27, 16, 0, 0, 120, tzinfo=UTC),
    datetime(1988, 7, 1, 3, 4, 5, tzinfo=UTC),
    datetime(1900, 1, 1, 0, 0, 0, 7, tzinfo=UTC),
    datetime(1991, 12, 31, 16, 0, tzinfo=UTC),
    datetime(1991, 12, 31, 15, 59, 59, tzinfo=UTC),
)
POINTS: Final = (
    None,
    Point(113.355, 23.125, srid=4326),
    Point(113, 23, srid=4326),
    Point(-0.000012345678901234, 1e-9, srid=4326),
    Point(113.35512345678912, 23.125123456789123, srid=4326),
)


def written_row_by_row(user: User, ledger: str) -> str:
    """The file as the serializer of JSON rows gives it, each field asked for each row."""
    access = access_of(user)
    context = {
        "access": access,
        "restricted_areas": access.areas(RESTRICTED),
        "whole_areas": areas_of(open_permits(access, ExportPermit.Kind.LEDGER, ledger)),
    }
    serializer = LEDGER_VIEWS[DEFINITIONS[ledger].path].serializer_class(context=context)
    columns = columns_shown(serializer)
    out = io.StringIO()
    lines = csv.writer(out)
    lines.writerow(columns)
    for row in selectors.rows_of(access, ledger).order_by("pk"):
        fields = [serializer.fields[name] for name in columns]
        values = [field.get_attribute(row) for field in fields]
        shown = (
            None if value is None else field.to_representation(value)
            for field, value in zip(fields, values, strict=True)
        )
        lines.writerow([_cell(value) for value in shown])
    return "\ufeff" + out.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        value = " ".join(value)
    elif isinstance(value, list | dict):
        value = dumps(value)
    return inert(value)


def make_hostile(ledger: str, areas: list[str], users: list[User], *, n: int, seed: int) -> None:
    """Rows of a ledger in these areas with values that no form gives and some that forms give, drawn by chance."""
    model, chance = DEFINITIONS[ledger].model, random.Random(seed)
    rows = []
    for place in range(n):
        values: dict[str, Any] = {}
        whole: dict[str, str] = {}
        for column in DEFINITIONS[ledger].columns.values():
            values.update(_value(model, column, chance, users, areas))
            if column.is_searched and column.reads is not Reading.USCC and chance.random() < 0.2:
                values[column.name], whole[column.name] = "电话 020****34", "电话 020-00001234"
        if hasattr(model, "assisted_categories"):
            values["assisted_categories"] = chance.choice([[], ["1"], ["1", "6", "14"]])
        rows.append(
            model(
                id=uuid.UUID(int=chance.getrandbits(128)),
                area_code=areas[place % len(areas)],
                observed_at=chance.choice(INSTANTS),
                verified_level=chance.randint(0, 4),
                recorded_by=chance.choice([None, *users]),
                last_confirmed_on=chance.choice([None, date(2026, 2, 3), date(987, 1, 2)]),
                whole_texts=whole or None,
                **values,
            )
        )
    model._default_manager.bulk_create(rows)


def _value(
    model: Any, column: Column, chance: random.Random, users: list[User], areas: list[str]
) -> dict[str, Any]:
    name, pick = column.name, chance.choice
    codes = [*code_lists()[column.codes].codes] if column.codes else []
    match column.kind:
        case Kind.TEXT | Kind.IMAGE:
            return {name: pick(TEXTS)}
        case Kind.SEALED:
            number = pick(NUMBERS)
            return {name: None if number is None else seal_text(number, name)}
        case Kind.CODE:
            return {
                name: pick(
                    [None, "", *codes, *codes, "=1", "a b"]
                    if chance.random() < 0.3
                    else [None, *codes]
                )
            }
        case Kind.CODES:
            many = [chance.sample(codes, min(n, len(codes))) for n in (1, 2, 5)]
            return {
                name: pick(
                    [None, [], *many, *many, ["-1", "x"], ["1", None]]
                    if chance.random() < 0.3
                    else [None, *many]
                )
            }
        case Kind.AREA:
            return {name: pick([None, "", *areas])}
        case Kind.INTEGER:
            return {name: pick([None, 0, 3, -5])}
        case Kind.DECIMAL:
            return {name: pick([None, Decimal("0.00"), Decimal("-1.50"), Decimal("12345678.90")])}
        case Kind.BOOLEAN:
            return {name: pick([None, True, False])}
        case Kind.DATE:
            return {name: pick([None, date(1990, 7, 9), date(2026, 1, 1), date(987, 6, 5)])}
        case Kind.INSTANT:
            return {name: pick([None, *INSTANTS])}
        case Kind.POINT:
            return {name: pick(POINTS)}
        case Kind.JSON:
            facts = {"family": "1", "skills": ["1"], "note": pick(["电话 020-00001234", "=1"])}
            return {name: pick([None, {}, facts, [1.5, None], "=1+1"])}
        case Kind.USER:
            return {name: pick([None, *users])}
        case Kind.ENTRY:
            to = model._meta.get_field(name).related_model._default_manager
            keys = [
                None,
                uuid.UUID(int=chance.getrandbits(128)),
                *to.values_list("pk", flat=True)[:5],
            ]
            return {f"{name}_id": pick(keys)}
    raise TypeError(column.kind)
