"""Spells: where a stated start may lie, what confirms a spell and what ends it (rules.md, Employment status and spells)."""

from __future__ import annotations

from datetime import date

import pytest

from server.ledgers.definitions.vocabulary import SpellKind
from server.ledgers.folding.spells import fold_spells, kind_of, statuses_of
from tests.factories.contributions import History

EMPLOYED, UNEMPLOYED, OUT = "10", "20", "32"


def spells(*statements, died=None):
    """(kind, start, end) of the spells that (day, status, further columns) make."""
    history = History()
    for day, status, *columns in statements:
        values = {f"spell.{name}": value for name, value in (columns[0] if columns else {}).items()}
        if status:
            values["emp_status"] = status
        history.state("person", "a", day, values)
    result = fold_spells("a", history.contributions, died and date.fromisoformat(died))
    return [(spell.kind.name, str(spell.start), spell.end and str(spell.end)) for spell in result]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("10", SpellKind.EMPLOYED),
        ("15", SpellKind.EMPLOYED),
        ("20", SpellKind.UNEMPLOYED),
        ("22", SpellKind.UNEMPLOYED),
        ("30", SpellKind.OUT),
        ("39", SpellKind.OUT),
    ],
)
def test_the_first_digit_of_a_status_is_the_kind(status, kind):
    assert kind_of(status) is kind


@pytest.mark.parametrize(
    ("stated", "start"),
    [
        ("2026-03-04", "2026-03-04"),
        ("2026-03-05", "2026-03-05"),  # the day of the statement
        ("2026-03-06", "2026-03-05"),  # a start in the future counts as that day
        (None, "2026-03-05"),
    ],
)
def test_a_spell_begins_as_stated_but_not_after_the_statement(stated, start):
    columns = {"start_on": stated} if stated else {}
    assert spells(("2026-03-05", EMPLOYED, columns)) == [("EMPLOYED", start, None)]


def test_unemployment_begins_when_work_was_lost():
    both = {"start_on": "2026-02-01", "unemp_date": "2026-01-15"}
    assert spells(("2026-03-05", UNEMPLOYED, both)) == [("UNEMPLOYED", "2026-01-15", None)]
    start = {"start_on": "2026-02-01"}
    assert spells(("2026-03-05", UNEMPLOYED, start)) == [("UNEMPLOYED", "2026-02-01", None)]
    assert spells(("2026-03-05", EMPLOYED, both)) == [("EMPLOYED", "2026-02-01", None)]


@pytest.mark.parametrize(
    ("stated", "start"),
    [
        ("2026-02-28", "2026-03-01"),  # confirmed as unemployed until then
        ("2026-03-01", "2026-03-01"),
        ("2026-03-02", "2026-03-02"),
    ],
)
def test_a_new_spell_begins_no_earlier_than_the_last_confirmation(stated, start):
    result = spells(
        ("2026-01-10", UNEMPLOYED),
        ("2026-03-01", UNEMPLOYED),
        ("2026-05-01", EMPLOYED, {"start_on": stated}),
    )
    assert result == [("UNEMPLOYED", "2026-01-10", start), ("EMPLOYED", start, None)]


@pytest.mark.parametrize(
    ("stated", "start"),
    [
        ("2026-02-28", "2026-03-01"),  # the spell before was confirmed then
        ("2026-03-01", "2026-03-01"),
        ("2026-03-15", "2026-03-15"),
        ("2026-05-01", "2026-05-01"),  # its first statement
        ("2026-05-02", "2026-05-01"),
    ],
)
def test_a_start_stated_later_moves_between_the_confirmation_before_and_the_first_statement(
    stated, start
):
    result = spells(
        ("2026-01-10", UNEMPLOYED),
        ("2026-03-01", UNEMPLOYED),
        ("2026-05-01", EMPLOYED, {"start_on": "2026-04-10"}),
        ("2026-06-01", EMPLOYED, {"start_on": stated}),
    )
    assert result == [("UNEMPLOYED", "2026-01-10", start), ("EMPLOYED", start, None)]


def test_the_first_spell_may_be_moved_back_as_far_as_stated():
    result = spells(("2026-01-10", EMPLOYED), ("2026-06-01", EMPLOYED, {"start_on": "2001-07-01"}))
    assert result == [("EMPLOYED", "2001-07-01", None)]


def test_a_statement_without_a_start_moves_nothing():
    result = spells(("2026-01-10", EMPLOYED, {"start_on": "2025-10-01"}), ("2026-06-01", EMPLOYED))
    assert result == [("EMPLOYED", "2025-10-01", None)]


@pytest.mark.parametrize(("stated", "kept"), [("2026-01-10", False), ("2026-01-11", True)])
def test_a_spell_of_which_no_day_is_left_goes(stated, kept):
    result = spells(
        ("2026-01-10", UNEMPLOYED),
        ("2026-05-01", EMPLOYED, {"start_on": "2026-04-10"}),
        ("2026-06-01", EMPLOYED, {"start_on": stated}),
    )
    before = [("UNEMPLOYED", "2026-01-10", stated)] if kept else []
    assert result == [*before, ("EMPLOYED", stated, None)]


