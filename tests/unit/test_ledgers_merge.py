"""The merge rules M0–M6 on single columns, with corrections by office staff between observations (rules.md, Merge rules M0–M6)."""

from __future__ import annotations

import pytest

from server.ledgers.definitions.columns import Kind, Merge, boolean, day, integer, structured
from server.ledgers.folding.merge import Observation, decide
from tests.factories.contributions import History


def observed(*values, levels=(), staff=()):
    """Observations of a column on consecutive days; those at the places in `staff` are corrections."""
    history = History()
    for place, value in enumerate(values):
        day = f"2026-03-{place + 1:02}"
        if place in staff:
            history.decide("person", "a", day, column=value)
        else:
            level = levels[place] if levels else 2
            history.state("person", "a", day, {"column": value}, level=level)
    return [
        Observation(contribution, contribution.values["column"])
        for contribution in history.contributions
    ]


def outcome(rule, observations, kind=Kind.TEXT):
    """The value, the places of the winners and the places of the conflicts."""
    decision = decide(rule, kind, observations)
    places = {id(item.contribution): place for place, item in enumerate(observations)}
    return (
        decision.value,
        [places[id(contribution)] for contribution in decision.winners],
        [places[id(contribution)] for contribution in decision.conflicts],
    )


@pytest.mark.parametrize(
    ("values", "staff", "expected"),
    [
        (["a", "b"], (), ("a", [0], [])),
        (["a", "b", "c"], (1,), ("b", [1], [])),
        (["a", "b", "c", "d"], (1, 2), ("c", [2], [])),  # the last correction holds
    ],
)
def test_m0_the_first_holds_until_it_is_corrected(values, staff, expected):
    assert outcome(Merge.FIXED, observed(*values, staff=staff)) == expected


@pytest.mark.parametrize("rule", [rule for rule in Merge if rule is not Merge.ACCUMULATE])
def test_a_single_observation_holds_by_every_rule(rule):
    assert outcome(rule, observed("a"), Kind.CODE) == ("a", [0], [])


@pytest.mark.parametrize("rule", [Merge.LATEST, Merge.INTERVAL, Merge.STATES])
def test_m1_and_m3_the_latest_holds(rule):
    assert outcome(rule, observed("a", "b", "c")) == ("c", [2], [])


@pytest.mark.parametrize(
    ("values", "levels", "expected"),
    [
        (["a", "b"], (2, 2), ("b", [1], [])),
        (["a", "b"], (3, 2), ("a", [0], [1])),  # worse verified and different
        (["a", "a"], (3, 2), ("a", [0], [])),
        (["a", "b"], (2, 3), ("b", [1], [])),
        (["a", "b", "c", "b"], (1, 3, 2, 2), ("b", [1], [])),  # only the last can conflict
        (["a", "b", "c"], (3, 2, 1), ("a", [0], [2])),
    ],
)
def test_m2_the_best_verified_holds(values, levels, expected):
    assert outcome(Merge.VERIFIED, observed(*values, levels=levels)) == expected


@pytest.mark.parametrize(
    ("values", "staff", "expected"),
    [
        (["a", "b", "a", "c"], (), ("a", [0], [1, 3])),
        (["a", "b", "c"], (2,), ("c", [2], [])),  # what came before a correction is resolved
        (["a", "b", "c"], (1,), ("b", [1], [2])),  # what comes after it is not
        (["a", "b", "b"], (1,), ("b", [1], [])),
        (["a", "b", "c", "d"], (1, 2), ("c", [2], [3])),  # the last correction holds
    ],
)
def test_m5_another_value_is_a_conflict(values, staff, expected):
    assert outcome(Merge.IDENTITY, observed(*values, staff=staff)) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([["2"], ["1", "2"]], (["1", "2"], [0, 1], [])),
        ([["2", "1"], ["1"]], (["1", "2"], [0], [])),
        ([[], [], []], ([], [2], [])),
    ],
)
def test_m4_codes_accumulate(values, expected):
    assert outcome(Merge.ACCUMULATE, observed(*values), Kind.CODES) == expected


def test_m4_texts_accumulate_in_the_order_observed():
    assert outcome(Merge.ACCUMULATE, observed("b", "a", "b", "c")) == ("b；a；c", [0, 1, 3], [])


def test_m4_takes_the_single_code_that_an_older_form_gave():
    assert outcome(Merge.ACCUMULATE, observed("11", ["2"]), Kind.CODES) == (["11", "2"], [0, 1], [])


def test_what_cannot_accumulate_is_not_declared_so():
    for declare in (day, boolean, integer, structured):
        with pytest.raises(TypeError, match="do not accumulate"):
            declare("事", "a fact", Merge.ACCUMULATE)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["440106003001", "440000000000"], ("440106003001", [0], [])),
        (["440106003001", "440106003000"], ("440106003001", [0], [])),
        (["440106003000", "440106003001"], ("440106003001", [1], [])),
        (["440106003001", "440106003002"], ("440106003002", [1], [])),
        (["440106003001", "440106004000"], ("440106004000", [1], [])),
        (["440106003001", "430000000000"], ("430000000000", [1], [])),
        (["440106003001", "440106003001"], ("440106003001", [1], [])),
        (["440000000000", "440106003001", "440106000000"], ("440106003001", [1], [])),
    ],
)
def test_a_coarser_division_does_not_replace_what_it_contains(values, expected):
    assert outcome(Merge.INTERVAL, observed(*values), Kind.AREA) == expected


def test_office_staff_may_say_a_coarser_division():
    known = observed("440106003001", "440000000000", staff=(1,))
    assert outcome(Merge.LATEST, known, Kind.AREA) == ("440000000000", [1], [])
