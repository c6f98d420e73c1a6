"""The declarations of the ledgers and the regulation's data dictionary (samples/dictionary.csv) say the same."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from server.core.codes import code_lists
from server.ledgers.definitions.columns import Column
from server.ledgers.definitions.ledgers import COLUMNS, DEFINITIONS
from server.ledgers.models.base import LedgerEntry

DICTIONARY = Path(__file__).parents[1] / "samples" / "dictionary.csv"
KINDS = {
    "s": "text", "t": "text", "s enc": "sealed", "n enc": "sealed",
    "c": "code", "cm": "codes", "b": "boolean", "i": "integer", "n": "decimal",
    "d": "date", "dt": "instant", "s12": "area", "g": "point", "img": "image",
    "json": "json", "fk user": "user",
}  # fmt: skip
"""The dictionary's word for a type → the kind of the column; every other fk is an entry."""

ELSEWHERE = {
    "SYS.id": ("base", "id"),
    "SYS.area_code": ("base", "area_code"),
    "SYS.observed_at": ("base", "observed_at"),
    "SYS.verified_level": ("base", "verified_level"),
    "SYS.source_instance": ("base", "source_submission"),
    "SYS.recorded_by": ("base", "recorded_by"),
    "SYS.row_version": ("base", "row_version"),
    "SYS.valid_from": ("base", "history"),  # the steps of a column, each from a day on
    "SYS.valid_to": ("base", "history"),
    "SYS.reviewed_by": ("submissions.ReviewDecision", "user"),
    "SYS.review_state": ("submissions.Submission", "review_state"),
    "SYS.void_reason": ("ledgers.DeskAct", "reason"),
    "L1.last_confirmed_on": ("base", "last_confirmed_on"),
    "L2.last_confirmed_on": ("base", "last_confirmed_on"),
    "L6.last_confirmed_on": ("base", "last_confirmed_on"),
    "L2.members": ("ledgers.Membership", "household"),
    "L5.subject": ("ledgers.Visit", "household"),  # with person and employer: whom a visit was to
    "L13.annual_check": ("ledgers.AnnualCheck", "certificate"),  # one row for each check
    "L15.dependants": ("ledgers.Dependant", "retiree"),  # one row for each relative
}
"""Columns of the dictionary that are no column of a ledger of that number → the table and field that hold them."""

ROWS_OF_THEIR_OWN = frozenset(
    {
        "L13.policy_type", "L13.policy_from", "L13.policy_to", "L13.policy_amount",
        "L15.change_kind", "L15.change_on",
    }
)  # fmt: skip
"""Facts with dates: the dictionary lets them accumulate (M4), here each is a row of a small ledger, whose column says
how the one fact is merged, and whether its row must have it."""

OTHERWISE = {
    ("L1.skill_grade", "kind"): "codes",  # several accumulate
    ("L1.title", "kind"): "codes",
    ("L6.phone", "kind"): "sealed",  # an employer's phone may be a person's
    ("L4.followup", "merge"): "M0",  # computed from the visits, which are all kept
    ("L8.on_job", "merge"): "M0",
    ("L10.rights_issue", "merge"): "M1",  # a link does not accumulate: the latest matter
    ("L14.site_visit", "merge"): "M1",
}
"""(column, facet) → what is declared where the dictionary says something else, with the reason beside it."""

NOT_IN_THE_DICTIONARY = {
    "offer": {"state"}, "certificate": {"state"}, "loan": {"state"}, "retiree": {"state"},
    "petition": {"state", "due_on"}, "inspection": {"state"},
    "visit": {"person", "household", "employer"}, "person": {"visit_due"},
    "annual_check": {"certificate", "checked_on", "result", "note"},
    "retiree_change": {"retiree"},
    "dependant": {
        "retiree", "name", "relation", "birth_date", "studies", "disabled", "allowance",
        "from_on", "to_on",
    },
}  # fmt: skip
"""Ledger → its columns that the dictionary lacks: the states of machines, their deadlines, the parts of relations."""


class Line(NamedTuple):
    """A column of the dictionary."""

    place: str  # L8.offered_on
    number: str
    column: str
    zh: str
    type: str
    codes: str
    required: bool
    merge: str


def lines() -> list[Line]:
    with DICTIONARY.open(encoding="utf-8", newline="") as file:
        return [
            Line(
                f"{row['ledger']}.{row['column']}",
                row["ledger"],
                row["column"],
                row["zh"],
                row["type"],
                row["codes"],
                row["required"] == "required",
                row["merge"],
            )
            for row in csv.DictReader(file)
        ]


def declared(line: Line) -> Column | None:
    """The column of a ledger of that number; a link to an entry is named without _id."""
    names = (line.column, line.column.removesuffix("_id"))
    return next(
        (
            COLUMNS[ledger][name]
            for ledger, definition in DEFINITIONS.items()
            if definition.number == line.number
            for name in names
            if name in COLUMNS[ledger]
        ),
        None,
    )


def differences(line: Line, column: Column) -> Iterator[tuple[str, str]]:
    """The facets in which a declaration differs from the dictionary, with what is declared."""
    facets = {
        "label": (column.label.zh, line.zh),
        "kind": (str(column.kind), KINDS.get(line.type, "entry")),
        "codes": (column.codes, "" if line.type == "s12" else line.codes),
        "merge": (str(column.merge), line.merge),
        "required": (str(column.required), str(line.required)),
    }
    for facet, (here, there) in facets.items():
        if here != there:
            yield facet, here


def test_every_column_has_two_labels_and_a_known_code_list():
    for columns in COLUMNS.values():
        for column in columns.values():
            assert column.label.zh
            assert column.label.en
            assert column.codes == "" or column.codes in code_lists()


def test_every_column_of_the_dictionary_is_declared_as_it_says():
    assert len(lines()) == 383
    undeclared: set[str] = set()
    otherwise: dict[tuple[str, str], str] = {}
    for line in lines():
        column = declared(line)
        if column is None:
            undeclared.add(line.place)
            continue
        for facet, here in differences(line, column):
            if line.place in ROWS_OF_THEIR_OWN and facet in ("merge", "required"):
                continue
            otherwise[line.place, facet] = here
    assert undeclared == ELSEWHERE.keys()
    assert otherwise == OTHERWISE


def test_what_is_kept_elsewhere_is_there():
    from django.apps import apps

    for table, field in ELSEWHERE.values():
        model = LedgerEntry if table == "base" else apps.get_model(table)
        assert model._meta.get_field(field) is not None


def test_every_declared_column_is_in_the_dictionary():
    known: dict[str, set[str]] = {}
    for line in lines():
        names = (line.column, line.column.removesuffix("_id"))
        known.setdefault(line.number, set()).update(names)
    beyond = {
        ledger: extra
        for ledger, definition in DEFINITIONS.items()
        if (extra := COLUMNS[ledger].keys() - known.get(definition.number, set()))
    }
    assert beyond == NOT_IN_THE_DICTIONARY


@pytest.mark.parametrize("number", sorted({line.number for line in lines()} - {"SYS"}))
def test_each_ledger_of_the_dictionary_is_declared(number: str):
    assert any(definition.number == number for definition in DEFINITIONS.values())
