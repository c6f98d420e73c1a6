"""Which seekers suit a vacancy and which vacancies suit a person, as far as the reader sees both (rules.md, Matching).

Candidates come by index from the street that keeps the entry and, for those who wish to work
farther away, from its county; each query has a bound. Nothing is stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from django.db.models import Case, F, IntegerField, Q, QuerySet, Value, When

from server.accounts.access import Access
from server.core.codes import label_of
from server.core.labels import Label, listed
from server.core.paging import COUNTED
from server.geo.codes import lies_in
from server.geo.models import PREFIX_LENGTH, Level
from server.ledgers.definitions.codes import SEEKING, WorkCapacity
from server.ledgers.definitions.suitability import (
    HINDRANCES,
    MOST,
    YOUNGEST,
    Finding,
    Hindrance,
    Match,
    Part,
    Post,
    Seeker,
    distance,
    hindrances,
    match,
    of_post,
    of_seeker,
)
from server.ledgers.definitions.vocabulary import OPEN_VACANCY_STATES
from server.ledgers.models import Offer, Person, Vacancy
from server.ledgers.models.people import MAY_SEEK
from server.ledgers.reading.entries import employers, households, persons, rows_of, vacancies
from server.ledgers.reading.joined import joined_key
from server.ledgers.reading.provenance import title_of

SHOWN: Final = 50
_COMPARED: Final = 1_000  # of the street, the likeliest first
_FROM_FARTHER: Final = 300
_BEYOND_STREET: Final = ("3", "4", "5", "6")  # list WA
_STREET: Final = PREFIX_LENGTH[Level.STREET]
_COUNTY: Final = PREFIX_LENGTH[Level.COUNTY]

_OF_SEEKER: Final = ("pk", "area_code", "person_status", "emp_status", "work_capacity", "job_willing",
                     "birth_date", "wish_job", "wish_wage", "wish_area", "edu", "skill_grade",
                     "in_zero_emp_hh", "long_term_unemployed", "household_id")  # fmt: skip
_OF_POST: Final = ("pk", "area_code", "state", "expires_on", "n_wanted", "n_filled", "occupation",
                   "wage_min", "wage_max", "edu_min", "skill_min", "is_public_welfare",
                   "accepts_assisted", "workplace", "employer_id")  # fmt: skip

RATINGS: Final = (
    (75, Label("很合适", "very suitable")),
    (50, Label("合适", "suitable")),
    (25, Label("部分合适", "partly suitable")),
    (0, Label("不太合适", "hardly suitable")),
)
"""From so many points → the score in words."""

_WORDS: Final = {
    Finding.OCCUPATION_WISHED: Label("想做这个工种（{own}）", "wishes this kind of work ({own})"),
    Finding.NO_OCCUPATION_WISHED: Label("没有说想做什么工种", "named no kind of work"),
    Finding.OTHER_OCCUPATION_WISHED: Label("想做别的工种（{own}）", "wishes other work ({own})"),
    Finding.WAGE_MET: Label("工资达到期望（{own}）", "the wage is as wished ({own})"),
    Finding.WAGE_MET_AT_MOST: Label(
        "工资上限达到期望（{own}）", "the highest wage is as wished ({own})"
    ),
    Finding.WAGE_UNKNOWN: Label("期望工资或岗位工资不清楚", "a wage is not known"),
    Finding.WAGE_BELOW: Label("工资低于期望（{own}）", "the wage is below the wish ({own})"),
    Finding.SAME_COMMUNITY: Label("在本社区", "in the same community"),
    Finding.SAME_STREET: Label("在本街道", "in the same street"),
    Finding.SAME_COUNTY: Label("在本县区", "in the same county"),
    Finding.SAME_CITY: Label("在本市", "in the same city"),
    Finding.FAR: Label("在外市", "in another city"),
    Finding.KILOMETRES: Label("离家约{km}公里", "about {km} km from home"),
    Finding.FARTHER_THAN_WISHED: Label("比期望的就业地远（{own}）", "farther than wished ({own})"),
    Finding.EDUCATION_MET: Label("符合学历要求", "meets the education asked for"),
    Finding.EDUCATION_UNKNOWN: Label("学历不清楚", "the education is not known"),
    Finding.EDUCATION_BELOW: Label(
        "学历低于要求（{asked}）", "the education is below what is asked for ({asked})"
    ),
    Finding.SKILL_MET: Label("符合技能要求", "meets the skill asked for"),
    Finding.SKILL_UNKNOWN: Label(
        "没有登记技能等级（要求{asked}）", "no skill grade is known ({asked} is asked for)"
    ),
    Finding.SKILL_BELOW: Label(
        "技能等级低于要求（{asked}）", "the skill grade is below what is asked for ({asked})"
    ),
    Finding.NEEDS_ASSISTANCE: Label(
        "零就业家庭或长期失业，岗位愿招援助对象",
        "of a household without work, or long unemployed; the post takes assisted people",
    ),
}
_ASKED_FREE: Final = {
    Finding.EDUCATION_MET: Label("岗位不要求学历", "no education is asked for"),
    Finding.SKILL_MET: Label("岗位不要求技能等级", "no skill grade is asked for"),
}
"""How a requirement reads that nobody made."""


@dataclass(frozen=True, slots=True)
class InWords:
    """A part of a match as the page shows it."""

    part: Part
    finding: Finding
    points: int
    most: int
    text: str  # in the reader's language


@dataclass(frozen=True, slots=True)
class Matched:
    """A person or a vacancy that suits, with what there is to it."""

    entry: Any  # the row, as a selector gave it
    name: str
    score: int
    rating: str  # the score in words
    reasons: tuple[InWords, ...]
    kilometres: float | None
    offer: Any  # the latest offer of the vacancy to the person, None unless there is one


@dataclass(frozen=True, slots=True)
class Matches:
    """What suits an entry, the best first, and what of it was compared."""

    rows: list[Matched]
    compared: int
    candidates: int  # that no hard filter excludes, counted no further than lists are
    hindrances: tuple[str, ...]  # in words: why the entry itself is matched with nothing


def seekers_for(access: Access, vacancy: Vacancy, day: date) -> Matches:
    """The persons who suit a vacancy that a selector gave, at most SHOWN. At most eight queries, however many persons."""
    post = post_of(access, vacancy)
    if excluded := list(of_post(post, day)):
        return _none(excluded)
    street, county = _around(vacancy.area_code)
    fits = _wishes(post.occupation, vacancy.area_code)
    every = persons(access).filter(MAY_SEEK, _seeks(day))
    near = every.filter(lies_in(street))
    order = (_first(fits), _first(Q(area_code=vacancy.area_code)), "pk")
    values = list(near.order_by(*order).values_list(*_OF_SEEKER)[:_COMPARED])
    if post.occupation and _reaches_beyond(access, street):
        farther = every.filter(
            lies_in(county),
            ~lies_in(street),
            wish_job__contains=[post.occupation],
            wish_area__overlap=list(_BEYOND_STREET),
        )
        values += farther.order_by("area_code", "pk").values_list(*_OF_SEEKER)[:_FROM_FARTHER]
    homes = _places(households(access), (row[-1] for row in values), "loc")
    pairs = [(row[0], _seeker(row, homes), post) for row in values]
    offers = rows_of(access, "offer").filter(vacancy=vacancy)
    return _ranked(pairs, persons(access), offers, "person_id", day, _counted(near))


def vacancies_for(access: Access, person: Person, day: date) -> Matches:
    """The vacancies that suit a person whom a selector gave, at most SHOWN. At most eight queries, however many vacancies."""
    seeker = seeker_of(access, person)
    if excluded := list(of_seeker(seeker, day)):
        return _none(excluded)
    street, county = _around(person.area_code)
    every = vacancies(access).filter(_open(day))
    near, wished = every.filter(lies_in(street)), Q(occupation__in=seeker.wished_occupations)
    order = (_first(wished), _first(Q(area_code=person.area_code)), "pk")
    values = list(near.order_by(*order).values_list(*_OF_POST)[:_COMPARED])
    is_far = not set(_BEYOND_STREET).isdisjoint(seeker.wished_places)
    if is_far and _reaches_beyond(access, street):
        farther = every.filter(wished, lies_in(county), ~lies_in(street))
        values += farther.order_by("pk").values_list(*_OF_POST)[:_FROM_FARTHER]
    sites = _places(employers(access), (row[-1] for row in values), "loc")
    pairs = [(row[0], seeker, _post(row, sites)) for row in values]
    offers = rows_of(access, "offer").filter(person=person)
    rows = vacancies(access).select_related("employer")
    return _ranked(pairs, rows, offers, "vacancy_id", day, _counted(near))


def hindrances_of(access: Access, person: Person, vacancy: Vacancy, day: date) -> list[Hindrance]:
    """What excludes the match of the two on a day. At most two queries."""
    return hindrances(seeker_of(access, person), post_of(access, vacancy), day)


def seeker_of(access: Access, person: Person) -> Seeker:
    """What a match asks of a person, as far as the reader sees it. One query where the home is seen."""
    home = joined_key(person, "household")
    row = [getattr(person, name) for name in _OF_SEEKER[:-1]]
    return _seeker([*row, home], _places(households(access), [home], "loc"))


def post_of(access: Access, vacancy: Vacancy) -> Post:
    """What a match asks of a vacancy, as far as the reader sees it. One query where the employer is seen."""
    employer = joined_key(vacancy, "employer")
    row = [getattr(vacancy, name) for name in _OF_POST[:-1]]
    return _post([*row, employer], _places(employers(access), [employer], "loc"))


def _ranked(
    pairs: Sequence[tuple[UUID, Seeker, Post]],
    rows: QuerySet[Any],
    offers: QuerySet[Any],
    other: str,
    day: date,
    candidates: int,
) -> Matches:
    """The best of the pairs with their rows and offers; `other` is the offers' column of what is ranked."""
    judged = [
        (match(seeker, post), distance(seeker, post), key, seeker, post)
        for key, seeker, post in pairs
        if not hindrances(seeker, post, day)
    ]
    far = float("inf")
    judged.sort(key=lambda item: (-item[0].score, far if item[1] is None else item[1], item[2]))
    best = judged[:SHOWN]
    keys = [item[2] for item in best]
    entries = {row.pk: row for row in rows.filter(pk__in=keys)} if keys else {}
    made: dict[UUID, Offer] = {}
    if keys:
        for offer in offers.filter(**{f"{other}__in": keys}).order_by("offered_on", "pk"):
            made[getattr(offer, other)] = offer
    shown = [
        Matched(
            entry=entries[key],
            name=title_of(entries[key]),
            score=judgement.score,
            rating=rating(judgement.score),
            reasons=_in_words(judgement, seeker, post, metres),
            kilometres=None if metres is None else round(metres / 1000, 1),
            offer=made.get(key),
        )
        for judgement, metres, key, seeker, post in best
        if key in entries
    ]
    return Matches(shown, len(pairs), max(candidates, len(judged)), ())


