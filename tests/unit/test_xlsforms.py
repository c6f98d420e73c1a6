"""The committed forms: they convert, they are complete, they are bilingual, they show no personal numbers in titles."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import openpyxl
import pytest
from lxml import etree
from pyxform.xls2xform import convert

from server.forms import workbook as workbooks
from server.forms import xform as xforms
from server.ledgers.intake.mapping import compile_mapping
from tests.samples.xlsforms import committed

XLSFORMS = Path(__file__).parents[2] / "xlsforms"
SOURCES = Path(__file__).parents[1] / "samples" / "form_sources.csv"
FORMS = ("household_survey", "employer_survey", "home_visit", "quick_change", "job_offer",
         "retiree_visit", "service_application", "petition_consult", "vacancy_update")  # fmt: skip
LANGUAGES = ("中文 (zh)", "English (en)")
XF = "{http://www.w3.org/2002/xforms}"
RUHU = "{urn:ruhu:xforms}saveto"
MAX_VISIBLE = 150  # questions; more is too slow on phones with 2 GB of memory

# The columns that no question of a form feeds, and where they come from.
DERIVED = {
    "person.household": "the record's link member_of=household",
    "household.head_person": "the member whose relation is head",
    "household.members": "the members' records",
    "spell.person": "a spell is stored in its person's record",
    "vacancy.employer": "the record's link employer",
    "visit.subject": "the record's links person and household",
    "case.subject_person": "a case is derived from its person",
    "case.subject_household": "a case is derived from its household",
    "case.category": "the entry rule decides",
    "case.plan_services": "gathered from the visits",
    "case.five_clear": "gathered from the person, the spell and the household",
    "case.placed_on": "gathered from the spells",
    "case.placed_form": "gathered from the spells",
    "case.followup": "gathered from the visits",
}


@cache
def rows_of(form_id: str, sheet: str) -> list[dict[str, str]]:
    """A sheet's rows as cells by header."""
    values = openpyxl.load_workbook(XLSFORMS / f"{form_id}.xlsx")[sheet].iter_rows(values_only=True)
    headers = [str(header) for header in next(values)]
    return [
        {
            header: "" if value is None else str(value)
            for header, value in zip(headers, row, strict=True)
        }
        for row in values
    ]


@dataclass(frozen=True, slots=True)
class Form:
    name: str
    content: bytes
    xml: str
    warnings: list[str]

    @property
    def root(self) -> etree._Element:
        return etree.fromstring(self.xml.encode())

    def rows(self, sheet: str = "survey") -> list[dict[str, str]]:
        return rows_of(self.name, sheet)

    def targets(self) -> set[str]:
        binds = self.root.iter(f"{XF}bind")
        return {word for bind in binds for word in bind.get(RUHU, "").split()}


@pytest.fixture(scope="module", params=FORMS)
def form(request) -> Form:
    path = XLSFORMS / f"{request.param}.xlsx"
    result = convert(xlsform=path, validate=True)
    return Form(request.param, path.read_bytes(), result.xform, result.warnings)


def test_it_converts_without_a_warning_and_passes_odk_validate(form):
    assert form.warnings == []
    settings = form.rows("settings")[0]
    assert settings["form_id"] == form.name
    assert re.fullmatch(r"20\d{8}", settings["version"])
    assert settings["default_language"] == LANGUAGES[0]


def test_its_mapping_compiles(form):
    book = workbooks.read(form.content, f"{form.name}.xlsx")
    mapping = compile_mapping(book, xforms.read(form.xml.encode()))
    assert {"area_code", "observed_at", "loc"} <= set(mapping["head"])


def test_every_ledger_column_it_feeds_is_named_in_it(form):
    targets = form.targets()
    with SOURCES.open(encoding="utf-8", newline="") as file:
        wanted = {
            f"{row['ledger']}.{row['column']}"
            for row in csv.DictReader(file)
            if row["form"] == form.name
        }
    assert wanted
    missing = wanted - targets - set(DERIVED)
    assert not missing, f"no question has bind::ruhu:saveto {sorted(missing)}"
    assert targets.isdisjoint(DERIVED)


