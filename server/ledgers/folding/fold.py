"""The fold: from contributions to every ledger row they make (fold.md, The idea). Pure.

    ledger = fold(sorted(contributions, key=(observed_at, received_at, instance_id)))

Folding some entries gives the same rows of them as folding everything, if the input holds
all contributions of these entries and of the submissions that tie them together
(fold.md, Scope).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from server.ledgers.definitions.contribution import Contribution
from server.ledgers.definitions.ledgers import FOLDED, LINKS
from server.ledgers.definitions.vocabulary import (
    ExceptionKind,
    Family,
    Ledger,
    MembershipRole,
    VisitOutcome,
)
from server.ledgers.folding.declared_rows import DeclaredRows, Known
from server.ledgers.folding.derive.case_states import VisitFact
from server.ledgers.folding.derive.caseless import follow
from server.ledgers.folding.derive.cases import household_cases, person_cases
from server.ledgers.folding.derive.course import StaffMoves
from server.ledgers.folding.derive.courses import courses_of
from server.ledgers.folding.derive.homes import Homes, latest_of
from server.ledgers.folding.derive.households import (
    HouseholdFacts,
    derive_household,
    facts_of,
    incomes_of,
    set_zero_employment,
)
from server.ledgers.folding.derive.people import birth_and_sex, derive_person
from server.ledgers.folding.derive.rules import Rules
from server.ledgers.folding.derive.zero_employment import (
    Registered,
    ZeroEmployment,
    zero_employment,
)
from server.ledgers.folding.employers import fold_employer
from server.ledgers.folding.household import fold_household
from server.ledgers.folding.imported import is_imported, without_overruled
from server.ledgers.folding.merge import Observation
from server.ledgers.folding.outcomes import (
    Visits,
    in_order,
    raise_moved_within,
    raise_off_the_roster,
    raise_two_hukou,
    tell_of_visits,
    visit_fact,
)
from server.ledgers.folding.person import PersonFold, fold_person
from server.ledgers.folding.rosters import Membership, Roster, fold_members, left_every_household
from server.ledgers.folding.row import (
    RaisedException,
    Row,
    RowBuilder,
    is_void,
    observations_by_column,
)
from server.ledgers.folding.visit import fold_visit

_CASE_STATE = "case.state"


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

    def add(self, ledger: str, builder: RowBuilder | None) -> None:
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
        in_fold_order = sorted(fold_input.contributions, key=lambda item: item.order)
        for contribution in without_overruled(in_fold_order):
            self.by_entry[contribution.family, contribution.entry].append(contribution)
            if contribution.submission_id is not None:
                self.by_submission[contribution.submission_id].append(contribution)
        self.people: dict[str, PersonFold] = {}
        self.households: dict[str, RowBuilder] = {}
        self.facts: dict[str, HouseholdFacts] = dict(fold_input.outside_households)
        self.rosters: dict[str, list[Roster]] = {}
        self.homes: dict[str, Homes] = {}  # by person
        self.present_home: dict[str, HouseholdFacts | None] = {}  # by person
        self.zero_employment: dict[str, ZeroEmployment] = {}  # by household
        self.declared = DeclaredRows(self.by_entry, fold_input.linked, self.as_of, self.rules)
        self.visits = self._visits()

    def run(self) -> FoldResult:
        """Fold stage by stage; each needs the ones before it."""
        self._fold_people()
        memberships = self._fold_memberships()
        self._fold_households()
        self._derive_people(memberships)
        self._fold_cases()
        self._fold_visits()
        self._fold_employers()
        known = Known(self.result.rows, self.visits.to_person, self.as_of, self.rules)
        for ledger in FOLDED:
            for entry, _contributions in self._in_scope(ledger):
                self.result.add(ledger, self.declared.finished(ledger, entry, known))
        for person in self.people.values():
            self.result.add(Ledger.PERSON, person.builder)
            for spell in person.spells:
                spell.row["area_code"] = person.row["area_code"]
                self.result.rows[Ledger.SPELL].append(spell.row)
        for household in self.households.values():
            self.result.add(Ledger.HOUSEHOLD, household)
        return self.result

    def _in_scope(self, family: str) -> Iterable[tuple[str, list[Contribution]]]:
        """The entries to fold that have contributions, in a fixed order."""
        for entry in sorted(self.input.scope.get(family, ())):
            contributions = self.by_entry.get((family, entry))
            if contributions:
                yield entry, contributions

    def _fold_people(self) -> None:
        for entry, contributions in self._in_scope(Family.PERSON):
            deaths = [
                visit.record
                for visit in in_order(self.visits.to_person.get(entry, ()))
                if visit.record is not None and visit.outcome == VisitOutcome.DECEASED
            ]
            person = fold_person(entry, contributions, deaths)
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

        It is complete unless it is imported or the submission's visit ended otherwise than complete.
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
        is_complete = outcome in (None, VisitOutcome.COMPLETE) and not is_imported(first)
        return Roster(first.order, first.day, lines, is_complete)

    def _lines_elsewhere(self, person: str, household: str) -> list[Contribution]:
        """The person's lines in the rosters of other households, and statements that the person moved away."""
        return [
            contribution
            for contribution in self.people[person].contributions
            if left_every_household(contribution)
            or (
                "member_of" in contribution.links
                and self.input.linked(contribution, "member_of") != household
            )
        ]

    def _fold_households(self) -> None:
        """Fold the households, then drop the memberships of those that have no row."""
        members: dict[str, list[Membership]] = defaultdict(list)
        for membership in self.result.memberships:
            members[membership.household].append(membership)
        for entry, contributions in self._in_scope(Family.HOUSEHOLD):
            builder = fold_household(entry, contributions, has_roster=bool(self.rosters[entry]))
            if builder is None:
                continue
            observations = observations_by_column(contributions)
            present = [
                (membership, self.people[membership.person].row)
                for membership in members[entry]
                if membership.to_on is None
            ]
            derive_household(builder, present, observations, self.as_of, self.rules)
            states = self._zero_employment(builder.row, members[entry], observations)
            set_zero_employment(builder, states, self.as_of)
            self.zero_employment[entry] = states
            self.households[entry] = builder
            self.facts[entry] = facts_of(builder.row)
        self.result.memberships = [
            membership
            for membership in self.result.memberships
            if membership.household in self.households
        ]

    def _zero_employment(
        self,
        row: Row,
        memberships: Sequence[Membership],
        observations: Mapping[str, Sequence[Observation]],
    ) -> ZeroEmployment:
        """The household's states of zero employment; the illegal moves of its case are raised with it."""
        registered = [
            Registered(membership, person.standings, birth_and_sex(person.row))
            for membership in memberships
            if membership.role == MembershipRole.HUKOU
            for person in [self.people[membership.person]]
        ]
        staff = StaffMoves(observations.get(_CASE_STATE, ()))
        states = zero_employment(
            registered,
            incomes_of(observations),
            observations.get("zero_emp_state", ()),
            staff,
            row["area_code"],
            self.as_of,
            self.rules,
        )
        self._raise_illegal(Family.HOUSEHOLD, row["id"], staff)
        return states

    def _raise_illegal(self, family: Family, entry: str, staff: StaffMoves) -> None:
        """Raise the moves of a case that office staff asked for and that were not legal."""
        self.result.raised += [
            RaisedException(ExceptionKind.ILLEGAL_MOVE, family, entry, contribution, _CASE_STATE)
            for contribution in staff.illegal
        ]

    def _derive_people(self, memberships: Mapping[str, list[Membership]]) -> None:
        for entry, person in self.people.items():
            known = [item for item in memberships.get(entry, ()) if item.household in self.facts]
            current = [membership for membership in known if membership.to_on is None]
            lives_in = _latest(current, MembershipRole.RESIDENT)
            hukou_in = _latest(current, MembershipRole.HUKOU)
            registered_at = self.facts[hukou_in.household] if hukou_in else None
            home = self.facts[lives_in.household] if lives_in else registered_at
            derive_person(person.row, home, registered_at, person.spells, self.as_of, self.rules)
            self.present_home[entry] = home
            self.homes[entry] = Homes(known, self.facts)
            if hukou_in is not None:
                raise_two_hukou(person, hukou_in, current)
            if lives_in is not None:
                raise_moved_within(person, lives_in, known, self.facts)
            if known and not current:
                raise_off_the_roster(person, known, self.input.linked)
            decided = _observed(person.contributions, "person_status")
            visits = self.visits.to_person.get(entry, ())
            tell_of_visits(person.builder, visits, decided)

    def _fold_cases(self) -> None:
        for entry, person in self.people.items():
            home = self.present_home[entry]
            facts = list(self.visits.to_person.get(entry, ()))
            if home is not None:
                facts += self._visits_to(home.id)
            staff = StaffMoves(_observed(person.contributions, _CASE_STATE))
            life = courses_of(
                person.row, person.standings, self.homes[entry], staff, self.as_of, self.rules
            )
            if life.changes_on is not None:
                refold_on = person.row["refold_on"] or life.changes_on
                person.row["refold_on"] = min(refold_on, life.changes_on)
            self._raise_illegal(Family.PERSON, entry, staff)
            visits, today = in_order(facts), (self.as_of, self.rules)
            cases = list(
                person_cases(person.row, person.contributions, life.courses, home, visits, *today)
            )
            for case in cases:
                self.declared.count_for_case(entry, case.row)
                self.result.add(Ledger.CASE, case)
            follow(person.builder, person.contributions, cases, visits, person.spells, *today)
        for entry, household in self.households.items():
            tell_of_visits(household, self.visits.to_household.get(entry, ()))
            for case in household_cases(
                household.row,
                self.by_entry[Family.HOUSEHOLD, entry],
                self.zero_employment[entry],
                in_order(self.visits.to_members.get(entry, ())),
                self.as_of,
                self.rules,
            ):
                self.result.add(Ledger.CASE, case)

    def _visits_to(self, household: str) -> list[VisitFact]:
        """The visits to a household and to nobody in particular; what they found is told with the household."""
        outside = self.input.outside_visits.get(household)
        visits = self.visits.to_household.get(household, ()) if outside is None else outside
        return [replace(visit, record=None) for visit in visits]

    def _visits(self) -> Visits:
        """The visits among the contributions by whom they were made to."""
        visits = Visits()
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
            if household is None and person is not None:
                home = self.present_home.get(person)
                household = home.id if home else None
            slack = self.rules.number("place_slack_m", record.area_code, record.day)
            about_household = self.by_entry.get((Family.HOUSEHOLD, household or ""), ())
            self.result.add(
                Ledger.VISIT, fold_visit(entry, contributions, targets, about_household, slack)
            )

    def _fold_employers(self) -> None:
        for entry, contributions in self._in_scope(Family.EMPLOYER):
            self.result.add(Ledger.EMPLOYER, fold_employer(entry, contributions))


def _observed(contributions: Sequence[Contribution], column: str) -> list[Observation]:
    return [
        Observation(item, item.values[column]) for item in contributions if column in item.values
    ]


def _latest(memberships: Iterable[Membership], role: MembershipRole) -> Membership | None:
    """The membership in this role that began last."""
    return latest_of(membership for membership in memberships if membership.role == role)
