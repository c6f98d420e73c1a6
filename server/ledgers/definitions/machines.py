"""The state machines of the ledgers: which state may follow which, by whom, and what a move needs (merge rule M6). Pure.

A move is made by a record of a form or by office staff (desk/moves.py); what it needs, takes and
stamps is declared here once, and the fold, REST, pages and api_docs/machines.md read it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from server.ledgers.definitions.columns import Counted, Depends
from server.ledgers.definitions.vocabulary import (
    CaseState,
    PersonStatus,
    VacancyState,
    ZeroEmploymentState,
)

COUNTY = frozenset({"county", "administrator"})
"""Roles that decide for the county."""


@dataclass(frozen=True, slots=True)
class Entering:
    """What goes with a move into a state."""

    needs: tuple[str, ...] = ()  # columns that must have a value by then
    takes: tuple[str, ...] = ()  # further columns that belong to the move
    stamps: str = ""  # date column that gets the day of the move, unless the move gives another
    by: frozenset[str] = frozenset()  # roles that may; empty: who may decide about the entry
    evidence: bool = False  # documents must be named
    means: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Column → code: a record that gives it makes the move, and the move gives it."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that may be given with the move."""
        stamped = (self.stamps,) if self.stamps else ()
        return tuple(dict.fromkeys((*self.needs, *stamped, *self.takes)))


@dataclass(frozen=True, slots=True)
class Deadline:
    """By when a state must be left: so many days after a day, by the rule table."""

    rule: str  # key of the rule table, in days
    since: str = ""  # date column; "": the day on which the state was entered


@dataclass(frozen=True, slots=True)
class Expiry:
    """States that end by themselves on the day after a date."""

    column: str
    states: tuple[str, ...]
    to: str
    rule: str = (
        ""  # days after the last record, of the rule table, where nothing was said of the column
    )


@dataclass(frozen=True, slots=True)
class Filling:
    """A state that follows how many of the places wanted are taken, as another ledger counts them."""

    counted: Counted
    wanted: str  # integer column
    states: tuple[str, ...]  # from which it follows
    part: str
    full: str


_NOTHING = Entering()


@dataclass(frozen=True, slots=True)
class Machine:
    """States of one column: where an entry starts and the moves that contributions may make."""

    column: str
    start: str
    moves: Mapping[str, frozenset[str]]  # state → the states that may follow it
    entering: Mapping[str, Entering] = field(default_factory=lambda: MappingProxyType({}))
    by_itself: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))
    """Moves that follow from other ledgers or from time, and that nobody makes."""
    deadlines: Mapping[str, Deadline] = field(default_factory=lambda: MappingProxyType({}))
    due: str = ""  # the date column that holds the deadline of the present state
    expiry: Expiry | None = None
    filling: Filling | None = None

    def allows(self, state: str, following: str) -> bool:
        """Whether a contribution may move an entry from one state to another."""
        return following in self.moves.get(state, ())

    def following(self, state: str) -> list[str]:
        """The states that a contribution may move an entry to, in the order of the machine."""
        return sorted(self.moves.get(state, ()), key=self.states.index)

    def into(self, state: str) -> Entering:
        """What goes with a move into the state."""
        return self.entering.get(state, _NOTHING)

    def asked_by(self, values: Mapping[str, object]) -> list[str]:
        """The states that a contribution's values ask for, in their order: the one named, or those that are meant."""
        named = values.get(self.column)
        if named is not None:
            return [str(named)]
        return [
            state
            for state, into in self.entering.items()
            if any(values.get(column) == code for column, code in into.means.items())
        ]

    @property
    def states(self) -> list[str]:
        """Every state, in the order of the moves."""
        following = (
            state
            for moves in (self.moves, self.by_itself)
            for to in moves.values()
            for state in sorted(to)
        )
        return list(dict.fromkeys((self.start, *self.moves, *self.by_itself, *following)))


def moves(rows: Mapping[str, set[str]]) -> Mapping[str, frozenset[str]]:
    """Moves as a machine holds them."""
    return {str(state): frozenset(map(str, following)) for state, following in rows.items()}


_P, _C, _Z, _V = PersonStatus, CaseState, ZeroEmploymentState, VacancyState

PERSON_STATUS = Machine(
    "person_status",
    _P.ACTIVE,
    moves(
        {
            _P.ACTIVE: {_P.MOVED_OUT, _P.DECEASED, _P.LOST},
            _P.MOVED_OUT: {_P.ACTIVE, _P.DECEASED},
            _P.LOST: {_P.ACTIVE, _P.MOVED_OUT, _P.DECEASED},
        }
    ),
    entering={_P.DECEASED: Entering(needs=("death_date",), evidence=True)},
)
"""A visit that found somebody dead needs no proof; until office staff confirm it, they may take it back."""

