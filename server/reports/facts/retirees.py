"""The facts of a retired person: in the office's care or not, proofs of life, relatives provided for (R7). Pure.

The days come from the changes that were reported (L15), and where a state was set without one,
from that. Who died is out of care from the day of death, whatever day the report gives.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from typing import Final, NamedTuple

from server.ledgers.definitions.machines import RETIREE
from server.ledgers.definitions.vocabulary import RetireeState as State
from server.ledgers.folding.derive.ages import add_months
from server.ledgers.folding.derive.rules import Rules
from server.ledgers.folding.history import value_on
from server.reports.facts.kinds import EventKind, Reason
from server.reports.facts.records import DependantState, Event, RetireeRecord, RetireeState

_PROOF_MONTHS: Final = "proof_of_life_months"
_CHANGES: Final = {
    "11": (State.IN_CARE, Reason.NEWLY_RETIRED),
    "12": (State.IN_CARE, Reason.MOVED_IN),
    "13": (State.IN_CARE, Reason.RESUMED),
    "21": (State.DECEASED, Reason.DIED),
    "22": (State.LEFT, Reason.MOVED_OUT),
    "23": (State.STOPPED, Reason.STOPPED),
    "24": (State.EMIGRATED, Reason.EMIGRATED),
}
"""Kind of change (RC) → the state that it leads to, and the column of R7."""
_REASONS: Final[dict[str, Reason]] = {str(state): reason for state, reason in _CHANGES.values()}
_FIRST: Final = (Reason.NEWLY_RETIRED, Reason.MOVED_IN)


class _Move(NamedTuple):
    day: date
    state: str
    reason: Reason
    source: str
    reported_on: date


def retiree_facts(
    retiree: RetireeRecord, rules: Rules
) -> tuple[list[RetireeState], list[DependantState], list[Event]]:
    """The states of the retired person and of the relatives, and who came into care and left it."""
    moves = list(_walk(retiree))
    states = _states(retiree, moves, rules)
    return states, list(_dependants(retiree, moves)), list(_events(retiree, moves))


def _reported(retiree: RetireeRecord) -> list[_Move]:
    """Every change that is known of: those reported, and states that were set without a report."""
    moves: list[_Move] = []
    unmatched: dict[str, int] = defaultdict(int)  # state → reports that a state may follow from
    for change in retiree.changes:
        if change.kind in _CHANGES:
            state, reason = _CHANGES[change.kind]
            moves.append(_Move(change.day, state, reason, change.id, change.reported_on))
            unmatched[state] += reason not in _FIRST
    for since, value, *_rest in retiree.history.get("state", ())[1:]:
        if unmatched[value]:
            unmatched[value] -= 1
        elif value in _REASONS:
            day = date.fromisoformat(since)
            moves.append(_Move(day, value, _REASONS[value], retiree.id, day))
    if retiree.died_on is None:
        return moves
    deaths = [move for move in moves if move.state == State.DECEASED]
    death = _Move(
        retiree.died_on,
        State.DECEASED,
        Reason.DIED,
        deaths[0].source if deaths else retiree.id,
        deaths[0].reported_on if deaths else retiree.death_reported_on or retiree.died_on,
    )
    alive = (move for move in moves if move.state != State.IN_CARE or move.day <= death.day)
    return [*(move for move in alive if move.state != State.DECEASED), death]


def _walk(retiree: RetireeRecord) -> Iterator[_Move]:
    """The changes that took effect, oldest first; the first is how the retired person came into care.

    A change that the states of L15 do not allow has no effect: nobody leaves twice.
    """
    moves = sorted(
        _reported(retiree),
        key=lambda move: (move.day, move.state != State.IN_CARE, move.reason not in _FIRST, move),
    )
    first = moves[0] if moves else None
    listed = retiree.listed_on
    came = first is not None and first.state == State.IN_CARE
    if first is None or not came or (first.reason not in _FIRST and listed < first.day):
        day = min(listed, first.day) if first else listed
        moves.insert(0, _Move(day, State.IN_CARE, Reason.LISTED, retiree.id, day))
    state = ""
    for move in moves:
        if move.state == state or (state and not RETIREE.allows(state, move.state)):
            continue
        state = move.state
        yield move


def _states(retiree: RetireeRecord, moves: list[_Move], rules: Rules) -> list[RetireeState]:
    owed = retiree.retired_on or moves[0].day
    claims = retiree.history.get("funeral_claim", ())
    days = {move.day for move in moves}
    days.update(retiree.proofs)
    days.update(date.fromisoformat(step[0]) for step in claims)
    states: list[RetireeState] = []
    for day in sorted(day for day in days if day >= moves[0].day):
        proof = max((proof for proof in retiree.proofs if proof <= day), default=None)
        state = RetireeState(
            entry=retiree.id,
            area_code=retiree.area_code,
            since=day,
            until=None,
            state=_state_on(moves, day),
            sex=retiree.sex,
            is_party=retiree.is_party,
            is_special=retiree.is_special,
            proof_from=_after(retiree, rules, owed),
            proof_until=_after(retiree, rules, proof) if proof else None,
            funeral_claim=value_on(claims, day) or ("" if claims else retiree.funeral_claim),
        )
        if states and states[-1]._replace(since=day) == state:
            continue
        if states:
            states[-1] = states[-1]._replace(until=day)
        states.append(state)
    return states


def _state_on(moves: list[_Move], day: date) -> str:
    return [move.state for move in moves if move.day <= day][-1]


def _after(retiree: RetireeRecord, rules: Rules, day: date) -> date:
    """The day on which a proof of life, or the year of retirement, is a cycle old."""
    ruled = max(day, rules.first_day)
    return add_months(day, rules.number(_PROOF_MONTHS, retiree.area_code, ruled))


def _dependants(retiree: RetireeRecord, moves: list[_Move]) -> Iterator[DependantState]:
    """The relatives from day to day, with the state of the one who provides for them."""
    for relative in retiree.dependants:
        first = max(relative.since, moves[0].day)
        days = sorted({first, *(move.day for move in moves if move.day > first)})
        for day, following in zip(days, [*days[1:], None], strict=True):
            until = min(filter(None, (following, relative.until)), default=None)
            if until is None or day < until:
                yield DependantState(
                    entry=relative.id,
                    area_code=relative.area_code,
                    since=day,
                    until=until,
                    retiree=retiree.id,
                    retiree_state=_state_on(moves, day),
                )


def _events(retiree: RetireeRecord, moves: list[_Move]) -> Iterator[Event]:
    before = ""
    for move in moves:
        if (move.state == State.IN_CARE) != (before == State.IN_CARE):
            came = move.state == State.IN_CARE
            kind = EventKind.RETIREE_IN if came else EventKind.RETIREE_OUT
            yield _event(retiree, kind, move, move.day)
            if move.reported_on > move.day:
                late = _event(retiree, EventKind.RETIREE_REPORTED, move, move.reported_on)
                yield late._replace(of_day=move.day)
        before = move.state


def _event(retiree: RetireeRecord, kind: EventKind, move: _Move, day: date) -> Event:
    return Event(
        entry=retiree.id,
        area_code=retiree.area_code,
        kind=kind,
        day=day,
        place=retiree.area_code,
        source=move.source,
        reason=move.reason,
        category="",
        categories=(),
        sex=retiree.sex,
        is_rural=False,
    )
