"""Contributions made by hand: what a record or a desk act states, without a form, a document or a database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from server.core.clock import OFFICE
from server.ledgers.definitions.contribution import DESK, Contribution
from server.ledgers.folding.derive.rules import rules
from server.ledgers.folding.fold import FoldResult, fold_everything
from server.ledgers.identity.components import components
from tests.factories.ledgers import COMMUNITY, uuid_of

OTHER_COMMUNITY = "440106003002"


def at(day: date | str, hour: int = 9) -> datetime:
    """An instant of an office day."""
    day = date.fromisoformat(day) if isinstance(day, str) else day
    return datetime(day.year, day.month, day.day, hour, tzinfo=OFFICE)


class History:
    """Contributions of a small street, numbered as they are stated."""

    def __init__(self) -> None:
        self.contributions: list[Contribution] = []
        self._number = 0

    def submission(self) -> int:
        """A new submission's id."""
        self._number += 1
        return self._number

    def state(
        self,
        family: str,
        name: str,
        day: date | str,
        values: Mapping[str, Any] | None = None,
        *,
        links: Mapping[str, str] | None = None,
        submission: int | None = None,
        also: Sequence[str] = (),
        hour: int = 9,
        received_days_later: int = 0,
        level: int = 2,
        worker: int = 1,
        area: str = COMMUNITY,
        flags: tuple[str, ...] = (),
    ) -> Contribution:
        """A record of a submission states values of the entry `name`; `also` are further keys of it."""
        submission = submission or self.submission()
        contribution = Contribution(
            id=submission * 100 + len(self.contributions),
            family=family,
            keys=tuple(uuid_of(f"{family} {key}") for key in (name, *also)),
            submission_id=submission,
            form_version_id=1,
            path="/data",
            observed_at=at(day, hour),
            received_at=at(day, hour) + timedelta(days=received_days_later, hours=1),
            instance_id=f"uuid:{submission:06}",
            worker_id=worker,
            level=level,
            area_code=area,
            values=dict(values or {}),
            links={
                link: uuid_of(f"{'household' if link == 'member_of' else link} {target}")
                for link, target in (links or {}).items()
            },
            flags=flags,
        )
        self.contributions.append(contribution)
        return contribution

    def decide(
        self, family: str, name: str, day: date | str, /, hour: int = 12, **values: Any
    ) -> Contribution:
        """Office staff decide values of an entry; "__" in a name stands for the dot of a sub-ledger's column."""
        number = len(self.contributions) + 1
        contribution = Contribution(
            id=-number,
            family=family,
            keys=(uuid_of(f"{family} {name}"),),
            submission_id=None,
            form_version_id=None,
            path="",
            observed_at=at(day, hour),
            received_at=at(day, hour),
            instance_id=f"{DESK}{number:06}",
            worker_id=9,
            level=3,
            area_code="",
            values={column.replace("__", "."): value for column, value in values.items()},
        )
        self.contributions.append(contribution)
        return contribution


def fold_contributions(contributions: Sequence[Contribution], as_of: date | str) -> FoldResult:
    """Fold everything as of a day, after tying contributions to entries."""
    as_of = date.fromisoformat(as_of) if isinstance(as_of, str) else as_of
    entries = components(contributions)
    for contribution in contributions:
        contribution.entry = entries[contribution.family, contribution.keys[0]]
    return fold_everything(contributions, entries, as_of, rules())


def row_of(result: FoldResult, ledger: str, name: str) -> dict[str, Any]:
    """The row of the entry that a history calls `name`."""
    (row,) = [row for row in result.rows[ledger] if row["id"] == uuid_of(f"{ledger} {name}")]
    return row


def random_history(random: Random) -> list[Contribution]:
    """Contributions about a few people, households, visits, employers and vacancies that collide with each other."""
    history = History()
    for _ in range(random.randint(1, 9)):
        chosen = random.choice(
            ["survey"] * 3 + ["change"] * 3 + ["visit", "visit", "employer", "offer"]
        )
        if random.random() < 0.25:
            _random_decision(history, random)
        elif chosen == "survey":
            _random_survey(history, random)
        elif chosen == "change":
            history.state("person", random.choice("aabc"), _day(random), _person(random))
        elif chosen == "visit":
            _random_visit(history, random)
        elif chosen == "offer":
            _random_offer(history, random)
        else:
            _random_employer(history, random)
    return history.contributions


def _day(random: Random) -> date:
    return date(2022, 11, 1) + timedelta(days=random.randint(0, 1400))


def _some(random: Random, **choices: Sequence[Any]) -> dict[str, Any]:
    """Some of the columns, each with one of its values."""
    return {
        column.replace("__", ".").replace("_hash_", "#"): random.choice(list(values))
        for column, values in choices.items()
        if random.random() < 0.6
    }


def _days(random: Random) -> list[str]:
    return [_day(random).isoformat()]


