"""What holds of the fold for every history, in whatever order it arrives (fold.md, Invariants)."""

from __future__ import annotations

import itertools
import random
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.ledgers.definitions.contribution import DESK, Contribution
from server.ledgers.folding.derive.rules import rules
from server.ledgers.folding.fold import FoldResult, fold_everything
from server.ledgers.identity.components import components
from tests.factories.contributions import History, random_history
from tests.factories.ledger_histories import filled_forms
from tests.factories.ledgers import Filled, contributions_of_form, member, uuid_of

AS_OF = date(2026, 11, 23)
many = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
histories = st.lists(
    st.tuples(filled_forms(), st.sampled_from(["received", "received", "approved"])),
    min_size=1,
    max_size=7,
)


def contributions_in(history: Sequence[tuple[Any, str]]) -> list[Contribution]:
    return [
        contribution
        for number, (filled, review_state) in enumerate(history, 1)
        for contribution in contributions_of_form(filled, number, review_state=review_state)
    ]


def fold(contributions: Sequence[Contribution], as_of: date = AS_OF) -> FoldResult:
    entries = components(contributions)
    for contribution in contributions:
        contribution.entry = entries[contribution.family, contribution.keys[0]]
    return fold_everything(contributions, entries, as_of, rules())


def content(result: FoldResult) -> Any:
    rows = {
        ledger: sorted((sorted(row.items()) for row in rows), key=repr)
        for ledger, rows in sorted(result.rows.items())
        if rows
    }
    raised = sorted(
        (exception.kind, exception.entry, exception.column, exception.contribution.id)
        for exception in result.raised
    )
    return rows, sorted(result.memberships, key=repr), raised


@many
@given(histories, st.integers(0, 2**16))
def test_the_order_of_arrival_does_not_matter(history, seed):
    contributions = contributions_in(history)
    shuffled = list(contributions)
    random.Random(seed).shuffle(shuffled)
    assert content(fold(contributions)) == content(fold(shuffled))


@many
@given(histories)
def test_folding_again_changes_nothing(history):
    contributions = contributions_in(history)
    assert content(fold(contributions)) == content(fold(contributions_in(history)))
    entries = [contribution.entry for contribution in contributions]
    fold(contributions)
    assert [contribution.entry for contribution in contributions] == entries


@many
@given(histories, st.data())
def test_what_was_joined_is_parted_without_a_trace(history, data):
    contributions = contributions_in(history)
    before = content(fold(contributions))
    people = sorted({item.entry for item in contributions if item.family == "person"})
    if len(people) < 2:
        return
    first, second = data.draw(st.permutations(people))[:2]
    act = Contribution(
        id=-1,
        family="person",
        keys=(first, second),
        submission_id=None,
        form_version_id=None,
        path="",
        observed_at=max(item.observed_at for item in contributions),
        received_at=max(item.received_at for item in contributions),
        instance_id=f"{DESK}1",
        worker_id=1,
        level=3,
        area_code="",
        values={},
    )
    fold([*contributions, act])
    joined = {item.entry for item in contributions if item.family == "person"}
    assert len(joined) == len(people) - 1
    assert content(fold(contributions)) == before


@many
@given(histories)
def test_spells_never_overlap_and_one_case_is_open(history):
    result = fold(contributions_in(history))
    spells = defaultdict(list)
    for row in result.rows["spell"]:
        spells[row["person_id"]].append((row["start_on"], row["end_on"] or date.max))
    for times in spells.values():
        times.sort()
        assert all(start < end for start, end in times)
        assert all(before[1] <= after[0] for before, after in itertools.pairwise(times))
    open_cases = [
        row.get("subject_person_id") or row.get("subject_household_id")
        for row in result.rows["case"]
        if row["state"] != "9"
    ]
    assert len(open_cases) == len(set(open_cases))
    for ledger, rows in result.rows.items():
        assert len({row["id"] for row in rows}) == len(rows), ledger


@many
@given(histories)
def test_nobody_lives_in_two_households_at_once(history):
    result = fold(contributions_in(history))
    residents = [
        membership.person
        for membership in result.memberships
        if membership.role == "resident" and not membership.to_on
    ]
    assert len(residents) == len(set(residents))
    assert all(
        membership.to_on is None or membership.from_on < membership.to_on
        for membership in result.memberships
    )


@many
@given(histories, st.integers(0, 2000))
def test_nothing_changes_by_itself_before_its_day(history, days):
    unchanged_until_refold(contributions_in(history), days)


@many
@given(st.randoms(use_true_random=False), st.integers(0, 2000))
def test_nothing_changes_by_itself_before_its_day_whatever_was_stated(random, days):
    unchanged_until_refold(random_history(random), days)


def unchanged_until_refold(contributions: Sequence[Contribution], days: int) -> None:
    """Fold as of a day and as of every later day up to the first `refold_on`: nothing may differ before it."""
    start = date(2022, 6, 1) + timedelta(days=days)
    first = fold(contributions, start)
    refold_on = [
        row["refold_on"]
        for ledger in ("person", "household", "vacancy")
        for row in first.rows[ledger]
        if row["refold_on"]
    ]
    assert all(day > start for day in refold_on)
    last = min(refold_on, default=start + timedelta(days=400)) - timedelta(days=1)
    for day in {start + (last - start) / 2, last}:
        assert content(fold(contributions, day)) == content(first)


