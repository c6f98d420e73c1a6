"""The state machines of the ledgers: which state may follow which (merge rule M6). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from server.ledgers.definitions.vocabulary import (
    CaseState,
    PersonStatus,
    VacancyState,
    ZeroEmploymentState,
)


@dataclass(frozen=True, slots=True)
class Machine:
    """States of one column: where an entry starts and the moves that contributions may make."""

    start: str
    moves: Mapping[str, frozenset[str]]  # state → the states that may follow it

    def allows(self, state: str, following: str) -> bool:
        """Whether a contribution may move an entry from one state to another."""
        return following in self.moves.get(state, ())


def _moves(rows: Mapping[str, set[str]]) -> Mapping[str, frozenset[str]]:
    return {state: frozenset(following) for state, following in rows.items()}


_P, _C, _Z, _V = PersonStatus, CaseState, ZeroEmploymentState, VacancyState

PERSON_STATUS = Machine(
    _P.ACTIVE,
    _moves(
        {
            _P.ACTIVE: {_P.MOVED_OUT, _P.DECEASED, _P.LOST},
            _P.MOVED_OUT: {_P.ACTIVE, _P.DECEASED},
            _P.LOST: {_P.ACTIVE, _P.MOVED_OUT, _P.DECEASED},
        }
    ),
)

CASE = Machine(
    _C.CANDIDATE,
    _moves(
        {
            _C.CANDIDATE: {_C.OPENED, _C.CHECKED, _C.CLOSED, _C.SUSPENDED},
            _C.OPENED: {_C.CHECKED, _C.CLOSED, _C.SUSPENDED},
            _C.CHECKED: {_C.NOTICE, _C.CANDIDATE, _C.CLOSED, _C.SUSPENDED},
            _C.NOTICE: {_C.CERTIFIED, _C.CHECKED, _C.CLOSED, _C.SUSPENDED},
            _C.CERTIFIED: {_C.ACTIVE, _C.CLOSED, _C.SUSPENDED},
            _C.ACTIVE: {_C.CLOSED, _C.SUSPENDED},
            _C.SUSPENDED: {_C.CANDIDATE, _C.OPENED, _C.CERTIFIED, _C.ACTIVE, _C.CLOSED},
        }
    ),
)
"""What office staff may do; placing, following up and closing by a stable job come from the spells."""

ZERO_EMPLOYMENT = Machine(
    _Z.NO,
    _moves(
        {
            _Z.NO: {_Z.SUSPECTED, _Z.APPLIED},
            _Z.SUSPECTED: {_Z.NO, _Z.APPLIED, _Z.CHECKED, _Z.EXITED},
            _Z.APPLIED: {_Z.NO, _Z.CHECKED, _Z.EXITED},
            _Z.CHECKED: {_Z.NO, _Z.CERTIFIED, _Z.EXITED},
            _Z.CERTIFIED: {_Z.HELPED, _Z.EXITED},
            _Z.HELPED: {_Z.STABLE, _Z.CERTIFIED, _Z.EXITED},
            _Z.STABLE: {_Z.EXITED, _Z.CERTIFIED},
            _Z.EXITED: {_Z.SUSPECTED, _Z.APPLIED},
        }
    ),
)
"""A household in which nobody works now starts as suspected instead."""

VACANCY = Machine(
    _V.REPORTED,
    _moves(
        {
            _V.REPORTED: {_V.VERIFIED, _V.PUBLISHED, _V.WITHDRAWN, _V.FILLED, _V.PART_FILLED},
            _V.VERIFIED: {_V.PUBLISHED, _V.WITHDRAWN, _V.FILLED, _V.PART_FILLED},
            _V.PUBLISHED: {_V.PART_FILLED, _V.FILLED, _V.EXPIRED, _V.WITHDRAWN},
            _V.PART_FILLED: {_V.FILLED, _V.EXPIRED, _V.WITHDRAWN},
            _V.EXPIRED: {_V.PUBLISHED, _V.WITHDRAWN},
        }
    ),
)

MACHINES: Mapping[tuple[str, str], Machine] = {
    ("person", "person_status"): PERSON_STATUS,
    ("case", "state"): CASE,
    ("household", "zero_emp_state"): ZERO_EMPLOYMENT,
    ("vacancy", "state"): VACANCY,
}
"""(ledger, column) → the machine of its states."""
