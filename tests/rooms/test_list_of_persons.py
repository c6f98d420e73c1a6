"""The entity list of persons: who is in it, in what order, what a phone sees of them, and for how long."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from server.core import clock
from server.ledgers import services
from server.ledgers.entity_lists import lists as entities
from server.ledgers.models import AssistanceCase, Household, ListedEntity, Person
from tests.conftest import COMMUNITY
from tests.factories.claims import HERE, rows
from tests.factories.ledgers import id_number, make_versions, member, store, street, uuid_of

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 23)
QUARTER = date(2026, 10, 1)
AT = datetime(2026, 11, 23, 2, tzinfo=UTC)
NUMBER = id_number("1970-05-21", 1)


@pytest.fixture(autouse=True)
def _on_the_day(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: AT)


@pytest.fixture
def send(divisions, make_user):
    version, worker = make_versions()["survey"], make_user("zhang")

    numbers = itertools.count()

    def send(*filled):
        for number, form in zip(numbers, filled, strict=False):
            submission = store(
                form,
                version=version,
                submitter=worker,
                instance_id=f"uuid:{uuid_of(str(number))}",
            )
            services.merge_submissions(submission_ids=[submission.pk], as_of=TODAY)

    return send


def house(room: str) -> Household:
    return Household.objects.create(
        id=uuid4(), area_code=COMMUNITY, observed_at=AT, verified_level=2, hh_no=room,
        address="示范路", building="3栋", room=room,
    )  # fmt: skip


def person(name: str, home: Household | None, **columns) -> Person:
    return Person.objects.create(
        id=uuid4(), area_code=COMMUNITY, observed_at=AT, verified_level=2, name=name,
        household=home, **{"person_status": "1", "last_confirmed_on": TODAY, **columns},
    )  # fmt: skip


def case(subject: Person, **columns) -> AssistanceCase:
    return AssistanceCase.objects.create(
        id=uuid4(), area_code=COMMUNITY, observed_at=AT, verified_level=2, case_no="1",
        subject_person=subject, **{"category": ["B01"], "state": "5", **columns},
    )  # fmt: skip


def names() -> str:
    return "".join(row["person_name"] for row in rows(entities.persons).values())


def test_a_phone_sees_who_lives_where_and_no_number_day_or_phone(send):
    send(
        street(
            1,
            [
                member(f"陈一{NUMBER}", id_no=NUMBER, phone="020-00000001", health="6"),
                member("陈小", key="b", birth_date="2015-03-04", sex="2", relation="3"),
            ],
        )
    )
    listed = rows(entities.persons)
    head, child = listed.values()
    assert child == {
        "name": uuid_of("b"), "label": "陈小 女 女 2015",
        "__version": "1", "community": COMMUNITY, "household": uuid_of("household 1"),
        "person_name": "陈小", "relation": "3", "sex": "2", "birth_year": "2015",
        "building": "", "room": "", "confirmed_on": child["confirmed_on"],
        "offer": "", "job": "", "training": "", "course": "", "transfer": "", "floating": "",
        "flexible": "",
    }  # fmt: skip
    assert head["birth_year"] == "1970"
    text = repr(listed)
    for secret in (NUMBER, NUMBER[-4:], "020-0000", "05-21", "03-04", "health"):
        assert secret not in text


def test_whole_households_come_first_in_which_somebody_is_assisted_due_or_to_confirm(divisions):
    before = QUARTER - timedelta(days=1)
    long_ago = TODAY - timedelta(days=15)
    confirmed, unconfirmed, due, assisted = map(house, "1234")
    person("丁", confirmed, last_confirmed_on=long_ago)
    person("丙", unconfirmed, last_confirmed_on=before, relation="0")
    person("三", unconfirmed, last_confirmed_on=long_ago, relation="2")
    case(person("乙", due, last_confirmed_on=long_ago), category=["B02"], next_due=TODAY)
    case(person("甲", assisted, relation="0"))
    person("一", assisted, relation="2")
    assert names() == "甲一乙丙三丁"
    Person.objects.filter(name="甲").update(person_status="3")
    Person.objects.filter(name="一").update(person_status="2")
    Person.objects.filter(name="丁").update(person_status="4")
    assert names() == "乙丙三丁"


@pytest.mark.parametrize(("days", "first"), [(13, "乙"), (14, "乙"), (15, "甲")])
def test_a_rank_holds_for_fourteen_days_after_its_reason_has_gone(divisions, days, first):
    """甲 has the better address; 乙 was confirmed, or their case closed, so many days ago."""
    ago, long_ago = TODAY - timedelta(days=days), TODAY - timedelta(days=40)
    person("甲", house("1"), last_confirmed_on=long_ago)
    other = person("乙", house("2"), last_confirmed_on=ago)
    assert names()[0] == first
    Person.objects.update(last_confirmed_on=long_ago)
    case(other, state="9", closed_on=ago)
    assert names()[0] == first


@pytest.mark.parametrize(
    ("confirmed", "first"), [("2026-09-30", "乙"), ("2026-10-01", "甲"), ("2026-10-02", "甲")]
)
def test_who_was_not_confirmed_since_the_quarter_began_comes_first(divisions, confirmed, first):
    person("甲", house("1"), last_confirmed_on=QUARTER)
    person("乙", house("2"), last_confirmed_on=confirmed)
    assert names()[0] == first


def test_no_more_rows_than_a_phone_holds_and_assisted_people_among_them(divisions, monkeypatch):
    monkeypatch.setattr(entities, "MAX_ROWS", 3)
    for number in range(3):
        person(f"甲{number}", house(str(number)))
    case(person("乙", house("9")))
    listed = [row["person_name"] for row in rows(entities.persons).values()]
    assert len(listed) == 3
    assert listed[0] == "乙"


def test_versions_rise_with_what_a_phone_sees_also_of_the_home(send):
    send(street(1, [member(key="a")]))
    version = ListedEntity.objects.get(list="persons")
    assert (version.version, version.entity) == (1, UUID(uuid_of("a")))
    before = entities.persons.hash(HERE)
    moved = street(1, [member(key="a")])
    moved.household["room"] = "102"
    send(moved)
    version.refresh_from_db()
    assert version.version == 2
    assert entities.persons.hash(HERE) != before
    assert rows(entities.persons)[uuid_of("a")]["room"] == "102"


def test_the_list_costs_one_statement_and_its_hash_another(divisions, statements):
    person("甲", house("1"))
    del statements[:]
    assert b"\xe7\x94\xb2" in b"".join(entities.persons.csv(HERE))
    assert len(statements) == 1
    entities.persons.hash(HERE)
    assert len(statements) == 2
