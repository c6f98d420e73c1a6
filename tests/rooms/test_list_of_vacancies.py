"""The entity lists of vacancies and of retired persons: who is in them, in what order, and what a phone never sees."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import uuid4

import pytest

from server.core import clock
from server.core.sealing import seal_text
from server.ledgers.entity_lists import lists as entities
from server.ledgers.entity_lists.versions import update_versions_of
from server.ledgers.models import Employer, ListedEntity, Person, Retiree, Vacancy
from tests.conftest import COMMUNITY, OTHER_STREET_COMMUNITY
from tests.factories.claims import HERE, rows

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 23)
AT = datetime(2026, 11, 23, 2, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _on_the_day(monkeypatch, divisions):
    monkeypatch.setattr(clock, "now", lambda: AT)


def columns(area: str = COMMUNITY) -> dict:
    return {"id": uuid4(), "area_code": area, "observed_at": AT, "verified_level": 2}


def vacancy(title: str, **more) -> Vacancy:
    known = {"title": title, "state": "3", "n_wanted": 3, "n_filled": 1, "wage_min": 2000}
    return Vacancy.objects.create(**columns(more.pop("area", COMMUNITY)), **{**known, **more})


def retiree(name: str, **more) -> Retiree:
    status = more.pop("person_status", "1")
    person = Person.objects.create(
        **columns(), name=name, sex="2", birth_date="1950-03-04", person_status=status
    )
    return Retiree.objects.create(
        **columns(), person=person, **{"state": "1", "health": "3", "retired_on": TODAY, **more}
    )


def titles() -> str:
    return "".join(row["title"] for row in rows(entities.vacancies).values())


def names() -> str:
    return "".join(row["person_name"] for row in rows(entities.retirees).values())


def test_open_vacancies_come_with_their_employer_and_without_its_phone_or_contact():
    shop = Employer.objects.create(
        **columns(), name="好又多商店", contact="李强", phone=seal_text("020-00000007", "phone")
    )
    row = vacancy("保洁员", employer=shop, wage_max=2500, is_public_welfare=True)
    vacancy("电工", state="5")
    vacancy("司机", area=OTHER_STREET_COMMUNITY)
    (shown,) = rows(entities.vacancies).values()
    assert shown == {
        "name": str(row.pk), "label": "保洁员 好又多商店 2000–2500元", "__version": "1",
        "community": COMMUNITY, "employer": str(shop.pk), "employer_name": "好又多商店",
        "title": "保洁员", "occupation": "", "wage": "2000–2500", "n_left": "2", "n_filled": "1",
        "welfare": "1",
        "assisted": "0", "expires_on": "",
    }  # fmt: skip
    assert "李强" not in repr(shown)


def test_posts_for_assisted_people_come_first_then_those_that_expire_first():
    vacancy("三", expires_on="2026-12-02")
    vacancy("二", expires_on="2026-12-01")
    vacancy("一", expires_on="2026-12-09", accepts_assisted=True)
    assert titles() == "一二三"


def test_retired_people_come_by_the_age_of_their_proof_of_life_and_the_dead_not_at_all():
    retiree("丙", qual_on="2026-02-01")
    retiree("乙", qual_on="2025-02-01")
    retiree("甲")
    retiree("死", state="3")
    retiree("亡", person_status="3")
    retiree("停", state="4", qual_on="2026-05-01")
    assert names() == "甲乙丙停"
    text = repr(rows(entities.retirees))
    assert "health" not in text
    assert "03-04" not in text
    assert "1950" in text


def test_versions_rise_when_the_employer_or_the_person_is_called_otherwise():
    shop = Employer.objects.create(**columns(), name="好又多商店")
    post, old = vacancy("保洁员", employer=shop), retiree("甲")
    changed = {"employer": {str(shop.pk)}, "person": {str(old.person_id)}}
    entries = {name: changed.get(name, set()) for name in
               ("person", "household", "employer", "vacancy", "retiree")}  # fmt: skip

    def versions() -> set[int]:
        update_versions_of(entries, ())
        listed = ListedEntity.objects.filter(entity__in=(post.pk, old.pk))
        return set(listed.values_list("version", flat=True))

    assert versions() == {1}
    before = entities.vacancies.hash(HERE), entities.retirees.hash(HERE)
    Employer.objects.update(name="新店")
    Person.objects.update(name="乙")
    assert versions() == {2}
    assert before[0] != entities.vacancies.hash(HERE)
    assert before[1] != entities.retirees.hash(HERE)
    Vacancy.objects.update(state="7")
    update_versions_of({**entries, "vacancy": {str(post.pk)}}, ())
    assert ListedEntity.objects.get(entity=post.pk).left_as == "closed"
