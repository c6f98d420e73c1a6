"""What resolves an exception: each value that may be kept, each state that may follow, each decision about the record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from server.accounts.access import REVIEWERS, Access
from server.ledgers.definitions.ledgers import LEDGERS
from server.ledgers.definitions.ordinals import version_of
from server.ledgers.definitions.resolutions import Offer, Resolution, offers_of
from server.ledgers.definitions.vocabulary import Family, Ledger
from server.ledgers.desk.acts import correctable_by
from server.ledgers.desk.moves import NextMove, next_moves
from server.ledgers.models import AssistanceCase, LedgerException
from server.ledgers.models.base import LedgerEntry
from server.ledgers.problems import NotCorrectable, NotYours
from server.ledgers.reading.entries import in_reach
from server.ledgers.reading.exception_sources import Source, sources_of
from server.submissions.models import Submission


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An act that resolves an exception, with what it is about and what whoever takes it must give."""

    resolution: Resolution
    column: str = ""
    source: Source | None = None  # whose value is kept
    move: NextMove | None = None
    needs_value: bool = False


def suggestions(access: Access, exception: LedgerException) -> list[Suggestion]:
    """What resolves an exception that a selector gave: each value that may be kept, each state that may follow.

    Nothing is offered of a resolved one, nor to who may not decide there.
    """
    if exception.resolved_at is not None or not access.may(REVIEWERS, exception.area_code):
        return []
    sources = sources_of(access, exception)
    return [
        suggestion
        for offer in offers_of(exception.kind, exception.family)
        for suggestion in _suggested(access, exception, offer, sources)
    ]


def _suggested(
    access: Access, exception: LedgerException, offer: Offer, sources: Sequence[Source]
) -> Iterator[Suggestion]:
    act, column = offer.resolution, offer.column or exception.column
    match act:
        case Resolution.KEEP:
            if _is_correctable(access, exception, column):
                for source in {item.same_as: item for item in sources if item.same_as}.values():
                    yield Suggestion(act, column, source)
        case Resolution.FORMER_NAME:
            for source in sources:
                if source.raised and source.same_as:
                    yield Suggestion(act, "former_name", source)
        case Resolution.CORRECT:
            if _is_correctable(access, exception, column):
                yield Suggestion(act, column, needs_value=True)
        case Resolution.MOVE:
            row = row_moved(exception, column)
            for step in next_moves(access, row) if row is not None else ():
                is_asked = step.column == column.rpartition(".")[2]
                if is_asked and (not offer.states or step.to in offer.states):
                    yield Suggestion(act, column, move=step)
        case Resolution.SAME | Resolution.NOT_SAME:
            other = exception.other
            if other is not None and in_reach(access, {exception.family: [other]}):
                yield Suggestion(act)
        case Resolution.SEND_BACK | Resolution.REJECT:
            submission = record_of(exception)
            if submission is not None and access.may(REVIEWERS, submission.area_code):
                yield Suggestion(act)
        case _:
            yield Suggestion(act, offer.column)


def record_of(exception: LedgerException) -> Submission | None:
    """The record whose version raised the exception; None of a desk act."""
    if exception.contribution <= 0:
        return None
    return Submission.objects.filter(versions=version_of(exception.contribution)).first()


def row_moved(exception: LedgerException, column: str) -> LedgerEntry | None:
    """The row whose machine a move is of: the last case of the person or household for a column of cases."""
    ledger = column.rpartition(".")[0] or exception.family
    if ledger != Ledger.CASE:
        rows = LEDGERS[ledger]._default_manager.filter(pk=exception.entry)
        row: LedgerEntry | None = rows.first()
        return row
    subject = "subject_person" if exception.family == Family.PERSON else "subject_household"
    of_subject = AssistanceCase.objects.filter(**{subject: exception.entry})
    return of_subject.order_by("-opened_on", "-pk").first()


def _is_correctable(access: Access, exception: LedgerException, column: str) -> bool:
    try:
        correctable_by(access, exception.family, column, exception.area_code)
    except (NotCorrectable, NotYours):
        return False
    return True
