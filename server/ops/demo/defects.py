"""Defects of the demo's data: kinds and shares as surveys really have them. Pure.

However small the demo, each kind occurs at least once, so that every rule about it is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from random import Random
from typing import Final, TypeVar

from server.ops.demo.population import Home, Member, Population

ABSENT_BUT_REGISTERED: Final = 0.03  # of persons: lives elsewhere (人户分离), on two rosters
NO_ID: Final = 0.02
BAD_CHECK_DIGIT: Final = 0.01
FIFTEEN_DIGITS: Final = 0.005
NO_GPS: Final = 0.04  # of surveys
FAR_GPS: Final = 0.01
LATE: Final = 0.02  # of submissions
DEATH_OR_REVERSAL: Final = 0.003  # of persons
MOVED_CODES: Final = 5  # communities of a street of 15

T = TypeVar("T")
RosterPlace = tuple[int, int]
"""(index of the household, index of the member in it)"""


@dataclass(slots=True)
class DefectCounts:
    """How many of each defect were put in, by the keys of `./ruhu demo`."""

    counts: dict[str, int] = field(default_factory=dict)


def sample(rng: Random, items: Sequence[T], share: float) -> list[T]:
    """A random share of the items, at least one of them, in their own order."""
    if not items:
        return []
    count = min(len(items), max(1, round(share * len(items))))
    return [items[at] for at in sorted(rng.sample(range(len(items)), count))]


def moved_codes(communities: int) -> int:
    """How many communities had another code before: a third, at most five; none of a single one."""
    return min(MOVED_CODES, max(1, communities // 3)) if communities > 1 else 0


def add_person_defects(rng: Random, people: Population, on: date) -> DefectCounts:
    """Change ID numbers and put people on second rosters, in place."""
    adults: list[RosterPlace] = [
        (home_at, at)
        for home_at, home in enumerate(people.homes)
        for at, member in enumerate(home.members)
        if member.age_on(on) >= 18
    ]
    everybody = sum(len(home.members) for home in people.homes)
    rng.shuffle(adults)

    def take(share: float, *, born_before: int = 9999) -> list[RosterPlace]:
        """Adults without a defect: that share of all persons, at least one if there is one."""
        count = max(1, round(share * everybody))
        fit = [place for place in adults if _member(people, place).birth.year < born_before]
        taken = fit[:count]
        with_defect = set(taken)
        adults[:] = [place for place in adults if place not in with_defect]
        return taken

    fifteen = take(FIFTEEN_DIGITS, born_before=2000)
    bad = take(BAD_CHECK_DIGIT)
    missing = take(NO_ID)
    for place in fifteen:
        member = _member(people, place)
        short = member.id_no[:6] + member.id_no[8:17]
        _put(people, place, replace(member, id_no=short))
    for place in bad:
        member = _member(people, place)
        last = "0" if member.id_no[-1] == "X" else str((int(member.id_no[-1]) + 3) % 10)
        _put(people, place, replace(member, id_no=member.id_no[:-1] + last))
    for place in missing:
        home = people.homes[place[0]]
        uuid = type(home.uuid)(int=rng.getrandbits(128), version=4)
        _put(people, place, replace(_member(people, place), id_type="99", id_no="", uuid=uuid))
    twice = take(ABSENT_BUT_REGISTERED)
    listed = [_list_again(rng, people, place) for place in twice]
    return DefectCounts(
        {
            "two_rosters": sum(listed),
            "no_id": len(missing),
            "bad_id": len(bad),
            "id_15_digits": len(fifteen),
        }
    )


def _list_again(rng: Random, people: Population, place: RosterPlace) -> bool:
    """Put somebody who lives here on the roster of the household where they are registered."""
    home, member = people.homes[place[0]], _member(people, place)
    elsewhere = [
        at
        for at in rng.sample(range(len(people.homes)), min(40, len(people.homes)))
        if people.homes[at].community.code != home.community.code
    ] or [at for at in range(len(people.homes)) if at != place[0]]
    if not elsewhere:
        return False
    _put(people, place, replace(member, residence_kind="2"))
    kin = people.homes[elsewhere[0]]
    away = replace(member, relation="8", residence_kind="3", phone="")
    people.homes[elsewhere[0]] = replace(kin, members=(*kin.members, away))
    return True


def _member(people: Population, place: RosterPlace) -> Member:
    return people.homes[place[0]].members[place[1]]


def _put(people: Population, place: RosterPlace, member: Member) -> None:
    home: Home = people.homes[place[0]]
    people.homes[place[0]] = home.with_member(place[1], member)
