"""What is wrong with the demo's data, in the proportions of domain §8. Pure.

Every rule of the ledgers meets its case: at least one of each, however small the demo.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from random import Random
from typing import Final, TypeVar

from server.ops.demo.population import Home, Member, Population

ABSENT_BUT_REGISTERED: Final = 0.03  # of persons: 人户分离, on two rosters
NO_ID: Final = 0.02
BAD_CHECK_DIGIT: Final = 0.01
FIFTEEN_DIGITS: Final = 0.005
NO_GPS: Final = 0.04  # of surveys
FAR_GPS: Final = 0.01
LATE: Final = 0.02  # of submissions
DEATH_OR_REVERSAL: Final = 0.003  # of persons
MOVED_CODES: Final = 5  # communities of a street of 15

T = TypeVar("T")


@dataclass(slots=True)
class Seeded:
    """How many of each defect a demo holds."""

    counts: dict[str, int] = field(default_factory=dict)


def some(rng: Random, items: Sequence[T], share: float) -> list[T]:
    """A share of the items, at least one, in their own order."""
    if not items:
        return []
    count = min(len(items), max(1, round(share * len(items))))
    return [items[at] for at in sorted(rng.sample(range(len(items)), count))]


def moved_codes(communities: int) -> int:
    """How many of the communities had another code before: five of fifteen, at least one of two or more."""
    return min(MOVED_CODES, max(1, communities // 3)) if communities > 1 else 0


def seed_persons(rng: Random, people: Population, on: date) -> Seeded:
    """Spoil the ID numbers and put people on second rosters, in place."""
    adults = [
        (home_at, at)
        for home_at, home in enumerate(people.homes)
        for at, member in enumerate(home.members)
        if member.age_on(on) >= 18
    ]
    everybody = sum(len(home.members) for home in people.homes)
    rng.shuffle(adults)

    def take(share: float, *, born_before: int = 9999) -> list[tuple[int, int]]:
        """So many sound adults, at least one while there are any."""
        count = max(1, round(share * everybody))
        fit = [one for one in adults if _member(people, one).birth.year < born_before]
        taken = fit[:count]
        gone = set(taken)
        adults[:] = [one for one in adults if one not in gone]
        return taken

    fifteen = take(FIFTEEN_DIGITS, born_before=2000)
    bad = take(BAD_CHECK_DIGIT)
    missing = take(NO_ID)
    for one in fifteen:
        member = _member(people, one)
        short = member.id_no[:6] + member.id_no[8:17]
        _put(people, one, replace(member, id_no=short))
    for one in bad:
        member = _member(people, one)
        last = "0" if member.id_no[-1] == "X" else str((int(member.id_no[-1]) + 3) % 10)
        _put(people, one, replace(member, id_no=member.id_no[:-1] + last))
    for one in missing:
        home = people.homes[one[0]]
        uuid = type(home.uuid)(int=rng.getrandbits(128), version=4)
        _put(people, one, replace(_member(people, one), id_type="99", id_no="", uuid=uuid))
    twice = take(ABSENT_BUT_REGISTERED)
    listed = [_list_again(rng, people, one) for one in twice]
    return Seeded(
        {
            "two_rosters": sum(listed),
            "no_id": len(missing),
            "bad_id": len(bad),
            "id_15_digits": len(fifteen),
        }
    )


def _list_again(rng: Random, people: Population, one: tuple[int, int]) -> bool:
    """Put somebody who lives here on the roster of the household where they are registered."""
    home, member = people.homes[one[0]], _member(people, one)
    elsewhere = [
        at
        for at in rng.sample(range(len(people.homes)), min(40, len(people.homes)))
        if people.homes[at].community.code != home.community.code
    ] or [at for at in range(len(people.homes)) if at != one[0]]
    if not elsewhere:
        return False
    _put(people, one, replace(member, residence_kind="2"))
    kin = people.homes[elsewhere[0]]
    away = replace(member, relation="8", residence_kind="3", phone="")
    people.homes[elsewhere[0]] = replace(kin, members=(*kin.members, away))
    return True


def _member(people: Population, one: tuple[int, int]) -> Member:
    return people.homes[one[0]].members[one[1]]


def _put(people: Population, one: tuple[int, int], member: Member) -> None:
    home: Home = people.homes[one[0]]
    people.homes[one[0]] = home.with_member(one[1], member)
