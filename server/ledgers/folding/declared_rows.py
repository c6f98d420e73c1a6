"""The rows of declared ledgers in one run of the fold: folded once, counted by others, finished with what only the other stages know. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from server.ledgers.definitions.columns import Counted
from server.ledgers.definitions.contribution import Contribution
from server.ledgers.definitions.ledgers import COLUMNS, COUNTED, DEFINITIONS
from server.ledgers.definitions.vocabulary import Ledger
from server.ledgers.folding.declared import Frame, count_between, fold_declared
from server.ledgers.folding.derive.ages import add_months
from server.ledgers.folding.derive.case_states import VisitFact
from server.ledgers.folding.derive.rules import Rules
from server.ledgers.folding.row import Row, RowBuilder


@dataclass(frozen=True, slots=True)
class Known:
    """What the stages before have found."""

    rows: Mapping[str, Sequence[Row]]  # by ledger
    visits: Mapping[str, Sequence[VisitFact]]  # by person
    as_of: date
    rules: Rules


def _offer(builder: RowBuilder, known: Known) -> None:
    """The person's case on the day of the offer, and the visits that followed up the job."""
    row = builder.row
    person, offered = row["person_id"], row.get("offered_on")
    row["case_id"] = next(
        (
            case["id"]
            for case in known.rows.get(Ledger.CASE, ())
            if person is not None and offered and case.get("subject_person_id") == person
            and case["opened_on"].isoformat() <= offered
            and offered <= str(case.get("closed_on") or date.max)
        ),
        None,
    )  # fmt: skip
    if row.get("hired_on"):
        row["on_job"] = _on_job(date.fromisoformat(row["hired_on"]), row, known)


def _on_job(hired: date, row: Row, known: Known) -> list[dict[str, object]]:
    """For each follow-up visit due after somebody was hired: until when, and the visit that met it."""
    months_due = known.rules.value("visit_due.placed_months", row["area_code"], hired)
    visits = sorted(visit.day for visit in known.visits.get(row["person_id"], ()) if visit.is_made)
    steps: list[dict[str, object]] = []
    since = hired
    for months in map(int, months_due.split()):
        due_on = add_months(hired, months)
        done_on = next((day for day in visits if since < day), None)
        steps.append(
            {
                "months": months,
                "due_on": due_on.isoformat(),
                "done_on": done_on and done_on.isoformat(),
            }
        )
        since = done_on or due_on
    return steps


_FINISHING: Final[Mapping[str, Callable[[RowBuilder, Known], None]]] = {"offer": _offer}
"""Ledger → what its rows take from the stages before."""


class DeclaredRows:
    """The rows of declared ledgers, each folded when it is first asked for."""

    def __init__(
        self,
        by_entry: Mapping[tuple[str, str], Sequence[Contribution]],
        linked: Callable[[Contribution, str], str | None],
        as_of: date,
        rules: Rules,
    ) -> None:
        self.by_entry, self.linked, self.as_of, self.rules = by_entry, linked, as_of, rules
        self._folded: dict[tuple[str, str], RowBuilder | None] = {}  # (ledger, entry)
        self._naming: dict[tuple[str, str], dict[str, list[str]]] = {}
        """(ledger, link) → entry named → entries that name it."""

    def finished(self, ledger: str, entry: str, known: Known) -> RowBuilder | None:
        """The entry with what the stages before have found; None when it has no row."""
        builder, finish = self.row(ledger, entry), _FINISHING.get(ledger)
        if builder is not None and finish is not None:
            finish(builder, known)
        return builder

    def row(self, ledger: str, entry: str) -> RowBuilder | None:
        """The entry by its declaration alone; None when it has no row."""
        place = (ledger, entry)
        if place not in self._folded:
            frame = Frame(
                self.linked, lambda counted: self.naming(counted, entry), self.as_of, self.rules
            )
            self._folded[place] = fold_declared(
                DEFINITIONS[ledger], COLUMNS[ledger], entry, self.by_entry[place], frame
            )
        return self._folded[place]

    def naming(self, counted: Counted, entry: str) -> list[Row]:
        """The rows that name an entry by the link of a count, in a fixed order."""
        place = (counted.of, counted.by)
        if place not in self._naming:
            self._naming[place] = self._named(counted)
        entries = sorted(self._naming[place].get(entry, ()))
        builders = [self.row(counted.of, item) for item in entries]
        return [builder.row for builder in builders if builder is not None]

    def _named(self, counted: Counted) -> dict[str, list[str]]:
        names: dict[str, list[str]] = defaultdict(list)
        for family, entry in list(self.by_entry):
            builder = self.row(family, entry) if family == counted.of else None
            if builder is not None and builder.row[f"{counted.by}_id"] is not None:
                names[builder.row[f"{counted.by}_id"]].append(entry)
        return names

    def count_for_case(self, owner: str, case: Row) -> None:
        """Set the columns of a case that count what happened to its person in its time."""
        for name, counted in COUNTED[Ledger.CASE].items():
            rows = self.naming(counted, owner)
            case[name] = count_between(counted, rows, case["opened_on"], case.get("closed_on"))
