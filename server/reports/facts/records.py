"""What is read of the ledgers to make facts: rows of one person or household, and the facts as plain tuples. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

Steps = Sequence[Sequence[Any]]
"""Steps of a column as a row's history stores them: [day, value, contribution, why]."""


class SpellRecord(NamedTuple):
    """A spell of L3."""

    id: str
    kind: str
    start: date
    end: date | None
    reg_date: date | None
    cancel_date: date | None
    cancel_reason: str | None
    unemp_reason: str | None
    benefit_months: int | None


class MembershipRecord(NamedTuple):
    """A membership with the area of its household."""

    household: str
    area: str
    role: str
    since: date
    until: date | None


class CaseRecord(NamedTuple):
    """An assistance case of L4."""

    id: str
    area_code: str
    opened_on: date
    closed_on: date | None
    close_reason: str | None
    placed_form: str | None
    history: Mapping[str, Steps]


class VisitRecord(NamedTuple):
    """A visit to a person, or to the household of one."""

    id: str
    day: date
    household: str | None  # of a visit to nobody in particular
    services: Sequence[str]


class DatedRecord(NamedTuple):
    """A row of another ledger about the person: an offer, a training, a policy enjoyed."""

    id: str
    kind: str  # EventKind
    day: date


class PersonRecord(NamedTuple):
    """A person of L1 with everything that their facts follow from."""

    id: str
    area_code: str
    listed_on: date  # the day of the first record
    sex: str
    born: date | None
    hukou_type: str
    edu: str
    activity: str
    capacity: str
    surplus: bool
    status: str
    died_on: date | None
    residence_kind: str
    history: Mapping[str, Steps]
    spells: Sequence[SpellRecord]  # oldest first
    memberships: Sequence[MembershipRecord]
    willing: bool | None = None  # the job wish
    wished: Sequence[str] = ()  # OCC
    skills: Sequence[str] = ()  # SK
    graduated_on: date | None = None
    registered_in: str = ""  # the division of the hukou, wherever it lies
    cases: Sequence[CaseRecord] = ()
    visits: Sequence[VisitRecord] = ()
    dated: Sequence[DatedRecord] = ()


class HouseholdRecord(NamedTuple):
    """A household of L2; `inhabited` are the times of memberships of residents."""

    id: str
    area_code: str
    listed_on: date
    state: str
    is_rural: bool  # of the head
    history: Mapping[str, Steps]
    inhabited: Sequence[tuple[date, date | None]]


class ChangeRecord(NamedTuple):
    """Somebody who came among the retired persons or left them (L15)."""

    id: str
    kind: str  # RC
    day: date
    reported_on: date


class DependantRecord(NamedTuple):
    """A relative whom a retired person provides for."""

    id: str
    area_code: str
    since: date
    until: date | None


class RetireeRecord(NamedTuple):
    """A retired person of L15 with everything that the facts follow from."""

    id: str
    area_code: str
    listed_on: date
    sex: str
    retired_on: date | None
    died_on: date | None
    death_reported_on: date | None
    is_party: bool
    is_special: bool
    history: Mapping[str, Steps]
    funeral_claim: str
    proofs: Sequence[date]  # of life
    changes: Sequence[ChangeRecord]
    dependants: Sequence[DependantRecord]


class CourseRecord(NamedTuple):
    """An entry of a register that goes through declared states: a petition, a matter, a certificate."""

    id: str
    area_code: str
    begun_on: date
    state: str
    history: Mapping[str, Steps]
    stamped: Mapping[str, date]  # state → the day that a column gives for it
    category: str
    categories: tuple[str, ...] = ()
    quantity: Decimal | None = None
    amount: Decimal | None = None


class JobRecord(NamedTuple):
    """Work that somebody took up (L3)."""

    id: str
    day: date
    form: str  # EF


class TalkRecord(NamedTuple):
    """A consultation, or an event for the public (L18)."""

    id: str
    area_code: str
    day: date
    topic: str
    mode: str
    people: int | None
    leaflets: int | None


class HireRecord(NamedTuple):
    """An offer that led to work."""

    id: str
    since: date
    until: date | None
    is_assisted: bool


class VacancyRecord(NamedTuple):
    """A vacancy of L7 with the people who were hired."""

    id: str
    area_code: str
    begun_on: date
    history: Mapping[str, Steps]
    wanted: int
    expires_on: date | None
    category: str  # OCC
    categories: tuple[str, ...]  # PW, of a public-welfare post
    hires: Sequence[HireRecord]
    industry: str = ""  # IND, of the employer
    econ_type: str = ""  # ET, of the employer
    edu: str = ""  # EDU, the lowest asked for
    skill: str = ""  # SK, the lowest asked for
    age_max: int | None = None


class PersonState(NamedTuple):
    """A row of PersonFact."""

    entry: str
    area_code: str
    since: date
    until: date | None
    residence_area: str
    hukou_area: str
    household: str | None
    sex: str
    born: date | None
    working_from: date | None
    working_until: date | None
    older_from: date | None
    older_until: date | None
    is_rural: bool
    edu: str
    activity: str
    capacity: str
    surplus: bool
    never_employed: bool
    registered_on: date | None
    benefit: bool


class HouseholdState(NamedTuple):
    """A row of HouseholdFact."""

    entry: str
    area_code: str
    since: date
    until: date | None
    is_inhabited: bool
    state: str
    state_since: date | None


class CaseState(NamedTuple):
    """A row of CaseFact."""

    entry: str
    area_code: str
    since: date
    until: date | None
    person: str
    state: str
    categories: tuple[str, ...]
    sex: str
    is_rural: bool


class RetireeState(NamedTuple):
    """A row of RetireeFact."""

    entry: str
    area_code: str
    since: date
    until: date | None
    state: str
    sex: str
    is_party: bool
    is_special: bool
    proof_from: date | None
    proof_until: date | None
    funeral_claim: str


class DependantState(NamedTuple):
    """A row of DependantFact."""

    entry: str
    area_code: str
    since: date
    until: date | None
    retiree: str
    retiree_state: str


class RecordState(NamedTuple):
    """A row of RecordFact."""

    entry: str
    area_code: str
    since: date
    until: date | None
    ledger: str
    state: str
    is_open: bool
    category: str
    categories: tuple[str, ...]
    due_on: date | None
    quantity: Decimal | None


class MarketState(NamedTuple):
    """A row of MarketFact."""

    entry: str
    area_code: str
    since: date
    until: date | None
    ledger: str
    place: str
    is_new: bool
    ended_on: date | None
    quantity: Decimal
    category: str
    industry: str = ""
    econ_type: str = ""
    edu: str = ""
    skill: str = ""
    age_max: int | None = None
    kind: str = ""
    sex: str = ""
    born: date | None = None
    graduated_on: date | None = None


class Event(NamedTuple):
    """A row of EventFact."""

    entry: str
    area_code: str
    kind: str
    day: date
    place: str
    source: str
    reason: str
    category: str
    categories: tuple[str, ...]
    sex: str
    is_rural: bool
    of_day: date | None = None
    quantity: Decimal | None = None


class Received(NamedTuple):
    """A row of ReceivedFact."""

    entry: str
    area_code: str
    day: date
    days_late: int
    position: str
    state: str
    worker: int


class Doubt(NamedTuple):
    """A row of DoubtFact."""

    entry: str
    area_code: str
    since: date
    until: date | None
    ledger: str
    kind: str


class Figure(NamedTuple):
    """A row of FigureFact."""

    entry: str
    area_code: str
    since: date
    until: date | None
    kind: str
    day: date
    worker: int | None
    quantity: Decimal
    people: int
