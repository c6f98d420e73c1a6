"""One column's value out of everything that was said of it: the merge rules M0–M6 (domain §2). Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from server.ledgers.definitions.columns import Kind, Merge
from server.ledgers.definitions.contribution import Said


class Observation(NamedTuple):
    """One value of one column, with who said it."""

    said: Said
    value: Any


class Decision(NamedTuple):
    """What a column becomes, who gave it, and who disagreed in a way a person must settle."""

    value: Any
    winners: tuple[Said, ...]  # several only where values accumulate
    conflicts: tuple[Said, ...] = ()


def _fixed(seen: Sequence[Observation]) -> Decision:
    """M0: the first that was said holds, until the desk corrects it."""
    first = _desk(seen) or seen[0]
    return Decision(first.value, (first.said,))


def _latest(seen: Sequence[Observation]) -> Decision:
    """M1, and the present value of M3: the latest observed wins."""
    return Decision(seen[-1].value, (seen[-1].said,))


def _verified(seen: Sequence[Observation]) -> Decision:
    """M2: the best verified, then the latest. What was last heard, when worse verified and different, is a conflict."""
    best = seen[0]
    for one in seen:
        if one.said.level >= best.said.level:
            best = one
    last = seen[-1]
    if last.value == best.value:
        return Decision(best.value, (best.said,))
    return Decision(best.value, (best.said,), conflicts=(last.said,))


def _identity(seen: Sequence[Observation]) -> Decision:
    """M5: the first holds whatever follows; every other value is a conflict, until the desk corrects it."""
    settled = _desk(seen)
    if settled is not None:
        later = seen[seen.index(settled) + 1 :]
        differing = tuple(one.said for one in later if one.value != settled.value)
        return Decision(settled.value, (settled.said,), conflicts=differing)
    first = seen[0]
    differing = tuple(one.said for one in seen if one.value != first.value)
    return Decision(first.value, (first.said,), conflicts=differing)


def _accumulate_codes(seen: Sequence[Observation]) -> Decision:
    """M4 of code sets: their union."""
    found: dict[str, Said] = {}
    for one in seen:
        for code in one.value:
            found.setdefault(code, one.said)
    givers = {said.id: said for said in found.values()}
    return Decision(sorted(found), tuple(givers.values()) or (seen[-1].said,))


def _accumulate_texts(seen: Sequence[Observation]) -> Decision:
    """M4 of texts: each different one once, in the order heard."""
    found: dict[str, Said] = {}
    for one in seen:
        found.setdefault(str(one.value), one.said)
    return Decision("；".join(found), tuple(found.values()))


def _desk(seen: Sequence[Observation]) -> Observation | None:
    """The latest desk correction."""
    return next((one for one in reversed(seen) if one.said.is_desk_act), None)


_RULES: dict[Merge, Callable[[Sequence[Observation]], Decision]] = {
    Merge.FIXED: _fixed,
    Merge.LATEST: _latest,
    Merge.VERIFIED: _verified,
    Merge.INTERVAL: _latest,
    Merge.IDENTITY: _identity,
    Merge.ACCUMULATE: _latest,
    Merge.STATES: _latest,
}
_ACCUMULATE: dict[Kind, Callable[[Sequence[Observation]], Decision]] = {
    Kind.CODES: _accumulate_codes,
    Kind.TEXT: _accumulate_texts,
}


def decide(rule: Merge, kind: Kind, seen: Sequence[Observation]) -> Decision:
    """Apply a rule to a column's observations, which are in fold order and not empty."""
    if rule is Merge.ACCUMULATE:
        return _ACCUMULATE.get(kind, _latest)(seen)
    return _RULES[rule](seen)


def walk(
    moves: dict[str, frozenset[str]], start: str, seen: Sequence[Observation]
) -> tuple[str, Said | None, tuple[Said, ...]]:
    """M6: go from state to state; an illegal move is reported and not made.

    Gives the state arrived at, who made the last move (None when nobody did), and the illegal ones.
    """
    state, mover, illegal = start, None, []
    for one in seen:
        if one.value == state:
            mover = mover or one.said
        elif one.value in moves.get(state, ()):
            state, mover = one.value, one.said
        else:
            illegal.append(one.said)
    return state, mover, tuple(illegal)
