"""job_offer in both form engines, and what the phone's door makes of it: offers, refusals counted, a vacancy filled."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from server.core import clock
from server.ledgers.models import AssistanceCase, Consultation, Offer, Person, Vacancy, Visit
from server.ledgers.refolding.rebuild import rebuild
from tests.acceptance.engine import EngineError, Hints
from tests.acceptance.engine.lists import CASE, HERE, HOUSEHOLD, LODGER, MEDIA, PERSON, VACANCY
from tests.acceptance.test_household_survey import member
from tests.acceptance.walks import (
    lists,
    only_one,
    questions_of,
    quiet,
    rows,
    send,
    street_phone,
    surveyed,
    walked,
)

pytestmark = pytest.mark.engine


def offered(**answers):
    return Hints(
        {**HERE, "outcome": "1", "suitable": "1", **answers}, repeats={"offers": 1}, skip=0
    )


NEW = {"find_by": "new", "consent": "1", "name": "陈新"}
WALKS = {
    "a case at the door": offered(find_by="case", subject=CASE, channel="1", response="1"),
    "refused by a member": offered(
        find_by="home", household=HOUSEHOLD, at_home=PERSON, channel="1", response="3"
    ),
    "thinks about it at the counter": offered(find_by="name", named=LODGER, channel="2", response="2"),
    "a newcomer at a fair": offered(**NEW, id_type="01", channel="4", response="3"),
    "a newcomer without a document": offered(**NEW, id_type="99", channel="4", response="5"),
    "a newcomer who declines": offered(find_by="new", consent="0", channel="2"),
    "not met": offered(find_by="case", channel="3", response="4"),
    "nothing suitable by phone": offered(find_by="case", channel="3", suitable="0"),
    "nothing suitable at the door": offered(find_by="case", channel="1", suitable="0"),
    "nobody in": offered(find_by="case", channel="1", outcome="3"),
}  # fmt: skip


def test_every_question_is_answered_alike_in_both_engines(engine, web_engine, xforms):
    xform = xforms["job_offer"]
    assert walked(engine, web_engine, xform, WALKS) == questions_of(xform)


def test_an_offer_is_signed_where_people_meet_and_only_vacancies_of_the_list_are_offered(
    engine, xforms
):
    at_counter = engine.fill(xforms["job_offer"], MEDIA, 3, WALKS["thinks about it at the counter"])
    assert at_counter.was_asked("ack")
    assert not at_counter.was_asked("loc")
    by_phone = engine.fill(xforms["job_offer"], MEDIA, 3, WALKS["not met"])
    assert not by_phone.was_asked("ack")
    with pytest.raises(EngineError, match="not among the choices"):
        engine.fill(
            xforms["job_offer"], MEDIA, 3, offered(find_by="case", vacancy="e" + VACANCY[1:])
        )


# --- through the door ---


@pytest.fixture
def phone(divisions):
    return street_phone()


@pytest.mark.django_db
def test_offers_count_on_the_case_and_fill_the_vacancy(phone, engine, xforms, make_user):
    surveyed(phone, engine, xforms, member(40, name="陈大", sex="1"), dibao="1", job_willing="1",
             work_capacity="1", other_income="0")  # fmt: skip
    hints = {"community": only_one, "mode": "2", "outcome": "1", "consent": "1", "emp_exists": "0",
             "n_wanted": "1", "accepts_assisted": "1"}  # fmt: skip
    titles = iter(("保洁员", "营业员", "保安"))
    hints["title"] = lambda _prompt, _random: next(titles)
    survey = Hints(hints, repeats={"vacancies": 3}, skip=1)
    send(phone, engine.fill(xforms["employer_survey"], lists(phone, "employer_survey"), 5, survey))
    case = AssistanceCase.objects.get(subject_person__name="陈大")
    open_ones = {row["title"]: row["name"] for row in rows(phone, "job_offer", "vacancies")}
    assert set(open_ones) == {"保洁员", "营业员", "保安"}

    def offer(title, ago, **answers):
        day = (clock.now() - timedelta(days=ago)).isoformat()
        who = {"community": only_one, "find_by": "case", "subject": str(case.pk), "suitable": "1",
               "channel": "1", "outcome": "1", "met_whom": "1", "vacancy": open_ones.get(title)}  # fmt: skip
        hints = Hints({**who, "visited_at": day, **answers}, repeats={"offers": 1}, skip=1)
        filled = engine.fill(xforms["job_offer"], lists(phone, "job_offer"), 6, hints)
        send(phone, filled)

    offer("保洁员", 2, response="3", refuse_reason="1")
    offer("营业员", 1, response="3", refuse_reason="2")
    offer("保安", 0, response="3", refuse_reason="9", met_whom="2")  # the wife refuses for him
    case.refresh_from_db()
    assert (case.offers_n, case.refusals_n) == (3, 2)
    refused = Offer.objects.get(vacancy__title="保洁员")
    assert (refused.state, refused.case_id, refused.channel) == ("3", case.pk, "1")
    assert refused.ack_signature
    assert Visit.objects.filter(purpose="4", outcome="1", services=["2"]).count() == 3
    listed = {row["name"]: row for row in rows(phone, "job_offer", "cases")}
    assert listed[str(case.pk)]["offers"] == "3"

    offer("保洁员", 0, response="1", interview_on=clock.today().isoformat())
    hired = Offer.objects.get(vacancy__title="保洁员", offered_on=clock.today())
    assert (hired.state, hired.interview_on) == ("2", clock.today())
    client = Client()
    client.force_login(make_user("county", role="administrator", area=""))
    moved = client.post(
        f"/api/v1/offers/{hired.pk}/moves/",
        {"column": "state", "to": "6", "values": {}, "reason": "单位确认录用"},
        "application/json",
    )
    assert moved.status_code == 201, moved.content
    filled = Vacancy.objects.get(title="保洁员")
    assert (filled.n_filled, filled.state) == (1, "5")
    assert "保洁员" not in {row["title"] for row in rows(phone, "job_offer", "vacancies")}

    visit = {"community": only_one, "mode": "1", "subject_kind": "case", "subject": str(case.pk),
             "outcome": "1", "met_whom": "1", "consent": "1", "offered_jobs": "1", "status_changed": "0",
             "distance_reason": "在工作地点"}  # fmt: skip
    for job in ({"offer_listed": open_ones["营业员"]}, {"vacancy": "送货员"}):
        known = {"offer_listed": None, "response": "3", "refuse_reason": "8", **visit, **job}
        hints = Hints(known, repeats={"offers": 1}, skip=1)
        send(phone, engine.fill(xforms["home_visit"], lists(phone, "home_visit"), 7, hints))
    case.refresh_from_db()
    assert (case.offers_n, case.refusals_n) == (6, 3)  # one refusal a day counts
    unlisted = Offer.objects.get(vacancy__title="送货员")
    assert (unlisted.state, unlisted.vacancy.state, unlisted.vacancy.source) == ("3", "1", "2")

    before = Person.objects.get(name="陈大").last_confirmed_on
    offer("", 0, suitable="0", channel="3", wish_job="4", advice="建议先参加家政培训")
    asked = Consultation.objects.get()
    assert (asked.topic, asked.mode, asked.person.name) == ("7", "2", "陈大")
    person = Person.objects.get(name="陈大")
    assert (person.wish_job, person.last_confirmed_on) == (["4"], before)
    assert not rebuild(area="", as_of=clock.today(), keep=False, progress=quiet).differences
