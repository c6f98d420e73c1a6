"""Numbers and names of people and employers that do not exist."""

from __future__ import annotations

import datetime as dt
from random import Random

_SURNAMES = "王李张刘陈杨黄赵周吴徐孙马朱胡郭何林罗高"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰飞红梅"
_RARE = ("𠮷", "㼆", "阿依古丽·买买提")  # must survive every layer
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_USCC = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def citizen_id(random: Random, *, born: dt.date, sex: str) -> str:
    """A number with the unallocated prefix 4499xx that passes GB 11643; sex as in code list SEX."""
    serial = random.randrange(0, 500) * 2 + (sex == "1")
    body = f"4499{random.randrange(1, 100):02d}{born:%Y%m%d}{serial:03d}"
    check = sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True)) % 11
    return body + "10X98765432"[check]


def phone_number(random: Random) -> str:
    return f"020-0000{random.randrange(10_000):04d}"


def uscc(random: Random) -> str:
    """A unified social credit code that passes GB 32100, in the unallocated area 4499xx."""
    body = f"914499{random.randrange(100):02d}" + "".join(random.choices(_USCC, k=9))
    total = sum(_USCC.index(character) * pow(3, place, 31) for place, character in enumerate(body))
    return body + _USCC[(31 - total % 31) % 31]


def name(random: Random) -> str:
    if random.random() < 0.03:
        rare = random.choice(_RARE)
        return rare if len(rare) > 2 else random.choice(_SURNAMES) + rare
    return random.choice(_SURNAMES) + "".join(random.choices(_GIVEN, k=random.choice((1, 2))))


def birthday(random: Random, *, age: int, on: dt.date) -> dt.date:
    """A day of birth that makes somebody that many years old on a day."""
    return on.replace(day=min(on.day, 28), year=on.year - age) - dt.timedelta(
        days=random.randrange(1, 350)
    )
