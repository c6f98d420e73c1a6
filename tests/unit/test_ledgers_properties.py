"""What holds of the fold whatever was said, in whatever order it came (fold.md, Invariants)."""

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
from server.ledgers.folding.fold import FoldResult, whole
from server.ledgers.identity.components import components
from tests.factories.ledger_histories import filled_forms
from tests.factories.ledgers import said_of

AS_OF = date(2026, 11, 23)
many = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
histories = st.lists(
    st.tuples(filled_forms(), st.sampled_from(["received", "received", "approved"])),
    min_size=1,
    max_size=7,
)


def contributions_in(history: Sequence[tuple[Any, str]]) -> list[Contribution]:
    return [
        one
        for number, (filled, review_state) in enumerate(history, 1)
        for one in said_of(filled, number, review_state=review_state)
    ]


def fold(said: Sequence[Contribution], as_of: date = AS_OF) -> FoldResult:
    entries = components(said)
    for one in said:
        one.entry = entries[one.family, one.keys[0]]
    return whole(said, entries, as_of, rules())


def told(result: FoldResult) -> Any:
    rows = {
        ledger: sorted((sorted(row.items()) for row in rows), key=repr)
        for ledger, rows in sorted(result.rows.items())
        if rows
    }
    raised = sorted((one.kind, one.entry, one.column, one.contribution.id) for one in result.raised)
    return rows, sorted(result.memberships, key=repr), raised


@many
@given(histories, st.integers(0, 2**16))
def test_the_order_of_arrival_does_not_matter(history, seed):
    said = contributions_in(history)
    shuffled = list(said)
    random.Random(seed).shuffle(shuffled)
    assert told(fold(said)) == told(fold(shuffled))


@many
@given(histories)
def test_saying_it_again_changes_nothing(history):
    said = contributions_in(history)
    assert told(fold(said)) == told(fold(contributions_in(history)))
    entries = [one.entry for one in said]
    fold(said)
    assert [one.entry for one in said] == entries


@many
@given(histories, st.data())
def test_what_was_joined_is_parted_without_a_trace(history, data):
    said = contributions_in(history)
    before = told(fold(said))
    people = sorted({one.entry for one in said if one.family == "person"})
    if len(people) < 2:
        return
    one, two = data.draw(st.permutations(people))[:2]
    act = Contribution(
        id=-1,
        family="person",
        keys=(one, two),
        submission_id=None,
        form_version_id=None,
        path="",
        observed_at=max(found.observed_at for found in said),
        received_at=max(found.received_at for found in said),
        instance_id=f"{DESK}1",
        worker_id=1,
        level=3,
        area_code="",
        values={},
    )
    fold([*said, act])
    joined = {found.entry for found in said if found.family == "person"}
    assert len(joined) == len(people) - 1
    assert told(fold(said)) == before


@many
@given(histories)
def test_spells_never_overlap_and_one_case_is_open(history):
    result = fold(contributions_in(history))
    spells = defaultdict(list)
    for row in result.rows["spell"]:
        spells[row["person_id"]].append((row["start_on"], row["end_on"] or date.max))
    for found in spells.values():
        found.sort()
        assert all(start < end for start, end in found)
        assert all(before[1] <= after[0] for before, after in itertools.pairwise(found))
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
    lives = [one.person for one in result.memberships if one.role == "resident" and not one.to_on]
    assert len(lives) == len(set(lives))
    assert all(one.to_on is None or one.from_on < one.to_on for one in result.memberships)


@many
@given(histories, st.integers(0, 2000))
def test_nothing_changes_by_itself_before_its_day(history, days):
    said = contributions_in(history)
    start = date(2024, 1, 1) + timedelta(days=days)
    first = fold(said, start)
    due = [
        row["refold_on"]
        for ledger in ("person", "vacancy")
        for row in first.rows[ledger]
        if row["refold_on"]
    ]
    assert all(day > start for day in due)
    last = min(due, default=start + timedelta(days=400)) - timedelta(days=1)
    assert told(fold(said, last)) == told(first)
