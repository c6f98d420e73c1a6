"""From a phone's record to an agreed move, at the doors of both desks: neither learns a value of the other's (decision 0251)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from server.audit.models import AuditEntry
from server.core import clock
from server.ledgers.models import EntryLink, Membership, Person
from server.ledgers.tasks import refold
from server.submissions.drain import drain_now
from tests.doors.test_authority import BY_NUMBER, office
from tests.factories.two_areas import (
    HERE,
    OTHER_STREET,
    THERE,
    TwoStreets,
    form_of,
    make_two_streets,
    written,
)

pytestmark = pytest.mark.django_db(transaction=True)
THEIRS = ("邻街", "李二", "4499011970", "邻厂")


@pytest.fixture
def streets(divisions, make_user) -> TwoStreets:
    """Their person and their employer are met here."""
    streets = make_two_streets(make_user)
    for number, name in enumerate(
        ("a survey that lists their person by ID number", "an employer survey by credit code")
    ):
        filled = BY_NUMBER[name]
        if filled.form == "survey":
            filled = replace(filled, members=[{**line, "name": "陈一"} for line in filled.members])
        document = written(filled, f"met {number}")
        assert streets.doors["token of a worker"](document, form_of(filled)).status_code == 201
    drain_now()
    return streets


def only_link(client: Client, ledger: str = "person") -> dict[str, Any]:
    (link,) = client.get(f"/api/v1/links/?ledger={ledger}").json()["results"]
    return link


def state(client: Client, link: dict[str, Any], kind: str, reason: str = "核对户口簿") -> Any:
    body = {"kind": kind, "reason": reason}
    return client.post(f"/api/v1/links/{link['id']}/acts/", body, content_type="application/json")


def test_each_desk_reads_that_the_other_knows_the_number_and_nothing_more(streets):
    for user, own, other in (
        (streets.staff_here, HERE[:9], OTHER_STREET),
        (streets.staff_there, OTHER_STREET, HERE[:9]),
    ):
        client = office(user)
        link = only_link(client)
        assert (link["area_code"], link["other_office"], link["number"]) == (own, other, "id_no")
        assert (link["state"], link["asked"], link["awaits_us"]) == ("proposed", "", False)
        foreign = EntryLink.objects.get(area_code=other, family="person")
        answers = [
            client.get(f"/api/v1/links/{link['id']}/").content,
            client.get("/links").content,
            client.get(f"/persons/{link['entry']}").content,
            client.get(f"/api/v1/persons/{link['entry']}/").content,
        ]
        for answer in answers:
            text = answer.decode()
            assert str(foreign.pk) not in text
            assert str(foreign.entry) not in text
            assert own == OTHER_STREET or not any(value in text for value in THEIRS), text
        assert client.get(f"/api/v1/links/{foreign.pk}/").status_code == 404
        assert (
            client.post(
                f"/links/{foreign.pk}/decision", {"kind": "move", "reason": "xx"}
            ).status_code
            == 404
        )
        assert client.get(f"/persons/{foreign.entry}").status_code == 404
        assert only_link(client, "employer")["number"] == "uscc"


def test_a_move_from_the_confirming_desk_to_the_agreeing_one_and_back(streets):
    here, there = office(streets.staff_here), office(streets.staff_there)
    mine, theirs = only_link(here), only_link(there)
    answer = state(here, mine, "move")
    assert answer.status_code == 201, answer.content
    assert (answer.json()["asked"], answer.json()["awaits_us"]) == ("move", False)
    assert only_link(there)["awaits_us"] is True
    assert [row["id"] for row in there.get("/api/v1/links/?awaits_us=true").json()["results"]] == [
        theirs["id"]
    ]
    left = Person.objects.get(pk=theirs["entry"])
    assert left.person_status == "1"
    assert state(here, mine, "agree").status_code == 409
    page = there.post(
        f"/links/{theirs['id']}/decision",
        {"kind": "agree", "reason": "电话核实"},
        headers={"accept-language": "en"},
    )
    assert page.status_code == 200
    assert "moved away" in page.content.decode()
    left.refresh_from_db()
    assert (left.person_status, left.household_id) == ("2", None)
    page = there.get(f"/persons/{left.pk}", headers={"accept-language": "en"}).content.decode()
    assert "moved away" in page
    assert "电话核实" in page
    assert "核对户口簿" not in page  # the other desk's reason is its own
    (act,) = there.get(f"/api/v1/links/{theirs['id']}/acts/").json()
    assert (act["kind"], act["by"]) == ("agree", "staff-there")
    undo = f"/api/v1/links/{theirs['id']}/acts/{act['id']}/undo/"
    assert here.post(undo).status_code == 404
    assert there.post(undo).json()["state"] == "proposed"
    assert there.post(undo).status_code == 409
    left.refresh_from_db()
    assert left.person_status == "1"
    assert AuditEntry.objects.filter(act="desk_act", area_code=HERE[:9]).count() == 1


def test_bad_statements_are_refused_and_say_why(streets, make_user):
    here = office(streets.staff_here)
    mine = only_link(here)
    assert state(here, mine, "moves").status_code == 400
    assert state(here, mine, "move", reason=" ").status_code in (400, 422)
    assert state(here, mine, "agree").status_code == 409
    county = office(make_user("co", role="county", area=HERE[:6]))
    assert state(county, mine, "move").status_code == 403
    assert (
        here.post(f"/links/{mine['id']}/decision", {"kind": "", "reason": "x"}).status_code == 400
    )


def test_the_timer_completes_a_move_on_the_seventh_day(streets, monkeypatch):
    here, there = office(streets.staff_here), office(streets.staff_there)
    assert state(here, only_link(here), "move").status_code == 201
    confirmed = clock.today()
    monkeypatch.setattr(clock, "today", lambda: confirmed.fromordinal(confirmed.toordinal() + 6))
    refold(0)
    assert only_link(there)["state"] == "proposed"
    monkeypatch.setattr(clock, "today", lambda: confirmed.fromordinal(confirmed.toordinal() + 7))
    refold(0)
    assert only_link(there)["state"] == "moved"
    assert only_link(here)["moved_to"] == HERE[:9]
    assert AuditEntry.objects.filter(act="desk_act", area_code=THERE[:9], actor=None).count() == 1


def test_the_home_page_counts_each_person_once_and_what_others_ask(streets, make_user):
    here, there = office(streets.staff_here), office(streets.staff_there)
    county = office(make_user("co", role="county", area=HERE[:6]))
    assert numbers(here)["Persons"] == numbers(there)["Persons"] == numbers(county)["Persons"] == 1
    assert Person.objects.count() == 2
    assert "Other offices ask" not in numbers(there)
    assert state(here, only_link(here), "move").status_code == 201
    assert numbers(there)["Other offices ask"] == 1
    assert "Other offices ask" not in numbers(here)
    page = there.get("/links?awaits_us=true", headers={"accept-language": "en"}).content.decode()
    assert "Shipai confirms that the move was to its area." in page
    assert "Without an answer it is agreed on" in page


def numbers(client: Client) -> dict[str, int]:
    response = client.get("/", headers={"accept-language": "en"})
    return {str(number.label): number.count for number in response.context["numbers"]}


def test_what_the_other_office_states_is_shown_as_its_own_once_both_agree(streets):
    """Both list the person as living and registered with them, so only where each has less is anything added."""
    here, there = office(streets.staff_here), office(streets.staff_there)
    mine, theirs = only_link(here), only_link(there)
    Membership.objects.filter(person=mine["entry"], role="hukou").delete()
    for client, link in ((here, mine), (there, theirs)):
        assert client.get(f"/api/v1/links/{link['id']}/facts/").json() == []
        assert state(client, link, "two_places").status_code == 201
    stated = here.get(f"/api/v1/links/{mine['id']}/facts/").json()
    assert {fact["office"] for fact in stated} == {OTHER_STREET}
    assert {fact["column"]: fact["value"] for fact in stated}["address"] == "邻街1号"
    page = here.get(f"/persons/{mine['entry']}", headers={"accept-language": "en"})
    assert "Wushan states:" in page.content.decode()
    assert "邻街1号" in page.content.decode()
    assert there.get(f"/api/v1/links/{theirs['id']}/facts/").json() == []
