"""The pure parts of /v1: schema, rows, filters, places of pages."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.central import edmx, filters, layouts, queries, sheets, tables
from server.central.problems import BadSkipToken
from server.central.queries import PageEnd
from server.central.schema import Schema, identifier, pruned, schema_of, walk
from server.core import xml
from server.core.problems import Problem


def item(path: str, kind: str = "question", type: str = "text") -> dict[str, Any]:
    return {"path": path, "name": path.rpartition("/")[2], "kind": kind, "type": type}


QUESTIONS = {
    "items": [
        item("/data/name"),
        item("/data/children", "group"),
        item("/data/children/child", "repeat"),
        item("/data/children/child/name"),
        item("/data/children/child/age", type="int"),
        item("/data/children/child/toys", "group"),
        item("/data/children/child/toys/toy", "repeat"),
        item("/data/children/child/toys/toy/name"),
        item("/data/photo", type="image"),
        item("/data/meta", "group"),
        item("/data/meta/instanceID", type="calculate"),
    ]
}
SCHEMA = schema_of(QUESTIONS)
TOYS = "Submissions.children.child.toys.toy"
DOUBLE = xml.parse(
    b"<data><name>Vick</name><children><child><name>Alice</name><age>4</age></child>"
    b"<child><name>Bob</name><toys><toy><name>Twilight</name></toy><toy><name>Pinkie</name></toy>"
    b"</toys></child></children><photo>a.jpg</photo></data>"
)


def rows(table: str, root: Any = DOUBLE, schema: Schema = SCHEMA, **options: bool) -> list[Any]:
    made = tables.table(schema.fields, schema.tables[table], schema.columns(table), **options)
    level = layouts.lay_out(root, schema.fields)
    return [
        {"__id": row.id, **({made.join: row.parent} if made.join else {}), **row.values}
        for row in made.rows(level, "two")
    ]


def test_the_tables_of_a_form():
    assert list(SCHEMA.tables) == ["Submissions", "Submissions.children.child", TOYS]
    assert SCHEMA.binaries == {"/photo"}
    assert [tables.join_column(chain) for chain in list(SCHEMA.tables.values())[1:]] == [
        "__Submissions-id",
        "__Submissions-children-child-id",
    ]


def test_ids_are_those_of_central():
    """The numbers stand in Central's own tests."""
    children, toys = rows("Submissions.children.child"), rows(TOYS)
    assert [child["__id"] for child in children] == [
        "cf9a1b5cc83c6d6270c1eb98860d294eac5d526d",
        "c76d0ccc6d5da236be7b93b985a80413d2e3e172",
    ]
    assert toys[0]["__id"].startswith("edc8e56945b78ca7d8edeb54c98")
    assert {toy["__Submissions-children-child-id"] for toy in toys} == {children[1]["__id"]}
    link = f"Submissions('two')/children/child('{children[1]['__id']}')/toys/toy"
    assert children[1]["toys"] == {"toy@odata.navigationLink": link}


def test_expanded_rows_hold_what_the_tables_hold():
    (row,) = rows("Submissions", expand=True)
    alice, bob = row["children"]["child"]
    assert (alice["name"], alice["age"], alice["toys"]["toy"]) == ("Alice", 4, [])
    assert [toy["__id"] for toy in bob["toys"]["toy"]] == [toy["__id"] for toy in rows(TOYS)]


def test_an_unanswered_form_has_every_property():
    (row,) = rows("Submissions", xml.parse(b"<data><odd>x</odd></data>"))
    assert row["name"] is row["photo"] is row["meta"]["instanceID"] is None
    assert "odd" not in row


@pytest.mark.parametrize(
    ("text", "type", "expected"),
    [
        (" 7 ", "int", 7),
        ("4499**********18X", "int", None),
        ("1" * 30, "int", None),
        ("2.50", "decimal", 2.5),
        ("1e999", "decimal", None),
        ("nan", "decimal", None),
        ("2026-11-20", "date", "2026-11-20"),
        ("yesterday", "date", None),
        ("2026-11-20T08:00:00.000+08", "dateTime", "2026-11-20T08:00:00.000+08:00"),
        ("2026-11-20T08:00:00", "dateTime", "2026-11-20T08:00:00.000+08:00"),
        ("08:00", "time", "08:00"),
        ("a b", "select_multiple", "a b"),
        ("  ", "text", None),
        ("23.1 113.3 0 5", "geopoint", {
            "type": "Point", "coordinates": [113.3, 23.1, 0.0], "properties": {"accuracy": 5.0},
        }),
        ("x y", "geopoint", None),
        ("23 113; 24 114;", "geotrace", {
            "type": "LineString", "coordinates": [[113.0, 23.0], [114.0, 24.0]],
        }),
    ],
)  # fmt: skip
def test_values(text: str, type: str, expected: Any):
    assert tables.value(text, type) == expected


def test_shapes_as_wkt():
    assert tables.value("23.1 113.3 0 5", "geopoint", wkt=True) == "POINT (113.3 23.1 0)"
    ring = "23 113; 24 114; 23 115; 23 113"
    assert tables.value(ring, "geoshape", wkt=True) == "POLYGON ((113 23,114 24,115 23,113 23))"


@given(st.text(max_size=60), st.sampled_from(["int", "decimal", "date", "dateTime", "geopoint", "geoshape", "text"]))  # fmt: skip
def test_every_value_is_json(text: str, type: str):
    for wkt in (False, True):
        json.dumps(tables.value(text, type, wkt=wkt), allow_nan=False)


