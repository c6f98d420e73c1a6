"""Visits to persons and households without an open case: when the next is due, and that nobody is met (rules.md, Due dates). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final

from server.ledgers.definitions.codes import EmploymentStatus
from server.ledgers.definitions.contribution import Contribution
from server.ledgers.definitions.vocabulary import ExceptionKind, PersonStatus, VisitOutcome
from server.ledgers.folding.derive.ages import add_months
from server.ledgers.folding.derive.case_states import VisitFact
from server.ledgers.folding.derive.due import is_open
from server.ledgers.folding.derive.people import unemployed_since
from server.ledgers.folding.derive.rules import Rules
from server.ledgers.folding.row import Row, RowBuilder
from server.ledgers.folding.spells import Spell

_REFUSED: Final = (VisitOutcome.REFUSED,)
_NOT_MET: Final = (VisitOutcome.NO_ONE_HOME, VisitOutcome.RESCHEDULED)


def visits_in_vain(
    visits: Sequence[VisitFact], area: str, as_of: date, rules: Rules
) -> list[tuple[ExceptionKind, Contribution, dict[str, Any]]]:
    """What somebody must know of the visits since the last that was made: kind, cause, detail."""
    last_made = max((visit.day for visit in visits if visit.is_made), default=date.min)
    since = [visit for visit in visits if visit.record is not None and visit.day > last_made]
    missed = [visit.record for visit in since if visit.outcome in _NOT_MET]
    refused = [visit.record for visit in since if visit.outcome in _REFUSED]
    most = rules.number("visit_attempts", area, as_of)
    causes = [
        *(
            (ExceptionKind.NOT_MET, item, {"attempts": len(missed)})
            for item in missed[most - 1 :][:1]
        ),
        *((ExceptionKind.VISIT_REFUSED, item, {}) for item in refused[-1:]),
    ]
    return [(kind, record, detail) for kind, record, detail in causes if record is not None]


def follow(
    builder: RowBuilder,
    contributions: Sequence[Contribution],
    cases: Sequence[RowBuilder],
    visits: Sequence[VisitFact],
    spells: Sequence[Spell],
    as_of: date,
    rules: Rules,
) -> None:
    """Set when a person registered as unemployed is due to be visited, and raise their visits in vain, unless a case is open; raise staleness.

    An open case has a due day of its own, and raises visits in vain itself. `visits` are in order of their days.
    """
    row = builder.row
    row["visit_due"] = None
    has_case = any(is_open(case.row["state"]) for case in cases)
    is_registered = row.get("emp_status") == EmploymentStatus.REGISTERED_UNEMPLOYED
    if has_case or is_registered:
        _raise_stale(builder, contributions, visits, as_of, rules)
    if has_case or not is_registered:
        return
    row["visit_due"] = _visit_due(row, visits, spells, as_of, rules)
    if row.get("person_status") in (PersonStatus.ACTIVE, PersonStatus.LOST):
        for kind, record, detail in visits_in_vain(visits, row["area_code"], as_of, rules):
            builder.raise_exception(kind, record, **detail)


def _raise_stale(
    builder: RowBuilder,
    contributions: Sequence[Contribution],
    visits: Sequence[VisitFact],
    as_of: date,
    rules: Rules,
) -> None:
    """Raise that nobody has confirmed anything of a person for long, at the last record that did; else fold again on that day."""
    row = builder.row
    if row.get("person_status") != PersonStatus.ACTIVE:
        return
    since = max([row["last_confirmed_on"], *(visit.day for visit in visits if visit.is_made)])
    stale_on = add_months(since, rules.number("stale_months", row["area_code"], as_of))
    if as_of < stale_on:
        row["refold_on"] = min(row["refold_on"] or stale_on, stale_on)
        return
    records = [item for item in contributions if not item.is_desk_act]
    builder.raise_exception(ExceptionKind.STALE, records[-1], since=since.isoformat())


def _visit_due(
    row: Row, visits: Sequence[VisitFact], spells: Sequence[Spell], as_of: date, rules: Rules
) -> date | None:
    """So many days after the last visit that was made to somebody registered as unemployed, or after the registration."""
    if row.get("person_status") != PersonStatus.ACTIVE:
        return None
    made = [visit.day for visit in visits if visit.is_made]
    since = made[-1] if made else unemployed_since(spells[-1])
    return since + timedelta(days=rules.number("visit_due.registered", row["area_code"], as_of))
