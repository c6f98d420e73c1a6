"""How well a vacancy and a seeker suit each other: hard filters, points, reasons."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.core.codes import code_lists
from server.ledgers.definitions.suitability import (
    MOST,
    Finding,
    Hindrance,
    Part,
    Post,
    Seeker,
    hindrances,
    match,
)

DAY = date(2026, 11, 28)
HERE, STREET_TOO, COUNTY_TOO = "449901001001", "449901001002", "449901002001"
SEEKER = Seeker(
    HERE, status="1", employment="20", capacity="1", is_willing=True, birth=date(1990, 5, 5)
)
POST = Post(HERE, state="3", expires_on=DAY, wanted=2, filled=1)


def coded(name, *, many=False):
    codes = st.sampled_from(sorted(code_lists()[name].codes))
    return st.frozensets(codes, max_size=3) if many else st.none() | codes


AREAS = st.sampled_from([HERE, STREET_TOO, COUNTY_TOO, "449902001001", "440100000000", ""])
PLACES = st.none() | st.tuples(st.floats(113, 114), st.floats(22, 24))
WAGES = st.none() | st.integers(0, 4000).map(Decimal)
SEEKERS = st.builds(
    Seeker, area=AREAS, status=coded("PS"), employment=coded("ES"), capacity=coded("WC"),
    is_willing=st.none() | st.booleans(), birth=st.none() | st.dates(date(1940, 1, 1), DAY),
    wished_occupations=coded("OCC", many=True), wished_wage=coded("WB"),
    wished_places=coded("WA", many=True), education=coded("EDU"), skills=coded("SK", many=True),
    is_in_need=st.booleans(), position=PLACES,
)  # fmt: skip
POSTS = st.builds(
    Post, area=AREAS, state=coded("ST7"), expires_on=st.none() | st.dates(date(2026, 1, 1)),
    wanted=st.none() | st.integers(0, 5), filled=st.integers(0, 5), occupation=coded("OCC"),
    wage_min=WAGES, wage_max=WAGES, education=coded("EDU"), skill=coded("SK"),
    takes_assisted=st.booleans(), position=PLACES,
)  # fmt: skip
MODEST = settings(max_examples=80, deadline=None)


def test_nothing_of_sex_ethnicity_or_disability_is_asked():
    asked = {field.name for kind in (Seeker, Post) for field in fields(kind)}
    for word in ("sex", "ethnic", "disab", "health", "4050", "marital", "political"):
        assert not [name for name in asked if word in name]
    assert sum(MOST.values()) == 100


@MODEST
@given(SEEKERS, POSTS)
def test_a_score_is_the_sum_of_its_reasons_within_their_limits(seeker, post):
    judged = match(seeker, post)
    assert judged.score == sum(reason.points for reason in judged.reasons)
    parts = [reason.part for reason in judged.reasons]
    assert parts == [part for part in Part if part in parts]
    assert set(Part) - {Part.ASSISTANCE} <= set(parts)
    assert all(0 <= reason.points <= MOST[reason.part] for reason in judged.reasons)


@MODEST
@given(SEEKERS, POSTS, st.integers(0, 3000), coded("OCC"))
def test_what_suits_better_never_scores_less(seeker, post, more, occupation):
    before = match(seeker, post).score
    if post.wage_min is not None:
        raised = replace(post, wage_min=post.wage_min + more)
        assert match(seeker, raised).score >= before
    if post.occupation is not None:
        wish = replace(seeker, wished_occupations={*seeker.wished_occupations, post.occupation})
        assert match(wish, post).score >= before
    if seeker.position and post.position:
        lon, lat = (
            (mine + there) / 2 for mine, there in zip(seeker.position, post.position, strict=True)
        )
        assert match(replace(seeker, position=(lon, lat)), post).score >= before
    free = replace(post, education=None, skill=None, takes_assisted=True)
    assert match(seeker, free).score >= before
    assert match(replace(seeker, skills={*seeker.skills, "1"}), post).score >= before
    assert match(replace(seeker, education="10"), post).score >= before
    assert match(replace(seeker, is_in_need=True), post).score >= before


EXCLUDED = {
    Hindrance.WITHDRAWN: (SEEKER, replace(POST, state="7")),
    Hindrance.FILLED: (SEEKER, replace(POST, filled=2)),
    Hindrance.EXPIRED: (SEEKER, replace(POST, expires_on=DAY - timedelta(days=1))),
    Hindrance.NOT_ACTIVE: (replace(SEEKER, status="3"), POST),
    Hindrance.NOT_ABLE: (replace(SEEKER, capacity="3"), POST),
    Hindrance.NOT_SEEKING: (replace(SEEKER, employment="10"), POST),
    Hindrance.NOT_WILLING: (replace(SEEKER, is_willing=False), POST),
    Hindrance.TOO_YOUNG: (replace(SEEKER, birth=date(2010, 11, 2)), POST),
}


@pytest.mark.parametrize("hindrance", Hindrance)
def test_each_hindrance_alone_excludes(hindrance):
    assert hindrances(SEEKER, POST, DAY) == []
    assert hindrances(*EXCLUDED[hindrance], DAY) == [hindrance]


@MODEST
@given(SEEKERS, POSTS, st.dates(date(2026, 1, 1), date(2027, 12, 31)))
def test_a_hard_filter_excludes_whatever_else_speaks_for_the_match(seeker, post, day):
    if seeker.status != "1" or seeker.capacity == "3" or seeker.is_willing is False:
        assert hindrances(seeker, post, day)
    if seeker.employment not in ("20", "21", "22", "32"):
        assert Hindrance.NOT_SEEKING in hindrances(seeker, post, day)
    if post.state in ("5", "6", "7") or (post.wanted is not None and post.filled >= post.wanted):
        assert hindrances(seeker, post, day)
    if post.expires_on and post.expires_on < day:
        assert hindrances(seeker, post, day)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"state": "5", "filled": 0}, [Hindrance.FILLED]),
        ({"state": "6"}, [Hindrance.EXPIRED]),
        ({"state": "1", "wanted": None, "expires_on": None}, []),
        ({"expires_on": DAY + timedelta(days=1)}, []),
    ],
)
def test_a_vacancy_is_open_to_its_last_day(changes, expected):
    assert hindrances(SEEKER, replace(POST, **changes), DAY) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"is_willing": None}, []),
        ({"employment": "32"}, []),
        ({"employment": "32", "is_willing": None}, [Hindrance.NOT_WILLING]),
        ({"employment": None, "is_willing": False}, [Hindrance.NOT_SEEKING]),
        # in custody, which some readers see as “other”
        ({"employment": "35"}, [Hindrance.NOT_SEEKING]),
        ({"employment": "39"}, [Hindrance.NOT_SEEKING]),
        ({"capacity": "9"}, []),
        # 16 counts from the first of the month after the birthday, or on it
        ({"birth": date(2010, 11, 1)}, []),
        ({"birth": date(2010, 10, 31)}, []),
        ({"birth": None}, []),
    ],
)
def test_who_seeks_work(changes, expected):
    assert hindrances(replace(SEEKER, **changes), POST, DAY) == expected


@pytest.mark.parametrize(
    ("seeker", "post", "expected"),
    [
        ({"wished_occupations": {"4"}}, {"occupation": "4"}, (Finding.OCCUPATION_WISHED, 35)),
        ({"wished_occupations": {"6"}}, {"occupation": "4"}, (Finding.OTHER_OCCUPATION_WISHED, 0)),
        ({}, {"occupation": "4"}, (Finding.NO_OCCUPATION_WISHED, 14)),
        ({"wished_wage": "4"}, {"wage_min": Decimal(1200)}, (Finding.WAGE_MET, 20)),
        ({"wished_wage": "4"}, {"wage_min": Decimal(1199)}, (Finding.WAGE_BELOW, 0)),
        ({"wished_wage": "4"}, {"wage_min": Decimal(900), "wage_max": Decimal(1300)},
         (Finding.WAGE_MET_AT_MOST, 12)),
        ({"wished_wage": "6"}, {}, (Finding.WAGE_MET, 20)),
        ({}, {"wage_min": Decimal(900)}, (Finding.WAGE_UNKNOWN, 10)),
        ({}, {}, (Finding.SAME_COMMUNITY, 20)),
        ({}, {"area": STREET_TOO}, (Finding.SAME_STREET, 16)),
        ({"wished_places": {"1"}}, {"area": STREET_TOO}, (Finding.FARTHER_THAN_WISHED, 0)),
        ({"wished_places": {"1", "3"}}, {"area": COUNTY_TOO}, (Finding.SAME_COUNTY, 10)),
        ({"wished_places": {"6"}}, {"area": "110101001001"}, (Finding.FAR, 0)),
        ({"position": (113.0, 23.0)}, {"position": (113.0, 23.02)}, (Finding.KILOMETRES, 16)),
        ({"position": (113.0, 23.0)}, {"position": (114.0, 23.0)}, (Finding.KILOMETRES, 0)),
        ({"education": "60"}, {"education": "41"}, (Finding.EDUCATION_MET, 10)),
        ({"education": "70"}, {"education": "41"}, (Finding.EDUCATION_BELOW, 0)),
        ({}, {"education": "70"}, (Finding.EDUCATION_UNKNOWN, 5)),
        ({"skills": {"5", "3"}}, {"skill": "4"}, (Finding.SKILL_MET, 10)),
        ({"skills": {"9"}}, {"skill": "5"}, (Finding.SKILL_BELOW, 0)),
        ({}, {"skill": "5"}, (Finding.SKILL_UNKNOWN, 3)),
        ({"is_in_need": True}, {"takes_assisted": True}, (Finding.NEEDS_ASSISTANCE, 5)),
    ],
)  # fmt: skip
def test_what_each_part_comes_to(seeker, post, expected):
    reasons = match(replace(SEEKER, **seeker), replace(POST, **post)).reasons
    assert expected in [(reason.finding, reason.points) for reason in reasons]
