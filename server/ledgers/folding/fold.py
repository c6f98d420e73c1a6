"""The fold: from contributions to every ledger row they make (fold.md, The idea). Pure.

    ledger = fold(sorted(contributions, key=(observed_at, received_at, instance_id)))

Folding some entries gives the same rows of them as folding everything, if the input holds
all contributions of these entries and of the submissions that tie them together
(fold.md, Scope).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from server.ledgers.definitions.contribution import Contribution
from server.ledgers.definitions.ledgers import COLUMNS, LINKS
from server.ledgers.definitions.vocabulary import (
    IN_QUESTION,
    ExceptionKind,
    Family,
    Ledger,
    MembershipRole,
    VisitOutcome,
)
from server.ledgers.folding.derive.cases import VisitFact, household_case, person_cases
from server.ledgers.folding.derive.categories import Categories, zero_employment_category
from server.ledgers.folding.derive.households import HouseholdFacts, derive_household, facts_of
from server.ledgers.folding.derive.people import derive_person
from server.ledgers.folding.derive.rules import Rules
from server.ledgers.folding.employers import fold_employer, fold_vacancy
from server.ledgers.folding.household import fold_household
from server.ledgers.folding.merge import decide
from server.ledgers.folding.person import PersonFold, fold_person
from server.ledgers.folding.rosters import MOVED_AWAY, Membership, Roster, fold_members
from server.ledgers.folding.row import (
    RaisedException,
    Row,
    RowBuilder,
    is_void,
    observations_by_column,
)
from server.ledgers.folding.visit import fold_visit


@dataclass(slots=True)
class FoldInput:
    """Contributions with their entries resolved, which entries to fold, the day and the rules.

    The last three fields hold what must be known of households just outside the scope:
    their facts, their visits and their open memberships of persons in scope.
    """

    contributions: Sequence[Contribution]
    entries: Mapping[tuple[str, str], str]  # (family, key) → entry
    scope: Mapping[str, set[str]]  # family → entries to fold
    as_of: date
    rules: Rules
    outside_households: Mapping[str, HouseholdFacts] = field(default_factory=dict)
    outside_visits: Mapping[str, list[VisitFact]] = field(default_factory=dict)
    outside_memberships: Sequence[Membership] = ()

    def linked(self, contribution: Contribution, link: str) -> str | None:
        """The entry that a link points at; a key that no contribution has stands for itself."""
        key = contribution.links.get(link)
        return None if key is None else self.entries.get((LINKS[link], key), key)


@dataclass(slots=True)
class FoldResult:
    """The rows by ledger, the memberships and the exceptions that folding gave."""

    rows: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    memberships: list[Membership] = field(default_factory=list)
    raised: list[RaisedException] = field(default_factory=list)

    def add(self, ledger: Ledger, builder: RowBuilder | None) -> None:
        """Finish a row and take it with its exceptions; None is no row."""
        if builder is not None:
            self.rows[ledger].append(builder.finish())
            self.raised.extend(builder.raised)


def fold_everything(
    contributions: Sequence[Contribution],
    entries: Mapping[tuple[str, str], str],
    as_of: date,
    rules: Rules,
) -> FoldResult:
    """Fold all entries of the contributions."""
    scope: dict[str, set[str]] = defaultdict(set)
    for contribution in contributions:
        scope[contribution.family].add(contribution.entry)
    return fold(FoldInput(contributions, entries, scope, as_of, rules))


def fold(fold_input: FoldInput) -> FoldResult:
    """The rows of the entries in scope. Deterministic: the result depends on the argument alone."""
    return _Folding(fold_input).run()


class _Folding:
    """One run of the fold; holds what its stages hand to each other."""

    def __init__(self, fold_input: FoldInput) -> None:
        self.input = fold_input
        self.as_of, self.rules = fold_input.as_of, fold_input.rules
        self.result = FoldResult()
        self.by_entry: dict[tuple[str, str], list[Contribution]] = defaultdict(list)
        self.by_submission: dict[int, list[Contribution]] = defaultdict(list)
        for contribution in sorted(fold_input.contributions, key=lambda item: item.order):
            self.by_entry[contribution.family, contribution.entry].append(contribution)
            if contribution.submission_id is not None:
                self.by_submission[contribution.submission_id].append(contribution)
        self.people: dict[str, PersonFold] = {}
        self.households: dict[str, RowBuilder] = {}
        self.facts: dict[str, HouseholdFacts] = dict(fold_input.outside_households)
        self.rosters: dict[str, list[Roster]] = {}
        self.categories: dict[str, Categories] = {}  # person → rules with the households that count

    def run(self) -> FoldResult:
        """Fold stage by stage; each needs the ones before it."""
        self._fold_people()
        memberships = self._fold_memberships()
        self._fold_households()
        self._derive_people(memberships)
        self._fold_cases()
        self._fold_visits()
        self._fold_employers()
        for person in self.people.values():
            self.result.add(Ledger.PERSON, person.builder)
            for spell in person.spells:
                spell.row["area_code"] = person.row["area_code"]
                self.result.rows[Ledger.SPELL].append(spell.row)
        for household in self.households.values():
            self.result.add(Ledger.HOUSEHOLD, household)
        return self.result

    def _in_scope(self, family: Family) -> Iterable[tuple[str, list[Contribution]]]:
        """The entries to fold that have contributions, in a fixed order."""
        for entry in sorted(self.input.scope.get(family, ())):
            contributions = self.by_entry.get((family, entry))
            if contributions:
                yield entry, contributions

    def _fold_people(self) -> None:
        for entry, contributions in self._in_scope(Family.PERSON):
            person = fold_person(entry, contributions)
            if person is not None:
                self.people[entry] = person

    def _fold_memberships(self) -> dict[str, list[Membership]]:
        """Person → memberships in the households in scope and those just outside."""
        by_person: dict[str, list[Membership]] = defaultdict(list)
        for household, contributions in self._in_scope(Family.HOUSEHOLD):
            rosters = self.rosters[household] = self._rosters_of(household, contributions)
            people = {person for roster in rosters for person in roster.lines}
            elsewhere = {person: self._lines_elsewhere(person, household) for person in people}
            self.result.memberships += fold_members(household, rosters, elsewhere)
        for membership in (*self.result.memberships, *self.input.outside_memberships):
            by_person[membership.person].append(membership)
        return by_person

    def _rosters_of(self, household: str, contributions: Sequence[Contribution]) -> list[Roster]:
        """The rosters that submissions gave of a household, each with the lines of known persons."""
        submissions = dict.fromkeys(
            contribution.submission_id
            for contribution in contributions
            if contribution.submission_id is not None
        )
        rosters = [self._roster_of(household, submission) for submission in submissions]
        return [roster for roster in rosters if roster is not None]

    def _roster_of(self, household: str, submission: int) -> Roster | None:
        """The submission's roster of the household; None when it names nobody.

        It is complete unless the submission's visit ended otherwise than complete.
        """
        records = self.by_submission[submission]
        lines = {
            record.entry: record
            for record in records
            if record.family == Family.PERSON
            and self.input.linked(record, "member_of") == household
            and record.entry in self.people
        }
        if not lines:
            return None
        outcome = next(
            (record.values.get("outcome") for record in records if record.family == Family.VISIT),
            None,
        )
        first = next(iter(lines.values()))
        is_complete = outcome is None or outcome == VisitOutcome.COMPLETE
        return Roster(first.order, first.day, lines, is_complete)

    def _lines_elsewhere(self, person: str, household: str) -> list[Contribution]:
        """The person's lines in the rosters of other households, and moves to other offices."""
        return [
            contribution
            for contribution in self.people[person].contributions
            if MOVED_AWAY in contribution.values
            or (
                "member_of" in contribution.links
                and self.input.linked(contribution, "member_of") != household
            )
        ]

    def _fold_households(self) -> None:
        """Fold the households, then drop the memberships of those that have no row."""
        members: dict[str, list[tuple[Membership, Row]]] = defaultdict(list)
        for membership in self.result.memberships:
            if membership.to_on is None:
                person = self.people[membership.person]
                members[membership.household].append((membership, person.row))
        for entry, contributions in self._in_scope(Family.HOUSEHOLD):
            builder = fold_household(entry, contributions, has_roster=bool(self.rosters[entry]))
            if builder is None:
                continue
            staff_states = observations_by_column(contributions).get("zero_emp_state", [])
            derive_household(builder, members[entry], staff_states, self.as_of, self.rules)
            self.households[entry] = builder
            self.facts[entry] = facts_of(builder.row)
        self.result.memberships = [
            membership
            for membership in self.result.memberships
            if membership.household in self.households
        ]

    def _derive_people(self, memberships: Mapping[str, list[Membership]]) -> None:
        for entry, person in self.people.items():
            current = [
                membership
                for membership in memberships.get(entry, ())
                if membership.to_on is None and membership.household in self.facts
            ]
            lives_in = _latest(current, MembershipRole.RESIDENT)
            hukou_in = _latest(current, MembershipRole.HUKOU)
            registered_at = self.facts[hukou_in.household] if hukou_in else None
            home = self.facts[lives_in.household] if lives_in else registered_at
            derive_person(person.row, home, registered_at, person.spells, self.as_of, self.rules)
            self.categories[entry] = Categories(home, registered_at, self.rules)
            if hukou_in is not None:
                _raise_two_hukou(person, hukou_in, current)
            if lives_in is not None:
                self._raise_moved_within(person, lives_in, memberships.get(entry, ()))

    def _raise_moved_within(
        self, person: PersonFold, lives_in: Membership, memberships: Sequence[Membership]
    ) -> None:
        """Raise an exception when the person lived in another community before, at the line that says otherwise."""
        before = [
            membership
            for membership in memberships
            if membership.to_on is not None
            and membership.to_on <= lives_in.from_on
            and membership.household in self.facts
        ]
        former = _latest(before, MembershipRole.RESIDENT)
        line = next(
            (item for item in person.contributions if item.id == lives_in.contribution), None
        )
        if former is None or line is None:
            return
        area = self.facts[former.household].area_code
        if area != self.facts[lives_in.household].area_code:
            person.builder.raise_exception(
                ExceptionKind.MOVED_WITHIN, line, "household", households=[former.household]
            )

    def _fold_cases(self) -> None:
        visits = self._visits()
        for entry, person in self.people.items():
            home = self.categories[entry].home
            facts = list(visits.to_person[entry])
            if home is not None:
                facts += self.input.outside_visits.get(home.id) or visits.to_household[home.id]
            for case in person_cases(
                person.row,
                person.contributions,
                person.spells,
                self.categories[entry],
                _in_order(facts),
                self.as_of,
            ):
                self.result.add(Ledger.CASE, case)
        for entry, household in self.households.items():
            if household.row["zero_emp_state"] in IN_QUESTION:
                facts = visits.to_members[entry]
                self.result.add(Ledger.CASE, self._household_case(entry, household.row, facts))

    def _household_case(self, entry: str, row: Row, visits: Sequence[VisitFact]) -> RowBuilder:
        registered = [
            self.people[membership.person].row
            for membership in self.result.memberships
            if membership.household == entry
            and membership.role == MembershipRole.HUKOU
            and membership.to_on is None
        ]
        category = zero_employment_category(registered, row["area_code"], self.as_of, self.rules)
        contributions = self.by_entry[Family.HOUSEHOLD, entry]
        return household_case(
            row, contributions, category, _in_order(visits), self.as_of, self.rules
        )

    def _visits(self) -> _Visits:
        """The visits among the contributions by whom they were made to."""
        visits = _Visits()
        for (family, entry), contributions in self.by_entry.items():
            if family != Family.VISIT or is_void(contributions):
                continue
            fact = visit_fact(entry, contributions)
            person = self.input.linked(contributions[0], "person")
            household = self.input.linked(contributions[0], "household")
            if person is not None:
                visits.to_person[person].append(fact)
            elif household is not None:
                visits.to_household[household].append(fact)
            if household is not None:
                visits.to_members[household].append(fact)
        return visits

    def _fold_visits(self) -> None:
        for entry, contributions in self._in_scope(Family.VISIT):
            record = contributions[0]
            targets = {
                link: self.input.linked(record, link)
                for link in ("person", "household", "employer")
            }
            household, person = targets["household"], targets["person"]
            if household is None and person is not None and person in self.categories:
                home = self.categories[person].home
                household = home.id if home else None
            slack = self.rules.number("place_slack_m", record.area_code, record.day)
            about_household = self.by_entry.get((Family.HOUSEHOLD, household or ""), ())
            self.result.add(
                Ledger.VISIT, fold_visit(entry, contributions, targets, about_household, slack)
            )

    def _fold_employers(self) -> None:
        for entry, contributions in self._in_scope(Family.EMPLOYER):
            self.result.add(Ledger.EMPLOYER, fold_employer(entry, contributions))
        for entry, contributions in self._in_scope(Family.VACANCY):
            linked = (self.input.linked(item, "employer") for item in contributions)
            employer = next((target for target in linked if target is not None), None)
            self.result.add(
                Ledger.VACANCY,
                fold_vacancy(entry, contributions, employer, self.as_of, self.rules),
            )