def test_on_its_day_something_may_change():
    """The day of change is not too early either: on it the flag turns."""
    history = History()
    history.state("person", "a", "2026-01-10", {"birth_date": "1976-06-15", "sex": "1"})
    history.state("person", "a", "2026-01-10", {"emp_status": "21", "job_willing": True})
    history.state("person", "a", "2026-01-10", {"work_capacity": "1"})
    (before,) = fold(history.contributions, date(2026, 6, 14)).rows["person"]
    assert (before["is_4050"], before["refold_on"]) == (False, date(2026, 6, 15))
    (after,) = fold(history.contributions, date(2026, 6, 15)).rows["person"]
    assert after["is_4050"] is True


ANSWERS = st.fixed_dictionaries(
    {},
    optional={
        "emp_status": st.sampled_from(["10", "11", "21", "21", "22", "30", "32"]),
        "work_capacity": st.sampled_from(["1", "1", "3"]),
        "job_willing": st.booleans(),
        "health": st.sampled_from(["1", "6"]),
        "spell.unemp_reason": st.sampled_from(["02", "11"]),
        "residence_kind": st.sampled_from(["1", "1", "2", "3"]),
    },
)
FACTS = st.fixed_dictionaries(
    {},
    optional={
        "dibao_status": st.sampled_from(["0", "1"]),
        "other_income": st.booleans(),
        "land_lost_share": st.sampled_from(["0", "3"]),
    },
)
LIVES = st.lists(
    st.tuples(
        st.integers(0, 200),  # days later than the one before
        FACTS,
        st.dictionaries(st.sampled_from("ab"), ANSWERS, max_size=2),
        st.sampled_from(["", "", "2", "3", "4", "5", "9"]),  # of the household or a's case
        st.integers(0, 400),  # days a job has been held when it is heard of
    ),
    min_size=2,
    max_size=7,
)


@many
@given(LIVES, st.integers(0, 5))
def test_no_later_answer_takes_a_case_away_or_moves_its_opening(lives, cut):
    history, day = History(), date(2025, 3, 1)
    days, known, is_there = [], set(), False
    for later, facts, members, state, held in lives:
        day += timedelta(days=later)
        days.append(day)
        number = history.submission()
        history.state("household", "x", day, facts, submission=number)
        is_there = is_there or bool(facts or members)  # keys alone make no row
        for name, answers in members.items():
            born = {"birth_date": "1974-05-01" if name == "a" else "1996-05-01", "sex": "1"}
            started = (day - timedelta(days=held)).isoformat()
            values = {**born, **answers, "spell.start_on": started}
            links = {"member_of": "x"}
            history.state("person", name, day, values, links=links, submission=number)
        known |= members.keys()
        if state and is_there:  # office staff decide about entries that are there
            history.decide("household", "x", day, zero_emp_state=state)
            if "a" in known:
                history.decide("person", "a", day, case__state=state)
    until = days[min(cut, len(days) - 1)]
    before = [item for item in history.contributions if item.day <= until]
    then, now = cases_by_id(fold(before, until)), cases_by_id(fold(history.contributions, day))
    assert then.keys() <= now.keys()
    for case, (opened_on, closed_on, reason, steps) in then.items():
        assert now[case][0] == opened_on
        if closed_on is not None and reason != "1":  # work heard to have ended sooner reopens it
            assert now[case][1:3] == (closed_on, reason)
            assert now[case][3] == steps
    assert cases_by_id(fold(history.contributions, until)) == then


def cases_by_id(result: FoldResult) -> dict[str, tuple]:
    return {
        row["id"]: (row["opened_on"], row.get("closed_on"), row.get("close_reason"),
                    row["history"]["state"])
        for row in result.rows["case"]
    }  # fmt: skip


@many
@given(
    st.lists(st.sampled_from(["picked", "typed", "left out"]), min_size=1, max_size=6),
    st.randoms(use_true_random=False),
)
def test_no_child_without_a_number_doubles_by_being_surveyed_each_quarter(ways, order):
    """Picked from the list, or typed again with another uuid; received in any order."""
    child = {"name": "陈小", "birth_date": "2016-03-04", "relation": "2", "residence_kind": "1"}
    quarters = []
    for number, way in enumerate(["typed", *ways]):
        members = [member(key="head")]
        if way != "left out":
            picked = {} if way == "typed" else {"name": "", "birth_date": ""}
            key = uuid_of("child 0" if way == "picked" else f"child {number}")
            members.append({**child, **picked, "person_id": key})
        month = f"20{20 + number // 4}-{number % 4 * 3 + 1:02d}"
        filled = Filled(
            form="survey_by_name", household_id=uuid_of("home"), members=members,
            household={"address": "示范路1号"}, visited_at=f"{month}-02T09:00:00+08:00",
        )  # fmt: skip
        quarters.append(contributions_of_form(filled, number))
    order.shuffle(quarters)
    result = fold([contribution for quarter in quarters for contribution in quarter])
    people = {row["id"]: row for row in result.rows["person"]}
    assert set(people) == {uuid_of("head"), uuid_of("child 0")}
    assert people[uuid_of("child 0")]["name"] == "陈小"
    (home,) = result.rows["household"]
    assert home["n_members"] == (1 if ways[-1] == "left out" else 2)
