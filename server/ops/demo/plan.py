"""The demo's submissions: who is visited when, and when the phone sends the record. Pure.

First the census of households and employers. Then monthly visits about each open assistance
case, and in each later quarter surveys of the households and employers that changed.
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
from server.ops.demo import answers, defects, names, services
from server.ops.demo.answers import Answers, Change, DoorVisit, Listed, Subject
from server.ops.demo.boundaries import Community, Street
from server.ops.demo.population import (
    EMPLOYED,
    UNEMPLOYED,
    Firm,
    Home,
    Population,
    with_status,
)
from server.ops.demo.services import Service, Stock

QUARTER: Final = timedelta(days=91)
_CENSUS: Final = timedelta(days=40)
_INSTANCES: Final = UUID("0c6a1ad1-59a5-5a0c-8f5e-5f2a3c3f9d10")


@dataclass(frozen=True, slots=True)
class PlannedSubmission:
    """One submission. Its answers are made by `fill_in` when it is sent."""

    form_id: str
    instance_id: UUID
    visit: DoorVisit
    place: str  # address or name, for the instanceName
    received_at: datetime
    fill_in: Callable[[Random], Answers] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Calendar:
    """The demo's time span: that many quarters that end before `until`."""

    until: date
    quarters: int

    @property
    def begins(self) -> date:
        """The first day of the census."""
        return self.until - QUARTER * self.quarters

    @property
    def recoded_on(self) -> date:
        """The day the moved communities got new codes: start of the last quarter, but after the census."""
        return self.begins + max(QUARTER * (self.quarters - 1), _CENSUS + timedelta(days=10))

    def office_hour(self, rng: Random, first: date, last: date) -> datetime:
        """A random moment between 9:00 and 21:00 of a day from `first` to the day before `last`."""
        day = first + timedelta(days=rng.randrange(max(1, (last - first).days)))
        minute = rng.randrange(9 * 60, 21 * 60)
        start = datetime.combine(day, time(), OFFICE)
        return start + timedelta(minutes=minute, seconds=rng.randrange(60))


