"""Folds the versions of an entity to its state, and tells conflicts. Pure.

Versions are numbered as they arrive, and numbers never change. What they give is folded in
another order: all steps of a branch, which one phone made offline, stand where its first
step arrived, in the order in which the phone made them; an edited record stands where the record
before stood. Versions that do not count give nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

LABEL: Final = "label"


@dataclass(frozen=True, slots=True)
class Step:
    """One version of an entity: what it gave."""

    version: int
    place: int
    values: Mapping[str, str]  # property → text; `label` among them, when it gave one
    base: int | None = None
    trunk: int | None = None
    branch: str = ""
    is_creation: bool = False
    counts: bool = True
    submission: int | None = None


@dataclass(frozen=True, slots=True)
class State:
    """The label and the values of an entity."""

    label: str = ""
    values: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        return self.label if name == LABEL else self.values.get(name, "")


def folded(steps: Iterable[Step]) -> State:
    """What the steps that count give together; of each property the last word."""
    merged: dict[str, str] = {}
    for step in in_order(step for step in steps if step.counts):
        merged |= step.values
    return State(
        merged.get(LABEL, ""), {name: text for name, text in merged.items() if name != LABEL}
    )


def in_order(steps: Iterable[Step]) -> list[Step]:
    """The steps in the order in which they are folded."""
    known = list(steps)
    begun: dict[str, int] = {}
    for step in known:
        if step.branch:
            begun[step.branch] = min(step.place, begun.get(step.branch, step.place))
    return sorted(
        known,
        key=lambda step: (
            begun.get(step.branch, step.place),
            (step.base or 0) if step.branch else 0,
            step.place,
            step.version,
        ),
    )


def is_standing(steps: Iterable[Step]) -> bool:
    """Whether the entity exists: what created it counts."""
    return any(step.is_creation and step.counts for step in steps)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether others changed the entity since the state that a step began from: "", soft or hard, and the properties."""

    conflict: str = ""
    conflicting: tuple[str, ...] = ()


def verdict_on(step: Step, before: Sequence[Step]) -> Verdict:
    """The verdict on a step that is added to the steps before it.

    A branch begins from its trunk version, or from the creation on the same phone; its own steps,
    and those of the same record, are no news to whoever made it. Nothing is refused: a conflict
    is hard where another value stands against this one, soft otherwise.
    """
    base = (step.trunk or 1) if step.branch else step.base
    if base is None or step.is_creation:
        return Verdict()
    foreign = [
        other
        for other in before
        if other.counts
        and other.version > base
        and not (step.branch and other.branch == step.branch)
        and (step.submission is None or other.submission != step.submission)
        and other.values
    ]
    if not foreign:
        return Verdict()
    now, changed = folded(before), set().union(*(other.values for other in foreign))
    against = tuple(
        sorted(name for name, text in step.values.items() if name in changed and text != now[name])
    )
    return Verdict("hard" if against else "soft", against)