def test_two_statements_of_one_day_leave_the_later():
    result = spells(("2026-01-10", UNEMPLOYED), ("2026-01-10", EMPLOYED))
    assert result == [("EMPLOYED", "2026-01-10", None)]
    result = spells(("2025-01-01", OUT), ("2026-01-10", UNEMPLOYED), ("2026-01-10", EMPLOYED))
    assert result == [("OUT", "2025-01-01", "2026-01-10"), ("EMPLOYED", "2026-01-10", None)]


@pytest.mark.parametrize(
    ("employers", "stated", "starts"),
    [
        (("甲厂", "乙厂"), "2025-01-02", ["2025-01-01", "2026-01-10"]),  # another employer
        (("甲厂", "乙厂"), "2025-01-01", ["2025-01-01"]),  # begun no later: a name corrected
        (("甲厂", "甲厂"), "2026-02-01", ["2026-01-10"]),
        (("甲厂", ""), "2025-06-01", ["2025-06-01"]),
        (("", "乙厂"), "2025-06-01", ["2025-06-01"]),
    ],
)
def test_another_employer_is_another_spell(employers, stated, starts):
    first, second = employers
    result = spells(
        ("2026-01-10", EMPLOYED, {"start_on": "2025-01-01", "employer_name": first}),
        ("2026-03-01", EMPLOYED, {"start_on": stated, "employer_name": second}),
    )
    assert [start for _kind, start, _end in result] == starts


def test_an_unnamed_employer_does_not_make_the_name_forgotten():
    result = spells(
        ("2026-01-10", EMPLOYED, {"employer_name": "甲厂"}),
        ("2026-02-10", EMPLOYED),
        ("2026-03-10", EMPLOYED, {"employer_name": "乙厂", "start_on": "2026-03-01"}),
    )
    assert [start for _kind, start, _end in result] == ["2026-01-10", "2026-03-01"]


def test_facts_without_a_status_belong_to_the_last_spell():
    history = History()
    history.state("person", "a", "2026-01-01", {"spell.emp_form": "4"})  # of no spell yet
    history.state("person", "a", "2026-01-10", {"emp_status": UNEMPLOYED})
    history.state("person", "a", "2026-02-10", {"edu": "20", "spell.unemp_reason": "04"})
    history.state("person", "a", "2026-02-11", {"edu": "20"})
    (spell,) = fold_spells("a", history.contributions, None)
    assert [item.values for item in spell.contributions] == [
        {"emp_status": UNEMPLOYED},
        {"edu": "20", "spell.unemp_reason": "04"},
    ]
    assert spell.row["unemp_reason"] == "04"
    assert (spell.first_stated_on, spell.last_stated_on) == (date(2026, 1, 10), date(2026, 1, 10))


def test_facts_without_a_status_go_to_the_last_of_several_spells():
    history = History()
    history.state("person", "a", "2026-01-10", {"emp_status": EMPLOYED})
    history.state("person", "a", "2026-02-10", {"emp_status": UNEMPLOYED})
    history.state("person", "a", "2026-03-10", {"spell.unemp_reason": "04"})
    first, second = fold_spells("a", history.contributions, None)
    assert (first.row.get("unemp_reason"), second.row["unemp_reason"]) == (None, "04")


def test_a_third_spell_begins_no_earlier_than_the_second_was_confirmed():
    result = spells(
        ("2026-01-10", OUT),
        ("2026-02-10", UNEMPLOYED),
        ("2026-03-10", UNEMPLOYED),
        ("2026-05-01", EMPLOYED, {"start_on": "2026-01-20"}),
    )
    assert [start for _kind, start, _end in result] == ["2026-01-10", "2026-02-10", "2026-03-10"]


@pytest.mark.parametrize(
    ("died", "expected"),
    [
        ("2026-01-10", []),
        ("2026-01-11", [("UNEMPLOYED", "2026-01-10", "2026-01-11")]),
        ("2026-03-01", [("UNEMPLOYED", "2026-01-10", "2026-03-01")]),
        (
            "2026-03-02",
            [("UNEMPLOYED", "2026-01-10", "2026-03-01"), ("EMPLOYED", "2026-03-01", "2026-03-02")],
        ),
    ],
)
def test_death_ends_the_last_spell(died, expected):
    statements = (("2026-01-10", UNEMPLOYED), ("2026-03-01", EMPLOYED))
    assert spells(*statements, died=died) == expected


def test_of_two_statuses_of_one_day_the_later_spell_counts():
    history = History()
    history.state("person", "a", "2026-01-10", {"emp_status": UNEMPLOYED})
    history.state("person", "a", "2026-03-01", {"emp_status": "21"})
    history.state("person", "a", "2026-03-01", {"emp_status": EMPLOYED})
    steps = statuses_of(fold_spells("a", history.contributions, None))
    assert [(str(step.day), step.value) for step in steps] == [
        ("2026-01-10", UNEMPLOYED),
        ("2026-03-01", EMPLOYED),
    ]
