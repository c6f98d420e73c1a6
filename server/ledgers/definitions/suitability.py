"""How well a vacancy and a person who seeks work suit each other, with reasons (rules.md, Matching). Pure.

Neither a post nor a seeker says anything of sex, ethnicity or disability, so that no result
can follow from these; of the age only that nobody under 16 is placed (labour law).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final

from server.core.labels import Label
from server.geo.distance import metres_between
from server.ledgers.definitions.codes import SEEKING, EmploymentStatus, WorkCapacity
from server.ledgers.definitions.vocabulary import OPEN_VACANCY_STATES, PersonStatus, VacancyState

AT_HOME: Final = frozenset({EmploymentStatus.HOMEMAKER})
"""Who keeps house seeks work only if the last answer said so."""
COULD_SEEK: Final = SEEKING | AT_HOME
"""Not “other”: who may not see restricted facts sees it of those in custody, too, and must not tell them apart by a match."""
YOUNGEST: Final = 16  # years; below, nobody may be employed
NEGOTIABLE: Final = "6"  # list WB
_BANDS: Final = {"1": 0, "2": 500, "3": 800, "4": 1200, "5": 2000}
"""List WB: band of wages → yuan a month from which it counts as met."""
_REACH: Final = {"1": 12, "2": 9, "3": 6, "4": 4, "5": 2, "6": 0}
"""List WA: wished place → the leading digits that the codes of home and work must share."""
_COMMUNITY, _STREET, _COUNTY, _CITY, _PROVINCE = 12, 9, 6, 4, 2
_EDUCATION: Final = {"10": 6, "20": 5, "30": 4, "40": 3, "41": 3, "44": 3, "47": 3, "60": 3,
                     "70": 2, "80": 1, "90": 0}  # fmt: skip
"""List EDU: code → rank; the kinds of upper secondary school are equal."""
_NO_GRADE: Final = "9"  # list SK, whose other codes fall from 5, the lowest grade, to 1


Position = tuple[float, float]
"""Longitude and latitude, WGS 84."""


class Part(StrEnum):
    """What a match is judged by."""

    OCCUPATION = "occupation"
    WAGE = "wage"
    PLACE = "place"
    EDUCATION = "education"
    SKILL = "skill"
    ASSISTANCE = "assistance"


MOST: Final = {
    Part.OCCUPATION: 35,
    Part.WAGE: 20,
    Part.PLACE: 20,
    Part.EDUCATION: 10,
    Part.SKILL: 10,
    Part.ASSISTANCE: 5,
}
"""Part → the most points that it gives; together 100."""


class Finding(StrEnum):
    """What a part of a match comes to."""

    OCCUPATION_WISHED = "occupation_wished"
    NO_OCCUPATION_WISHED = "no_occupation_wished"
    OTHER_OCCUPATION_WISHED = "other_occupation_wished"
    WAGE_MET = "wage_met"
    WAGE_MET_AT_MOST = "wage_met_at_most"
    WAGE_UNKNOWN = "wage_unknown"
    WAGE_BELOW = "wage_below"
    SAME_COMMUNITY = "same_community"
    SAME_STREET = "same_street"
    SAME_COUNTY = "same_county"
    SAME_CITY = "same_city"
    FAR = "far"
    KILOMETRES = "kilometres"
    FARTHER_THAN_WISHED = "farther_than_wished"
    EDUCATION_MET = "education_met"
    EDUCATION_UNKNOWN = "education_unknown"
    EDUCATION_BELOW = "education_below"
    SKILL_MET = "skill_met"
    SKILL_UNKNOWN = "skill_unknown"
    SKILL_BELOW = "skill_below"
    NEEDS_ASSISTANCE = "needs_assistance"


class Hindrance(StrEnum):
    """What excludes a match, whatever else speaks for it."""

    FILLED = "filled"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    NOT_ACTIVE = "not_active"
    NOT_ABLE = "not_able"
    NOT_SEEKING = "not_seeking"
    NOT_WILLING = "not_willing"
    TOO_YOUNG = "too_young"


HINDRANCES: Final = {
    Hindrance.FILLED: Label("岗位已招满", "the vacancy is filled"),
    Hindrance.EXPIRED: Label("岗位已过期", "the vacancy has expired"),
    Hindrance.WITHDRAWN: Label("岗位已撤销", "the vacancy was withdrawn"),
    Hindrance.NOT_ACTIVE: Label(
        "此人已迁出、死亡或失联", "the person has moved out, died or is out of contact"
    ),
    Hindrance.NOT_ABLE: Label("完全丧失劳动能力", "the person has no capacity for work"),
    Hindrance.NOT_SEEKING: Label(
        "已就业，或不在找工作", "the person has work, or is not without work and looking"
    ),
    Hindrance.NOT_WILLING: Label("没有就业愿望", "the person does not wish to work"),
    Hindrance.TOO_YOUNG: Label("未满16周岁", "the person is under 16"),
}
"""How each hindrance reads."""


@dataclass(frozen=True, slots=True)
class Seeker:
    """What a match asks of a person."""

    area: str  # of the division that keeps the person, 12 digits
    status: str | None = None  # list PS
    employment: str | None = None  # list ES
    capacity: str | None = None  # list WC
    is_willing: bool | None = None
    birth: date | None = None
    wished_occupations: Collection[str] = ()  # list OCC
    wished_wage: str | None = None  # list WB
    wished_places: Collection[str] = ()  # list WA
    education: str | None = None  # list EDU
    skills: Collection[str] = ()  # list SK
    is_in_need: bool = False  # of a household without work, or long unemployed
    position: Position | None = None  # of the home


@dataclass(frozen=True, slots=True)
class Post:
    """What a match asks of a vacancy."""

    area: str  # of the division that keeps the vacancy, 12 digits
    state: str | None = None  # list ST7
    expires_on: date | None = None
    wanted: int | None = None  # people
    filled: int = 0
    occupation: str | None = None  # list OCC
    wage_min: Decimal | None = None  # yuan a month
    wage_max: Decimal | None = None
    education: str | None = None  # list EDU, the least
    skill: str | None = None  # list SK, the least
    takes_assisted: bool = False
    position: Position | None = None  # of the workplace


@dataclass(frozen=True, slots=True)
class Reason:
    """What a part of the match comes to, and its points."""

    part: Part
    finding: Finding
    points: int


@dataclass(frozen=True, slots=True)
class Match:
    """How well the two suit each other: 0 to 100 points, and why, in the order of the parts."""

    score: int
    reasons: tuple[Reason, ...]


def hindrances(seeker: Seeker, post: Post, day: date) -> list[Hindrance]:
    """What excludes the match on a day: all that does, of the post first."""
    return [*of_post(post, day), *of_seeker(seeker, day)]


def of_post(post: Post, day: date) -> Iterator[Hindrance]:
    """What excludes a vacancy from every match on a day. Its last day still counts."""
    if post.state == VacancyState.WITHDRAWN:
        yield Hindrance.WITHDRAWN
    elif post.state == VacancyState.FILLED or (
        post.wanted is not None and post.filled >= post.wanted
    ):
        yield Hindrance.FILLED
    elif post.state not in OPEN_VACANCY_STATES or (
        post.expires_on is not None and post.expires_on < day
    ):
        yield Hindrance.EXPIRED


def of_seeker(seeker: Seeker, day: date) -> Iterator[Hindrance]:
    """What excludes a person from every match on a day.

    The age is taken as it was on the first of the month: asked day by day, a list would tell
    on which of them the person came of age.
    """
    if seeker.status != PersonStatus.ACTIVE:
        yield Hindrance.NOT_ACTIVE
    if seeker.capacity == WorkCapacity.NONE:
        yield Hindrance.NOT_ABLE
    if seeker.employment not in COULD_SEEK:
        yield Hindrance.NOT_SEEKING
    elif seeker.is_willing is False or (
        seeker.employment in AT_HOME and seeker.is_willing is not True
    ):
        yield Hindrance.NOT_WILLING
    if seeker.birth is not None and _years(seeker.birth, day.replace(day=1)) < YOUNGEST:
        yield Hindrance.TOO_YOUNG


def _years(birth: date, day: date) -> int:
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def match(seeker: Seeker, post: Post) -> Match:
    """How well the two suit each other, hindrances aside."""
    judged: Sequence[tuple[Part, tuple[Finding, int] | None]] = (
        (Part.OCCUPATION, _occupation(seeker, post)),
        (Part.WAGE, _wage(seeker, post)),
        (Part.PLACE, _place(seeker, post)),
        (Part.EDUCATION, _education(seeker, post)),
        (Part.SKILL, _skill(seeker, post)),
        (Part.ASSISTANCE, _assistance(seeker, post)),
    )
    reasons = tuple(
        Reason(part, finding, MOST[part] * percent // 100)
        for part, judgement in judged
        if judgement is not None
        for finding, percent in (judgement,)
    )
    return Match(sum(reason.points for reason in reasons), reasons)


def _occupation(seeker: Seeker, post: Post) -> tuple[Finding, int]:
    if post.occupation is None or not seeker.wished_occupations:
        return Finding.NO_OCCUPATION_WISHED, 40
    if post.occupation in seeker.wished_occupations:
        return Finding.OCCUPATION_WISHED, 100
    return Finding.OTHER_OCCUPATION_WISHED, 0


def _wage(seeker: Seeker, post: Post) -> tuple[Finding, int]:
    if seeker.wished_wage == NEGOTIABLE:
        return Finding.WAGE_MET, 100
    least = _BANDS.get(seeker.wished_wage or "")
    if least is None or post.wage_min is None:
        return Finding.WAGE_UNKNOWN, 50
    if post.wage_min >= least:
        return Finding.WAGE_MET, 100
    if post.wage_max is not None and post.wage_max >= least:
        return Finding.WAGE_MET_AT_MOST, 60
    return Finding.WAGE_BELOW, 0


_KILOMETRES: Final = ((1, 100), (3, 80), (10, 50), (30, 25))
"""Up to so many kilometres → percent of the points."""
_NEARNESS: Final = (
    (_COMMUNITY, Finding.SAME_COMMUNITY, 100),
    (_STREET, Finding.SAME_STREET, 80),
    (_COUNTY, Finding.SAME_COUNTY, 50),
    (_CITY, Finding.SAME_CITY, 25),
)


def _place(seeker: Seeker, post: Post) -> tuple[Finding, int]:
    shared = _shared_digits(seeker.area, post.area)
    reach = [_REACH[code] for code in seeker.wished_places if code in _REACH]
    if reach and shared < min(reach):
        return Finding.FARTHER_THAN_WISHED, 0
    if (metres := distance(seeker, post)) is not None:
        near = (percent for most, percent in _KILOMETRES if metres <= most * 1000)
        return Finding.KILOMETRES, next(near, 0)
    for digits, finding, percent in _NEARNESS:
        if shared >= digits:
            return finding, percent
    return Finding.FAR, 0


def distance(seeker: Seeker, post: Post) -> float | None:
    """Metres from the home to the workplace, where both are known."""
    if seeker.position is None or post.position is None:
        return None
    return metres_between(seeker.position, post.position)


def _shared_digits(a: str, b: str) -> int:
    """How many leading digits of two division codes are the same, whole levels counted."""
    levels = (_COMMUNITY, _STREET, _COUNTY, _CITY, _PROVINCE)
    return next((level for level in levels if len(a) >= level and a[:level] == b[:level]), 0)


def _education(seeker: Seeker, post: Post) -> tuple[Finding, int]:
    least = _EDUCATION.get(post.education or "", 0)
    if least == 0:
        return Finding.EDUCATION_MET, 100
    own = _EDUCATION.get(seeker.education or "")
    if own is None:
        return Finding.EDUCATION_UNKNOWN, 50
    return (Finding.EDUCATION_MET, 100) if own >= least else (Finding.EDUCATION_BELOW, 0)


def _skill(seeker: Seeker, post: Post) -> tuple[Finding, int]:
    if post.skill in (None, _NO_GRADE):
        return Finding.SKILL_MET, 100
    if not seeker.skills:
        return Finding.SKILL_UNKNOWN, 30
    is_met = min(seeker.skills) <= str(post.skill)  # grade 1 is the highest, 9 is none
    return (Finding.SKILL_MET, 100) if is_met else (Finding.SKILL_BELOW, 0)


def _assistance(seeker: Seeker, post: Post) -> tuple[Finding, int] | None:
    if post.takes_assisted and seeker.is_in_need:
        return Finding.NEEDS_ASSISTANCE, 100
    return None
