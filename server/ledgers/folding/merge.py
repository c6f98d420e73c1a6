"""One column's value out of all its observations: the merge rules M0–M6 (rules.md, Merge rules M0–M6). Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from server.ledgers.definitions.columns import Kind, Merge
from server.ledgers.definitions.contribution import Contribution
from server.ledgers.folding.imported import FIRST_HOLDS, is_imported


class Observation(NamedTuple):
    """One value of one column, and the contribution that carries it."""

    contribution: Contribution
    value: Any


class Decision(NamedTuple):
    """A column's value, the contributions that gave it, and those whose disagreement a person must resolve."""

    value: Any
    winners: tuple[Contribution, ...]  # several only where values accumulate
    conflicts: tuple[Contribution, ...] = ()


def _fixed(observations: Sequence[Observation]) -> Decision:
    """M0: the first observation holds, until a desk act corrects it."""
    holding = _latest_desk_act(observations) or observations[0]
    return Decision(holding.value, (holding.contribution,))


def _latest(observations: Sequence[Observation]) -> Decision:
    """M1, and the present value of M3: the latest observation wins."""
    return Decision(observations[-1].value, (observations[-1].contribution,))


def _finest(observations: Sequence[Observation]) -> Decision:
    """M1 and M3 of divisions: the latest, but a coarser one that contains what is known does not replace it."""
    holding = observations[0]
    for item in observations[1:]:
        if item.contribution.is_desk_act or replaces_area(item.value, holding.value):
            holding = item
    return Decision(holding.value, (holding.contribution,))


def replaces_area(code: str, known: str | None) -> bool:
    """Whether a division says more than, or something else than, the one known."""
    return known is None or code == known or not known.startswith(_digits(code))


def _digits(code: str) -> str:
    """The digits that every code inside a division begins with: 440106003000 → 440106003."""
    return next(code[:length] for length in _DIGITS_OF_LEVELS if not code[length:].strip("0"))


def _verified(observations: Sequence[Observation]) -> Decision:
    """M2: the best verified wins, then the latest.

    A last observation that is worse verified and different is a conflict.
    """
    best = max(reversed(observations), key=lambda item: item.contribution.level)
    last = observations[-1]
    if last.value == best.value:
        return Decision(best.value, (best.contribution,))
    return Decision(best.value, (best.contribution,), conflicts=(last.contribution,))


def _identity(observations: Sequence[Observation]) -> Decision:
    """M5: the first observation holds; every other value is a conflict, until a desk act corrects it.

    After a correction, only later observations can conflict with the corrected value.
    """
    correction = _latest_desk_act(observations)
    if correction is None:
        holding, others = observations[0], observations
    else:
        holding = correction
        since = correction.contribution.order
        others = [item for item in observations if item.contribution.order >= since]
    differing = tuple(item.contribution for item in others if item.value != holding.value)
    return Decision(holding.value, (holding.contribution,), conflicts=differing)


def _accumulate_codes(observations: Sequence[Observation]) -> Decision:
    """M4 of code sets: their union; each code's origin is the contribution that carried it first."""
    first_with: dict[str, Contribution] = {}
    for observation in observations:
        value = observation.value  # one code, where an older form asked for one
        for code in [value] if isinstance(value, str) else value:
            first_with.setdefault(code, observation.contribution)
    winners = {contribution.id: contribution for contribution in first_with.values()}
    return Decision(sorted(first_with), tuple(winners.values()) or (observations[-1].contribution,))


def _accumulate_texts(observations: Sequence[Observation]) -> Decision:
    """M4 of texts: each different text once, in the order observed."""
    first_with: dict[str, Contribution] = {}
    for observation in observations:
        first_with.setdefault(str(observation.value), observation.contribution)
    return Decision("；".join(first_with), tuple(first_with.values()))


def _latest_desk_act(observations: Sequence[Observation]) -> Observation | None:
    return next((item for item in reversed(observations) if item.contribution.is_desk_act), None)


_RULES: dict[Merge, Callable[[Sequence[Observation]], Decision]] = {
    Merge.FIXED: _fixed,
    Merge.LATEST: _latest,
    Merge.VERIFIED: _verified,
    Merge.INTERVAL: _latest,
    Merge.IDENTITY: _identity,
    Merge.STATES: _latest,
}
_DIGITS_OF_LEVELS: Final = (2, 4, 6, 9, 12)
"""Digits of the codes of provinces, cities, counties, streets and communities."""
_ACCUMULATE: dict[Kind, Callable[[Sequence[Observation]], Decision]] = {
    Kind.CODES: _accumulate_codes,
    Kind.TEXT: _accumulate_texts,
}


def decide(rule: Merge, kind: Kind, observations: Sequence[Observation]) -> Decision:
    """Apply a merge rule to a column's observations, which are in fold order and not empty.

    Where the first value holds, that of an imported row holds only while nobody else gave any.
    """
    if rule in FIRST_HOLDS:
        observations = sorted(observations, key=lambda item: is_imported(item.contribution))
    if rule is Merge.ACCUMULATE:
        return _ACCUMULATE[kind](observations)
    if kind is Kind.AREA:
        return _finest(observations)
    return _RULES[rule](observations)
