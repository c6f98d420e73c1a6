"""What visits found and rosters left open, as the fold hands it on and tells people of it (rules.md, Visits). Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from server.ledgers.definitions.contribution import Contribution
from server.ledgers.definitions.ledgers import COLUMNS
from server.ledgers.definitions.vocabulary import (
    ExceptionKind,
    Ledger,
    MembershipRole,
    PersonStatus,
    VisitOutcome,
)
from server.ledgers.folding.derive.case_states import VisitFact
from server.ledgers.folding.derive.homes import latest_of
from server.ledgers.folding.derive.households import HouseholdFacts
from server.ledgers.folding.merge import Observation, decide
from server.ledgers.folding.person import PersonFold
from server.ledgers.folding.rosters import Membership
from server.ledgers.folding.row import RowBuilder, observations_by_column

_TOLD_OF: Mapping[str | None, ExceptionKind] = {
    VisitOutcome.MOVED: ExceptionKind.MOVE_REPORTED,
    VisitOutcome.DECEASED: ExceptionKind.DEATH_REPORTED,
}
"""What a visit may find that somebody has to follow up."""


@dataclass(slots=True)
class Visits:
    """Visits by whom they were made to."""

    to_person: dict[str, list[VisitFact]] = field(default_factory=lambda: defaultdict(list))
    to_household: dict[str, list[VisitFact]] = field(
        default_factory=lambda: defaultdict(list)
    )  # to nobody in particular
    to_members: dict[str, list[VisitFact]] = field(
        default_factory=lambda: defaultdict(list)
    )  # to the household or a person in it


def in_order(visits: Iterable[VisitFact]) -> list[VisitFact]:
    """Visits by day."""
    return sorted(visits, key=lambda visit: (visit.day, visit.id))


def visit_fact(entry: str, contributions: Sequence[Contribution]) -> VisitFact:
    """What cases need of a visit; its columns are fixed (M0), so the first record or the last correction holds.

    `contributions` are the visit's in fold order.
    """
    observations = observations_by_column(contributions)

    def value(name: str) -> Any:
        observed = observations.get(name)
        column = COLUMNS[Ledger.VISIT][name]
        return decide(column.merge, column.kind, observed).value if observed else None

    record, promised = contributions[0], value("next_visit_on")
    return VisitFact(
        id=entry,
        day=record.day,
        outcome=value("outcome"),
        services=tuple(value("services") or ()),
        next_visit_on=date.fromisoformat(promised) if promised else None,
        worker_id=record.worker_id,
        submission_id=record.submission_id,
        record=record,
    )


def tell_of_visits(
    builder: RowBuilder,
    visits: Iterable[VisitFact],
    decided: Sequence[Observation] = (),
) -> None:
    """Raise what the last visit to somebody found and a person must follow up: moved away, or died.

    `decided` are the states of the record that were given; a later one settles it.
    """
    for visit in in_order(visits)[-1:]:
        kind, record = _TOLD_OF.get(visit.outcome), visit.record
        if (
            record is None
            or kind is None
            or builder.row.get("person_status") == PersonStatus.DECEASED
        ):
            continue
        if not any(item.contribution.order > record.order for item in decided):
            builder.raise_exception(kind, record)


def raise_off_the_roster(
    person: PersonFold,
    memberships: Sequence[Membership],
    linked: Callable[[Contribution, str], str | None],
) -> None:
    """Ask where somebody is whom the last roster of the home no longer names.

    `memberships` are those that the person had; `linked` gives the entry that a record's link points at.
    """
    if person.row["person_status"] != PersonStatus.ACTIVE:
        return
    last = max(memberships, key=lambda item: (item.to_on or date.max, item.household))
    lines = [item for item in person.contributions if linked(item, "member_of") == last.household]
    person.builder.raise_exception(
        ExceptionKind.OFF_THE_ROSTER,
        lines[-1],
        "household",
        households=[last.household],
    )


def raise_two_hukou(person: PersonFold, latest: Membership, current: Sequence[Membership]) -> None:
    """Raise an exception when the person is registered in several households, at the line that came last."""
    households = {item.household for item in current if item.role == MembershipRole.HUKOU}
    line = next((item for item in person.contributions if item.id == latest.contribution), None)
    if len(households) > 1 and line is not None:
        person.builder.raise_exception(
            ExceptionKind.TWO_HUKOU_HOUSEHOLDS, line, "household", households=sorted(households)
        )


def raise_moved_within(
    person: PersonFold,
    lives_in: Membership,
    memberships: Sequence[Membership],
    facts: Mapping[str, HouseholdFacts],
) -> None:
    """Raise an exception when the person lived in another community before, at the line that says otherwise."""
    former = latest_of(
        membership
        for membership in memberships
        if membership.role == MembershipRole.RESIDENT
        and membership.to_on is not None
        and membership.to_on <= lives_in.from_on
    )
    line = next((item for item in person.contributions if item.id == lives_in.contribution), None)
    if former is None or line is None:
        return
    if facts[former.household].area_code != facts[lives_in.household].area_code:
        person.builder.raise_exception(
            ExceptionKind.MOVED_WITHIN, line, "household", households=[former.household]
        )
