"""Nothing is asked and saved nowhere: every question that a form can show reaches a ledger or an entity list."""

from __future__ import annotations

import re
from pathlib import Path

import openpyxl
import pytest

FORMS = sorted((Path(__file__).parents[2] / "xlsforms").glob("*.xlsx"))
SAVED = ("bind::ruhu:saveto", "save_to")
USES = ("relevant", "calculation", "choice_filter", "constraint", "required", "repeat_count")
UNSEEN = ("", "start", "end", "today", "username", "audit", "calculate", "note")

KEPT_IN_THE_RECORD = {
    "home_visit.mood": "restricted, and no column of the dictionary: shown with the record to readers who hold the role",
    "home_visit.risk": "restricted, and no column of the dictionary: shown with the record to readers who hold the role",
    "home_visit.photo": "a file that proves the visit; no ledger has a column for it",
    "employer_survey.photo": "a file that proves the visit; no ledger has a column for it",
    **{
        f"correction.{name}": "the answer replaces one of another record, by that record's form (server/corrections)"
        for name in (
            "new_text",
            "new_integer",
            "new_decimal",
            "new_date",
            "new_choice",
            "new_choices",
        )
    },
    "service_application.declaration": "the applicant's signature below the application as a whole",
}
"""Questions whose answers stay in the submission alone → the reason."""


def survey(path: Path) -> list[dict[str, str]]:
    rows = openpyxl.load_workbook(path)["survey"].iter_rows(values_only=True)
    header = [str(cell or "") for cell in next(rows)]
    return [
        {name: str(cell or "") for name, cell in zip(header, cells, strict=False)} for cells in rows
    ]


def speaks_of(row: dict[str, str], name: str) -> bool:
    """Whether a row's expressions read a question."""
    pattern = rf"\$\{{{re.escape(name)}\}}|\.\./(\w+/)*{re.escape(name)}\b"
    return any(re.search(pattern, row.get(column, "")) for column in USES)


def kept(rows: list[dict[str, str]]) -> set[str]:
    """The questions that are saved, or read where something is saved or another answer is checked.

    A question that checks others (its constraint reads a question that is there for more than the check)
    is kept, too: its answer says nothing that they do not.
    """
    saved = {row["name"] for row in rows if any(row.get(column) for column in SAVED)}
    while True:
        holding = [row for row in rows if row["name"] in saved or row["type"].startswith("begin")]
        checks = {
            row["name"]
            for row in rows
            if row["constraint"] and any(speaks_of(_check(row), name) for name in saved)
        }
        more = {
            row["name"]
            for row in rows
            if row["name"] not in saved
            and (row["name"] in checks or any(speaks_of(other, row["name"]) for other in holding))
        }
        if not more:
            return saved
        saved |= more


def _check(row: dict[str, str]) -> dict[str, str]:
    """Where a question that checks others reads them."""
    return {column: row[column] for column in ("constraint", "relevant")}


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_every_question_is_saved_or_used_where_something_is_saved(path: Path):
    rows = survey(path)
    shown = {
        row["name"]
        for row in rows
        if row["type"].partition(" ")[0] not in (*UNSEEN, "begin")
        and not row["type"].startswith("end")
    }
    lost = {f"{path.stem}.{name}" for name in shown - kept(rows)}
    declared = {name for name in KEPT_IN_THE_RECORD if name.startswith(f"{path.stem}.")}
    assert lost == declared, "save them (bind::ruhu:saveto), leave them out, or give the reason"
