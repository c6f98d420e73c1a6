"""Which families of the ledgers have facts, and how these are computed from the rows of their entries."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Final, NamedTuple

from django.db import models

from server.ledgers.definitions.vocabulary import Family
from server.ledgers.folding.derive.rules import Rules
from server.ledgers.models import (
    Certificate,
    Consultation,
    Household,
    Inspection,
    LedgerException,
    Loan,
    Person,
    Petition,
    Policy,
    Retiree,
    Training,
    Transfer,
    Vacancy,
)
from server.reports.facts import (
    reading,
    reading_registers,
    reading_retirees,
    reading_vacancies,
)
from server.reports.facts.cases import case_facts
from server.reports.facts.households import household_facts
from server.reports.facts.kinds import family_of
from server.reports.facts.persons import person_facts
from server.reports.facts.received import doubt_facts, received_facts, uuid_of_record
from server.reports.facts.records import (
    CaseState,
    CourseRecord,
    DependantState,
    Doubt,
    Event,
    Figure,
    HouseholdState,
    MarketState,
    PersonState,
    Received,
    RecordState,
    RetireeState,
)
from server.reports.facts.registers import (
    LOANS,
    PETITIONS,
    POLICIES,
    TRAININGS,
    TRANSFERS,
    Course,
    certificate_facts,
    matter_facts,
    talk_facts,
)
from server.reports.facts.retirees import retiree_facts
from server.reports.facts.seekers import seeker_facts
from server.reports.facts.vacancies import vacancy_facts
from server.reports.models import (
    CaseFact,
    DependantFact,
    DoubtFact,
    EventFact,
    FigureFact,
    HouseholdFact,
    MarketFact,
    PersonFact,
    ReceivedFact,
    RecordFact,
    RetireeFact,
)
from server.submissions.models import Submission

ROWS: Final[dict[type[models.Model], type[Any]]] = {
    PersonFact: PersonState,
    HouseholdFact: HouseholdState,
    CaseFact: CaseState,
    RetireeFact: RetireeState,
    DependantFact: DependantState,
    RecordFact: RecordState,
    MarketFact: MarketState,
    ReceivedFact: Received,
    DoubtFact: Doubt,
    FigureFact: Figure,
    EventFact: Event,
}
"""Table → its rows as plain tuples."""
TABLE_OF: Final = {tuples: table for table, tuples in ROWS.items()}


class Subject(NamedTuple):
    """A family of the ledgers whose entries have facts."""

    model: type[models.Model]
    states: type[models.Model]  # their facts, by `entry`
    owned: Mapping[type[models.Model], str]  # further tables → the column that names the entry
    facts: Callable[[Collection[str], Rules], Iterable[Any]]  # of these entries, computed anew
    column: str = "pk"  # of the model, that names the entry
    named: Callable[[Any], str] = str  # the entry as facts name it


def _of_persons(entries: Collection[str], table: Rules) -> Iterable[Any]:
    for person in reading.persons(entries):
        facts = (*person_facts(person, table), *case_facts(person), seeker_facts(person, table))
        for rows in facts:
            yield from rows


def _of_households(entries: Collection[str], _table: Rules) -> Iterable[Any]:
    for household in reading.households(entries):
        for rows in household_facts(household):
            yield from rows


def _of_retirees(entries: Collection[str], table: Rules) -> Iterable[Any]:
    for retiree in reading_retirees.retirees(entries):
        for rows in retiree_facts(retiree, table):
            yield from rows


def _of_course(
    read: Callable[[Collection[str]], Iterable[CourseRecord]], course: Course
) -> Callable[[Collection[str], Rules], Iterable[Any]]:
    """The facts of a register of which nothing else depends on an entry's own row."""

    def facts(entries: Collection[str], table: Rules) -> Iterable[Any]:
        for record in read(entries):
            yield from course.facts(record, table)

    return facts


def _of_certificates(entries: Collection[str], table: Rules) -> Iterable[Any]:
    for record, jobs in reading_registers.certificates(entries):
        yield from certificate_facts(record, jobs, table)


def _of_matters(entries: Collection[str], table: Rules) -> Iterable[Any]:
    for record, issues in reading_registers.matters(entries):
        yield from matter_facts(record, issues, table)


def _of_vacancies(entries: Collection[str], _table: Rules) -> Iterable[Any]:
    for vacancy in reading_vacancies.vacancies(entries):
        yield from vacancy_facts(vacancy)


def _of_talks(entries: Collection[str], _table: Rules) -> Iterable[Any]:
    for talk in reading_registers.talks(entries):
        yield from talk_facts(talk)


def _of_received(entries: Collection[str], _table: Rules) -> Iterable[Any]:
    return received_facts(entries)


def _of_doubts(entries: Collection[str], _table: Rules) -> Iterable[Any]:
    return doubt_facts(entries)


def _register(
    model: type[models.Model],
    read: Callable[[Collection[str]], Iterable[CourseRecord]],
    course: Course,
) -> Subject:
    return Subject(model, RecordFact, {}, _of_course(read, course))


SUBJECTS: Final[dict[str, Subject]] = {
    Family.PERSON: Subject(
        Person, PersonFact, {CaseFact: "person", MarketFact: "entry"}, _of_persons
    ),
    Family.HOUSEHOLD: Subject(Household, HouseholdFact, {}, _of_households),
    Family.RETIREE: Subject(Retiree, RetireeFact, {DependantFact: "retiree"}, _of_retirees),
    Family.VACANCY: Subject(Vacancy, RecordFact, {MarketFact: "entry"}, _of_vacancies),
    "petition": _register(Petition, reading_registers.petitions, PETITIONS),
    "loan": _register(Loan, reading_registers.loans, LOANS),
    "training": _register(Training, reading_registers.trainings, TRAININGS),
    "policy": _register(Policy, reading_registers.policies, POLICIES),
    "transfer": _register(Transfer, reading_registers.transfers, TRANSFERS),
    "certificate": Subject(Certificate, RecordFact, {}, _of_certificates),
    "inspection": Subject(Inspection, RecordFact, {}, _of_matters),
    "consultation": Subject(Consultation, RecordFact, {}, _of_talks),
    "submission": Subject(Submission, ReceivedFact, {}, _of_received, named=uuid_of_record),
    "exception": Subject(LedgerException, DoubtFact, {}, _of_doubts, column="entry"),
}


def concerned(taken: dict[str, set[str]]) -> dict[str, set[str]]:
    """Family → its entries whose facts may differ where these entries (family → uuids) changed or are gone."""
    people, homes = reading.concerned(taken)
    entries: dict[str, set[str]] = {Family.PERSON: people, Family.HOUSEHOLD: homes}
    entries[Family.VACANCY] = reading_vacancies.concerned(taken)
    for family in SUBJECTS.keys() - entries.keys():
        entries[family] = set(taken.get(family, ()))
    gone = [entry for changed in taken.values() for entry in changed]
    naming = EventFact.objects.filter(source__in=gone, known_until=None)
    for entry, kind in naming.values_list("entry", "kind"):
        entries[family_of(kind)].add(str(entry))
    entries[Family.RETIREE] |= reading_retirees.concerned(taken, people)
    entries["certificate"] |= reading_registers.concerned(taken, people)
    return entries
