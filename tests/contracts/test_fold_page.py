"""The worked example of api_docs/fold.md is true: its table of contributions folds to its other tables."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from server.core.sealing import unseal_text
from server.ledgers.definitions.ledgers import COLUMNS
from server.ledgers.definitions.vocabulary import SpellKind
from server.ledgers.folding.derive.rules import rules
from server.ledgers.folding.fold import FoldResult, fold_everything
from server.ledgers.identity.components import components
from tests.contracts.test_rules_page import cells
from tests.factories.ledgers import contributions_of_form, id_number, member, street

PAGE = (Path(__file__).resolve().parents[2] / "api_docs" / "fold.md").read_text(encoding="utf-8")
EXAMPLE = PAGE.partition("\n## Worked example\n")[2]
CONTRIBUTIONS, ROW, SPELLS, EXCEPTIONS = (
    cells(table) for table in EXAMPLE.split("\n\n") if table.startswith("|")
)
COLUMNS_STATED = ("name", "edu", "phone", "emp_status", "spell.start_on")
NEIGHBOUR = "6"
ON = date(2026, 6, 1)


def contributions(rows: list[list[str]]) -> list[Any]:
    """The page's lines as contributions of the person, from surveys received in the order given."""
    made: list[Any] = []
    for number, visit, received, level, *answers in rows:
        given = {
            name: answer for name, answer in zip(COLUMNS_STATED, answers, strict=True) if answer
        }
        survey = street(1, [member(id_no=id_number("1970-05-01", 1), **given)])
        survey.visited_at = f"{visit}T09:00:00+08:00"
        survey.met_whom = NEIGHBOUR if level == "V1" else "1"
        made += contributions_of_form(
            survey,
            int(number),
            review_state="approved" if level == "V3" else "received",
            received_at=datetime.fromisoformat(f"{received}T18:00:00+08:00").astimezone(UTC),
        )
    entries = components(made)
    for contribution in made:
        contribution.entry = entries[contribution.family, contribution.keys[0]]
    return made


def folded(rows: list[list[str]]) -> FoldResult:
    made = contributions(rows)
    entries = components(made)
    return fold_everything(made, entries, ON, rules())


def of_the_person() -> list[Any]:
    return [made for made in contributions(CONTRIBUTIONS) if made.family == "person"]


def person(result: FoldResult) -> dict[str, Any]:
    (row,) = result.rows["person"]
    return row


def origin(row: dict[str, Any], column: str) -> str:
    """The page's number of the contribution that gave a column; numbers are version × 65,536 + place."""
    (number,) = [int(key) for key, columns in row["origins"].items() if column in columns]
    return str(number // 65_536 // 10)


def exceptions(result: FoldResult) -> set[tuple[str, str, str]]:
    return {
        (raised.kind, raised.column, str(raised.contribution.id // 65_536 // 10))
        for raised in result.raised
        if raised.family == "person"
    }


def plain(row: dict[str, Any], column: str) -> str:
    return unseal_text(row[column], column) if column == "phone" else row[column]


@pytest.mark.parametrize("rows", [CONTRIBUTIONS, CONTRIBUTIONS[::-1]], ids=["sent", "reversed"])
def test_the_contributions_fold_to_the_row(rows):
    result = folded(rows)
    row = person(result)
    for column, rule, value, given_by, _why in ROW:
        assert COLUMNS["person"][column].merge == rule
        assert (column, plain(row, column), origin(row, column)) == (column, value, given_by)
    spells = [
        [
            SpellKind(spell["spell_kind"]).name.lower(),
            str(spell["start_on"]),
            str(spell["end_on"] or ""),
        ]
        for spell in result.rows["spell"]
    ]
    assert spells == [line[:3] for line in SPELLS]
    assert exceptions(result) == {tuple(line) for line in EXCEPTIONS}


def test_the_levels_are_those_of_the_contributions():
    levels = [f"V{contribution.level:d}" for contribution in of_the_person()]
    assert levels == [line[3] for line in CONTRIBUTIONS]


def test_the_order_is_that_of_the_visits():
    ordered = sorted(of_the_person(), key=lambda contribution: contribution.order)
    order = [str(contribution.id // 65_536 // 10) for contribution in ordered]
    assert f"the order is {', '.join(order)}." in EXAMPLE.replace("\n", " ")


def test_rejections_change_what_the_page_says():
    without_last = folded(CONTRIBUTIONS[:3])
    assert exceptions(without_last) == {("conflict", "edu", "2")}
    assert [plain(person(without_last), column) for column, *_rest in ROW] == [
        value for _column, _rule, value, *_rest in ROW
    ]
    without_first = person(folded(CONTRIBUTIONS[1:]))
    assert (without_first["edu"], origin(without_first, "edu")) == ("70", "4")
    assert len(folded([CONTRIBUTIONS[0], *CONTRIBUTIONS[2:]]).rows["spell"]) == 1
