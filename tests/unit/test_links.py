"""What the acts of two desks make of the link between their rows, by day (decision 0251)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.ledgers.definitions.vocabulary import ActKind, LinkState
from server.ledgers.identity.links import LinkAct, link_uuid, side_uuid, status_of

A, B = "440106003", "440106005"
DAY = date(2026, 3, 2)
MOVE, AGREE, REFUSE = ActKind.MOVE, ActKind.AGREE, ActKind.REFUSE
TWO, DIFFERENT = ActKind.TWO_PLACES, ActKind.DIFFERENT


def acts(
    *stated: tuple[str, ActKind, int], undone: dict[int, int] | None = None, **more: Any
) -> list[LinkAct]:
    """(office, kind, days after DAY) as acts; `undone`: index → days after DAY."""
    taken_back = undone or {}
    return [
        LinkAct(
            id=number,
            kind=kind,
            office=office,
            other_office=B if office == A else A,
            at=at(days),
            entry=f"entry of {office}",
            other=f"entry of {B if office == A else A}",
            user_id=number,
            undone_at=at(taken_back[number]) if number in taken_back else None,
            **more,
        )
        for number, (office, kind, days) in enumerate(stated)
    ]


def at(days: int) -> datetime:
    return datetime(2026, 3, 2, 2, tzinfo=UTC) + timedelta(days=days)


def state(given_acts: list[LinkAct], days: int = 30) -> tuple[str, str]:
    status = status_of(given_acts, DAY + timedelta(days=days), lambda _office, _day: 7)
    return status.state, status.moved_to


def test_what_no_desk_has_stated_is_a_proposal_for_ever():
    assert state([], days=3000) == (LinkState.PROPOSED, "")


@pytest.mark.parametrize(
    ("days", "expected"),
    [(6, (LinkState.PROPOSED, "")), (7, (LinkState.MOVED, A)), (8, (LinkState.MOVED, A))],
    ids=["the day before", "the day", "the day after"],
)
def test_silence_agrees_to_a_confirmed_move_after_seven_days(days, expected):
    moving = acts((A, MOVE, 0))
    assert state(moving, days) == expected
    status = status_of(moving, DAY + timedelta(days=days), lambda _office, _day: 7)
    if status.move is None:
        assert status.asked is not None
        assert status.asked.agreed_on == DAY + timedelta(days=7)
    else:
        assert (status.move.entry, status.asked) == (f"entry of {B}", None)
        assert status.move.at.date() <= DAY + timedelta(days=7)


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ([(A, MOVE, 0), (B, AGREE, 1)], (LinkState.MOVED, A)),
        ([(A, MOVE, 0), (A, AGREE, 1)], (LinkState.MOVED, A)),  # by silence, not by its own word
        ([(A, MOVE, 0), (B, REFUSE, 1)], (LinkState.PROPOSED, "")),
        ([(A, MOVE, 0), (B, REFUSE, 9)], (LinkState.PROPOSED, "")),  # after silence, too
        ([(A, MOVE, 0), (B, AGREE, 1), (B, REFUSE, 20)], (LinkState.PROPOSED, "")),
        ([(A, MOVE, 0), (B, AGREE, 1), (B, MOVE, 5), (A, AGREE, 6)], (LinkState.MOVED, B)),
        ([(A, MOVE, 0), (B, MOVE, 1), (A, REFUSE, 2)], (LinkState.PROPOSED, "")),
        ([(A, MOVE, 0), (B, TWO, 1)], (LinkState.PROPOSED, "")),
        ([(A, TWO, 0)], (LinkState.PROPOSED, "")),  # silence agrees to moves alone
        ([(A, TWO, 0), (A, TWO, 1)], (LinkState.PROPOSED, "")),
        ([(A, TWO, 0), (B, TWO, 1)], (LinkState.TWO_PLACES, "")),
        ([(A, TWO, 0), (B, AGREE, 1)], (LinkState.TWO_PLACES, "")),
        ([(A, TWO, 0), (B, REFUSE, 1)], (LinkState.PROPOSED, "")),
        ([(A, TWO, 0), (B, AGREE, 1), (A, MOVE, 2), (B, REFUSE, 3)], (LinkState.TWO_PLACES, "")),
        ([(A, TWO, 0), (B, AGREE, 1), (A, DIFFERENT, 2)], (LinkState.DIFFERENT, "")),
        ([(A, MOVE, 0), (B, DIFFERENT, 1)], (LinkState.DIFFERENT, "")),
        ([(B, DIFFERENT, 0), (A, TWO, 1), (B, TWO, 2)], (LinkState.TWO_PLACES, "")),
        ([(B, AGREE, 0), (A, REFUSE, 1)], (LinkState.PROPOSED, "")),
    ],
)
def test_what_the_desks_state_in_turn(stated, expected):
    assert state(acts(*stated), 12 if len(stated) < 3 else 30) == expected


def test_above_the_days_number_silence_agrees_to_nothing():
    assert state(acts((A, MOVE, 0), needs_county=True), 3000) == (LinkState.PROPOSED, "")
    assert state(acts((A, MOVE, 0), (B, AGREE, 1), needs_county=True)) == (LinkState.MOVED, A)


def test_undoing_takes_a_statement_out_and_agreement_taken_back_is_refusal():
    moved = [(A, MOVE, 0), (B, AGREE, 1)]
    assert state(acts(*moved, undone={0: 10})) == (LinkState.PROPOSED, "")
    assert state(acts(*moved, undone={1: 10})) == (LinkState.PROPOSED, "")
    assert state(acts(*moved, undone={1: 10}), 9) == (LinkState.MOVED, A)  # by silence then
    assert state(acts((A, MOVE, 0), (B, REFUSE, 1), undone={1: 2})) == (LinkState.MOVED, A)
    assert state(acts((A, TWO, 0), (B, TWO, 1), undone={0: 2})) == (LinkState.PROPOSED, "")
    assert state(acts((B, DIFFERENT, 0), undone={0: 2})) == (LinkState.PROPOSED, "")


STATED = st.tuples(
    st.sampled_from([A, B]),
    st.sampled_from([MOVE, AGREE, REFUSE, TWO, DIFFERENT]),
    st.integers(0, 20),
)


@given(st.lists(STATED, max_size=8), st.integers(0, 40))
def test_one_desk_alone_agrees_to_nothing_but_difference(stated, days):
    """Neither a move nor two places come of what only the receiving desk states, but for a move by silence."""
    own = acts(*[(A, kind, day) for _office, kind, day in sorted(stated, key=lambda item: item[2])])
    assert state(own, days)[0] != LinkState.TWO_PLACES
    status = status_of(own, DAY + timedelta(days=days), lambda _office, _day: 7)
    confirmed = [act for act in own if act.kind == MOVE]
    if status.state == LinkState.MOVED:
        assert any(
            DAY + timedelta(days=days) >= act.at.date() + timedelta(days=7) for act in confirmed
        )


@given(st.lists(STATED, max_size=8), st.randoms(), st.integers(0, 40))
def test_the_order_in_which_acts_are_read_does_not_matter(stated, chance, days):
    given_acts = acts(*stated)
    shuffled = list(given_acts)
    chance.shuffle(shuffled)
    assert state(shuffled, days) == state(given_acts, days)


def test_both_offices_name_the_link_alike_and_each_has_its_side():
    link = link_uuid("id_no:x", A, B)
    assert link == link_uuid("id_no:x", B, A) != link_uuid("id_no:y", A, B)
    assert side_uuid(link, A) != side_uuid(link, B)