def _none(excluded: Iterable[Hindrance]) -> Matches:
    return Matches([], 0, 0, tuple(str(HINDRANCES[item]) for item in excluded))


def rating(score: int) -> str:
    """A score in words, in the reader's language."""
    return next(str(label) for least, label in RATINGS if score >= least)


def _in_words(
    judgement: Match, seeker: Seeker, post: Post, metres: float | None
) -> tuple[InWords, ...]:
    own = {
        Part.OCCUPATION: listed(label_of("OCC", code) for code in seeker.wished_occupations),
        Part.WAGE: label_of("WB", seeker.wished_wage or ""),
        Part.PLACE: listed(label_of("WA", code) for code in seeker.wished_places),
    }
    asked = {
        Part.EDUCATION: label_of("EDU", post.education or ""),
        Part.SKILL: label_of("SK", post.skill or ""),
    }
    km = "" if metres is None else f"{metres / 1000:.1f}"
    return tuple(
        InWords(
            reason.part,
            reason.finding,
            reason.points,
            MOST[reason.part],
            str(
                _ASKED_FREE[reason.finding]
                if reason.finding in _ASKED_FREE and not asked[reason.part]
                else _WORDS[reason.finding]
            ).format(own=own.get(reason.part, ""), asked=asked.get(reason.part, ""), km=km),
        )
        for reason in judgement.reasons
    )


