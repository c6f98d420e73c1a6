"""The rulings of the regulation, told as stories and folded together (tests/samples/rulings.py)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import pytest

from server.core.clock import OFFICE
from server.ledgers.definitions.contribution import DESK, Contribution
from server.ledgers.folding.derive.rules import rules
from server.ledgers.folding.fold import fold_everything
from server.ledgers.identity.components import components
from tests.factories.ledgers import Filled, contributions_of_form, id_number, uuid_of
from tests.samples.rulings import RULINGS, TODAY, Ruling, Said

HEAD = {"relation": "0", "emp_status": "10", "work_capacity": "1", "spell.start_on": "2015-01-01"}


class Story:
    """One ruling's records, with names of people and homes that no other ruling has."""

    def __init__(self, number: int, ruling: Ruling) -> None:
        self.number, self.ruling = number, ruling

    def uuid(self, name: str) -> str:
        return uuid_of(f"ruling {self.number} {name}")

    def contributions(self) -> Iterator[Contribution]:
        for step, said in enumerate(self.ruling.said):
            number = self.number * 20 + step + 1
            if said.desk is not None:
                yield self._act(number, said)
            else:
                yield from contributions_of_form(self._filled(said), number)

    def _filled(self, said: Said) -> Filled:
        when = {"visited_at": f"{said.day}T09:00:00+08:00", "met_whom": said.by}
        if said.employer is not None:
            lines = [dict(vacancy) for vacancy in said.vacancies]
            return Filled(form="employer", household=said.employer, members=lines, **when)
        home = self.uuid(f"home {said.house}")
        if said.visit is not None:
            person = said.people["p"]
            return Filled(form="home_visit", person_id=self.uuid("p"), household_id=home, person=person, visit=said.visit, **when)  # fmt: skip
        lines = [self._line(who, answers) for who, answers in said.people.items()]
        if said.with_head:
            number = id_number(f"1984-04-0{4 if said.house == 'a' else 5}", self.number * 2 + 1)
            lines.insert(0, {"name": "户主", "residence_kind": "1", "id_no": number, **HEAD})
        place = {"address": f"试验路{self.number}号{said.house}", **said.home}
        return Filled(household_id=home, household=place, members=lines, **when)

    def _line(self, who: str, answers: dict[str, Any]) -> dict[str, Any]:
        line = {"person_id": self.uuid(who), "name": who, "relation": "8", "residence_kind": "1"}
        return {**line, **answers}

    def _act(self, number: int, said: Said) -> Contribution:
        family, name = ("household", "home a") if said.of == "home" else ("person", said.of)
        at = datetime.fromisoformat(f"{said.day}T15:00:00").replace(tzinfo=OFFICE)
        return Contribution(
            id=-number, family=family, keys=(self.uuid(name),), submission_id=None, form_version_id=None,
            path="", observed_at=at, received_at=at, instance_id=f"{DESK}{number:06}", worker_id=9,
            level=3, area_code="", values=dict(said.desk or {}),
        )  # fmt: skip


class Ledgers:
    """Everything folded, by entry."""

    def __init__(self) -> None:
        self.stories = [Story(number, ruling) for number, ruling in enumerate(RULINGS, 1)]
        self.of = {story.number: list(story.contributions()) for story in self.stories}
        everything = [item for of_story in self.of.values() for item in of_story]
        self.keys = components(everything)
        for item in everything:
            item.entry = self.keys[item.family, item.keys[0]]
        self.result = fold_everything(everything, self.keys, TODAY, rules())

    def look(self, story: Story, name: str) -> Any:
        """What the ledgers hold of a story: a column, or one of the words below."""
        person = self.keys.get(("person", story.uuid("p")), "")
        home = self.keys.get(("household", story.uuid("home a")), "")
        rows, result = self.result.rows, self.result
        cases = sorted(
            (row for row in rows["case"] if row.get("subject_person_id") == person),
            key=lambda row: row["opened_on"],
        )
        mine = {item.entry for item in self.of[story.number]}
        match name.partition("."):
            case ("categories", _, _):
                still = [row for row in cases if row["state"] != "9"]
                return sorted({code for row in still for code in row["category"]})
            case ("cases", _, _):
                return len(cases)
            case ("home_cases", _, _):
                return [
                    str(row["opened_on"])
                    for row in rows["case"]
                    if row.get("subject_household_id") == home
                ]
            case ("spells", _, _):
                of_person = [row for row in rows["spell"] if row["person_id"] == person]
                parts = (
                    (row["spell_kind"], row["start_on"], row.get("end_on")) for row in of_person
                )
                return sorted((kind, str(start), end and str(end)) for kind, start, end in parts)[
                    ::-1
                ]
            case ("memberships", _, _):
                return len(
                    [m for m in result.memberships if m.person == person and m.to_on is None]
                )
            case ("raised", _, _):
                ids = {item.id for item in self.of[story.number]}
                return {str(item.kind) for item in result.raised if item.contribution.id in ids}
            case ("employers", _, _):
                return len([row for row in rows["employer"] if row["id"] in mine])
            case ("vacancies", _, _):
                return {row["title"]: row["state"] for row in rows["vacancy"] if row["id"] in mine}
            case ("case", _, column):
                return cases[-1].get(column)
            case (ledger, _, column):
                wanted = {"person": {person}, "household": {home}}.get(ledger, mine)
                (row,) = (row for row in rows[ledger] if row["id"] in wanted)
                return row.get(column)
        raise AssertionError(name)


@pytest.fixture(scope="module")
def ledgers() -> Ledgers:
    return Ledgers()


@pytest.mark.parametrize("number", range(len(RULINGS)), ids=lambda number: f"{RULINGS[number].kind}: {RULINGS[number].text}")  # fmt: skip
def test_a_ruling_holds(ledgers: Ledgers, number: int):
    story = ledgers.stories[number]
    held = {name: ledgers.look(story, name) for name in story.ruling.holds}
    shown = {name: str(value) if isinstance(value, date) else value for name, value in held.items()}
    assert shown == story.ruling.holds


def test_the_rulings_are_of_every_kind():
    assert {ruling.kind for ruling in RULINGS} == {
        "age", "4050", "long-term", "category", "zero employment", "identity", "merge", "visit",
        "case", "household case", "employer",
    }  # fmt: skip