class Plan:
    """All submissions of the demo, in two phases. The same seed and sizes give the same plan."""

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
        """`workers`: community code → user name. `list_uuid`: community code → its uuid in the entity list."""
        self.seed, self.street, self.people, self.calendar = seed, street, people, calendar
        self.counts: dict[str, int] = {}
        self._workers, self._list_uuid = workers, list_uuid
        self._midnight = datetime.combine(calendar.until, time(), OFFICE)

    def census(self) -> list[PlannedSubmission]:
        """The first survey of every household and every employer, in order of arrival."""
        rng = self._rng("census")
        everyone = range(len(self.people.homes))
        without_fix = set(defects.sample(rng, everyone, defects.NO_GPS))
        far = set(defects.sample(rng, sorted(set(everyone) - without_fix), defects.FAR_GPS))
        self._count("no_gps", len(without_fix))
        self._count("far_gps", len(far))
        ends = self.calendar.begins + _CENSUS
        submissions = []
        for number, home in enumerate(self.people.homes):
            at = self.calendar.office_hour(rng, self.calendar.begins, ends)
            if rng.random() < 0.04:
                earlier = at - timedelta(hours=rng.randrange(20, 30))
                missed = self._door_visit(rng, home, earlier, outcome=answers.NO_ONE_HOME)
                submissions.append(self._survey(home, missed, f"miss {number}", is_listed=False))
            visit = self._door_visit(
                rng,
                home,
                at,
                has_fix=number not in without_fix,
                is_far=number in far,
                met_whom="6" if rng.random() < 0.06 else rng.choice("112"),
                has_photo=rng.random() < 0.1,
            )
            submissions.append(self._survey(home, visit, f"census {number}", is_listed=False))
        for number, firm in enumerate(self.people.firms):
            at = self.calendar.office_hour(rng, self.calendar.begins, ends)
            submissions.append(self._firm(rng, firm, at, f"firm {number}", is_listed=False))
        return self._with_arrivals(rng, submissions)

    def later(
        self, subjects: Sequence[Subject], listed: Sequence[Listed] = ()
    ) -> list[PlannedSubmission]:
        """Visits about the open cases of the census, the later quarters' surveys and changes, in order of arrival."""
        rng = self._rng("later")
        submissions: list[PlannedSubmission] = []
        for quarter in range(1, self.calendar.quarters):
            submissions += self._quarter(rng, quarter)
        everybody = sum(len(home.members) for home in self.people.homes)
        share = min(0.3, defects.DEATH_OR_REVERSAL * everybody / max(1, len(subjects)))
        people = [at for at, subject in enumerate(subjects) if subject.person]
        dying = dict(zip(defects.sample(rng, people, share), _alternate(), strict=False))
        self._count("deaths", len(dying))
        self._count("deaths_taken_back", sum(dying.values()))
        homes = {home.uuid: home for home in self.people.homes}
        for number, subject in enumerate(subjects):
            home = homes.get(subject.household)
            if home is not None:
                submissions += self._visits(rng, number, subject, home, dying.get(number))
        submissions += self._quick_changes(listed, {subject.person for subject in subjects})
        return self._with_arrivals(rng, submissions)

    def services(
        self, subjects: Sequence[Subject], listed: Sequence[Listed], stock: Stock
    ) -> list[PlannedSubmission]:
        """What the offices' services bring in the last weeks, by what the lists have then, in order of arrival."""
        rng = self._rng("services")
        homes = {home.uuid: home for home in self.people.homes}
        planned = [
            self._service(rng, service, f"service {number}")
            for number, service in enumerate(services.wanted(rng, subjects, listed, stock, homes))
        ]
        return self._with_arrivals(rng, planned)

    def _service(self, rng: Random, service: Service, key: str) -> PlannedSubmission:
        first = self.calendar.until - timedelta(days=services.DAYS)
        at = self.calendar.office_hour(rng, first, self.calendar.until - timedelta(days=1))
        signature = f"sign{int(at.timestamp() * 1000)}.jpg" if service.is_signed else ""
        visit = replace(self._door_visit(rng, service.home, at), photo=signature)
        fill_in = partial(service.fill_in, visit)
        return self._planned(service.form_id, key, visit, service.place, fill_in)

    def _quarter(self, rng: Random, quarter: int) -> list[PlannedSubmission]:
        """A later quarter's surveys: a tenth of the households and a third of the employers."""
        first = self.calendar.begins + QUARTER * quarter
        last = first + QUARTER - timedelta(days=3)
        submissions = []
        for at_home in defects.sample(rng, range(len(self.people.homes)), 0.10):
            at = self.calendar.office_hour(rng, first, last)
            home = _changed(rng, self.people.homes[at_home], at.date())
            self.people.homes[at_home] = home
            visit = self._door_visit(rng, home, at, met_whom="1")
            submissions.append(self._survey(home, visit, f"q{quarter} {at_home}", is_listed=True))
        for number in defects.sample(rng, range(len(self.people.firms)), 0.33):
            at = self.calendar.office_hour(rng, first, last)
            firm = self.people.firms[number]
            submissions.append(
                self._firm(rng, firm, at, f"q{quarter} firm {number}", is_listed=True)
            )
        return submissions

    def _quick_changes(
        self, listed: Sequence[Listed], visited: set[UUID | None]
    ) -> list[PlannedSubmission]:
        """In the last quarter, a quick change or confirmation of a third of those whom no visit plan names."""
        rng = self._rng("changes")
        homes = {home.uuid: home for home in self.people.homes}
        first = self.calendar.begins + max(QUARTER * (self.calendar.quarters - 1), _CENSUS)
        planned = []
        for number, person in enumerate(listed):
            home = homes.get(person.household)
            if home is None or person.person in visited or rng.random() >= 1 / 3:
                continue
            at = self.calendar.office_hour(rng, first, self.calendar.until - timedelta(days=2))
            visit = self._door_visit(rng, home, at, met_whom=rng.choice("1112"))
            planned.append(
                self._planned(
                    "quick_change",
                    f"change {number}",
                    visit,
                    person.place,
                    partial(services.quick_change, person, visit),
                )
            )
        return planned

    def _visits(
        self, rng: Random, number: int, subject: Subject, home: Home, taken_back: bool | None
    ) -> list[PlannedSubmission]:
        """One case's visits, about a month apart; for a fifth of the cases the last ones are overdue.

        `taken_back` is None unless a visit reports the person's death; then it says whether
        a later visit corrects that.
        """
        day = self.calendar.begins + _CENSUS + timedelta(days=rng.randrange(2, 20))
        last = self.calendar.until - timedelta(days=45 if rng.random() < 0.2 else 1)
        visits: list[PlannedSubmission] = []
        has_job = is_dead = False
        while day < last:
            at = self.calendar.office_hour(rng, day, day + timedelta(days=1))
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
                _industry, business, _jobs = names.random_trade(rng)
                change = Change(status, day - timedelta(days=9), names.firm_name(rng, business))
            visit = self._door_visit(rng, home, at, outcome=outcome, has_photo=rng.random() < 0.15)
            purpose = answers.FOLLOW_UP if has_job and change is None else answers.LINKED
            visits.append(
                self._planned(
                    "home_visit",
                    f"visit {number} {len(visits)}",
                    visit,
                    subject.address,
                    partial(_visit_answers, subject, visit, purpose, change),
                )
            )
            day += timedelta(days=rng.randrange(24, 37))
        return visits

    def _survey(
        self, home: Home, visit: DoorVisit, key: str, *, is_listed: bool
    ) -> PlannedSubmission:
        campaign = answers.QUARTERLY if is_listed else answers.CENSUS
        place = f"{home.address}{home.building}{home.room}"
        fill_in = partial(_household_answers, home, visit, campaign, is_listed)
        return self._planned("household_survey", key, visit, place, fill_in)

    def _firm(
        self, rng: Random, firm: Firm, at: datetime, key: str, *, is_listed: bool
    ) -> PlannedSubmission:
        visit = self._door_visit(rng, firm, at, has_photo=rng.random() < 0.2)
        fill_in = partial(_employer_answers, firm, visit, is_listed)
        return self._planned("employer_survey", key, visit, firm.name, fill_in)

    def _planned(
        self,
        form_id: str,
        key: str,
        visit: DoorVisit,
        place: str,
        fill_in: Callable[[Random], Answers],
    ) -> PlannedSubmission:
        instance_id = uuid5(_INSTANCES, f"{self.seed}/{self.calendar.until}/{form_id}/{key}")
        return PlannedSubmission(form_id, instance_id, visit, place, visit.at, fill_in)

    def _door_visit(
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
    ) -> DoorVisit:
        community: Community = door.community
        code = community.code_on(at.astimezone(OFFICE).date(), self.calendar.recoded_on)
        metres = rng.uniform(1200, 2500) if is_far else abs(rng.gauss(0, 8))
        accuracy = round(rng.uniform(4, 19), 1)
        return DoorVisit(
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

    def _with_arrivals(
        self, rng: Random, submissions: list[PlannedSubmission]
    ) -> list[PlannedSubmission]:
        """The submissions with `received_at`, in order of arrival: most within hours, some days late."""
        early_enough = [
            at
            for at, submission in enumerate(submissions)
            if self._midnight - submission.visit.at > timedelta(days=9)
        ]
        late = set(defects.sample(rng, early_enough, defects.LATE))
        self._count("late", len(late))
        sent = []
        for number, submission in enumerate(submissions):
            delay = (
                timedelta(days=rng.uniform(7.1, 20))
                if number in late
                else timedelta(hours=rng.choice((0.3, 2, 6, 9, 30)) * rng.uniform(0.8, 1.2))
            )
            received_at = min(submission.visit.at + delay, self._midnight)
            sent.append(replace(submission, received_at=received_at))
        return sorted(sent, key=lambda submission: (submission.received_at, submission.instance_id))

    def _count(self, defect: str, number: int) -> None:
        self.counts[defect] = self.counts.get(defect, 0) + number

    def _rng(self, phase: str) -> Random:
        return Random(f"{phase} {self.seed}")  # noqa: S311 a demo must repeat itself


def _household_answers(
    home: Home, visit: DoorVisit, campaign: str, is_listed: bool, rng: Random
) -> Answers:
    return answers.household_survey(home, visit, rng, campaign=campaign, is_listed=is_listed)


def _employer_answers(firm: Firm, visit: DoorVisit, is_listed: bool, rng: Random) -> Answers:
    return answers.employer_survey(firm, visit, rng, is_listed=is_listed)


def _visit_answers(
    subject: Subject, visit: DoorVisit, purpose: str, change: Change | None, rng: Random
) -> Answers:
    return answers.home_visit(subject, visit, rng, purpose=purpose, change=change)


def _changed(rng: Random, home: Home, day: date) -> Home:
    """The household after a member lost or found work; four in ten households stay as they were."""
    workers = [
        at for at, member in enumerate(home.members) if member.emp_status in EMPLOYED | UNEMPLOYED
    ]
    if not workers or rng.random() < 0.4:
        return home
    at = rng.choice(workers)
    member = home.members[at]
    status = rng.choice(("20", "21")) if member.emp_status in EMPLOYED else rng.choice(("10", "13"))
    since = day - timedelta(days=rng.randrange(3, 45))
    return home.with_member(at, with_status(rng, member, status, since))


def _moved(lon: float, lat: float, metres: float, rng: Random) -> tuple[float, float]:
    """The position that many metres away in a random direction."""
    east, north = rng.uniform(-1, 1), rng.uniform(-1, 1)
    length = max(1e-6, (east**2 + north**2) ** 0.5)
    return (
        lon + east / length * metres / (111_320 * cos(radians(lat))),
        lat + north / length * metres / 110_574,
    )


def _alternate() -> list[bool]:
    """For each reported death, whether it is taken back: the first, then every second one."""
    return [number % 2 == 0 for number in range(1_000)]