def _seeker(row: Sequence[Any], homes: dict[UUID, tuple[float, float]]) -> Seeker:
    (_key, area, status, employment, capacity, is_willing, birth, occupations, wage, places,
     education, skills, without_work, long_unemployed, home) = row  # fmt: skip
    return Seeker(
        area, status, employment, capacity, is_willing, birth, tuple(occupations or ()), wage,
        tuple(places or ()), education, tuple(skills or ()),
        bool(without_work or long_unemployed), homes.get(home),
    )  # fmt: skip


def _post(row: Sequence[Any], sites: dict[UUID, tuple[float, float]]) -> Post:
    (_key, area, state, expires_on, wanted, filled, occupation, wage_min, wage_max, education,
     skill, is_welfare, takes_assisted, workplace, employer) = row  # fmt: skip
    position = (workplace.x, workplace.y) if workplace else sites.get(employer)
    return Post(
        area, state, expires_on, wanted, filled or 0, occupation, wage_min, wage_max, education,
        skill, bool(is_welfare or takes_assisted), position,
    )  # fmt: skip


def _places(
    rows: QuerySet[Any], keys: Iterable[UUID | None], column: str
) -> dict[UUID, tuple[float, float]]:
    """Where those of the rows are that the reader sees and whose place is known. One query, none without keys."""
    wanted = {key for key in keys if key}
    if not wanted:
        return {}
    known = rows.filter(pk__in=wanted, **{f"{column}__isnull": False}).values_list("pk", column)
    return {key: (place.x, place.y) for key, place in known}


