"""Handing visits due to another worker: each is an act on the entry that holds the linked worker."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from server.accounts.access import REVIEWERS, Access
from server.accounts.selectors import workers
from server.ledgers.definitions.visit_plans import LEDGER_OF
from server.ledgers.desk.bulk import Outcome, correct_each
from server.ledgers.models.base import LedgerEntry
from server.ledgers.problems import ActReasonMissing, NoSuchWorker
from server.ledgers.reading.due_visits import DueVisit
from server.ledgers.reading.entries import rows_of

WORKER: Final = "linked_worker"


@dataclass(slots=True)
class Handing:
    """What handing visits to a worker would do: the entries that change, and the visits that stay as they are."""

    to: Any
    changing: list[DueVisit] = field(default_factory=list)
    theirs: list[DueVisit] = field(default_factory=list)  # the worker's own already
    beyond: list[DueVisit] = field(default_factory=list)  # not the desk's to decide about
    entries: list[LedgerEntry] = field(default_factory=list)

    def takes_from(self) -> list[tuple[Any, int]]:
        """From whom how many visits go, None for nobody; the most first."""
        return Counter(visit.worker for visit in self.changing).most_common()


def plan_handing(visits: Iterable[DueVisit], *, worker: int, access: Access) -> Handing:
    """What `hand_over` would do, for a preview. At most five queries. Raises NoSuchWorker.

    A case and a person registered as unemployed hold their worker themselves, a main employer too; a
    retired person's worker is that of the person.
    """
    to = workers(access).filter(pk=worker).first()
    if to is None:
        raise NoSuchWorker
    handing = Handing(to)
    of_ledger: dict[str, set[UUID]] = {}
    for visit in visits:
        place = _holder(visit)
        if place is None or not access.may(REVIEWERS, visit.area_code):
            handing.beyond.append(visit)
        elif visit.worker is not None and visit.worker.pk == worker:
            handing.theirs.append(visit)
        else:
            handing.changing.append(visit)
            of_ledger.setdefault(place[0], set()).add(place[1])
    for ledger, keys in sorted(of_ledger.items()):
        handing.entries += rows_of(access, ledger).filter(pk__in=keys).order_by("pk")
    return handing


def hand_over(
    visits: Sequence[DueVisit], *, worker: int, reason: str, access: Access, at: datetime
) -> Outcome:
    """Link the worker to each entry that asks for one of the visits, unless the worker is that already.

    Each entry is an act of its own (`correct_each`), in a transaction that takes the merge lock to its end,
    and is undone by that act. Raises NoSuchWorker and ActReasonMissing; what else is refused is in the outcome.
    """
    if not reason.strip():
        raise ActReasonMissing
    handing = plan_handing(visits, worker=worker, access=access)
    return correct_each(
        handing.entries, column=WORKER, value=worker, reason=reason, access=access, at=at
    )


def _holder(visit: DueVisit) -> tuple[str, UUID] | None:
    """The ledger and the entry that hold the worker of a visit; None where the reader does not see the entry."""
    if not (visit.person or visit.household or visit.employer):
        return None
    ledger = LEDGER_OF[visit.plan]
    if ledger != "retiree":
        return ledger, visit.id
    return ("person", visit.person) if visit.person else None
