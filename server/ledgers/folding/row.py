"""What every fold does: gather what was said of each column and let the column's rule decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from server.ledgers.definitions.columns import Column, Kind, Merge
from server.ledgers.definitions.contribution import Said
from server.ledgers.folding.merge import Decision, Observation, decide

Row = dict[str, Any]
"""A ledger row by database column, in plain values (as JSON would hold them)."""

_CONFLICTING = frozenset({Merge.VERIFIED, Merge.IDENTITY})
_REFERENCES = frozenset({Kind.ENTRY, Kind.USER})


@dataclass(slots=True)
class Raised:
    """An exception the fold found, before it is a row."""

    kind: str
    family: str
    entry: str
    said: Said
    column: str = ""
    other: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Fold:
    """A row in the making."""

    family: str
    entry: str
    row: Row
    origins: dict[int, list[str]] = field(default_factory=dict)
    raised: list[Raised] = field(default_factory=list)

    def give(self, column: Column, decision: Decision) -> None:
        """Set a column by a decision: its value, search hash and origin, and its conflicts."""
        name = column.name
        self.row[name + "_id" if column.kind in _REFERENCES else name] = decision.value
        winner = decision.winners[-1]
        if column.kind is Kind.SEALED:
            self.row[name + "_hash"] = winner.values.get(name + "#")
        for said in decision.winners:
            self.origins.setdefault(said.id, []).append(name)
        for said in decision.conflicts:
            self.raise_for("conflict", said, name)

    def raise_for(self, kind: str, said: Said, column: str = "", **detail: Any) -> None:
        self.raised.append(Raised(kind, self.family, self.entry, said, column, detail=detail))

    def finish(self) -> Row:
        """The row with its origins in the form that is stored."""
        self.row["origins"] = {
            str(contribution): sorted(columns)
            for contribution, columns in sorted(self.origins.items())
        }
        return self.row


def gather(said: Sequence[Said], prefix: str = "") -> dict[str, list[Observation]]:
    """Column → its observations in fold order; with a prefix, the columns of a sub-ledger."""
    seen: dict[str, list[Observation]] = {}
    start = len(prefix)
    for one in said:
        for name, value in one.values.items():
            if start:
                if name.startswith(prefix):
                    seen.setdefault(name[start:], []).append(Observation(one, value))
            else:
                seen.setdefault(name, []).append(Observation(one, value))
    return seen


def begin(family: str, entry: str, said: Sequence[Said]) -> Fold:
    """A fold with the columns every row has, from the latest contribution."""
    latest = said[-1]
    area = next((one.area_code for one in reversed(said) if one.area_code), "")
    return Fold(
        family,
        entry,
        {
            "id": entry,
            "area_code": area,
            "observed_at": latest.observed_at,
            "verified_level": latest.level,
            "source_submission_id": next(
                (one.submission_id for one in reversed(said) if one.submission_id), None
            ),
            "recorded_by_id": latest.worker_id,
            "last_confirmed_on": max((one.day for one in said if one.values), default=latest.day),
            "refold_on": None,
        },
    )


def fold_columns(
    fold: Fold,
    columns: Mapping[str, Column],
    seen: Mapping[str, list[Observation]],
    *,
    skip: frozenset[str] = frozenset(),
) -> None:
    """Give every declared column that anything was said of, by its own rule."""
    for name, observations in seen.items():
        column = columns.get(name)
        if column is None or name in skip:
            continue
        if len(observations) == 1:
            only = observations[0]
            fold.give(column, Decision(only.value, (only.said,)))
        else:
            fold.give(column, decide(column.merge, column.kind, observations))


def is_void(said: Sequence[Said]) -> bool:
    """Whether a live desk act voids the entry."""
    return any("void" in one.values for one in said)


def says_anything(said: Sequence[Said]) -> bool:
    """Whether anything received carries a value; keys alone make no row, nor do corrections of what was withdrawn."""
    return any(one.values and not one.is_desk_act for one in said)