def _seeks(day: date) -> Q:
    """Those whom no hard filter excludes, as the database says it; `of_seeker` has the last word."""
    month = day.replace(day=1)
    of_age = Q(birth_date=None) | Q(birth_date__lte=month.replace(year=month.year - YOUNGEST))
    willing = Q(emp_status__in=sorted(SEEKING)) | Q(job_willing=True)
    able = Q(work_capacity=None) | ~Q(work_capacity=WorkCapacity.NONE)
    return willing & able & of_age


def _open(day: date) -> Q:
    """The vacancies in which somebody may be placed, as the database says it; `of_post` has the last word."""
    has_room = Q(n_wanted=None) | Q(n_filled=None) | Q(n_filled__lt=F("n_wanted"))
    lasts = Q(expires_on=None) | Q(expires_on__gte=day)
    return Q(state__in=OPEN_VACANCY_STATES) & has_room & lasts


def _wishes(occupation: str | None, area: str) -> Q:
    return Q(wish_job__contains=[occupation]) if occupation else Q(area_code=area)


def _first(condition: Q) -> Case:
    """Orders the rows that meet a condition before the others."""
    return Case(When(condition, then=Value(0)), default=Value(1), output_field=IntegerField())


def _around(area: str) -> tuple[str, str]:
    return area[:_STREET], area[:_COUNTY]


def _reaches_beyond(access: Access, street: str) -> bool:
    """Whether the reader sees anything outside the street."""
    return not all(area.startswith(street) for area in access.areas())


def _counted(rows: QuerySet[Any]) -> int:
    return min(COUNTED, rows.order_by()[: COUNTED + 1].count())
