"""The link between the rows that two offices have of one identity: what the acts of both desks make of it. Pure.

A record of a phone makes no act, so it moves nobody (decision 0251). The state on a day depends on the
standing acts and the day alone, so that a rebuild finds the same one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID, uuid5

from server.core.clock import OFFICE, office_day
from server.ledgers.definitions.vocabulary import ActKind, LinkState

_LINKS = UUID("2d1f0a3b-7c55-5f0e-8d7e-6a2f4f0c5b31")


def link_uuid(identity: str, office: str, other_office: str) -> str:
    """The link between two offices that know an identity; which of them comes first does not matter."""
    return str(uuid5(_LINKS, "/".join((identity, *sorted((office, other_office))))))


def side_uuid(link: str, office: str) -> str:
    """One office's side of a link."""
    return str(uuid5(UUID(link), office))


@dataclass(frozen=True, slots=True)
class LinkAct:
    """What a desk stated about a link."""

    id: int
    kind: str  # ActKind
    office: str  # whose desk stated it
    other_office: str
    at: datetime
    entry: str  # that office's
    other: str  # the other office's
    user_id: int
    needs_county: bool = (
        False  # of a move: so many were confirmed that day that silence agrees to none more
    )
    undone_at: datetime | None = None


class Asked(NamedTuple):
    """What one desk stated and the other has not answered."""

    act: LinkAct
    agreed_on: date | None  # the day on which silence has agreed; None: only an answer agrees


@dataclass(frozen=True, slots=True)
class Moved:
    """An agreed move, as the office sees it that gave the entry away."""

    act: int  # that completed it
    entry: str
    at: datetime
    user_id: int


@dataclass(slots=True)
class LinkStatus:
    """What holds between two rows on a day."""

    state: str = LinkState.PROPOSED
    moved_to: str = ""  # the office, when moved
    move: Moved | None = None
    asked: Asked | None = None


SilenceDays = Callable[[str, date], int]
"""(giving office, day) → the days after which its silence agrees to a move that a desk confirmed."""


def status_of(acts: Iterable[LinkAct], as_of: date, silence_days: SilenceDays) -> LinkStatus:
    """The link's status on a day, by the acts of both desks.

    Two places need both desks; that two entries are different, either desk can state. Whoever takes an
    agreement back has refused from then on.
    """
    status = LinkStatus()
    for at, kind, act in _events(acts):
        if office_day(at) > as_of:
            break
        _let_silence_agree(status, office_day(at))
        _apply(status, kind, act, at, silence_days)
    _let_silence_agree(status, as_of)
    return status


def _events(acts: Iterable[LinkAct]) -> list[tuple[datetime, str, LinkAct]]:
    events: list[tuple[datetime, str, LinkAct]] = []
    for act in acts:
        if act.undone_at is None:
            events.append((act.at, act.kind, act))
        elif act.kind == ActKind.AGREE:
            events.append((act.undone_at, ActKind.REFUSE, act))
    return sorted(events, key=lambda event: (event[0], event[2].id))


def _apply(
    status: LinkStatus, kind: str, act: LinkAct, at: datetime, silence_days: SilenceDays
) -> None:
    asked = status.asked
    is_answer = asked is not None and asked.act.office != act.office
    match kind:
        case ActKind.DIFFERENT:
            _settle(status, LinkState.DIFFERENT)
        case ActKind.TWO_PLACES if is_answer and asked and asked.act.kind == ActKind.TWO_PLACES:
            _settle(status, LinkState.TWO_PLACES)
        case ActKind.TWO_PLACES:
            status.asked = Asked(act, None)
        case ActKind.MOVE:
            day = office_day(at)
            waits = timedelta(days=silence_days(act.other_office, day))
            status.asked = Asked(act, None if act.needs_county else day + waits)
        case ActKind.AGREE if is_answer and asked and asked.act.kind == ActKind.TWO_PLACES:
            _settle(status, LinkState.TWO_PLACES)
        case ActKind.AGREE if is_answer and asked:
            _move(status, asked.act, Moved(act.id, asked.act.other, at, act.user_id))
        case ActKind.REFUSE if is_answer:
            status.asked = None
        case ActKind.REFUSE if status.state == LinkState.MOVED and status.moved_to != act.office:
            _settle(status, LinkState.PROPOSED)


def _settle(status: LinkStatus, state: LinkState) -> None:
    status.state, status.moved_to, status.move, status.asked = state, "", None, None


def _move(status: LinkStatus, confirmed: LinkAct, move: Moved) -> None:
    _settle(status, LinkState.MOVED)
    status.moved_to, status.move = confirmed.office, move


def _let_silence_agree(status: LinkStatus, day: date) -> None:
    asked = status.asked
    if asked is None or asked.agreed_on is None or day < asked.agreed_on:
        return
    at = datetime(asked.agreed_on.year, asked.agreed_on.month, asked.agreed_on.day, tzinfo=OFFICE)
    _move(status, asked.act, Moved(asked.act.id, asked.act.other, at, asked.act.user_id))
