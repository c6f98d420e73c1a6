"""Who knocks where and when, and when the phone gets it through. Pure.

First the census of households and firms, then, month after month, visits to whoever has
an open assistance case, and each quarter what has changed at some doors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from functools import partial
from math import cos, radians
from random import Random
from typing import Final
from uuid import UUID, uuid5

from server.core.clock import OFFICE
from server.ops.demo import answers, defects, names
from server.ops.demo.answers import Answers, Change, Knock, Subject
from server.ops.demo.boundaries import Community, Street
from server.ops.demo.population import (
    EMPLOYED,
    UNEMPLOYED,
    Firm,
    Home,
    Population,
    with_status,
)

QUARTER: Final = timedelta(days=91)
_CENSUS: Final = timedelta(days=40)
_INSTANCES: Final = UUID("0c6a1ad1-59a5-5a0c-8f5e-5f2a3c3f9d10")


@dataclass(frozen=True, slots=True)
class Sending:
    """One submission: what it says is worked out only when it is sent."""

    form_id: str
    instance_id: UUID
    knock: Knock
    place: str  # for the instance's name
    received_at: datetime
    say: Callable[[Random], Answers] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Calendar:
    """The demo's time: so many quarters up to, but not including, a day."""

    until: date
    quarters: int

    @property
    def begins(self) -> date:
        return self.until - QUARTER * self.quarters

    @property
    def recoded_on(self) -> date:
        """When the moved communities got their new codes: at the last quarter's start, never during the census."""
        return self.begins + max(QUARTER * (self.quarters - 1), _CENSUS + timedelta(days=10))

    def an_hour(self, rng: Random, first: date, last: date) -> datetime:
        """A moment between nine in the morning and nine at night of a day from first to before last."""
        day = first + timedelta(days=rng.randrange(max(1, (last - first).days)))
        minute = rng.randrange(9 * 60, 21 * 60)
        start = datetime.combine(day, time(), OFFICE)
        return start + timedelta(minutes=minute, seconds=rng.randrange(60))


