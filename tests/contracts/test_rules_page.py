"""api_docs/rules.md says what the code has: the rule table, the categories, the kinds of exception, the codes of states."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from server.core.codes import code_lists
from server.ledgers.definitions.machines import CASE
from server.ledgers.definitions.sensitivity import RESTRICTED_CATEGORIES
from server.ledgers.definitions.vocabulary import CaseState, ExceptionKind
from server.ledgers.folding.derive import categories, rules

PAGE = (Path(__file__).resolve().parents[2] / "api_docs" / "rules.md").read_text(encoding="utf-8")
HEADINGS = (
    "Ages", "Retirement", "Working age", "Employment status and spells", "Judged day by day",
    "Assistance categories", "4050", "Zero-employment households", "Cases: entry", "Cases: states", "Cases: exit",
    "Due dates", "Visits", "Identity of persons", "Candidates", "Matching", "Identity of employers",
    "Identity of households", "Merge rules M0–M6", "Verification levels V0–V4", "Exceptions",
    "Code lists", "Coordinates", "Disclosure", "Rule table",
)  # fmt: skip


def section(heading: str) -> str:
    _before, _heading, rest = PAGE.partition(f"\n## {heading}\n")
    return rest.partition("\n## ")[0]


def cells(text: str) -> list[list[str]]:
    """The rows of the tables in a text, without their heads."""
    rows = [
        [cell.strip().strip("`") for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if line.startswith("|")
    ]
    rules_below_heads = [n for n, row in enumerate(rows) if set("".join(row)) <= {"-", " "}]
    return [
        row
        for n, row in enumerate(rows)
        if n not in rules_below_heads and n + 1 not in rules_below_heads
    ]


def test_the_sections_are_those_that_sources_cite():
    assert tuple(re.findall(r"^## (.+)$", PAGE, re.MULTILINE)) == HEADINGS


def test_the_rule_table_is_the_file():
    with Path(rules.__file__).with_name("rules.csv").open(encoding="utf-8", newline="") as file:
        expected = [
            [row[name] for name in ("key", "area", "from", "to", "value")]
            for row in csv.DictReader(file)
        ]
    assert [row[:5] for row in cells(section("Rule table"))] == expected


def test_every_rule_says_how_certain_it_is():
    for row in cells(section("Rule table")):
        assert re.match(r"certain|likely|own choice", row[6]), row[0]


def test_every_derived_category_is_explained():
    derived = {code for conditions in categories.CONDITIONS.values() for code in conditions}
    explained = {
        code.strip()
        for row in cells(section("Assistance categories"))
        for code in row[0].split(",")
    }
    assert explained == derived


def test_the_sensitive_categories_are_named():
    (sentence,) = re.findall(
        r"\*\*Sensitive\.\*\*(.+?)tell of", section("Assistance categories"), re.DOTALL
    )
    assert set(re.findall(r"[AB]\d\d", sentence)) == RESTRICTED_CATEGORIES


def test_every_kind_of_exception_is_explained():
    assert [row[0] for row in cells(section("Exceptions"))] == list(ExceptionKind)


def test_the_moves_of_a_case_are_those_of_its_machine():
    code = {label.en: code for code, label in code_lists()["ST4"].codes.items()}
    listed = {
        CaseState(code[before]): {CaseState(code[after]) for after in following.split(", ")}
        for before, following in cells(section("Cases: states"))
    }
    assert listed == CASE.moves


@pytest.mark.parametrize(
    ("heading", "name"), [("Zero-employment households", "ZS"), ("Cases: states", "ST4")]
)
def test_the_states_are_those_of_the_code_list(heading: str, name: str):
    (sentence,) = re.findall(rf"[Ll]ist `{name}`\)?: (.+?)\.\s", section(heading), re.DOTALL)
    listed = dict(re.findall(r"(\d+)\s+([a-z][a-z -]*[a-z])", re.sub(r"\s+", " ", sentence)))
    assert listed == {code: label.en for code, label in code_lists()[name].codes.items()}