def test_metadata_declares_every_table():
    root = ElementTree.fromstring(edmx.metadata(SCHEMA, "a <form>"))
    edm = "{http://docs.oasis-open.org/odata/ns/edm}"
    assert [element.get("Name") for element in root.iter(f"{edm}EntitySet")] == list(SCHEMA.tables)
    named = {f"org.opendatakit.user.a_form_.{element.get('Name')}" for element in root.iter(f"{edm}ComplexType")}  # fmt: skip
    used = {element.get("Type") for element in root.iter(f"{edm}Property")}
    assert {type for type in used if type.startswith("org.opendatakit.user.")} <= named


_names = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=1)


@given(st.lists(_names, min_size=1, max_size=8, unique=True))
def test_identifiers_are_legal_and_differ(names: list[str]):
    schema = schema_of({"items": [item(f"/data/{name.replace('/', '-')}") for name in names]})
    made = [field.odata_name for field in schema.fields]
    assert len(set(made)) == len(made)
    assert all(name.isidentifier() for name in made)


def test_sheets_are_called_as_by_central():
    assert list(sheets.file_names("f", SCHEMA).values()) == ["f.csv", "f-child.csv", "f-toy.csv"]
    twice = [
        *(item(f"/data/{group}", "group") for group in "ab"),
        *(item(f"/data/{group}/{name}", "repeat") for group, name in ("aX", "bx", "ay")),
    ]
    names = sheets.file_names(
        "f", schema_of({"items": sorted(twice, key=lambda item: item["path"])})
    )
    assert list(names.values()) == ["f.csv", "f-X~1.csv", "f-y.csv", "f-x~2.csv"]


def test_identifiers_are_those_of_central():
    assert [identifier(name) for name in ("a-b.c", "1st", "_x", "家庭")] == [
        "a_b_c",
        "_1st",
        "_x",
        "家庭",
    ]


def test_a_choice_of_fields_keeps_the_groups_around():
    kept = pruned(SCHEMA.fields, frozenset({"/meta/instanceID", "/children"}))
    assert [field.path for field in walk(kept)][:2] == ["/children", "/children/child"]
    assert [field.path for field in walk(kept)][-2:] == ["/meta", "/meta/instanceID"]


# --- filters ---

FIELDS = {"at": "instant", "of": "int", "state": "text"}
AT = datetime(2026, 11, 20, 2, 30, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("__system/at eq 2026-11-20T02:30:05Z", True),
        ("__system/at lt now() and second(__system/at) eq 5", True),
        ("__system/at lt '2026-11-20' or __system/of ge 7", True),
        ("not (__system/of gt '7')", True),
        ("__system/state eq null", True),
        ("$root/Entities/__system/state ne 'hard'", True),
        ("__system/state eq 'hard' or null ne null", False),
    ],
)
def test_a_filter_holds_or_does_not(text: str, expected: bool):
    values = {"at": AT, "of": 7, "state": None}
    now = datetime(2026, 11, 21, tzinfo=UTC)
    assert filters.evaluate(filters.parse(text, FIELDS), values, now) is expected
    assert filters.evaluate(filters.parse(f"not ({text})", FIELDS), values, now) is not expected
    unknown = {"at": None, "of": 7, "state": None}  # nothing is before or after it, nor not before
    for comparison in ("lt", "le", "gt", "ge"):
        condition = filters.parse(f"__system/at {comparison} now()", FIELDS)
        assert not filters.evaluate(condition, unknown, now)


_instants = st.datetimes(timezones=st.just(UTC))


@given(st.recursive(
    st.one_of(
        _instants.map(lambda at: f"__system/submissionDate ge {at.isoformat().replace('+00:00', 'Z')}"),
        st.integers(0, 10**17).map(lambda number: f"__system/submitterId eq {number}"),
        st.sampled_from(filters.DATE_PARTS).map(lambda part: f"{part}(__system/updatedAt) lt 7"),
        st.sampled_from(["approved", "it''s"]).map(lambda text: f"__system/reviewState ne '{text}'"),
    ),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda parts: f"({' '.join(parts)})"),
        inner.map(lambda text: f"not ({text})"),
        inner.map(lambda text: f"not({text})"),
    ),
    max_leaves=8,
))  # fmt: skip
def test_every_filter_of_the_grammar_is_read(text: str):
    filters.parse(text)


@given(st.text(max_size=80) | st.text("()'andortyuse eq12:-__system/submissionDate", max_size=60))
def test_every_other_text_is_refused(text: str):
    try:
        filters.parse(text)
    except Problem as problem:
        assert problem.status in (400, 501)  # noqa: PT017 either is right, nothing else


def test_and_binds_closer_than_or():
    first, second, third = (f"__system/submitterId eq {n}" for n in (1, 2, 3))
    condition = filters.parse(f"{first} or {second} and {third}")
    assert condition == filters.Or(
        filters.parse(first), filters.And(filters.parse(second), filters.parse(third))
    )


# --- pages ---


@given(_instants, st.integers(0, 2**61), st.none() | st.integers(0, 10**6))
def test_a_place_is_read_as_it_was_written(at: datetime, number: int, rows_given: int | None):
    after = PageEnd((at, "approved", number), rows_given)
    assert (
        queries.read_skiptoken(queries.write_skiptoken(after), ["instant", "text", "int"]) == after
    )


@given(st.text(max_size=80) | st.binary(max_size=40).map(lambda raw: f"01{raw.hex()}"))
def test_no_other_place_is_taken(text: str):
    try:
        queries.read_skiptoken(text, ["int"])
    except BadSkipToken:
        return
    assert text.startswith("01")


def test_addresses_of_records():
    assert queries.parse_path("Submissions('it''s')/a/b") == [
        ("Submissions", "it's"),
        ("a", None),
        ("b", None),
    ]
    for path in ("", "$metadata", "Submissions(1)", "Submissions('a'", "Other", "Submissions//a"):
        assert queries.parse_path(path) == []
