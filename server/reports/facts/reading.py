"""Reading what facts follow from: persons and households with all that belongs to them, some queries a batch.

Only columns in the clear are read; nothing sealed is opened. The caller sees the rows of all areas.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date
from typing import Any, Final

from server.core.clock import office_day
from server.ledgers.definitions.codes import HukouNature
from server.ledgers.definitions.vocabulary import VISITED, MembershipRole
from server.ledgers.models import (
    AssistanceCase,
    Household,
    Membership,
    Offer,
    Person,
    Policy,
    Spell,
    Training,
    Visit,
)
from server.ledgers.selectors import first_days
from server.reports.facts.kinds import EventKind
from server.reports.facts.records import (
    CaseRecord,
    DatedRecord,
    HouseholdRecord,
    MembershipRecord,
    PersonRecord,
    SpellRecord,
    VisitRecord,
)
from server.reports.models import HouseholdFact

_OFFER_ACCEPTED: Final = ("2", "5", "6", "8", "9")  # list ST8
_TRAINING_BEGUN: Final = ("3", "4", "5", "6", "7")  # list ST12


def persons(entries: Collection[str]) -> list[PersonRecord]:
    """The persons of these entries that have a row."""
    rows = Person.objects.filter(pk__in=entries).values(
        "id", "area_code", "observed_at", "sex", "birth_date", "hukou_type", "edu", "emp_status",
        "work_capacity", "surplus", "person_status", "death_date", "residence_kind", "history",
        "job_willing", "wish_job", "skill_grade", "graduated_on", "hukou_area",
    )  # fmt: skip
    listed = first_days(entries)
    spells, memberships = _spells(entries), _memberships(person_id__in=entries)
    cases = _cases(entries)
    visits = _visits(cases, memberships)
    dated = _dated(cases)
    return [
        PersonRecord(
            id=str(row["id"]),
            area_code=row["area_code"],
            listed_on=listed.get(str(row["id"])) or office_day(row["observed_at"]),
            sex=row["sex"] or "",
            born=row["birth_date"],
            hukou_type=row["hukou_type"] or "",
            edu=row["edu"] or "",
            activity=row["emp_status"] or "",
            capacity=row["work_capacity"] or "",
            surplus=bool(row["surplus"]),
            status=row["person_status"] or "",
            died_on=row["death_date"],
            residence_kind=row["residence_kind"] or "",
            history=row["history"],
            spells=spells[str(row["id"])],
            memberships=memberships[str(row["id"])],
            willing=row["job_willing"],
            wished=row["wish_job"] or (),
            skills=row["skill_grade"] or (),
            graduated_on=row["graduated_on"],
            registered_in=row["hukou_area"] or "",
            cases=cases.get(str(row["id"]), ()),
            visits=visits[str(row["id"])],
            dated=dated[str(row["id"])],
        )
        for row in rows
    ]


def _spells(people: Collection[str]) -> dict[str, list[SpellRecord]]:
    spells: dict[str, list[SpellRecord]] = defaultdict(list)
    rest: Any
    for person, number, *rest in (
        Spell.objects.filter(person_id__in=people)
        .order_by("start_on", "id")
        .values_list(
            "person_id", "id", "spell_kind", "start_on", "end_on", "reg_date", "cancel_date",
            "cancel_reason", "unemp_reason", "benefit_months",
        )
    ):  # fmt: skip
        spells[str(person)].append(SpellRecord(str(number), *rest))
    return spells


def _memberships(**of: Any) -> dict[str, list[MembershipRecord]]:
    memberships: dict[str, list[MembershipRecord]] = defaultdict(list)
    for person, household, area, role, since, until in (
        Membership.objects.filter(**of)
        .order_by("from_on", "id")
        .values_list(
            "person_id", "household_id", "household__area_code", "role", "from_on", "to_on"
        )
    ):
        if area is not None:
            memberships[str(person)].append(
                MembershipRecord(str(household), area, role, since, until)
            )
    return memberships


def _cases(people: Collection[str]) -> dict[str, list[CaseRecord]]:
    cases: dict[str, list[CaseRecord]] = defaultdict(list)
    rest: Any
    every: Any = AssistanceCase.objects
    for person, number, *rest in (
        every.filter(subject_person_id__in=people)
        .order_by("opened_on", "id")
        .values_list(
            "subject_person_id", "id", "area_code", "opened_on", "closed_on", "close_reason",
            "placed_form", "history",
        )
    ):  # fmt: skip
        cases[str(person)].append(CaseRecord(str(number), *rest))
    return cases


def _visits(
    cases: Collection[str], memberships: dict[str, list[MembershipRecord]]
) -> dict[str, list[VisitRecord]]:
    """The visits that count as made, to persons with cases or to nobody in particular in their households."""
    visits: dict[str, list[VisitRecord]] = defaultdict(list)
    residents: dict[str, set[str]] = defaultdict(set)
    for person in cases:
        for item in memberships.get(person, ()):
            if item.role == MembershipRole.RESIDENT:
                residents[item.household].add(person)
    made = Visit.objects.filter(outcome__in=VISITED).order_by("visited_at", "id")
    columns = ("id", "visited_at", "person_id", "household_id", "services")
    rows: list[Any] = []
    if cases:
        rows += made.filter(person_id__in=list(cases)).values_list(*columns)
    if residents:
        rows += made.filter(person=None, household_id__in=list(residents)).values_list(*columns)
    for number, at, person, household, services in rows:
        own = VisitRecord(str(number), office_day(at), None, services or ())
        if person is not None:
            visits[str(person)].append(own)
            continue
        for resident in residents[str(household)]:
            visits[resident].append(own._replace(household=str(household)))
    return visits


def _dated(cases: Collection[str]) -> dict[str, list[DatedRecord]]:
    """Offers, trainings and policies of persons with cases."""
    dated: dict[str, list[DatedRecord]] = defaultdict(list)
    if not cases:
        return dated

    def add(rows: Iterable[tuple[Any, Any, date | None]], kind: EventKind) -> None:
        for person, number, day in rows:
            if day is not None:
                dated[str(person)].append(DatedRecord(str(number), kind, day))

    people = list(cases)
    offers = Offer.objects.filter(person_id__in=people).order_by("offered_on", "id")
    columns = ("person_id", "id", "offered_on")
    add(offers.values_list(*columns), EventKind.OFFERED)
    accepted = offers.filter(state__in=_OFFER_ACCEPTED)
    add(accepted.values_list(*columns), EventKind.ACCEPTED)
    trainings = Training.objects.filter(person_id__in=people, state__in=_TRAINING_BEGUN)
    add(trainings.values_list("person_id", "id", "start_on"), EventKind.TRAINED)
    policies = Policy.objects.filter(person_id__in=people)
    add(policies.values_list("person_id", "id", "policy_from"), EventKind.POLICY)
    return dated


def households(entries: Collection[str]) -> list[HouseholdRecord]:
    """The households of these entries that have a row."""
    listed = first_days(entries)
    inhabited: dict[str, list[tuple[date, date | None]]] = defaultdict(list)
    for household, since, until in Membership.objects.filter(
        household_id__in=entries, role=MembershipRole.RESIDENT
    ).values_list("household_id", "from_on", "to_on"):
        inhabited[str(household)].append((since, until))
    rows = Household.objects.filter(pk__in=entries).values(
        "id", "area_code", "observed_at", "zero_emp_state", "history", "head_person__hukou_type"
    )
    return [
        HouseholdRecord(
            id=str(row["id"]),
            area_code=row["area_code"],
            listed_on=listed.get(str(row["id"])) or office_day(row["observed_at"]),
            state=row["zero_emp_state"] or "",
            is_rural=row["head_person__hukou_type"] == HukouNature.RURAL,
            history=row["history"],
            inhabited=inhabited[str(row["id"])],
        )
        for row in rows
    ]


def concerned(taken: dict[str, set[str]]) -> tuple[set[str], set[str]]:
    """The persons and households whose facts may differ where these entries (family → uuids) changed."""
    people, homes = set(taken.get("person", ())), set(taken.get("household", ()))
    for model, family in ((Offer, "offer"), (Training, "training"), (Policy, "policy")):
        if taken.get(family):
            rows = model.objects.filter(pk__in=taken[family])
            people |= {str(person) for person in rows.values_list("person_id", flat=True)}
    visited = Visit.objects.filter(pk__in=taken.get("visit", ()))
    visited_homes: set[str] = set()
    targets: Any = visited.values_list("person_id", "household_id")
    for person, household in targets:
        if person is not None:
            people.add(str(person))
        elif household is not None:
            visited_homes.add(str(household))
    every: Any = Household.objects
    headed = every.filter(head_person__in=people)
    homes |= {str(home) for home in headed.values_list("pk", flat=True)}
    moved = homes_moved(homes) if homes else set()
    if moved:
        members: Any = Membership.objects.filter(household_id__in=moved)
        people |= {str(person) for person in members.values_list("person_id", flat=True)}
    if visited_homes:
        assisted: Any = Membership.objects.filter(
            household_id__in=visited_homes, person__cases__isnull=False
        )
        people |= {str(person) for person in assisted.values_list("person_id", flat=True)}
    return people, homes


def homes_moved(homes: Collection[str]) -> set[str]:
    """The households that lie in another area than their facts say: their members' facts differ, too.

    Who joins or leaves a household is marked by the fold.
    """
    facts: Any = HouseholdFact.objects.filter(entry__in=homes, known_until=None)
    known = {str(entry): area for entry, area in facts.values_list("entry", "area_code")}
    rows: Any = Household.objects.filter(pk__in=homes).values_list("pk", "area_code")
    now = {str(entry): area for entry, area in rows}
    return {home for home in known.keys() | now.keys() if known.get(home) != now.get(home)}
