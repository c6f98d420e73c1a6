"""The decision notes are complete, and their index lists all of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "api_docs" / "decisions"
NOTES = sorted(path for path in FOLDER.glob("*.md") if path.name != "README.md")
ROOMS = {path.parent.name for path in FOLDER.parents[1].glob("server/*/__init__.py")}
ALTERNATIVES_FROM = "0200"

# "quarantine" and "central" are areas before they are rooms of their own.
AREAS = ROOMS | {"all", "tests", "quarantine", "central"}


@dataclass(frozen=True)
class Note:
    number: str
    title: str
    status: str
    date: str
    area: str
    text: str


def note(path: Path) -> Note:
    text = path.read_text(encoding="utf-8")
    head = re.match(r"# (\d{4}) (.+)\n\n- Status: (.+)\n- Date: (.+)\n- Area: (.+)\n\n", text)
    assert head, f"{path.name} begins with title, status, date and area, as its neighbours do"
    return Note(*head.groups(), text)


@pytest.mark.parametrize("path", NOTES, ids=lambda path: path.name)
def test_a_note_has_a_number_a_status_a_date_and_an_area(path: Path):
    decision = note(path)
    assert path.name.startswith(f"{decision.number}-")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", decision.date)
    assert decision.area in AREAS
    if decision.status != "accepted":
        later = re.fullmatch(r"superseded by (\d{4})", decision.status)
        assert later
        assert any(other.name.startswith(later[1]) for other in NOTES)


@pytest.mark.parametrize("path", NOTES, ids=lambda path: path.name)
def test_a_note_has_its_sections(path: Path):
    text = note(path).text
    sections = ["Context", "Decision", "Consequence"]
    if path.name >= ALTERNATIVES_FROM:
        sections.append("Considered, not chosen")
    for section in sections:
        assert re.search(rf"^(?:\*\*?|## ){section}\b", text, re.MULTILINE), section


def test_no_number_is_used_twice():
    numbers = [path.name[:4] for path in NOTES]
    assert len(numbers) == len(set(numbers))


def test_the_index_lists_every_note_as_it_is():
    expected = [
        f"| [{decision.number}]({path.name}) | {decision.title} | {decision.status} | {decision.date} | {decision.area} |"
        for path in NOTES
        for decision in [note(path)]
    ]
    lines = (FOLDER / "README.md").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith("| [")] == expected
