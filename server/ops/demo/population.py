"""Households and employers of the demo street. Pure: the same seed and sizes give the same people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from random import Random
from typing import Final
from uuid import UUID

from server.ledgers.definitions.normalise import id_check_digit, uscc_check_character
from server.ops.demo import names
from server.ops.demo.boundaries import Community

EMPLOYED: Final = frozenset({"10", "11", "12", "13", "14", "15"})
UNEMPLOYED: Final = frozenset({"20", "21", "22"})


@dataclass(frozen=True, slots=True)
class Member:
    """A person as a household's roster lists them. Codes are those of the code lists."""

    name: str
    sex: str
    birth: date
    relation: str
    id_type: str = "01"
    id_no: str = ""
    uuid: UUID | None = None  # made on the phone where there is no ID number
    residence_kind: str = "1"
    hukou_type: str = "30"
    marital: str = "20"
    edu: str = "70"
    health: str = "1"
    phone: str = ""
    work_capacity: str = "1"
    emp_status: str = ""
    since: date | None = None
    employer: str = ""
    industry: str = ""
    unemp_reason: str = ""
    willing: bool = True
    wish: str = "4"

    def age_on(self, day: date) -> int:
        """Completed years on that day."""
        before_birthday = (day.month, day.day) < (self.birth.month, self.birth.day)
        return day.year - self.birth.year - before_birthday

    @property
    def is_woman(self) -> bool:
        return self.sex == "2"


@dataclass(frozen=True, slots=True)
class Home:
    """A household with its address, position and members."""

    uuid: UUID
    community: Community
    address: str
    building: str
    room: str
    lon: float
    lat: float
    members: tuple[Member, ...]
    dibao: bool = False
    hardship: str = ""

    def with_member(self, number: int, member: Member) -> Home:
        """A copy with another member at that place of the roster."""
        members = (*self.members[:number], member, *self.members[number + 1 :])
        return replace(self, members=members)


@dataclass(frozen=True, slots=True)
class Firm:
    """An employer with the jobs it may offer."""

    uuid: UUID
    community: Community
    name: str
    uscc: str
    industry: str
    org_type: str
    econ_type: str
    address: str
    lon: float
    lat: float
    contact: str
    phone: str
    n_staff: int
    jobs: tuple[str, ...]


@dataclass(slots=True)
class Population:
    """Everybody the demo's workers visit."""

    homes: list[Home]
    firms: list[Firm]


@dataclass(slots=True)
class _Registry:
    """Makes numbers that must be unique, or belong to nobody."""

    rng: Random
    ids: set[str] = field(default_factory=set)

    def id_no(self, birth: date, *, woman: bool) -> str:
        """A valid ID number of 18 digits with the unallocated prefix 4499."""
        while True:
            sequence = self.rng.randrange(1, 499) * 2 - (0 if woman else 1)
            body = f"4499{self.rng.randrange(1, 99):02d}{birth:%Y%m%d}{sequence:03d}"
            if body not in self.ids:
                self.ids.add(body)
                return body + id_check_digit(body)

    def phone(self) -> str:
        """A number 020-0000xxxx, which is never allocated."""
        return f"020-0000{self.rng.randrange(10_000):04d}"

    def uuid(self) -> UUID:
        """A version 4 UUID from the seeded generator."""
        return UUID(int=self.rng.getrandbits(128), version=4)

    def uscc(self) -> str:
        """A valid unified social credit code of the unallocated area 449900."""
        letters = "0123456789ABCDEFGHJKLMNPQRTUWXY"
        body = "91449900" + "".join(self.rng.choice(letters) for _ in range(9))
        return body + uscc_check_character(body)