def test_the_dictionary_rows_left_to_the_server_are_really_there():
    with SOURCES.open(encoding="utf-8", newline="") as file:
        columns = {f"{row['ledger']}.{row['column']}" for row in csv.DictReader(file)}
    assert set(DERIVED) <= columns


def _texts(row: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    for kind in ("label", "hint", "constraint_message", "required_message"):
        zh, en = (row.get(f"{kind}::{language}", "") for language in LANGUAGES)
        yield kind, zh, en


def test_every_text_is_there_in_chinese_and_english(form):
    unseen = ("calculate", "start", "end", "today", "username", "audit")
    for row in form.rows():
        texts = {kind: (zh, en) for kind, zh, en in _texts(row)}
        for kind, (zh, en) in texts.items():
            assert bool(zh) == bool(en), (row["name"], kind)
            assert not re.search(r"[\u4e00-\u9fff]", en), (row["name"], kind)
        if row["type"] not in unseen and not row["type"].startswith("end "):
            assert texts["label"][0], row["name"]
        if row["constraint"]:
            assert texts["constraint_message"][0], row["name"]
        if row["required"]:
            assert texts["required_message"][0], row["name"]
    for row in form.rows("choices"):
        assert row[f"label::{LANGUAGES[0]}"], row
        assert row[f"label::{LANGUAGES[1]}"], row


def test_it_is_small_enough_for_old_phones(form):
    body = next(form.root.iter("{http://www.w3.org/1999/xhtml}body"))
    controls = [
        element
        for element in body.iter()
        if etree.QName(element).localname in ("input", "select", "select1", "upload", "trigger")
    ]
    assert 20 < len(controls) <= MAX_VISIBLE
    long_lists = {"ETH", "IND", "AC", "MAT", "ES", "TW", "province"}
    for row in form.rows():
        words = row["type"].split()
        if words[0].startswith("select") and words[1] in long_lists:
            assert "minimal" in row["appearance"], row["name"]
        if words[0] == "image":
            assert "max-pixels=1024" in row["parameters"], row["name"]


def test_the_instance_name_holds_no_personal_number(form):
    """Checked through every calculate that the name is made of."""
    rows = {row["name"]: row for row in form.rows() if row["name"]}
    names: set[str] = set()
    todo = set(re.findall(r"\$\{(\w+)\}", form.rows("settings")[0]["instance_name"]))
    while todo:
        name = todo.pop()
        names.add(name)
        if rows[name]["type"] == "calculate":
            todo |= set(re.findall(r"\$\{(\w+)\}", rows[name]["calculation"])) - names
    assert "visited_at" in names
    private = ("id_no", "phone", "cert", "hukou_book_no", "dibao_no", "member", "head_part")
    assert not [name for name in names if any(word in name for word in private)]


def test_it_records_no_location_or_answers_in_the_background(form):
    audits = [row for row in form.rows() if row["type"] == "audit"]
    assert len(audits) == 1
    assert not audits[0].get("parameters")
    assert "background" not in form.xml
    assert "start-geopoint" not in [row["type"] for row in form.rows()]


def test_only_a_new_household_makes_an_entity():
    form = Form("household_survey", b"", committed("household_survey").decode(), [])
    entity = next(form.root.iter("{*}entity"))
    assert entity.get("dataset") == "households"
    model = next(form.root.iter(f"{XF}model"))
    assert model.get("{http://www.opendatakit.org/xforms/entities}entities-version") == "2024.1.0"
    binds = {bind.get("nodeset"): bind.get("calculate") for bind in form.root.iter(f"{XF}bind")}
    assert "hh_exists" in binds["/data/meta/entity/@create"]
    assert binds["/data/meta/entity/@update"] == "false()"
    assert binds["/data/meta/entity/@id"].strip() == "/data/household_id"
    properties = {
        bind.get("{http://www.opendatakit.org/xforms/entities}saveto")
        for bind in form.root.iter(f"{XF}bind")
    } - {None}
    assert {"geometry", "community", "address", "building", "room", "head"} <= properties
