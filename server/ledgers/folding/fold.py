"""The fold: from contributions to every row they make (design §2). Pure.

    ledger = fold(sorted(contributions, key=(observed_at, received_at, instance_id)))

`FoldInput` is what is to be folded: all contributions of the entries in scope and of the
submissions that tie them together, and the little that must be known of households just
outside the scope. Folding a scope gives the same rows as folding everything.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from server.ledgers.definitions.contribution import Contribution
from server.ledgers.definitions.ledgers import LINKS
from server.ledgers.definitions.vocabulary import (
    IN_QUESTION,
    ExceptionKind,
    Ledger,
    VisitOutcome,
)
from server.ledgers.folding.derive.cases import VisitFact, household_case, person_cases
from server.ledgers.folding.derive.categories import Categories
from server.ledgers.folding.derive.households import (
    HouseholdFacts,
    derive_household,
    facts_of,
    is_rural,
)
from server.ledgers.folding.derive.people import derive_person
from server.ledgers.folding.derive.rules import Rules
from server.ledgers.folding.employers import fold_employer, fold_vacancy
from server.ledgers.folding.household import fold_household
from server.ledgers.folding.person import PersonFold, fold_person
from server.ledgers.folding.rosters import HUKOU, RESIDENT, Membership, Roster, fold_members
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
    """Contributions with their entries resolved, and what to fold of them."""

    contributions: Sequence[Contribution]
    entries: Mapping[tuple[str, str], str]  # (family, key) → entry
    scope: Mapping[str, set[str]]  # family → entries to fold
    as_of: date
    rules: Rules
    outside_households: Mapping[str, HouseholdFacts] = field(default_factory=dict)
    outside_visits: Mapping[str, list[VisitFact]] = field(default_factory=dict)
    outside_memberships: Sequence[Membership] = ()

    def linked(self, said: Contribution, name: str) -> str | None:
        """The entry a link leads to; an unknown key stands for itself."""
        key = said.links.get(name)
        return None if key is None else self.entries.get((LINKS[name], key), key)


@dataclass(slots=True)
class FoldResult:
    """What came out: rows by ledger, memberships, exceptions."""

    rows: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    memberships: list[Membership] = field(default_factory=list)
    raised: list[RaisedException] = field(default_factory=list)

    def add(self, ledger: Ledger, made: RowBuilder) -> None:
        self.rows[ledger].append(made.finish())
        self.raised.extend(made.raised)


def whole(
    said: Sequence[Contribution], entries: Mapping[tuple[str, str], str], as_of: date, rules: Rules
) -> FoldResult:
    """Fold everything that was said."""
    scope: dict[str, set[str]] = defaultdict(set)
    for one in said:
        scope[one.family].add(one.entry)
    return fold(FoldInput(said, entries, scope, as_of, rules))


def fold(world: FoldInput) -> FoldResult:
    """The rows of the entries in scope. Deterministic: depends on nothing but its argument."""
    return _Folding(world).run()


class _Folding:
    """One run; holds what the stages hand to each other."""

    def __init__(self, world: FoldInput) -> None:
        self.world = world
        self.folded = FoldResult()
        self.by_entry: dict[tuple[str, str], list[Contribution]] = defaultdict(list)
        self.by_submission: dict[int, list[Contribution]] = defaultdict(list)
        for one in sorted(world.contributions, key=lambda said: said.order):
            self.by_entry[one.family, one.entry].append(one)
            if one.submission_id is not None:
                self.by_submission[one.submission_id].append(one)
        self.people: dict[str, PersonFold] = {}
        self.households: dict[str, RowBuilder] = {}
        self.facts: dict[str, HouseholdFacts] = dict(world.outside_households)
        self.rosters: dict[str, list[Roster]] = {}

    def run(self) -> FoldResult:
        """Stages in the order of what depends on what."""
        for entry in sorted(self._scope("person")):
            person = fold_person(entry, self.by_entry["person", entry])
            if person is not None:
                self.people[entry] = person
        memberships = self._fold_memberships()
        self._fold_households(memberships)
        homes = self._derive_people(memberships)
        self._fold_cases(homes)
        self._fold_visits(homes)
        self._fold_employers()
        for person in self.people.values():
            self.folded.add(Ledger.PERSON, person.fold)
            for spell in person.spells:
                spell.row["area_code"] = person.row["area_code"]
                self.folded.rows["spell"].append(spell.row)
        for household in self.households.values():
            self.folded.add(Ledger.HOUSEHOLD, household)
        return self.folded

    def _scope(self, family: str) -> Iterable[str]:
        return self.world.scope.get(family, ())

    def _fold_memberships(self) -> dict[str, list[Membership]]:
        """Person → memberships, of the households in scope and those just outside."""
        by_person: dict[str, list[Membership]] = defaultdict(list)
        for household in sorted(self._scope("household")):
            rosters = self.rosters[household] = self._rosters_of(household)
            people = {person for roster in rosters for person in roster.lines}
            elsewhere = {person: self._lines_elsewhere(person, household) for person in people}
            for one in fold_members(household, rosters, elsewhere):
                self.folded.memberships.append(one)
                by_person[one.person].append(one)
        for one in self.world.outside_memberships:
            by_person[one.person].append(one)
        return by_person

    def _rosters_of(self, household: str) -> list[Roster]:
        found = []
        submissions = dict.fromkeys(
            one.submission_id
            for one in self.by_entry["household", household]
            if one.submission_id is not None
        )
        for submission in submissions:
            together = self.by_submission[submission]
            lines = {
                one.entry: one
                for one in together
                if one.family == "person"
                and self.world.linked(one, "member_of") == household
                and one.entry in self.people
            }
            if lines:
                outcome = next(
                    (one.values.get("outcome") for one in together if one.family == "visit"), None
                )
                first = min(one.order for one in lines.values())
                day = next(iter(lines.values())).day
                found.append(Roster(first, day, lines, outcome in (None, VisitOutcome.COMPLETE)))
        return found

    def _lines_elsewhere(self, person: str, household: str) -> list[Contribution]:
        return [
            one
            for one in self.people[person].contributions
            if "member_of" in one.links and self.world.linked(one, "member_of") != household
        ]

    def _fold_households(self, memberships: Mapping[str, list[Membership]]) -> None:
        members: dict[str, list[tuple[Membership, Row]]] = defaultdict(list)
        for one in self.folded.memberships:
            if one.to_on is None:
                members[one.household].append((one, self.people[one.person].row))
        for entry in sorted(self._scope("household")):
            said = self.by_entry["household", entry]
            if not said:
                continue
            made = fold_household(entry, said, has_roster=bool(self.rosters[entry]))
            if made is None:
                continue
            desk = observations_by_column(said).get("zero_emp_state", [])
            derive_household(made, members[entry], desk, self.world.as_of, self.world.rules)
            self.households[entry] = made
            self.facts[entry] = facts_of(made.row)
        self.folded.memberships = [
            one for one in self.folded.memberships if one.household in self.households
        ]

    def _derive_people(self, memberships: Mapping[str, list[Membership]]) -> dict[str, Categories]:
        """Person → the households that count for them."""
        homes = {}
        for entry, person in self.people.items():
            current = [
                one
                for one in memberships.get(entry, ())
                if one.to_on is None and one.household in self.facts
            ]
            lives = [one for one in current if one.role == RESIDENT]
            hukou = [one for one in current if one.role == HUKOU]
            home = self._latest(lives) or self._latest(hukou)
            registered = self._latest(hukou)
            derive_person(
                person.row, home, registered, person.spells, self.world.as_of, self.world.rules
            )
            homes[entry] = Categories(home, registered, self.world.rules)
            if len({one.household for one in hukou}) > 1:
                self._raise_two_hukou(person, hukou)
        return homes

    def _latest(self, memberships: Sequence[Membership]) -> HouseholdFacts | None:
        if not memberships:
            return None
        latest = max(memberships, key=lambda one: (one.from_on, one.household))
        return self.facts[latest.household]

    def _raise_two_hukou(self, person: PersonFold, hukou: Sequence[Membership]) -> None:
        latest = max(hukou, key=lambda one: (one.from_on, one.household))
        line = next((one for one in person.contributions if one.id == latest.contribution), None)
        if line is not None:
            person.fold.raise_exception(
                ExceptionKind.TWO_HUKOU_HOUSEHOLDS,
                line,
                "household",
                households=sorted({one.household for one in hukou}),
            )

    def _fold_cases(self, homes: Mapping[str, Categories]) -> None:
        of_person: dict[str, list[VisitFact]] = defaultdict(list)
        of_household: dict[str, list[VisitFact]] = defaultdict(list)
        of_members: dict[str, list[VisitFact]] = defaultdict(list)
        for (family, entry), said in self.by_entry.items():
            if family == "visit" and not is_void(said):
                fact = visit_fact(entry, said)
                person = self.world.linked(said[0], "person")
                household = self.world.linked(said[0], "household")
                if person is not None:
                    of_person[person].append(fact)
                elif household is not None:
                    of_household[household].append(fact)
                if household is not None:
                    of_members[household].append(fact)
        for entry, folded in self.people.items():
            home = homes[entry].home
            visits = list(of_person[entry])
            if home is not None:
                visits += self.world.outside_visits.get(home.id) or of_household[home.id]
            visits.sort(key=lambda one: (one.day, one.id))
            for made in person_cases(
                folded.row,
                folded.contributions,
                folded.spells,
                homes[entry],
                visits,
                self.world.as_of,
                self.world.rules,
            ):
                self.folded.add(Ledger.CASE, made)
        self._fold_household_cases(of_members)

    def _fold_household_cases(self, visits: Mapping[str, list[VisitFact]]) -> None:
        for entry, household in self.households.items():
            if household.row["zero_emp_state"] not in IN_QUESTION:
                continue
            registered = [
                self.people[one.person].row
                for one in self.folded.memberships
                if one.household == entry and one.role == HUKOU and one.to_on is None
            ]
            category = self._zero_employment_category(household.row, is_rural(registered))
            facts = sorted(visits.get(entry, ()), key=lambda one: (one.day, one.id))
            made = household_case(
                household.row,
                self.by_entry["household", entry],
                category,
                facts,
                self.world.as_of,
                self.world.rules,
            )
            self.folded.add(Ledger.CASE, made)

    def _zero_employment_category(self, row: Row, rural: bool) -> str:
        letter = self.world.rules.value("category_set", row["area_code"], self.world.as_of)
        return "A02" if letter == "A" else "B05" if rural else "B04"

    def _fold_visits(self, homes: Mapping[str, Categories]) -> None:
        for entry in sorted(self._scope("visit")):
            said = self.by_entry["visit", entry]
            if not said:
                continue
            first = said[0]
            targets = {
                name: self.world.linked(first, name) for name in ("person", "household", "employer")
            }
            place, person = targets["household"], targets["person"]
            if place is None and person is not None and person in homes:
                home = homes[person].home
                place = home.id if home else None
            slack = self.world.rules.number("place_slack_m", first.area_code, first.day)
            known = self.by_entry["household", place] if place else ()
            made = fold_visit(entry, said, targets, known, slack)
            if made is not None:
                self.folded.add(Ledger.VISIT, made)

    def _fold_employers(self) -> None:
        for entry in sorted(self._scope("employer")):
            if said := self.by_entry["employer", entry]:
                made = fold_employer(entry, said)
                if made is not None:
                    self.folded.add(Ledger.EMPLOYER, made)
        for entry in sorted(self._scope("vacancy")):
            if said := self.by_entry["vacancy", entry]:
                employer = next(
                    (found for one in said if (found := self.world.linked(one, "employer"))), None
                )
                made = fold_vacancy(entry, said, employer, self.world.as_of, self.world.rules)
                if made is not None:
                    self.folded.add(Ledger.VACANCY, made)


def visit_fact(entry: str, said: Sequence[Contribution]) -> VisitFact:
    """What cases need of a visit, from what was said of it; desk corrections come last and hold."""
    values: Row = {}
    for one in reversed(said):
        values = {**one.values, **values} if one.is_desk_act else {**values, **one.values}
    first, promised = said[0], values.get("next_visit_on")
    return VisitFact(
        id=entry,
        day=first.day,
        outcome=values.get("outcome"),
        services=tuple(values.get("services") or ()),
        next_visit_on=date.fromisoformat(promised) if promised else None,
        worker_id=first.worker_id,
    )
