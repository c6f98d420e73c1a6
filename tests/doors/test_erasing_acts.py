"""Erasing a person takes what office staff decided about the person's offers."""

from __future__ import annotations

import pytest

from server.ledgers.models import DeskAct, Offer, Person, Vacancy
from server.submissions.drain import drain_now
from tests.doors.test_deleting_and_erasing import (
    HUSBAND,
    boss,  # noqa: F401 a fixture, as the next two
    erase,
    no_differences,
    phone,  # noqa: F401
    post,
    second,  # noqa: F401
)
from tests.factories.ledgers import Filled, uuid_of
from tests.factories.two_areas import written

pytestmark = pytest.mark.django_db(transaction=True)


def test_erasing_a_person_takes_the_acts_on_the_persons_offers(phone, boss, second):  # noqa: F811
    factory = Filled(
        form="employer",
        employer_id=uuid_of("employer"),
        household={"name": "示范厂"},
        members=[{"title": "保安"}, {"title": "保洁"}],
    )
    assert phone.send(written(factory, "employer"), door=b"a door").status_code == 201
    drain_now()
    posts = Vacancy.objects.in_bulk(field_name="pk").keys()
    offered = [{"vacancy_id": str(post), "offered_on": "2026-03-10"} for post in posts]
    offer = Filled(form="offer", person_id=HUSBAND, members=offered)
    assert phone.send(written(offer, "offer"), door=b"a door").status_code == 201
    drain_now()
    voided, refused = Offer.objects.order_by("pk")
    vacancy = str(refused.vacancy_id)
    assert post(boss, f"/api/v1/offers/{voided.pk}/void/", {"reason": "重复"}).status_code == 201
    moving = {"to": "3", "values": {"refuse_reason": "1"}, "reason": "本人不愿意"}
    assert post(boss, f"/api/v1/offers/{refused.pk}/moves/", moving).status_code == 201
    kept = {"column": "title", "value": "门卫", "reason": "单位来改"}
    assert post(boss, f"/api/v1/vacancies/{vacancy}/correct/", kept).status_code == 201
    husband = str(Person.objects.get(name="王夫").pk)

    erase(boss, second, person=husband)

    assert not Offer.objects.exists()
    assert [act.family for act in DeskAct.objects.all()] == ["vacancy"]
    drain_now()
    assert no_differences()
