"""Which seekers suit a vacancy, which vacancies suit a person, and suggesting one, over REST and in the console."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.gis.geos import Point

from server.core.clock import today
from tests.conftest import COMMUNITY, OTHER_COMMUNITY, OTHER_STREET_COMMUNITY, STREET
from tests.doors.api.conftest import assert_problem
from tests.factories.console import entry
from tests.factories.ledgers import Filled, id_number, make_versions, member, store, uuid_of
from tests.factories.ledgers import street as home

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
SEEKS: dict[str, Any] = {
    "person_status": "1", "emp_status": "20", "work_capacity": "1", "job_willing": True,
    "birth_date": date(1985, 6, 15), "wish_job": ["4"], "wish_wage": "4", "edu": "60",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Market:
    """A vacancy of a community, other vacancies, and people."""

    vacancy: Any
    vacancies: dict[str, Any]
    people: dict[str, Any]

    def of(self, path: str, name: str) -> str:
        pk = self.people[name].pk if path == "persons" else self.vacancies[name].pk
        return f"/api/v1/{path}/{pk}/{'vacancies' if path == 'persons' else 'seekers'}/"


@pytest.fixture
def market(street) -> Market:
    from server.ledgers.models import Employer, Household, Person, Vacancy

    Person.objects.update(emp_status="10")
    Vacancy.objects.all().delete()
    home = Household.objects.create(
        **entry(COMMUNITY, hh_no="h1", address="棠荫路9号", loc=Point(113.25, 23.125, srid=4326))
    )

    def person(name: str, area: str = COMMUNITY, **columns: Any) -> Any:
        return Person.objects.create(**entry(area, name=name, **{**SEEKS, **columns}))

    people = {
        "甲合": person("甲合", household=home, in_zero_emp_hh=True),
        "乙远": person("乙远", OTHER_COMMUNITY, sex="2", ethnicity="05", disability=["1"]),
        "丙别": person("丙别", wish_job=["6"], wish_wage="5", edu="80"),
        "丁工": person("丁工", emp_status="10"),
        "戊病": person("戊病", work_capacity="3"),
        "己不": person("己不", job_willing=False),
        "庚迁": person("庚迁", person_status="2"),
        "辛逝": person("辛逝", person_status="3"),
        "壬家": person("壬家", emp_status="32", job_willing=None),
        "癸幼": person("癸幼", birth_date=today() - 15 * 365 * DAY),
        "远方": person("远方", OTHER_STREET_COMMUNITY, wish_area=["4"]),
    }
    firm = Employer.objects.create(
        **entry(COMMUNITY, name="甲店", loc=Point(113.25, 23.143, srid=4326))
    )

    def vacancy(title: str, area: str = COMMUNITY, **columns: Any) -> Any:
        values = {
            "title": title, "occupation": "4", "n_wanted": 2, "n_filled": 1, "wage_min": 1500,
            "edu_min": "70", "state": "3", "expires_on": today(), "employer": firm,
            "accepts_assisted": True,
        }  # fmt: skip
        return Vacancy.objects.create(**entry(area, **{**values, **columns}))

    vacancies = {
        "店员": vacancy("店员"),
        "装配": vacancy("装配", occupation="6", wage_min=900, wage_max=None),
        "招满": vacancy("招满", n_filled=2),
        "过期": vacancy("过期", expires_on=today() - DAY),
        "撤销": vacancy("撤销", state="7"),
        "外街": vacancy("外街", OTHER_STREET_COMMUNITY),
    }
    return Market(vacancies["店员"], vacancies, people)


@pytest.fixture
def fields(divisions, make_user):
    """Somebody who seeks work and an open vacancy, as records of forms made them."""
    from server.ledgers import services
    from server.ledgers.models import Person, Vacancy

    versions, sender = make_versions(), make_user("zhang")
    seeks = {"emp_status": "21", "work_capacity": "1", "job_willing": "1", "person_status": "1"}
    forms = (
        home(1, [member("陈一", id_no=id_number("1990-05-01", 1), **seeks)]),
        Filled(form="employer", employer_id=uuid_of("e"), household={"name": "甲厂"},
               members=[{"title": "保安", "n_wanted": "1", "expires_on": f"{today() + DAY}"}]),
    )  # fmt: skip
    for number, filled in enumerate(forms):
        submission = store(filled, version=versions[filled.form], submitter=sender,
                           instance_id=f"uuid:{uuid_of(str(number))}")  # fmt: skip
        services.merge_submissions(submission_ids=[submission.pk], as_of=today())
    return Person.objects.get(), Vacancy.objects.get()


def names(client, address):
    return [row["name"] for row in client.get(address).json()["rows"]]


def test_seekers_of_a_vacancy_are_ranked_with_reasons_and_hard_filters_exclude(
    market, asking, django_assert_max_num_queries
):
    client = asking("street")
    with django_assert_max_num_queries(16):
        answer = client.get(market.of("vacancies", "店员")).json()
    assert [row["name"] for row in answer["rows"]] == ["甲合", "乙远", "丙别"]
    assert (answer["candidates"], answer["compared"], answer["hindrances"]) == (3, 3, [])
    first = answer["rows"][0]
    assert (first["score"], first["rating"], first["kilometres"]) == (96, "very suitable", 2.0)
    assert [reason["text"] for reason in first["reasons"]] == [
        "wishes this kind of work (service workers)",
        "the wage is as wished (1200-1999)",
        "about 2.0 km from home",
        "meets the education asked for",
        "no skill grade is asked for",
        "of a household without work, or long unemployed; the post takes assisted people",
    ]
    assert sum(reason["points"] for reason in first["reasons"]) == first["score"]
    assert (first["offer"], first["offer_state"]) == (None, None)
    last = answer["rows"][-1]["reasons"]
    assert [reason["finding"] for reason in last][:2] == ["other_occupation_wished", "wage_below"]
    in_chinese = asking("street", area=COMMUNITY, language="zh-hans")
    shown = in_chinese.get(market.of("vacancies", "店员")).json()["rows"]
    assert shown[0]["rating"] == "很合适"
    assert [row["name"] for row in shown] == ["甲合", "丙别"]


def test_sex_ethnicity_and_disability_change_nothing(market, asking):
    from server.ledgers.models import Person

    client, address = asking("street"), market.of("vacancies", "店员")
    before = client.get(address).json()
    Person.objects.filter(emp_status="20").update(
        sex="1", ethnicity="11", disability=["6"], disability_grade="1", health="6", marital="20",
        is_4050=True, is_key=True,
    )  # fmt: skip
    assert client.get(address).json() == before


@pytest.mark.parametrize(
    ("title", "why"),
    [
        ("招满", "the vacancy is filled"),
        ("过期", "the vacancy has expired"),
        ("撤销", "the vacancy was withdrawn"),
    ],
)
def test_a_vacancy_that_is_gone_says_why_nobody_suits(market, asking, title, why):
    answer = asking("street").get(market.of("vacancies", title)).json()
    assert (answer["rows"], answer["hindrances"]) == ([], [why])


def test_vacancies_of_a_person_and_why_there_are_none(
    market, asking, django_assert_max_num_queries
):
    client = asking("street")
    with django_assert_max_num_queries(16):
        assert names(client, market.of("persons", "甲合")) == ["店员", "装配"]
    assert names(client, market.of("persons", "丙别")) == ["装配", "店员"]
    answer = client.get(market.of("persons", "丁工")).json()
    assert answer["rows"] == []
    assert answer["hindrances"] == ["the person has work, or is not without work and looking"]
    assert client.get(market.of("persons", "远方")).status_code == 404


def test_who_wishes_to_work_farther_away_is_matched_within_the_county(market, asking):
    from server.ledgers.models import Person

    county = asking("county", area=STREET[:6])
    assert names(county, market.of("vacancies", "店员")) == ["甲合", "乙远", "远方", "丙别"]
    Person.objects.filter(name="乙远").update(wish_area=["3"])
    assert names(county, market.of("persons", "乙远")) == ["店员", "外街", "装配"]
    assert "外街" not in names(county, market.of("persons", "甲合"))
    assert "外街" not in names(asking("street"), market.of("persons", "乙远"))


def test_a_suggestion_becomes_an_offer_and_is_undone(fields, asking):
    client, worker = asking("street"), asking("worker", area=COMMUNITY)
    person, vacancy = fields
    body = {"person": str(person.pk), "reason": "工种对口", "channel": "3"}
    address = f"/api/v1/vacancies/{vacancy.pk}/suggest/"
    assert_problem(worker.post(address, body, "application/json"), "ledger-act-not-allowed", 403)
    elsewhere = asking("street", area=OTHER_STREET_COMMUNITY[:9])
    assert elsewhere.post(address, body, "application/json").status_code == 404
    made = client.post(address, body, "application/json")
    assert made.status_code == 201, made.content
    offer = client.get(f"/api/v1/offers/{made.json()['offer']}/").json()
    assert (offer["person"], offer["vacancy"]) == (str(person.pk), str(vacancy.pk))
    assert (offer["state"], offer["channel"], offer["response"]) == ("1", "3", None)
    (row,) = client.get(f"/api/v1/vacancies/{vacancy.pk}/seekers/").json()["rows"]
    assert (row["offer"], row["offer_state"]) == (offer["id"], "1")
    other = f"/api/v1/persons/{person.pk}/suggest/"
    again = {"vacancy": str(vacancy.pk), "reason": "再推一次"}
    refused = assert_problem(client.post(other, again, "application/json"), "already-offered", 409)
    assert today().isoformat() in refused["detail"]
    origins = client.get(f"/api/v1/offers/{offer['id']}/origins/").json()
    assert {origin["column"] for origin in origins} >= {"offered_on", "channel"}
    (act,) = client.get(f"/api/v1/offers/{offer['id']}/acts/").json()
    assert (act["kind"], act["reason"]) == ("suggest", "工种对口")
    assert client.post(f"/api/v1/offers/{offer['id']}/acts/{act['id']}/undo/").status_code == 204
    assert client.get(f"/api/v1/offers/{offer['id']}/").status_code == 404
    assert client.post(other, again, "application/json").status_code == 201


@pytest.mark.parametrize(
    ("changed", "type_", "status"),
    [
        ({"vacancy": "00000000-0000-4000-8000-000000000000"}, "no-such-entry", 404),
        ({"vacancy": "x"}, "invalid-request", 400),
        ({"channel": "9"}, "invalid-request", 400),
        ({"reason": ""}, "invalid-request", 400),
    ],
)
def test_a_bad_suggestion_is_refused_with_what_is_wrong(fields, asking, changed, type_, status):
    person, vacancy = fields
    body = {"vacancy": str(vacancy.pk), "reason": "工种对口", **changed}
    answer = asking("street").post(
        f"/api/v1/persons/{person.pk}/suggest/", body, "application/json"
    )
    assert_problem(answer, type_, status)


def test_who_does_not_suit_is_not_suggested_to(market, asking):
    address = f"/api/v1/persons/{market.people['丁工'].pk}/suggest/"
    body = {"vacancy": str(market.vacancies["招满"].pk), "reason": "工种对口"}
    answer = assert_problem(
        asking("street").post(address, body, "application/json"), "not-suitable", 409
    )
    assert "the vacancy is filled, the person has work" in answer["detail"]
    foreign = {**body, "vacancy": str(market.vacancies["外街"].pk)}
    suits = f"/api/v1/persons/{market.people['甲合'].pk}/suggest/"
    unseen = asking("worker", area=COMMUNITY).post(suits, foreign, "application/json")
    assert_problem(unseen, "no-such-entry", 404)


def test_the_pages_list_reasons_suggest_and_lead_to_the_offer(fields, log_in):
    person, vacancy = fields
    clerk = log_in()
    page = clerk.get(f"/ledgers/vacancies/{vacancy.pk}").content.decode()
    assert f'hx-get="/vacancies/{vacancy.pk}/seekers"' in page
    page = clerk.get(f"/persons/{person.pk}").content.decode()
    assert f'hx-get="/persons/{person.pk}/vacancies"' in page
    listed = clerk.get(f"/vacancies/{vacancy.pk}/seekers").content.decode()
    assert f'<a href="/persons/{person.pk}">陈一</a>' in listed
    assert "named no kind of work" in listed
    part = clerk.get(f"/persons/{person.pk}/vacancies", headers={"hx-request": "true"})
    assert "<html" not in part.content.decode()
    given = {"vacancy": str(vacancy.pk), "reason": "在本社区", "here": "vacancy", "channel": ""}
    address = f"/persons/{person.pk}/suggest"
    assert log_in("worker", COMMUNITY).post(address, given).status_code == 403
    assert clerk.post(address, {**given, "reason": ""}).status_code == 400
    after = clerk.post(address, given, follow=True).content.decode()
    assert "Suggested: an offer has begun." in after
    assert "Suggest this vacancy" not in after
    from server.ledgers.models import Offer

    offer = Offer.objects.get()
    assert f'href="/ledgers/offers/{offer.pk}"' in after
    assert "suggest a vacancy" in clerk.get(f"/ledgers/offers/{offer.pk}").content.decode()
    viewer = log_in("county", STREET[:6]).get(f"/persons/{person.pk}/vacancies").content.decode()
    assert "Suggest …" not in viewer


def test_empty_lists_say_why(market, log_in):
    clerk = log_in()
    page = clerk.get(f"/persons/{market.people['丁工'].pk}/vacancies").content.decode()
    assert "Nothing is matched now: the person has work" in page
    from server.ledgers.models import Person

    Person.objects.update(emp_status="10")
    page = clerk.get(f"/vacancies/{market.vacancy.pk}/seekers").content.decode()
    assert "Nobody in your areas who seeks work suits this vacancy." in page