class Plan:
    """Everything the demo sends, phase by phase; the same seed and sizes plan the same."""

    def __init__(
        self,
        *,
        seed: int,
        street: Street,
        people: Population,
        calendar: Calendar,
        workers: Mapping[str, str],
        list_uuid: Callable[[str], UUID],
    ) -> None:
        """`workers`: community code → user name; `list_uuid`: a community's uuid on the phone's list."""
        self.seed, self.street, self.people, self.calendar = seed, street, people, calendar
        self.counts: dict[str, int] = {}
        self._workers, self._list_uuid = workers, list_uuid
        self._midnight = datetime.combine(calendar.until, time(), OFFICE)

    def census(self) -> list[Sending]:
        """The first survey of every household and every firm."""
        rng = self._rng("census")
        everyone = range(len(self.people.homes))
        without_fix = set(defects.some(rng, everyone, defects.NO_GPS))
        far = set(defects.some(rng, sorted(set(everyone) - without_fix), defects.FAR_GPS))
        self._count("no_gps", len(without_fix))
        self._count("far_gps", len(far))
        ends = self.calendar.begins + _CENSUS
        sendings = []
        for number, home in enumerate(self.people.homes):
            at = self.calendar.an_hour(rng, self.calendar.begins, ends)
            if rng.random() < 0.04:
                earlier = at - timedelta(hours=rng.randrange(20, 30))
                missed = self._knock(rng, home, earlier, outcome=answers.NO_ONE_HOME)
                sendings.append(self._survey(home, missed, f"miss {number}", known=False))
            knock = self._knock(
                rng,
                home,
                at,
                has_fix=number not in without_fix,
                is_far=number in far,
                met_whom="6" if rng.random() < 0.06 else rng.choice("112"),
                has_photo=rng.random() < 0.1,
            )
            sendings.append(self._survey(home, knock, f"census {number}", known=False))
        for number, firm in enumerate(self.people.firms):
            at = self.calendar.an_hour(rng, self.calendar.begins, ends)
            sendings.append(self._firm(rng, firm, at, f"firm {number}", known=False))
        return self._through_the_air(rng, sendings)

    def later(self, subjects: Sequence[Subject]) -> list[Sending]:
        """Visits to the open cases found by the census, and the quarters' changes."""
        rng = self._rng("later")
        sendings: list[Sending] = []
        for quarter in range(1, self.calendar.quarters):
            sendings += self._quarter(rng, quarter)
        everybody = sum(len(home.members) for home in self.people.homes)
        share = min(0.3, defects.DEATH_OR_REVERSAL * everybody / max(1, len(subjects)))
        people = [at for at, subject in enumerate(subjects) if subject.person]
        dying = dict(zip(defects.some(rng, people, share), _alternate(), strict=False))
        self._count("deaths", len(dying))
        self._count("deaths_taken_back", sum(dying.values()))
        homes = {home.uuid: home for home in self.people.homes}
        for number, subject in enumerate(subjects):
            home = homes.get(subject.household)
            if home is not None:
                sendings += self._visits(rng, number, subject, home, dying.get(number))
        return self._through_the_air(rng, sendings)

    def _quarter(self, rng: Random, quarter: int) -> list[Sending]:
        """What is found at a tenth of the doors, and at a third of the firms, in a later quarter."""
        first = self.calendar.begins + QUARTER * quarter
        last = first + QUARTER - timedelta(days=3)
        sendings = []
        for at_home in defects.some(rng, range(len(self.people.homes)), 0.10):
            at = self.calendar.an_hour(rng, first, last)
            home = _changed(rng, self.people.homes[at_home], at.date())
            self.people.homes[at_home] = home
            knock = self._knock(rng, home, at, met_whom="1")
            sendings.append(self._survey(home, knock, f"q{quarter} {at_home}", known=True))
        for number in defects.some(rng, range(len(self.people.firms)), 0.33):
            at = self.calendar.an_hour(rng, first, last)
            firm = self.people.firms[number]
            sendings.append(self._firm(rng, firm, at, f"q{quarter} firm {number}", known=True))
        return sendings

    def _visits(
        self, rng: Random, number: int, subject: Subject, home: Home, taken_back: bool | None
    ) -> list[Sending]:
        """One case's visits, about a month apart; some workers have fallen behind."""
        day = self.calendar.begins + _CENSUS + timedelta(days=rng.randrange(2, 20))
        last = self.calendar.until - timedelta(days=45 if rng.random() < 0.2 else 1)
        visits: list[Sending] = []
        has_job = is_dead = False
        while day < last:
            at = self.calendar.an_hour(rng, day, day + timedelta(days=1))
            outcome, change = answers.DONE, None
            if is_dead and not taken_back:
                break
            if taken_back is not None and not is_dead and visits:
                outcome, is_dead = answers.DECEASED, True
            elif is_dead:
                is_dead, taken_back = False, None
            elif rng.random() < 0.08:
                outcome = answers.NO_ONE_HOME
            elif subject.person and rng.random() < (0.04 if has_job else 0.12):
                has_job = not has_job
                status = rng.choice(("10", "10", "13")) if has_job else "21"
                _industry, what, _jobs = names.a_trade(rng)
                change = Change(status, day - timedelta(days=9), names.firm_name(rng, what))
            knock = self._knock(rng, home, at, outcome=outcome, has_photo=rng.random() < 0.15)
            purpose = answers.FOLLOW_UP if has_job and change is None else answers.LINKED
            visits.append(
                self._sending(
                    "home_visit",
                    f"visit {number} {len(visits)}",
                    knock,
                    subject.address,
                    partial(_visit, subject, knock, purpose, change),
                )
            )
            day += timedelta(days=rng.randrange(24, 37))
        return visits

    def _survey(self, home: Home, knock: Knock, key: str, *, known: bool) -> Sending:
        campaign = answers.QUARTERLY if known else answers.CENSUS
        place = f"{home.address}{home.building}{home.room}"
        say = partial(_household, home, knock, campaign, known)
        return self._sending("household_survey", key, knock, place, say)

    def _firm(self, rng: Random, firm: Firm, at: datetime, key: str, *, known: bool) -> Sending:
        knock = self._knock(rng, firm, at, has_photo=rng.random() < 0.2)
        say = partial(_employer, firm, knock, known)
        return self._sending("employer_survey", key, knock, firm.name, say)

    def _sending(
        self, form_id: str, key: str, knock: Knock, place: str, say: Callable[[Random], Answers]
    ) -> Sending:
        instance_id = uuid5(_INSTANCES, f"{self.seed}/{self.calendar.until}/{form_id}/{key}")
        return Sending(form_id, instance_id, knock, place, knock.at, say)

    def _knock(
        self,
        rng: Random,
        door: Home | Firm,
        at: datetime,
        *,
        has_fix: bool = True,
        is_far: bool = False,
        outcome: str = answers.DONE,
        met_whom: str = "1",
        has_photo: bool = False,
    ) -> Knock:
        community: Community = door.community
        code = community.code_on(at.astimezone(OFFICE).date(), self.calendar.recoded_on)
        metres = rng.uniform(1200, 2500) if is_far else abs(rng.gauss(0, 8))
        accuracy = round(rng.uniform(4, 19), 1)
        return Knock(
            at=at,
            community_code=code,
            community_uuid=self._list_uuid(code),
            worker=self._workers[community.code],
            fix=_moved(door.lon, door.lat, metres, rng) if has_fix else None,
            accuracy=accuracy,
            outcome=outcome,
            met_whom=met_whom,
            photo=f"{int(at.timestamp() * 1000)}.jpg" if has_photo else "",
        )

    def _through_the_air(self, rng: Random, sendings: list[Sending]) -> list[Sending]:
        """When each gets through: mostly the same evening, some days later; in order of arrival."""
        early_enough = [
            at
            for at, sending in enumerate(sendings)
            if self._midnight - sending.knock.at > timedelta(days=9)
        ]
        late = set(defects.some(rng, early_enough, defects.LATE))
        self._count("late", len(late))
        sent = []
        for number, sending in enumerate(sendings):
            delay = (
                timedelta(days=rng.uniform(7.1, 20))
                if number in late
                else timedelta(hours=rng.choice((0.3, 2, 6, 9, 30)) * rng.uniform(0.8, 1.2))
            )
            received_at = min(sending.knock.at + delay, self._midnight)
            sent.append(replace(sending, received_at=received_at))
        return sorted(sent, key=lambda sending: (sending.received_at, sending.instance_id))

    def _count(self, what: str, number: int) -> None:
        self.counts[what] = self.counts.get(what, 0) + number

    def _rng(self, phase: str) -> Random:
        return Random(f"{phase} {self.seed}")  # noqa: S311 a demo must repeat itself


