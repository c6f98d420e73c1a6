"""The glossary speaks as the screens do."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.core.codes import code_lists
from server.ledgers.definitions.ledgers import COLUMNS
from tests.contracts.test_rules_page import cells

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "api_docs" / "glossary.md").read_text(encoding="utf-8")
CATALOGUE = ROOT / "server" / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"


def lines(heading: str) -> list[list[str]]:
    return cells(PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0])


@pytest.mark.parametrize("heading", ["The field", "Records and phones"])
def test_the_chinese_is_that_of_the_screens(heading: str):
    shown = "\n".join(
        [
            CATALOGUE.read_text(encoding="utf-8"),
            *(label.zh for codes in code_lists().values() for label in codes.codes.values()),
            *(codes.label.zh for codes in code_lists().values()),
            *(column.label.zh for columns in COLUMNS.values() for column in columns.values()),
        ]
    )
    assert not [(term, chinese) for term, chinese, *_rest in lines(heading) if chinese not in shown]


def test_no_term_stands_twice():
    terms = [
        line[0]
        for heading in ("The field", "Records and phones", "The code")
        for line in lines(heading)
    ]
    assert len(terms) == len(set(terms))


def test_every_line_is_complete():
    for heading in ("The field", "Records and phones", "The code"):
        for line in lines(heading):
            assert len(line) == 4, line
            assert line[0], line
            assert line[2], line