@dataclass(slots=True)
class _Visits:
    """Visits by whom they were made to."""

    to_person: dict[str, list[VisitFact]] = field(default_factory=lambda: defaultdict(list))
    to_household: dict[str, list[VisitFact]] = field(
        default_factory=lambda: defaultdict(list)
    )  # to nobody in particular
    to_members: dict[str, list[VisitFact]] = field(
        default_factory=lambda: defaultdict(list)
    )  # to the household or a person in it


def _in_order(visits: Iterable[VisitFact]) -> list[VisitFact]:
    return sorted(visits, key=lambda visit: (visit.day, visit.id))


def _latest(memberships: Iterable[Membership], role: MembershipRole) -> Membership | None:
    """The membership in this role that began last."""
    return max(
        (membership for membership in memberships if membership.role == role),
        key=lambda membership: (membership.from_on, membership.household),
        default=None,
    )


def _raise_two_hukou(person: PersonFold, latest: Membership, current: Sequence[Membership]) -> None:
    """Raise an exception when the person is registered in several households, at the line that came last."""
    households = {item.household for item in current if item.role == MembershipRole.HUKOU}
    line = next((item for item in person.contributions if item.id == latest.contribution), None)
    if len(households) > 1 and line is not None:
        person.builder.raise_exception(
            ExceptionKind.TWO_HUKOU_HOUSEHOLDS, line, "household", households=sorted(households)
        )


def visit_fact(entry: str, contributions: Sequence[Contribution]) -> VisitFact:
    """What cases need of a visit; its columns are fixed (M0), so the first record or the last correction holds.

    `contributions` are the visit's in fold order.
    """
    observations = observations_by_column(contributions)

    def value(name: str) -> Any:
        observed = observations.get(name)
        column = COLUMNS[Ledger.VISIT][name]
        return decide(column.merge, column.kind, observed).value if observed else None

    record, promised = contributions[0], value("next_visit_on")
    return VisitFact(
        id=entry,
        day=record.day,
        outcome=value("outcome"),
        services=tuple(value("services") or ()),
        next_visit_on=date.fromisoformat(promised) if promised else None,
        worker_id=record.worker_id,
    )
