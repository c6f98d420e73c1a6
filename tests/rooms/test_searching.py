"""Searching by a word through the indexes over characters, pairs and readings: the same rows as without them, and pinyin."""

from __future__ import annotations

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.accounts.access import Access
from server.ledgers.filters import HouseholdFilters, PersonFilters
from server.ledgers.models import Household, Person
from tests.conftest import COMMUNITY, OTHER_STREET_COMMUNITY, STREET
from tests.factories.console import entry
from tests.factories.filters import kept

pytestmark = pytest.mark.django_db


def ruled(statement: str, *values: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchone()[0]


def person(name: str, area: str = COMMUNITY, **columns: object) -> Person:
    return Person.objects.create(name=name, **entry(area), **columns)


NAMES = st.text(
    st.sampled_from("陈伟明区单 aBßİıſ'\\:&|!*()%_·1２\u3000𠮷é"), min_size=1, max_size=8
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=NAMES, start=st.integers(0, 7), length=st.integers(2, 8))
def test_whatever_part_of_a_text_is_asked_for_the_index_knows_it(text, start, length):
    part = text[start : start + length]
    if part:
        held = ruled("select ruhu_text_words(%s, null) @@ ruhu_holding(%s)", text, part)
        named = ruled("select ruhu_name_words(%s) @@ ruhu_holding(%s)", text, part)
        assert held
        assert named


@pytest.mark.parametrize(
    "letters", ["chenweiming", "ChenWei", "chenw", "weiming", "ming", "cwm", "wm", "CW"]
)
def test_a_person_is_searched_by_pinyin_or_initials(divisions, letters):
    wanted = person("陈伟明")
    person("李小红")
    assert kept(PersonFilters, Person.objects.all(), search=letters) == [wanted.pk]


@pytest.mark.parametrize("letters", ["hen", "chenm", "cm", "eiming", "x"])
def test_a_reading_begins_at_a_character(divisions, letters):
    person("陈伟明")
    assert kept(PersonFilters, Person.objects.all(), search=letters) == []


@pytest.mark.parametrize(
    ("name", "readings"),
    [
        ("区小红", ("ou", "quxiao", "oxh")),
        ("单伟", ("shanwei", "danwei", "sw")),
        ("曾国强", ("zeng", "zgq")),
        ("冼星海", ("xian", "xxh")),
        ("吕雪", ("lv", "lvxue")),
    ],
)
def test_a_family_name_is_read_as_one(divisions, name, readings):
    wanted = person(name)
    for letters in readings:
        assert kept(PersonFilters, Person.objects.all(), search=letters) == [wanted.pk], letters


def test_a_name_with_other_letters_is_read_in_its_parts(divisions):
    wanted = person("阿依古丽·Rahim")
    for text in ("ayiguli", "rahim", "guli", "丽·r"):
        assert kept(PersonFilters, Person.objects.all(), search=text) == [wanted.pk], text


def test_a_household_is_searched_by_the_pinyin_of_those_who_live_in_it_or_head_it(divisions):
    home, headed = (
        Household.objects.create(address=f"棠荫路{n}号", **entry(COMMUNITY)) for n in (1, 2)
    )
    person("陈伟明", household=home)
    headed.head_person = person("李小红")
    headed.save()
    homes = Household.objects.all()
    assert kept(HouseholdFilters, homes, search="chenwei") == [home.pk]
    assert kept(HouseholdFilters, homes, search="lxh") == [headed.pk]
    assert kept(HouseholdFilters, homes, search="伟明 棠荫") == [home.pk]
    assert kept(HouseholdFilters, homes, search="伟明 2号") == []


def test_nobody_outside_the_readers_areas_leads_to_a_household(divisions):
    home = Household.objects.create(**entry(COMMUNITY))
    person("陈伟明", area=OTHER_STREET_COMMUNITY, household=home)
    street = Access(1, (("street", STREET),))
    for text in ("陈伟", "chenwei", "cwm"):
        filters = HouseholdFilters({"search": text}, Household.objects.all(), access=street)
        assert list(filters.qs) == [], text
