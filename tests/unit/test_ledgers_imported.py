"""What rows of old ledgers (V0) may say in the fold: they fill gaps, and replace nothing under any rule."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.ledgers.definitions.columns import Kind
from server.ledgers.definitions.ledgers import COLUMNS
from server.ledgers.definitions.vocabulary import ExceptionKind
from tests.factories.contributions import History, fold_contributions, row_of

OLD, VISIT, LATER = "2024-12-31", "2026-03-01", "2026-04-01"
MAN = {"name": "陈一", "birth_date": "1970-05-01", "sex": "1"}


def folded(*stated: tuple[str, int, dict[str, Any]]) -> tuple[dict[str, Any], set[str]]:
    """The person's row and the kinds of exception, of statements (day, level, values)."""
    history = History()
    for day, level, values in stated:
        history.state("person", "a", day, values, level=level)
    result = fold_contributions(history.contributions, "2026-06-01")
    return row_of(result, "person", "a"), {item.kind for item in result.raised}


@pytest.mark.parametrize("day", [OLD, LATER])
@pytest.mark.parametrize(
    ("column", "known", "old"),
    [
        ("edu", "20", "70"),  # M2
        ("residence_addr", "棠荫路1号", "旧址"),  # M1
        ("residence_kind", "1", "3"),  # M3
        ("name", "陈一", "陈乙"),  # M5
        ("sex", "1", "2"),  # M0
        ("skills", "电工", "焊工"),  # M4, which replaces nothing
    ],
)
def test_a_row_of_an_old_ledger_replaces_nothing(day, column, known, old):
    row, _kinds = folded((VISIT, 2, {**MAN, column: known}), (day, 0, {column: old}))
    assert row[column].endswith(known) if column == "skills" else row[column] == known
    assert row["verified_level"] == 2


def test_it_fills_what_nobody_has_said_and_holds_until_somebody_does():
    row, _kinds = folded((VISIT, 1, MAN), (OLD, 0, {"edu": "70"}), (LATER, 0, {"major": "数控"}))
    assert (row["edu"], row["major"], row["verified_level"]) == ("70", "数控", 1)
    row, _kinds = folded((OLD, 0, {**MAN, "edu": "70"}))
    assert (row["edu"], row["verified_level"]) == ("70", 0)


def test_another_name_or_number_is_for_somebody_to_decide_but_nothing_else_is():
    row, kinds = folded((OLD, 0, {"name": "陈乙", "edu": "70"}), (VISIT, 2, {**MAN, "edu": "20"}))
    assert row["name"] == "陈一"
    assert kinds == {ExceptionKind.NAME_DIFFERS}
    _row, kinds = folded((VISIT, 2, {**MAN, "edu": "20"}), (LATER, 0, {"edu": "70"}))
    assert kinds == set()


def test_a_desk_correction_settles_what_an_old_ledger_says():
    history = History()
    history.state("person", "a", OLD, {**MAN, "id_type": "1"}, level=0)
    history.state("person", "a", VISIT, {"id_type": "2"})
    history.decide("person", "a", LATER, id_type="1")
    result = fold_contributions(history.contributions, "2026-06-01")
    assert row_of(result, "person", "a")["id_type"] == "1"
    assert not result.raised


def test_what_a_number_in_an_old_ledger_says_of_birth_overrules_no_visit():
    old = {"name": "陈一", "id_no": "449901197005010015", "birth_date": "1970-05-01", "sex": "1"}
    row, _kinds = folded((OLD, 0, old), (VISIT, 2, {"birth_date": "1971-06-02"}))
    assert row["birth_date"] == "1971-06-02"
    assert row["id_no"] == old["id_no"]


def spells(*stated: tuple[str, int, dict[str, Any]]) -> list[tuple[str, str]]:
    history = History()
    for day, level, values in stated:
        history.state("person", "a", day, {**MAN, **values}, level=level)
    rows = fold_contributions(history.contributions, "2026-06-01").rows["spell"]
    return sorted((str(row["start_on"]), str(row["spell_kind"])) for row in rows)


def test_an_old_spell_is_history_and_a_later_row_ends_none():
    employed = {"emp_status": "11", "spell.start_on": "2025-02-01"}
    jobless = {"emp_status": "21", "spell.unemp_date": "2024-03-01"}
    assert spells((OLD, 0, jobless), (VISIT, 2, employed)) == [
        ("2024-03-01", "2"), ("2025-02-01", "1"),
    ]  # fmt: skip
    late = {**jobless, "spell.unemp_date": "2026-03-15"}
    assert spells((VISIT, 2, employed), (LATER, 0, late)) == [("2025-02-01", "1")]
    facts = {"spell.occupation": "6"}
    assert spells((VISIT, 2, employed), (LATER, 0, facts)) == [("2025-02-01", "1")]


def household(line_day: str, level: int) -> set[str]:
    """Who lives in a home that was surveyed whole on VISIT, and of which an old ledger names b on `line_day`."""
    history = History()
    number = history.submission()
    history.state("household", "x", VISIT, {"address": "示范路1号"}, submission=number)
    history.state("person", "a", VISIT, MAN, links={"member_of": "x"}, submission=number)
    number = history.submission()
    history.state("household", "x", line_day, {}, submission=number, level=level)
    history.state(
        "person", "b", line_day, {"name": "陈二"}, links={"member_of": "x"}, submission=number,
        level=level,
    )  # fmt: skip
    members = fold_contributions(history.contributions, "2026-06-01").memberships
    return {item.person for item in members if item.to_on is None}


def test_a_roster_of_an_old_ledger_ends_no_membership():
    assert len(household(LATER, 0)) == 2
    assert len(household(LATER, 2)) == 1  # the later survey is complete and names b alone


def test_who_is_known_to_live_elsewhere_is_not_moved_by_an_old_ledger():
    history = History()
    for home, day, level in (("x", VISIT, 2), ("y", LATER, 0)):
        number = history.submission()
        history.state("household", home, day, {"address": home}, submission=number, level=level)
        history.state(
            "person", "a", day, MAN, links={"member_of": home}, submission=number, level=level
        )
    members = fold_contributions(history.contributions, "2026-06-01").memberships
    assert [item.to_on for item in members] == [None]


_COLUMNS = {
    name: column
    for name, column in COLUMNS["person"].items()
    if column.kind is Kind.TEXT and not column.computed
}


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["2024-01-01", "2025-01-01", "2026-01-01"]),
            st.sampled_from([1, 2, 3]),
            st.dictionaries(
                st.sampled_from(sorted(_COLUMNS)), st.sampled_from("甲乙丙"), min_size=1
            ),
        ),
        min_size=1,
        max_size=4,
    ),
    st.lists(
        st.tuples(
            st.sampled_from(["2023-01-01", "2025-06-01", "2026-03-01"]),
            st.dictionaries(st.sampled_from(sorted(_COLUMNS)), st.sampled_from("子丑"), min_size=1),
        ),
        max_size=3,
    ),
)
def test_whatever_old_ledgers_say_the_columns_that_others_filled_stay(better, old):
    """Texts that accumulate may gain; nothing that somebody better verified said is lost."""
    alone, _kinds = folded(*better)
    beside, _kinds = folded(*better, *((day, 0, values) for day, values in old))
    for name in {name for _day, _level, values in better for name in values}:
        if alone.get(name) != beside.get(name):
            assert set(str(alone[name]).split("；")) <= set(str(beside[name]).split("；")), name
