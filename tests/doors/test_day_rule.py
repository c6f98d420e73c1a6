"""A visit's due day means the same on phones, on the map and on every page of the console (rules.md, Due dates)."""

from __future__ import annotations

import csv
import io
import uuid
from dataclasses import dataclass
from datetime import date, timedelta
from unittest.mock import patch

import mapbox_vector_tile
import pytest
from django.contrib.gis.geos import Point
from django.db.models import F
from django.test import Client
from django.urls import reverse

from server.accounts.access import Worker, access_of
from server.accounts.models import User
from server.core import clock
from server.ledgers.definitions.vocabulary import CaseState
from server.ledgers.entity_lists import lists
from server.ledgers.folding.derive.due import urgency
from server.ledgers.models import AssistanceCase, Household, Person
from server.ledgers.reading.tiles import assisted_tile
from server.ledgers.storage import fragments
from server.ledgers.storage.database import query_values
from tests.conftest import COMMUNITY, STREET

pytestmark = pytest.mark.django_db

RED, ORANGE, GREEN, PURPLE = "#d32f2f", "#f57c00", "#388e3c", "#7b1fa2"
TILE = (15, 26701, 14219)
DAYS = {  # days from today to the due day → how it stands
    -1: "overdue",
    0: "due",
    1: "soon",
    7: "soon",
    8: "later",
    None: "none",
}


@dataclass
class Place:
    """A household with a person whose open case is due so many days from today."""

    user: User
    case: AssistanceCase
    household: Household
    person: Person
    expected: str

    @property
    def client(self) -> Client:
        client = Client(headers={"accept-language": "en"})
        client.force_login(self.user)
        return client

    def page(self, name: str, *args: object, **query: str) -> str:
        return self.client.get(reverse(f"console:{name}", args=args), query).content.decode()


@pytest.fixture(params=DAYS.items(), ids=lambda item: f"{item[0]} days: {item[1]}")
def place(request, divisions, make_user) -> Place:
    days, expected = request.param
    columns = {"observed_at": clock.now(), "verified_level": 2, "area_code": COMMUNITY}
    household = Household.objects.create(
        id=uuid.uuid4(),
        loc=Point(113.355, 23.125, srid=4326),
        hh_no="1",
        assisted_categories=["B01"],
        **columns,
    )
    person = Person.objects.create(id=uuid.uuid4(), name="陈一", household=household, **columns)
    due_on = None if days is None else clock.today() + timedelta(days)
    case = AssistanceCase.objects.create(
        id=uuid.uuid4(),
        case_no="1",
        state=CaseState.ACTIVE,
        category=["B01"],
        opened_on=date(2026, 1, 1),
        subject_person=person,
        next_due=due_on,
        **columns,
    )
    AssistanceCase.objects.create(  # closed: never due, whatever day it has
        id=uuid.uuid4(),
        case_no="2",
        state=CaseState.CLOSED,
        category=["B01"],
        opened_on=date(2025, 1, 1),
        subject_person=person,
        next_due=clock.today() - timedelta(400),
        **columns,
    )
    return Place(make_user("wang", role="street", area=STREET), case, household, person, expected)


def rows(entity_list: lists.LedgerList, place: Place) -> list[dict[str, str]]:
    worker = Worker(place.user.pk, (COMMUNITY,))
    text = b"".join(entity_list.csv(worker)).decode()
    return list(csv.DictReader(io.StringIO(text)))


def test_phones_colour_the_case_and_its_household(place):
    colours = {"overdue": RED, "due": RED, "soon": ORANGE, "later": GREEN, "none": GREEN}
    (case,) = rows(lists.cases, place)
    assert case["marker-color"] == colours[place.expected]
    assert case["marker-symbol"] == ("!" if place.expected in ("overdue", "due") else "")
    (household,) = rows(lists.households, place)
    colours["none"] = PURPLE  # assisted, and no visit is planned
    assert household["marker-color"] == colours[place.expected]


def test_the_map_says_how_due_the_visit_is(place):
    tile = mapbox_vector_tile.decode(assisted_tile(access_of(place.user), *TILE))
    (feature,) = tile["households"]["features"]
    assert feature["properties"]["due"] == place.expected


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("overdue", {"overdue"}),
        ("today", {"due"}),
        ("week", {"overdue", "due", "soon"}),
    ],
)
def test_lists_are_filtered_alike_on_the_console_and_by_rest(place, value, shown):
    expected = int(place.expected in shown)
    AssistanceCase.objects.filter(state=CaseState.CLOSED).update(next_due=F("opened_on"))
    for name in ("cases", "households"):
        query = {"due": value}
        assert place.page(name, **query).count("<tr data-href=") == expected
        answer = place.client.get(f"/api/v1/{name}/", query).json()
        assert answer["count"] == expected


def test_the_home_page_counts_overdue_visits_and_open_cases(place):
    numbers = {
        number.label: number.count
        for number in place.client.get(reverse("console:home")).context["numbers"]
    }
    assert numbers["Overdue visits"] == (place.expected == "overdue")
    assert numbers["Open cases"] == 1


@pytest.mark.parametrize("page", ["cases", "case", "person", "household"])
def test_pages_mark_what_is_overdue_or_due_today(place, page):
    owner = {"case": place.case, "person": place.person, "household": place.household}.get(page)
    if page == "household":
        AssistanceCase.objects.update(subject_person=None, subject_household=place.household)
    AssistanceCase.objects.filter(state=CaseState.CLOSED).delete()
    text = place.page(page, *([owner.pk] if owner else []))
    marks = {"overdue": "overdue", "due": "due today"}
    for urgency_, mark in marks.items():
        assert (f'<span class="badge bad">{mark}</span>' in text) is (place.expected == urgency_)


def test_sql_and_python_say_the_same(place):
    today = clock.today()
    expression = fragments.urgency_of("next_due", "%s::date")
    expression = expression.replace("%s::date", f"'{today}'::date")
    (in_sql,) = query_values(
        f"select {expression} as urgency from ledgers_assistancecase"
        f" where {fragments.open_case('ledgers_assistancecase')}"
    )
    assert in_sql == urgency(place.case.next_due, today) == place.expected
    open_cases = AssistanceCase.objects.filter(fragments.IS_OPEN)
    assert [case.pk for case in open_cases] == [place.case.pk]


def test_lists_with_due_days_change_with_the_day(place):
    worker = Worker(place.user.pk, (COMMUNITY,))
    tomorrow = clock.now() + timedelta(days=1)
    for entity_list in (lists.cases, lists.households):
        today = entity_list.hash(worker)
        assert entity_list.hash(worker) == today
        with patch("server.core.clock.now", return_value=tomorrow):
            assert entity_list.hash(worker) != today


def test_the_offices_day_begins_at_midnight_in_guangdong(place):
    instants = ("2026-03-01 15:59:59+00", "2026-03-01 16:00:00+00")
    days = query_values(
        f"select {fragments.office_day('instant')} as day from (values (%s::timestamptz), (%s)) as v (instant)",
        instants,
    )
    assert days == [date(2026, 3, 1), date(2026, 3, 2)]
