"""Answers for a walk: hints by question name first, then random values of the question's type."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from random import Random
from typing import Any

from tests.acceptance.engine import people

# An answer, several to try in turn, or a function that makes either; None leaves the question blank.
Answer = str | None | Sequence[str | None]
Hint = Answer | Callable[[Any, Random], Answer]

WORDS = ("体育东路", "保洁员", "花园小区", "白天在家", "会做饭", "二楼左手", "市场旁", "缝纫")
INTEGERS = (0, 1, 2, 3, 5, 12, 17, 25, 40, 60, 65, 250, 2600, 5000)
MAX_TRIES = 60
CHINA = dt.timezone(dt.timedelta(hours=8))  # the phone's; FormEngine runs in Asia/Shanghai


@dataclass
class Hints:
    """How to answer a form.

    `answers` by question name win over everything and are the only candidates then; a list gives
    several to try. `repeats` is the number of instances of each repeat. `skip` is the share
    of optional questions left blank; what the form has filled in already mostly stays.
    """

    answers: Mapping[str, Hint] = field(default_factory=dict)
    repeats: Mapping[str, int] = field(default_factory=dict)
    bbox: tuple[float, float, float, float] = (
        113.34,
        23.13,
        113.35,
        23.14,
    )  # west south east north
    skip: float = 0.25

    def more(self, repeat: str, count: int, random: Random) -> bool:
        """Whether to add another instance of a repeat that has `count` now."""
        wanted = self.repeats.get(repeat)
        return count < wanted if wanted is not None else count < 4 and random.random() < 0.5

    def candidates(self, prompt: Any, random: Random) -> Iterator[str | None]:
        if prompt.name in self.answers:
            hint = self.answers[prompt.name]
            given = hint(prompt, random) if callable(hint) else hint
            yield from [given] if given is None or isinstance(given, str) else given
            return
        if prompt.answer is not None and random.random() < 0.8:
            yield prompt.answer
        nothing_to_choose = prompt.control.startswith("select") and not prompt.choices
        if not prompt.required and (nothing_to_choose or random.random() < self.skip):
            yield None
            return
        yield from islice(self._suitable(prompt, random), MAX_TRIES)

    def _suitable(self, prompt: Any, random: Random) -> Iterator[str]:
        """Random answers of the question's type, without end unless it is a choice."""
        if prompt.control == "select_one":
            values = [choice.value for choice in prompt.choices]
            yield from random.sample(values, len(values))
        elif prompt.control == "select_multiple":
            values = [choice.value for choice in prompt.choices]
            for _try in range(MAX_TRIES // 2):
                chosen = random.sample(values, random.randint(1, min(3, len(values))))
                yield " ".join(sorted(chosen, key=values.index))
            yield from random.sample(values, len(values))
        elif prompt.control == "trigger":
            yield "OK"
        elif prompt.type == "int":
            yield from map(str, random.sample(INTEGERS, len(INTEGERS)))
        else:
            while True:
                yield self._value(prompt, random)

    def _value(self, prompt: Any, random: Random) -> str:
        now = dt.datetime.now(CHINA)
        match prompt.type:
            case "decimal":
                return str(random.choice((0.5, 1.2, 3.0, 12.5, 800.0, 2600.5)))
            case "date":
                days = random.choice((random.randrange(-3000, 1), random.randrange(0, 60)))
                return (now.date() + dt.timedelta(days=days)).isoformat()
            case "dateTime":
                moment = now - dt.timedelta(minutes=random.randrange(5, 600))
                return moment.isoformat(timespec="milliseconds")
            case "geopoint":
                west, south, east, north = self.bbox
                lat, lon = random.uniform(south, north), random.uniform(west, east)
                return (
                    f"{lat:.7f} {lon:.7f} {random.uniform(5, 40):.1f} {random.uniform(3, 18):.1f}"
                )
            case "binary":
                return f"{int(now.timestamp() * 1000)}{random.randrange(1000):03d}.jpg"
            case _:
                return self._text(prompt, random)

    def _text(self, prompt: Any, random: Random) -> str:
        name = prompt.name
        if "phone" in name:
            return people.phone_number(random)
        if name == "uscc":
            return people.uscc(random)
        if name == "org_code":
            return f"{random.randrange(10**8):08d}-{random.randrange(10)}"
        if name == "reg_no":
            return f"4499{random.randrange(10**9):09d}"
        if name == "name" and "/members[" not in prompt.path:
            return f"{people.name(random)}商行{random.randrange(100)}"
        if name in ("name", "contact", "legal_rep", "supervisor_contact"):
            return people.name(random)
        if name == "disability_cert":
            return self._adult_id(random) + f"{random.randrange(1, 8)}{random.randrange(1, 5)}"
        if name == "id_no":
            return self._adult_id(random)
        return random.choice(WORDS) + str(random.randrange(1, 200))

    def _adult_id(self, random: Random) -> str:
        today = dt.datetime.now(CHINA).date()
        born = people.birthday(random, age=random.randrange(18, 80), on=today)
        return people.citizen_id(random, born=born, sex=random.choice(("1", "2")))
