"""How alike two entries of one office are: what speaks for and against their being the same, weighed (rules.md, Candidates). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from server.ledgers.definitions.vocabulary import Family


class Reason(StrEnum):
    """Something that two entries have in common, or that tells them apart."""

    NAME = "name"
    FORMER_NAME = "former_name"  # the one's is a name that the other had
    READING = "reading"  # other characters with the same pinyin
    BIRTH = "birth"
    BIRTH_CLOSE = "birth_close"  # within two years, or one is not known
    PHONE = "phone"
    HOUSEHOLD = "household"  # the same one, now or at any time
    RELATION = "relation"  # with the same relation to its head
    ADDRESS = "address"
    PLACE = "place"  # within fifty metres
    MEMBER = "member"  # somebody belonged to both
    NAMESAKE = "namesake"  # a member of the one is called as a member of the other
    BOOK = "book"  # the number of the household register
    OTHER_SEX = "other_sex"
    OTHER_BIRTH = "other_birth"
    TOGETHER = "together"  # one record names both, by different names


WEIGHTS: Final[Mapping[str, Mapping[Reason, int]]] = {
    Family.PERSON: {
        Reason.NAME: 40,
        Reason.FORMER_NAME: 40,
        Reason.READING: 30,
        Reason.BIRTH: 30,
        Reason.BIRTH_CLOSE: 15,
        Reason.PHONE: 25,
        Reason.HOUSEHOLD: 25,
        Reason.RELATION: 10,
        Reason.ADDRESS: 15,
        Reason.OTHER_SEX: -10,
        Reason.OTHER_BIRTH: -40,
        Reason.TOGETHER: -40,
    },
    Family.EMPLOYER: {
        Reason.NAME: 45,
        Reason.ADDRESS: 40,
        Reason.PHONE: 40,
        Reason.PLACE: 15,
    },
    Family.HOUSEHOLD: {
        Reason.ADDRESS: 50,
        Reason.MEMBER: 35,
        Reason.NAMESAKE: 35,
        Reason.BOOK: 50,
        Reason.PLACE: 10,
    },
}
"""Family → how much each reason counts."""

PROPOSED: Final = 85
"""From this score on the two are proposed to office staff."""
SHOWN: Final = 50
"""From this score on they are among the candidates of an entry that somebody looks at."""


class Likeness(NamedTuple):
    """Two entries, the one with the greater uuid first, and what there is to their being the same."""

    family: str
    entry: str
    other: str
    score: int
    reasons: tuple[Reason, ...]  # the weightiest first

    @property
    def is_proposed(self) -> bool:
        return self.score >= PROPOSED


def weighed(family: str, entry: str, other: str, facts: Mapping[str, bool | None]) -> Likeness:
    """The likeness of two entries of which these reasons are true; an unknown one counts for nothing."""
    weights = WEIGHTS[family]
    reasons = sorted(
        (reason for reason in weights if facts.get(reason)),
        key=lambda reason: (-abs(weights[reason]), reason),
    )
    score = max(0, sum(weights[reason] for reason in reasons))
    return Likeness(family, entry, other, score, tuple(reasons))
