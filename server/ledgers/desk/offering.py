"""Suggesting a vacancy to a person who seeks work: the act makes an entry of the ledger of offers (rules.md, Matching)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final, TypeVar
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from server.accounts.access import Access
from server.core.clock import office_day
from server.core.codes import label_of
from server.core.labels import listed
from server.core.row_security import Crossing, across_areas
from server.ledgers.definitions.ledgers import COLUMNS
from server.ledgers.definitions.suitability import HINDRANCES
from server.ledgers.definitions.vocabulary import ActKind, Family
from server.ledgers.desk.acts import may_decide
from server.ledgers.desk.stored import Subject, store_act
from server.ledgers.desk.values import plain_value
from server.ledgers.identity.keys import Key, Offices, key_uuid
from server.ledgers.models import DeskAct, Offer, Person, Vacancy
from server.ledgers.problems import (
    AlreadyOffered,
    NoSuchEntry,
    NotSuitable,
    NotYours,
    SuggestionVoided,
)
from server.ledgers.reading.entries import persons, resolve, rows_of, vacancies
from server.ledgers.reading.matching import hindrances_of
from server.ledgers.storage.locks import take_merge_lock
from server.ledgers.storage.naming import load_naming

OFFER: Final = "offer"
RowT = TypeVar("RowT", Person, Vacancy)


@across_areas(Crossing.DESK)
@transaction.atomic
def suggest(
    *, person: UUID, vacancy: UUID, reason: str, access: Access, at: datetime, channel: str = ""
) -> DeskAct:
    """Suggest a vacancy to a person: an offer in its first state, of the day of the act, without an answer yet.

    The entry is that of a form's record of the same person, vacancy and day. `channel` (list
    CH) says how the person learns of it. Takes the merge lock to the end of the transaction.
    Raises NoSuchEntry, NotYours, AlreadyOffered, NotSuitable, BadValue, ActReasonMissing,
    SuggestionVoided.
    """
    take_merge_lock()
    seeker = _visible(persons(access), Family.PERSON, person)
    post = _visible(vacancies(access), Family.VACANCY, vacancy)
    if not may_decide(access, OFFER, seeker.area_code):
        raise NotYours
    day = office_day(at)
    _check_pair(access, seeker, post)
    if excluded := hindrances_of(access, seeker, post, day):
        raise NotSuitable(why=listed(HINDRANCES[item] for item in excluded))
    columns = COLUMNS[OFFER]
    values = {"offered_on": day.isoformat()}
    if channel:
        values["channel"] = plain_value(columns["channel"], channel, day)
    entry = offered_entry(seeker, post, day)
    act = store_act(
        ActKind.SUGGEST,
        OFFER,
        Subject(entry, seeker.area_code),
        reason,
        access,
        at,
        value=values,
        links={"person": str(seeker.pk), "vacancy": str(post.pk)},
    )
    if not Offer.objects.filter(pk=resolve(OFFER, entry) or entry).exists():
        raise SuggestionVoided
    return act


def _visible(rows: QuerySet[RowT], family: Family, uuid: UUID) -> RowT:
    row = rows.filter(pk=resolve(family, uuid) or uuid).first()
    if row is None:
        raise NoSuchEntry(family=family, entry=uuid)
    return row


def _check_pair(access: Access, person: Person, vacancy: Vacancy) -> None:
    """Refuse what was offered already, whatever came of it."""
    made = rows_of(access, OFFER).filter(person=person, vacancy=vacancy)
    if (offer := made.order_by("-offered_on", "pk").first()) is not None:
        raise AlreadyOffered(
            day=offer.offered_on.isoformat() if offer.offered_on else "—",
            state=label_of("ST8", offer.state or ""),
        )


def offered_entry(person: Person, vacancy: Vacancy, day: date) -> UUID:
    """The uuid of an offer, which a form's record of the same person, vacancy and day has for a key, too."""
    load_naming()
    owners = (
        (Family.PERSON.value, Key("id", str(person.pk))),
        (Family.VACANCY.value, Key("id", str(vacancy.pk))),
    )
    key = Key("person+vacancy+offered_on", day.isoformat(), owners)
    return key_uuid(OFFER, key, person.area_code, Offices())
