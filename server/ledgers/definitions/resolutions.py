"""How each kind of exception may be resolved: the acts that are offered, declared once per kind. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from server.ledgers.definitions.vocabulary import ExceptionKind, Family, PersonStatus


class Resolution(StrEnum):
    """An act that resolves an exception."""

    KEEP = "keep"  # correct the column to what one of the sources says
    CORRECT = "correct"  # correct it to another value
    FORMER_NAME = "former_name"  # what the source says is a name that the person had before
    MOVE = "move"  # to another state, with what the move needs
    ALIVE = "alive"  # the person lives: take a reported death back
    SAME = "same"
    NOT_SAME = "not_same"
    VOID = "void"  # take the entry out of its ledger
    SEND_BACK = "send_back"  # the record has issues; no phone is told so
    REJECT = "reject"  # the record does not count
    NOTE = "note"  # nothing changes


class Offer(NamedTuple):
    """A resolution that a kind of exception offers, and when."""

    resolution: Resolution
    family: str = ""  # only for exceptions about this ledger; "" for every
    column: str = ""  # that the act is about; "" for the one that the exception names
    states: tuple[str, ...] = ()  # of a move: those that are offered; all legal ones when empty


_STATUS: Final = "person_status"
_GONE: Final = (PersonStatus.MOVED_OUT, PersonStatus.DECEASED, PersonStatus.LOST)


def _gone(*states: PersonStatus) -> Offer:
    return Offer(Resolution.MOVE, Family.PERSON, _STATUS, states or _GONE)


_RECORD: Final = (Offer(Resolution.SEND_BACK), Offer(Resolution.NOTE))
_VALUE: Final = (Offer(Resolution.KEEP), Offer(Resolution.CORRECT), *_RECORD)

OFFERS: Final[Mapping[ExceptionKind, tuple[Offer, ...]]] = {
    ExceptionKind.CONFLICT: _VALUE,
    ExceptionKind.NAME_DIFFERS: (Offer(Resolution.FORMER_NAME), *_VALUE),
    ExceptionKind.TWO_HUKOU_HOUSEHOLDS: _RECORD,
    ExceptionKind.MOVED_WITHIN: (Offer(Resolution.REJECT), *_RECORD),
    ExceptionKind.BAD_ID: (Offer(Resolution.CORRECT), *_RECORD),
    ExceptionKind.ILLEGAL_MOVE: (Offer(Resolution.MOVE), *_RECORD),
    ExceptionKind.LOCATION_MISMATCH: (*_RECORD, Offer(Resolution.VOID)),
    ExceptionKind.CLOCK: (*_RECORD, Offer(Resolution.VOID)),
    ExceptionKind.DEATH_REPORTED: (
        Offer(Resolution.CORRECT, Family.PERSON, "death_date"),
        Offer(Resolution.ALIVE, Family.PERSON, _STATUS),
        *_RECORD,
    ),
    ExceptionKind.MOVE_REPORTED: (_gone(PersonStatus.MOVED_OUT, PersonStatus.LOST), *_RECORD),
    ExceptionKind.NOT_MET: (_gone(PersonStatus.MOVED_OUT, PersonStatus.LOST), *_RECORD),
    ExceptionKind.VISIT_REFUSED: (Offer(Resolution.NOTE),),
    ExceptionKind.OFF_THE_ROSTER: (_gone(), *_RECORD),
    ExceptionKind.ARITHMETIC: (Offer(Resolution.CORRECT), *_RECORD),
    ExceptionKind.STALE: (_gone(), Offer(Resolution.NOTE)),
    ExceptionKind.POSSIBLE_DUPLICATE: (
        Offer(Resolution.SAME),
        Offer(Resolution.NOT_SAME),
        Offer(Resolution.NOTE),
    ),
    ExceptionKind.ENTITY_CONFLICT: _RECORD,
    ExceptionKind.ENTITY_FAULT: _RECORD,
    ExceptionKind.CORRECTION_FAULT: (Offer(Resolution.REJECT), *_RECORD),
}
"""Kind of exception → what resolves it, the likeliest first."""


def offers_of(kind: str, family: str) -> tuple[Offer, ...]:
    """What an exception of this kind about an entry of this ledger offers."""
    return tuple(offer for offer in OFFERS[ExceptionKind(kind)] if offer.family in ("", family))