def population(
    *, seed: int, communities: Sequence[Community], households: int, on: date
) -> Population:
    """The people of `households` homes, spread evenly over the communities, as of a day."""
    rng = Random(f"people {seed}")  # noqa: S311 a demo must repeat itself
    registry = _Registry(rng)
    homes: list[Home] = []
    firms: list[Firm] = []
    for number, community in enumerate(communities):
        here = households // len(communities) + (number < households % len(communities))
        homes += _homes(registry, community, here, on)
        firms += [_firm(registry, community) for _ in range(max(3, here // 16))]
    return Population(homes, firms)


def _homes(registry: _Registry, community: Community, count: int, on: date) -> list[Home]:
    rng = registry.rng
    homes: list[Home] = []
    while len(homes) < count:
        address = f"{rng.choice(names.ROADS)}{rng.randrange(1, 180)}号{rng.choice(names.ESTATES)}"
        lon, lat = community.point(rng)
        building = f"{rng.randrange(1, 18)}栋"
        floors, doors = rng.choice(((6, 2), (8, 4), (9, 4), (18, 6)))
        all_rooms = [
            f"{floor}{door:02d}" for floor in range(1, floors + 1) for door in range(1, doors + 1)
        ]
        rooms = rng.sample(
            all_rooms, k=min(len(all_rooms), count - len(homes), rng.randrange(6, 30))
        )
        homes += [
            Home(
                uuid=registry.uuid(),
                community=community,
                address=address,
                building=building,
                room=room,
                lon=round(lon + rng.uniform(-8e-5, 8e-5), 7),
                lat=round(lat + rng.uniform(-8e-5, 8e-5), 7),
                members=_family(registry, on),
                dibao=rng.random() < 0.04,
                hardship=rng.choice("1345") if rng.random() < 0.06 else "",
            )
            for room in rooms
        ]
    return homes


def _family(registry: _Registry, on: date) -> tuple[Member, ...]:
    rng = registry.rng
    surname = names.random_surname(rng)
    woman_heads = rng.random() < 0.3
    age = min(88, max(22, int(rng.gauss(48, 14))))
    head = _member(registry, on, age, woman=woman_heads, relation="0", surname=surname)
    family = [head]
    if rng.random() < (0.78 if age > 26 else 0.3):
        spouse_age = max(22, age + rng.randrange(-5, 4))
        family.append(_member(registry, on, spouse_age, woman=not woman_heads, relation="1"))
        for _child in range(rng.choice((0, 1, 1, 1, 2)) if age < 64 else 0):
            child_age = age - rng.randrange(23, 34)
            if 0 <= child_age <= 30:
                girl = rng.random() < 0.48
                relation = "3" if girl else "2"
                family.append(
                    _member(registry, on, child_age, woman=girl, relation=relation, surname=surname)
                )
    if 30 < age < 58 and rng.random() < 0.22:
        grandmother = rng.random() < 0.6
        family.append(
            _member(
                registry,
                on,
                age + rng.randrange(22, 30),
                woman=grandmother,
                relation="5",
                surname="" if grandmother else surname,
            )
        )
    return tuple(family)


def _member(
    registry: _Registry, on: date, age: int, *, woman: bool, relation: str, surname: str = ""
) -> Member:
    rng = registry.rng
    birth = on - timedelta(days=int(age * 365.25) + rng.randrange(10, 355))
    age = on.year - birth.year - ((on.month, on.day) < (birth.month, birth.day))
    member = Member(
        name=names.person_name(rng, woman=woman, surname=surname),
        sex="2" if woman else "1",
        birth=birth,
        relation=relation,
        id_no=registry.id_no(birth, woman=woman),
        hukou_type=rng.choices(("30", "10", "20"), (85, 10, 5))[0],
        marital="10"
        if age < 24 or relation in "23"
        else rng.choice(("20", "20", "20", "30", "40")),
        edu=_education(rng, age),
        health=rng.choices(("1", "2", "3", "6"), (88, 6, 4, 2))[0],
        phone=registry.phone() if age >= 16 and rng.random() < 0.9 else "",
        residence_kind=rng.choices(("1", "2"), (80, 20))[0],
    )
    return _at_work(rng, member, age, on) if 16 <= age <= 64 else member


def _education(rng: Random, age: int) -> str:
    if age < 13:
        return "80"
    if age < 16:
        return "70"
    if age < 40:
        return rng.choices(("10", "20", "30", "40", "60", "70"), (3, 22, 25, 15, 15, 20))[0]
    return rng.choices(("20", "30", "40", "60", "70", "80"), (8, 12, 12, 20, 38, 10))[0]


def _at_work(rng: Random, member: Member, age: int, on: date) -> Member:
    """The member with an employment status; for ages 16 to 64."""
    if age < 22 and rng.random() < 0.75:
        return replace(member, emp_status="30")
    if age >= (50 if member.is_woman else 60) and rng.random() < 0.85:
        return replace(member, emp_status="31", willing=False)
    status = rng.choices(
        ("10", "11", "12", "13", "15", "20", "21", "22", "32", "33"),
        (52, 2, 10, 13, 4, 4, 4, 1, 8, 2),
    )[0]
    return with_status(rng, member, status, on - timedelta(days=rng.randrange(20, 1500)))


def with_status(rng: Random, member: Member, status: str, since: date) -> Member:
    """The member with another employment status since that day."""
    if status in EMPLOYED:
        industry, business, _jobs = names.random_trade(rng)
        return replace(
            member,
            emp_status=status,
            since=since,
            employer=names.firm_name(rng, business),
            industry=industry,
            unemp_reason="",
        )
    if status in UNEMPLOYED:
        reason = rng.choices(("02", "03", "05", "06", "08", "13", "11"), (40, 12, 18, 8, 12, 8, 2))[
            0
        ]
        return replace(
            member,
            emp_status=status,
            since=since,
            employer="",
            industry="",
            unemp_reason="04" if status == "22" else reason,
            willing=rng.random() < 0.93,
            wish=rng.choice("3446"),
        )
    return replace(
        member,
        emp_status=status,
        since=since,
        employer="",
        industry="",
        unemp_reason="",
        willing=False,
        work_capacity="3" if status == "33" else member.work_capacity,
    )


def _firm(registry: _Registry, community: Community) -> Firm:
    rng = registry.rng
    industry, business, jobs = names.random_trade(rng)
    lon, lat = community.point(rng)
    is_stall = rng.random() < 0.25
    return Firm(
        uuid=registry.uuid(),
        community=community,
        name=names.firm_name(rng, business),
        uscc="" if is_stall else registry.uscc(),
        industry=industry,
        org_type="6" if is_stall else "1",
        econ_type="400" if is_stall else rng.choice(("150", "170", "110", "300")),
        address=f"{rng.choice(names.ROADS)}{rng.randrange(1, 180)}号首层",
        lon=lon,
        lat=lat,
        contact=names.person_name(rng, woman=rng.random() < 0.5),
        phone=registry.phone(),
        n_staff=rng.randrange(2, 9) if is_stall else rng.randrange(8, 240),
        jobs=jobs,
    )