def _household(home: Home, knock: Knock, campaign: str, known: bool, rng: Random) -> Answers:
    return answers.household_survey(home, knock, rng, campaign=campaign, known=known)


def _employer(firm: Firm, knock: Knock, known: bool, rng: Random) -> Answers:
    return answers.employer_survey(firm, knock, rng, known=known)


def _visit(
    subject: Subject, knock: Knock, purpose: str, change: Change | None, rng: Random
) -> Answers:
    return answers.home_visit(subject, knock, rng, purpose=purpose, change=change)


def _changed(rng: Random, home: Home, day: date) -> Home:
    """The household after somebody lost or found work; most have nothing new to say."""
    workers = [at for at, one in enumerate(home.members) if one.emp_status in EMPLOYED | UNEMPLOYED]
    if not workers or rng.random() < 0.4:
        return home
    at = rng.choice(workers)
    member = home.members[at]
    status = rng.choice(("20", "21")) if member.emp_status in EMPLOYED else rng.choice(("10", "13"))
    since = day - timedelta(days=rng.randrange(3, 45))
    return home.with_member(at, with_status(rng, member, status, since))


def _moved(lon: float, lat: float, metres: float, rng: Random) -> tuple[float, float]:
    """The position so many metres away, in whatever direction."""
    east, north = rng.uniform(-1, 1), rng.uniform(-1, 1)
    length = max(1e-6, (east**2 + north**2) ** 0.5)
    return (
        lon + east / length * metres / (111_320 * cos(radians(lat))),
        lat + north / length * metres / 110_574,
    )


def _alternate() -> list[bool]:
    """Which reported deaths are taken back: the first, then every other one."""
    return [number % 2 == 0 for number in range(1_000)]