CASE = Machine(
    "state",
    _C.CANDIDATE,
    moves(
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
    entering={
        _C.OPENED: Entering(takes=("linked_worker", "plan_services")),
        _C.CHECKED: Entering(needs=("community_opinion",), takes=("category_evidence",)),
        _C.NOTICE: Entering(needs=("notice_from", "notice_to")),
        _C.CERTIFIED: Entering(
            needs=("street_opinion",), takes=("certified_on", "county_opinion", "agreement_no")
        ),
        _C.ACTIVE: Entering(takes=("agreement_no", "plan_services", "linked_worker")),
        _C.CLOSED: Entering(needs=("close_reason",), takes=("closed_on",)),
    },
    by_itself=moves(
        {
            _C.CERTIFIED: {_C.ACTIVE, _C.PLACED},
            _C.ACTIVE: {_C.PLACED},
            _C.PLACED: {_C.FOLLOW_UP, _C.ACTIVE, _C.CLOSED},
            _C.FOLLOW_UP: {_C.ACTIVE, _C.CLOSED},
        }
    ),
)
"""What office staff may do; placing, following up and closing by a stable job come from the spells."""

ZERO_EMPLOYMENT = Machine(
    "zero_emp_state",
    _Z.NO,
    moves(
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
    by_itself=moves(
        {
            _Z.NO: {_Z.SUSPECTED},
            _Z.SUSPECTED: {_Z.NO},
            _Z.CERTIFIED: {_Z.HELPED},
            _Z.HELPED: {_Z.STABLE, _Z.CERTIFIED},
            _Z.STABLE: {_Z.EXITED, _Z.CERTIFIED},
        }
    ),
)
"""A household in which nobody works now starts as suspected instead."""

HIRED = Counted("offer", "vacancy", (Depends("state", ("6", "8")),))
"""The offers of a vacancy that led to work which lasts."""

VACANCY = Machine(
    "state",
    _V.REPORTED,
    moves(
        {
            _V.REPORTED: {_V.VERIFIED, _V.PUBLISHED, _V.WITHDRAWN, _V.FILLED, _V.PART_FILLED},
            _V.VERIFIED: {_V.PUBLISHED, _V.WITHDRAWN, _V.FILLED, _V.PART_FILLED},
            _V.PUBLISHED: {_V.PART_FILLED, _V.FILLED, _V.EXPIRED, _V.WITHDRAWN},
            _V.PART_FILLED: {_V.FILLED, _V.EXPIRED, _V.WITHDRAWN},
            _V.EXPIRED: {_V.PUBLISHED, _V.WITHDRAWN},
        }
    ),
    entering={_V.PUBLISHED: Entering(stamps="published_on", takes=("expires_on",))},
    by_itself=moves(
        {
            _V.REPORTED: {_V.EXPIRED, _V.PART_FILLED, _V.FILLED},
            _V.VERIFIED: {_V.EXPIRED, _V.PART_FILLED, _V.FILLED},
            _V.PUBLISHED: {_V.EXPIRED, _V.PART_FILLED, _V.FILLED},
            _V.PART_FILLED: {_V.EXPIRED, _V.FILLED},
        }
    ),
    expiry=Expiry(
        "expires_on",
        (_V.REPORTED, _V.VERIFIED, _V.PUBLISHED, _V.PART_FILLED),
        _V.EXPIRED,
        rule="vacancy_days",
    ),
    filling=Filling(
        HIRED,
        "n_wanted",
        (_V.REPORTED, _V.VERIFIED, _V.PUBLISHED, _V.PART_FILLED),
        _V.PART_FILLED,
        _V.FILLED,
    ),
)
"""Filled by the offers that led to work (L8), expired by its last day."""

RETIREE = Machine(
    "state",
    "1",
    moves({"1": {"2", "3", "4", "5"}, "2": {"1"}, "4": {"1", "3"}, "5": {"1", "3"}}),
    entering={
        "3": Entering(stamps="death_reported_on", takes=("death_proof", "pension_stopped_on")),
        "4": Entering(stamps="pension_stopped_on"),
        "5": Entering(takes=("pension_stopped_on",)),
    },
)

PETITION = Machine(
    "state",
    "1",
    moves(
        {
            "1": {"2", "3", "4"},
            "2": {"3", "5"},
            "5": {"6", "7"},
            "6": {"7"},
            "7": {"8"},
            "8": {"6"},
        }
    ),
    entering={
        "2": Entering(stamps="accepted_on", takes=("handler",)),
        "3": Entering(needs=("transferred_to",), means={"result": "4"}),
        "4": Entering(means={"result": "5"}),
        "5": Entering(needs=("result",), stamps="replied_on"),
        "6": Entering(takes=("satisfied",)),
        "7": Entering(stamps="review_asked_on"),
    },
    deadlines={
        "1": Deadline("petition_accept_days", "received_on"),
        "2": Deadline("petition_reply_days", "accepted_on"),
        "7": Deadline("petition_review_days", "review_asked_on"),
    },
    due="due_on",
)
