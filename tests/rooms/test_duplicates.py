"""Persons, households and employers that may be the same: who is proposed, and why."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from server.accounts.access import access_of
from server.ledgers import selectors, services
from server.ledgers.models import Employer, Household, LedgerException, Person
from server.ledgers.refolding.rebuild import rebuild
from tests.factories.ledgers import (
    Filled,
    credit_code,
    id_number,
    make_versions,
    member,
    store,
    uuid_of,
)

AS_OF = date(2026, 11, 23)
AT = datetime(2026, 11, 23, 9, tzinfo=UTC)
MAN = id_number("1970-05-01", 1)
STREET = "440106003"
DOOR = {"address": "示范路1号", "building": "2栋", "room": "301"}


@pytest.fixture
def staff(divisions, make_user):
    return make_user("chief", role="street", area=STREET)


@pytest.fixture
def send(staff):
    versions, numbers = make_versions(), iter(range(100))

    def send(*filled: Filled):
        stored = [
            store(
                form,
                version=versions[form.form],
                submitter=staff,
                instance_id=f"uuid:{uuid_of(str(next(numbers)))}",
            )
            for form in filled
        ]
        services.merge_submissions(
            submission_ids=[item.pk for item in stored], as_of=AS_OF, judging=False
        )
        return stored

    return send


def proposals(family: str) -> list[dict]:
    rows = LedgerException.objects.filter(kind="possible_duplicate", family=family)
    return [row.detail for row in rows.order_by("pk")]


def differences() -> list[str]:
    report = rebuild(area="", keep=False, as_of=AS_OF, progress=lambda *_done: None)
    return [f"{item.table} {item.column}".strip() for item in report.differences]


def home(number: str, *members, door=DOOR, community: str = "440106003001", day: str = "03-02"):
    return Filled(
        household_id=uuid_of(f"household {number}"),
        household=dict(door),
        members=list(members),
        community=community,
        visited_at=f"2026-{day}T09:00:00+08:00",
    )


def stall(number: str, **answers):
    return Filled(
        form="employer",
        employer_id=uuid_of(f"stall {number}"),
        household={"name": "没码六档", "address": "市场1档", "phone": "020-00006666", **answers},
    )


def child(key: str, name: str = "陈小明", **answers):
    return member(key=key, name=name, birth_date="2015-06-01", sex="1", relation="2", **answers)


@pytest.mark.parametrize(
    ("other", "reasons"),
    [
        ({}, ["name", "address", "phone"]),
        ({"phone": "020-00007777"}, ["name", "address"]),
        ({"address": "市场9档"}, ["name", "phone"]),
        ({"address": "市场9档", "phone": "020-00007777"}, None),
        ({"name": "没码七档"}, None),
    ],
)
def test_stalls_without_a_code_are_proposed_as_the_same(send, staff, other, reasons):
    send(stall("a"))
    send(stall("b", **other))
    assert [item["reasons"] for item in proposals("employer")] == ([reasons] if reasons else [])
    assert differences() == []


def test_employers_with_two_codes_are_two(send):
    send(stall("a", uscc=credit_code(1)), stall("b", uscc=credit_code(2)))
    assert Employer.objects.count() == 2
    assert proposals("employer") == []


def test_a_household_surveyed_from_two_phones_is_proposed_as_the_same(send, staff):
    head = member(id_no=MAN, name="陈一")
    send(home("a", head, child("x")))
    send(home("b", head, child("y"), community="440106003002", day="03-09"))
    (pair,) = proposals("household")
    assert pair["reasons"] == ["address", "member", "namesake"]
    assert [item["reasons"][:2] for item in proposals("person")] == [["name", "birth"]]
    first, second = Household.objects.order_by("pk")
    act = services.mark_same(
        family="household", entry=first.pk, other=second.pk, reason="同一户",
        access=access_of(staff), at=AT,
    )  # fmt: skip
    assert Household.objects.count() == 1
    assert proposals("household") == []
    services.undo(act=act, access=access_of(staff), at=AT)
    assert proposals("household") == [pair]
    services.mark_not_same(
        family="household", entry=first.pk, other=second.pk, reason="楼上楼下",
        access=access_of(staff), at=AT,
    )  # fmt: skip
    assert proposals("household") == []
    assert differences() == []


@pytest.mark.parametrize(
    "door",
    [
        {**DOOR, "room": "302"},
        {"address": "示范路9号"},
        {"address": "", "building": "", "room": ""},
    ],
)
def test_a_household_that_moved_is_not_proposed(send, door):
    head = member(id_no=MAN, name="陈一")
    send(home("a", head))
    send(home("b", head, door=door, day="03-09"))
    assert proposals("household") == []


def test_a_namesake_who_lives_elsewhere_now_counts_whichever_household_came_last(send):
    first = member(id_no=MAN, name="陈一")
    send(home("a", first))
    send(home("c", first, door={"address": "示范路9号"}, day="03-05"))
    send(home("b", member(id_no=id_number("1980-05-01", 2), name="陈一"), day="03-09"))
    assert [item["reasons"] for item in proposals("household")] == [["address", "namesake"]]
    assert differences() == []


def test_neighbours_at_one_address_are_not_proposed(send):
    send(home("a", member(id_no=MAN, name="陈一")))
    send(home("b", member(id_no=id_number("1980-05-01", 2), name="李二")))
    assert proposals("household") == []


def test_a_name_written_otherwise_is_proposed_with_the_same_phone(send):
    line = {"birth_date": "1970-05-01", "sex": "1", "phone": "020-00000001"}
    send(home("a", member(key="a", name="陈晓玮", **line)))
    elsewhere = {"address": "示范路9号"}
    send(home("b", member(key="b", name="陈小伟", **line), door=elsewhere))
    assert [item["reasons"] for item in proposals("person")] == [["birth", "reading", "phone"]]
    assert differences() == []


def test_twins_on_one_roster_are_not_proposed(send):
    send(
        home(
            "a",
            child("x", "陈小明", phone="020-00000001"),
            child("y", "陈晓明", phone="020-00000001"),
        )
    )
    send(home("a", child("x", "陈小明"), child("y", "陈晓明"), day="06-02"))
    assert proposals("person") == []


def test_candidates_say_why_and_two_that_nobody_proposed_are_joined(send, staff):
    send(home("a", member(key="a", name="陈一", birth_date="1970-05-01", sex="1")))
    elsewhere = {"address": "示范路9号"}
    send(home("b", member(key="b", name="陈一", birth_date="1971-05-01", sex="1"), door=elsewhere))
    send(home("c", member(key="c", name="陈一", birth_date="1999-05-01", sex="2"), door=elsewhere))
    person = Person.objects.get(birth_date="1970-05-01")
    (candidate,) = selectors.candidates(access_of(staff), person)
    assert Person.objects.get(pk=candidate.entry).birth_date == date(1971, 5, 1)
    assert (candidate.score, candidate.is_proposed, candidate.exception) == (55, False, None)
    assert [str(reason) for reason in candidate.reasons] == ["name", "birth_close"]
