"""Building one ledger row: gather the observations of each column and let the column's merge rule decide. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from server.ledgers.definitions.columns import Column, Depends, Kind, Merge
from server.ledgers.definitions.contribution import Contribution
from server.ledgers.definitions.ledgers import CONFIRMS
from server.ledgers.definitions.vocabulary import ContributionFlag, ExceptionKind
from server.ledgers.folding.imported import is_imported
from server.ledgers.folding.merge import Decision, Observation, decide

Row = dict[str, Any]
"""A ledger row by database column, in plain values (as JSON holds them)."""

_REFERENCES = frozenset({Kind.ENTRY, Kind.USER})


@dataclass(slots=True)
class RaisedException:
    """Something a person has to decide, as the fold raises it; `refolding.exceptions` stores it."""

    kind: ExceptionKind
    family: str
    entry: str
    contribution: Contribution  # the cause
    column: str = ""
    detail: dict[str, Any] = field(default_factory=dict)  # no personal data


@dataclass(slots=True)
class RowBuilder:
    """A row in the making, with the origin of its values and the exceptions raised on the way."""

    family: str
    entry: str
    row: Row
    origins: dict[int, list[str]] = field(default_factory=dict)  # contribution id → columns
    raised: list[RaisedException] = field(default_factory=list)

    def set_column(self, column: Column, decision: Decision) -> None:
        """Set a column by a decision: its value, search hash and origin, and raise its conflicts."""
        name = column.name
        self.row[name + "_id" if column.kind in _REFERENCES else name] = decision.value
        if column.kind is Kind.SEALED:
            (winner,) = decision.winners  # sealed values do not accumulate
            self.row[name + "_hash"] = winner.values.get(name + "#")
        for contribution in decision.winners:
            self.add_origin(contribution, name)
        for contribution in decision.conflicts:
            self.raise_exception(ExceptionKind.CONFLICT, contribution, name)

    def add_origin(self, contribution: Contribution, column: str) -> None:
        """Record that the contribution gave the column its value."""
        self.origins.setdefault(contribution.id, []).append(column)

    def raise_exception(
        self, kind: ExceptionKind, contribution: Contribution, column: str = "", **detail: Any
    ) -> None:
        """Raise an exception about this entry, caused by the contribution."""
        self.raised.append(
            RaisedException(kind, self.family, self.entry, contribution, column, detail)
        )

    def finish(self) -> Row:
        """The row, with its origins in the form that is stored."""
        self.row["origins"] = {
            str(contribution): sorted(columns)
            for contribution, columns in sorted(self.origins.items())
        }
        return self.row


def observations_by_column(
    contributions: Sequence[Contribution], prefix: str = ""
) -> dict[str, list[Observation]]:
    """Column → its observations in the order of the contributions.

    With a prefix ("spell.") only the columns of that sub-ledger, without the prefix.
    """
    observations: dict[str, list[Observation]] = {}
    start = len(prefix)
    for contribution in contributions:
        for name, value in contribution.values.items():
            if start:
                if name.startswith(prefix):
                    observations.setdefault(name[start:], []).append(
                        Observation(contribution, value)
                    )
            else:
                observations.setdefault(name, []).append(Observation(contribution, value))
    return observations


def start_row(family: str, entry: str, contributions: Sequence[Contribution]) -> RowBuilder:
    """A row with the columns that every ledger has, taken from the latest contribution, if possible none that is imported."""
    latest = next(
        (item for item in reversed(contributions) if not is_imported(item)), contributions[-1]
    )
    newest_first = contributions[::-1]
    confirming = [
        item.day
        for item in contributions
        if item.values
        and not item.is_desk_act
        and CONFIRMS[family]
        and ContributionFlag.NO_CONFIRMATION not in item.flags
    ]
    return RowBuilder(
        family,
        entry,
        {
            "id": entry,
            "area_code": next((item.area_code for item in newest_first if item.area_code), ""),
            "observed_at": latest.observed_at,
            "verified_level": latest.level,
            "source_submission_id": next(
                (item.submission_id for item in newest_first if item.submission_id), None
            ),
            "recorded_by_id": latest.worker_id,
            "last_confirmed_on": max(confirming, default=latest.day),
            "refold_on": None,
            "history": {},
        },
    )


def fold_columns(
    builder: RowBuilder,
    columns: Mapping[str, Column],
    observations: Mapping[str, list[Observation]],
    *,
    skip: frozenset[str] = frozenset(),
) -> None:
    """Set every declared column that was observed, by its own merge rule, but those to skip.

    What depends on the answer to another column is cleared by another answer.
    """
    for name, observed in observations.items():
        column = columns.get(name)
        if column is None or name in skip:
            continue
        if column.depends is not None and column.depends.column not in skip:
            observed = _still_said(columns, observations, column.depends, observed)
            if not observed:
                continue
        if len(observed) == 1 and column.merge is not Merge.ACCUMULATE:
            only = observed[0]
            builder.set_column(column, Decision(only.value, (only.contribution,)))
        else:
            if column.none:
                observed = _since_none(column.none, observed)
            builder.set_column(column, decide(column.merge, column.kind, observed))


def _since_none(none: str, observed: Sequence[Observation]) -> list[Observation]:
    """What was said since the last answer "none of these", with that answer while nothing followed it."""
    places = [place for place, item in enumerate(observed) if list(item.value) == [none]]
    if not places:
        return list(observed)
    last = places[-1]
    return list(observed[last + 1 :]) or [Observation(observed[last].contribution, [none])]


def _still_said(
    columns: Mapping[str, Column],
    observations: Mapping[str, list[Observation]],
    depends: Depends,
    observed: Sequence[Observation],
) -> list[Observation]:
    """What was said of a column since its condition was last answered otherwise; nothing while it is.

    An answer that does not count against a better verified one clears nothing.
    """
    answers = observations.get(depends.column)
    if not answers:
        return list(observed)
    condition = columns[depends.column]
    (holding, *_) = decide(condition.merge, condition.kind, answers).winners
    since = None
    for answer in answers:
        contribution = answer.contribution
        counts = condition.merge is not Merge.VERIFIED or contribution.level >= holding.level
        if counts and answer.value not in depends.values:
            since = contribution.order
    if holding.values[depends.column] not in depends.values:
        return []
    if since is None:
        return list(observed)
    return [item for item in observed if item.contribution.order > since]


def is_void(contributions: Sequence[Contribution]) -> bool:
    """Whether office staff have voided the entry."""
    return any("void" in contribution.values for contribution in contributions)


def has_values(contributions: Sequence[Contribution]) -> bool:
    """Whether any submission, or a desk act that made the entry, carries a value of it.

    Keys alone make no row, and neither do corrections of what was withdrawn. A desk act makes
    an entry if it says what the entry links to.
    """
    return any(item.values and (item.links or not item.is_desk_act) for item in contributions)


def readable_number(area_code: str, entry: str) -> str:
    """A number of an entry that people can read out, made of area and uuid so that a rebuild gives the same."""
    return f"{area_code or '0' * 12}-{entry[:8].upper()}"
