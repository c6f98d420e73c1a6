"""Random households for household_survey: stated numbers and roster agree, exactly one head."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.acceptance.engine import people
from tests.acceptance.engine.hints import CHINA, Hint, Hints

LIVES_HERE = ("1", "2", "5")  # RK
REGISTERED_HERE = ("1", "3", "4", "5")


@dataclass(frozen=True, slots=True)
class Member:
    name: str
    relation: str  # REL
    sex: str  # SEX
    born: dt.date
    id_no: str  # "" for somebody without a document
    residence_kind: str  # RK


def household(random: Random, *, size: int | None = None) -> list[Member]:
    """A head with up to three others of plausible ages; children mostly without a document."""
    today = dt.datetime.now(CHINA).date()
    members = []
    for place in range(size or random.randint(1, 4)):
        relation = "0" if place == 0 else random.choice(("1", "2", "3", "5", "7"))
        age = random.randrange(3, 30) if relation in ("2", "3") else random.randrange(22, 80)
        born = people.birthday(random, age=age, on=today)
        sex = random.choice(("1", "2"))
        without = random.random() < (0.7 if age < 16 else 0.05)
        number = "" if without else people.citizen_id(random, born=born, sex=sex)
        kind = "1" if place == 0 else random.choice(("1", "1", "1", "2", "3", "4", "5"))
        members.append(Member(people.name(random), relation, sex, born, number, kind))
    return members


def survey(
    members: list[Member], answers: Mapping[str, Hint] | None = None, **options: Any
) -> Hints:
    """Hints that enter these members and are consistent about their numbers."""

    def of(member_field: str) -> Hint:
        return lambda prompt, _random: getattr(members[prompt.ordinal("members") - 1], member_field)

    def id_type(prompt: Any, _random: Random) -> str:
        return "01" if members[prompt.ordinal("members") - 1].id_no else "99"

    def birth(prompt: Any, _random: Random) -> str:
        return members[prompt.ordinal("members") - 1].born.isoformat()

    roster: dict[str, Hint] = {
        "outcome": "1",
        "consent": "1",
        "hh_exists": "0",
        "n_hukou": str(sum(m.residence_kind in REGISTERED_HERE for m in members)),
        "n_resident": str(sum(m.residence_kind in LIVES_HERE for m in members)),
        "name": of("name"),
        "relation": of("relation"),
        "id_type": id_type,
        "id_no": of("id_no"),
        "birth": birth,
        "sex": of("sex"),
        "residence_kind": of("residence_kind"),
    }
    return Hints({**roster, **(answers or {})}, repeats={"members": len(members)}, **options)