def _person(random: Random) -> dict[str, Any]:
    return _some(
        random,
        name=["陈一", "李二"],
        former_name=["李二"],
        id_no=["sealed 1", "sealed 2"],
        sex=["0", "1", "2"],
        birth_date=["1963-07-20", "1965-01-31", "1973-08-31", "1975-12-15", "1984-02-29", "2007-06-10"],
        hukou_type=["10", "20", "30"],
        hukou_area=["440106003001", "430100000000"],
        residence_kind=["1", "2", "3", "4", "5"],
        relation=["0", "0", "1"],
        edu=["20", "70"],
        health=["1", "6"],
        disability_cert=["sealed cert"],
        phone=["sealed 11", "sealed 12", "sealed 13", "sealed 14"],
        work_capacity=["1", "1", "1", "2", "3"],
        job_willing=[True, True, True, False],
        emp_status=["20", "20", "21", "22", "10", "11", "14", "30", "31", "33", "39"],
        spell__start_on=_days(random),
        spell__unemp_date=_days(random),
        spell__reg_date=_days(random),
        spell__unemp_reason=["02", "04", "10", "11"],
        spell__employer_name=["甲厂", "乙厂"],
        spell__emp_form=["1", "4"],
    ) | (_some(random, person_status=["1", "2", "3"], death_date=_days(random)) if random.random() < 0.2 else {})  # fmt: skip


def _random_survey(history: History, random: Random) -> None:
    day, household, submission = _day(random), random.choice("xy"), history.submission()
    area = random.choice([COMMUNITY, OTHER_COMMUNITY])
    history.state(
        "household",
        household,
        day,
        _some(
            random,
            address=["示范路1号"],
            loc=[[113.3501, 23.1301, 0.0, 8.0], [113.3601, 23.1301, 0.0, 30.0], [113.35, 23.13]],
            loc_accuracy=["12.50"],
            dibao_status=["0", "1"],
            dibao_no=["sealed dibao"],
            poor_rural=[True, False],
            land_lost_share=["0", "1", "3"],
            other_income=[False, False, True],
        ),
        submission=submission,
        area=area,
    )
    for name in random.sample("abc", random.randint(0, 3)):
        history.state(
            "person",
            name,
            day,
            _person(random),
            links={"member_of": household},
            submission=submission,
            level=random.choice([1, 2, 3]),
            area=area,
        )
    history.state(
        "visit",
        f"visit {submission}",
        day,
        _visit(random),
        links={"household": household},
        submission=submission,
        flags=random.choice([(), ("clock",), ("outside_area",)]),
    )


def _visit(random: Random) -> dict[str, Any]:
    return _some(
        random,
        outcome=["1", "1", "2", "3"],
        mode=["1", "2"],
        services=[["1"], ["1", "2"]],
        next_visit_on=_days(random),
        loc=[[113.3501, 23.1302, 0.0, 8.0], [113.3581, 23.1301, 0.0, 30.0]],
    )


def _random_offer(history: History, random: Random) -> None:
    links = {"person": random.choice("abc"), "vacancy": random.choice("vw")}
    links = {name: named for name, named in links.items() if random.random() < 0.9}
    values = _some(
        random,
        offered_on=_days(random),
        response=["1", "2", "3"],
        refuse_reason=["1", "5"],
        result=["1", "2", "3", "5"],
        hired_on=_days(random),
    )
    history.state("offer", random.choice("no"), _day(random), values, links=links)


def _random_visit(history: History, random: Random) -> None:
    links = {"person": random.choice("aabc")} if random.random() < 0.7 else {}
    if not links or random.random() < 0.5:
        links["household"] = random.choice("xy")
    number = history.submission()
    history.state(
        "visit",
        f"visit {number}",
        _day(random),
        _visit(random),
        links=links,
        submission=number,
        worker=random.choice([1, 2]),
    )


def _random_employer(history: History, random: Random) -> None:
    day, submission = _day(random), history.submission()
    history.state(
        "employer",
        "e",
        day,
        _some(
            random,
            name=["甲厂"],
            uscc=["91110000600037341L"],
            n_staff=[0, 9, 10, 300],
            loc=[[113.35, 23.13, 0.0, 8.0]],
        ),
        submission=submission,
        flags=random.choice([(), ("bad_uscc",)]),
    )
    history.state(
        "vacancy",
        random.choice(["v", "w"]),
        day,
        _some(random, title=["保安"], n_wanted=[1, 2], expires_on=_days(random), state=["3", "5"]),
        links={"employer": "e"},
        submission=submission,
    )


def _random_decision(history: History, random: Random) -> None:
    if random.random() < 0.4:  # a case on its way: checked, notice, certified
        family, name = random.choice([("person", "a"), ("person", "b"), ("household", "x")])
        day = _day(random)
        for state in "345"[: random.randint(1, 3)]:
            day += timedelta(days=random.randint(0, 20))
            history.decide(family, name, day, case__state=state)
        return
    family, values = random.choice(
        [
            ("person", {"case__state": random.choice(["2", "3", "4", "5", "6", "9", "10"])}),
            ("person", {"case__state": "3"}),
            ("person", {"edu": "10"}),
            ("person", {"name": "陈甲"}),
            ("person", {"person_status": random.choice(["1", "2", "3"])}),
            ("household", {"zero_emp_state": random.choice(["1", "2", "3", "4", "5"])}),
            ("household", {"case__state": random.choice(["2", "3", "9"])}),
            ("vacancy", {"state": random.choice(["2", "3", "7"])}),
            ("offer", {"state": random.choice(["6", "8"])}),
        ]
    )
    name = random.choice(
        {"person": "abc", "household": "xy", "vacancy": "vw", "offer": "no"}[family]
    )
    history.decide(family, name, _day(random), **values)
    if random.random() < 0.05:
        history.decide(family, name, _day(random), void=True)
