"""Whatever stands in an answer, each door gives values of the types it declares."""

from __future__ import annotations

import csv
import io
import json
from typing import Any
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.central import tables
from server.central.schema import schema_of
from tests.factories.edm import faults_of, types_of
from tests.factories.field import Field, instance

TYPES = {
    "text": "text", "n": "integer", "d": "decimal", "day": "date", "at": "dateTime", "hour": "time",
    "p": "geopoint", "t": "geotrace", "s": "geoshape", "b": "barcode", "i": "image", "r": "range",
    "c": "select_one l", "m": "select_multiple l", "k": "rank l", "x": "calculate", "a": "acknowledge",
}  # fmt: skip
SURVEY = [
    ["type", "name", "label", "calculation"],
    *([kind, name, name, "1" if kind == "calculate" else ""] for name, kind in TYPES.items()),
    ["begin repeat", "again", "Again", ""],
    *([kind, f"{name}2", name, "1" if kind == "calculate" else ""] for name, kind in TYPES.items()),
    ["end repeat", "", "", ""],
]
HOSTILE = [
    "Infinity", "-Infinity", "NaN", "1e999", "-1e999", "1e-999", "9223372036854775808", "-9223372036854775810",
    "1_000", "٣", "１２", "0x10", "1,5", "+1", "-0", "007", ".5", "5.", "1.7976931348623157e308",
    "2026-02-30", "2026-W01-1", "20260101", "2026-1-1", "0000-01-01", "9999-12-31", "2026-11-20T08:00", "2026-11-20 08:00:00Z",
    "2026-11-20T08:00:00+0800", "2026-11-20T08:00:00+08:00:30", "2026-11-20T08:00:00,5Z", "2026-11-20T24:00:00Z",
    "2026-11-20T08:00:60Z", "1890-01-01T00:00:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00",
    "2026-11-20T08:00:00.1234567890123456Z", "2026-11-20T08:00:00+23:59", "24:00", "8:00", "08:00:00.000+08:00",
    "23.1 113.3", "23.1 113.3 NaN 3", "23.1 113.3 5 -3", "91 0", "0 181", "23.1", "23.1 113.3 1 2 3", "23.1 113.3 inf inf",
    "23.1 113.3;23.2 113.4 5 3", "23.1 113.3 1 1;23.2 113.4 NaN 3;23.3 113.4 2 2", "23.1 113.3", "1 1;1 2;2 2;1 1", "1 1;1 2;2 2",
    "1 1 0 0;1 2 0 0;2 2 0 0;1 1 9 0", "1 1;1 1;", ";;;", "1 1;x y;2 2;1 1", "true", "TRUE", "0", "yes", "=1+1", '"', "'", "a\nb", "<b>&", "\u200b", "\u2028", "😂",
]  # fmt: skip


def types() -> dict[str, str]:
    """Question → its Edm type, as $metadata declares it."""
    from server.central import edmx

    items = [
        {"path": f"/data/{n}", "name": n, "kind": "question", "type": t} for n, t in KINDS.items()
    ]
    declared = types_of(edmx.metadata(schema_of({"items": items}), "f").encode())
    return declared["Submissions"]


KINDS = {
    name: name
    for name in (
        "text", "int", "decimal", "date", "dateTime", "time", "geopoint", "geotrace", "geoshape", "barcode",
        "image", "select_one", "select_multiple", "rank", "calculate", "trigger", "boolean",
    )
}  # fmt: skip


@given(
    st.one_of(
        st.sampled_from(HOSTILE),
        st.text(alphabet="0123456789.+-eET:;Z NaInf", max_size=40),
        st.lists(
            st.sampled_from(["23.1", "113.3", "NaN", "1e400", "-5", ";", " "]), max_size=14
        ).map(" ".join),
    ),
    st.sampled_from(sorted(KINDS)),
)
@settings(max_examples=400)
def test_every_value_is_of_the_type_that_metadata_declares(text: str, kind: str) -> None:
    for wkt in (False, True):
        value = tables.value(text, kind, wkt=wkt)
        json.dumps(value, allow_nan=False)
        assert faults_of(value, types()[kind], wkt=wkt) == []


@pytest.mark.django_db(transaction=True)
def test_hostile_answers_are_given_as_declared_at_every_door(people: Field) -> None:
    form = people.form(SURVEY, choices="list_name|name|label\nl|a|A\nl|b|B")
    for text in HOSTILE:
        answers = "".join(f"<{name}>{escape(text)}</{name}>" for name in TYPES)
        inner = "".join(f"<{name}2>{escape(text)}</{name}2>" for name in TYPES)
        assert people.send(instance(form, f"{answers}<again>{inner}</again>")).status_code == 201
    from server.submissions.drain import drain_now

    drain_now()
    declared = types_of(people.central(f"/forms/{form}.svc/$metadata").getvalue())
    faults = []
    for table in ("Submissions", "Submissions.again"):
        for wkt in (False, True):
            rows = people.rows(form, table, wkt=str(wkt).lower())
            assert len(rows) == len(HOSTILE)
            for row in rows:
                faults += _faults(row, declared, table, wkt=wkt)
    assert faults == []
    sheet = people.central(f"/forms/{form}/submissions.csv").getvalue().decode()
    lines = list(csv.DictReader(io.StringIO(sheet, newline="")))
    assert sorted(line["text"] for line in lines) == sorted(HOSTILE)
    for path in (
        "/api/v1/submissions/?page_size=200",
        "/api/v1/submissions/?format=geojson&page_size=200",
    ):
        body = json.loads(people.administrator.get(path).getvalue(), parse_constant=pytest.fail)
        for feature in body.get("features", []):
            assert feature["geometry"] is None or feature["geometry"]["type"] == "Point"
    flags = {flag for record in body["features"] for flag in record["properties"]["flags"]}
    assert "unprocessed" not in flags


def _faults(
    row: dict[str, Any], types: dict[str, dict[str, str]], name: str, *, wkt: bool
) -> list[str]:
    faults = []
    for key, value in row.items():
        if "@odata" in key or key == "__system":
            continue
        type_ = types[name].get(key)
        if type_ is None:
            faults.append(f"{key} is not declared")
        elif isinstance(value, dict) and not type_.startswith("Edm."):
            faults += _faults(value, types, type_.rpartition(".")[2], wkt=wkt)
        else:
            faults += faults_of(value, type_, wkt=wkt)
    return faults
