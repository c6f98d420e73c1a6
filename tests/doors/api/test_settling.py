"""Exceptions resolved by their suggestions over REST."""

from __future__ import annotations

from datetime import date

import pytest

from server.ledgers import services
from server.ledgers.models import Person
from tests.conftest import COMMUNITY, OTHER_STREET_COMMUNITY
from tests.doors.api.conftest import assert_problem
from tests.factories.ledgers import id_number, make_versions, member, store, street, uuid_of

JSON = "application/json"
MAN = id_number("1970-05-01", 1)
LIST = "/api/v1/exceptions/"


@pytest.fixture
def conflict(divisions, make_user):
    """A person about whose schooling two records differ, the earlier of which was approved."""
    versions, worker = make_versions(), make_user("wu", area=COMMUNITY)
    made = []
    for number, (day, edu) in enumerate((("2026-03-01", "20"), ("2026-04-01", "70"))):
        filled = street(1, [member(id_no=MAN, edu=edu)])
        filled.visited_at = f"{day}T09:00:00+08:00"
        made.append(
            store(
                filled,
                version=versions["survey"],
                submitter=worker,
                instance_id=f"uuid:{uuid_of(str(number))}",
            )
        )
    made[0].review_state = "approved"
    made[0].save()
    services.merge_submissions(
        submission_ids=[item.pk for item in made], as_of=date(2026, 11, 23), judging=False
    )
    return made


def test_an_exception_shows_both_values_and_is_resolved_by_keeping_one(conflict, asking):
    client = asking("street")
    (row,) = client.get(f"{LIST}?open=true").json()["results"]
    assert row["offers"] == ["keep", "correct", "send_back", "note"]
    path = f"{LIST}{row['id']}/"
    shown = client.get(path).json()
    assert [
        (source["value"], source["raised"], source["verified_level"], source["submission"])
        for source in shown["sources"]
    ] == [
        ("20", False, 3, conflict[0].instance_id),
        ("70", True, 2, conflict[1].instance_id),
    ]
    keep = [item for item in shown["suggestions"] if item["resolution"] == "keep"]
    assert [(item["value"], item["column"], item["may"]) for item in keep] == [
        ("20", "edu", True),
        ("70", "edu", True),
    ]
    body = {"resolution": "keep", "note": "看过毕业证"}
    answer = client.post(f"{path}resolve/", body, JSON)
    assert_problem(answer, "resolution-lacks", 422)
    answer = client.post(f"{path}resolve/", {**body, "source": keep[1]["source"]}, JSON).json()
    assert (answer["resolved_as"], answer["suggestions"], answer["offers"]) == ("keep", [], [])
    person = f"/api/v1/persons/{Person.objects.get().pk}/"
    assert client.get(person).json()["edu"] == "70"
    (act,) = client.get(f"{person}acts/").json()
    assert (act["kind"], act["column"], act["reason"]) == ("correct", "edu", "看过毕业证")
    assert_problem(client.post(f"{path}resolve/", body, JSON), "act-already-done", 409)
    assert client.post(f"{path}undo/").status_code == 204
    assert client.get(person).json()["edu"] == "20"
    assert client.get(path).json()["resolved_as"] == ""
    assert_problem(client.post(f"{path}undo/"), "act-already-done", 409)


def test_what_an_exception_does_not_offer_is_refused(conflict, asking):
    client = asking("street")
    (row,) = client.get(f"{LIST}?open=true").json()["results"]
    path = f"{LIST}{row['id']}/resolve/"
    same = {"resolution": "same", "note": "x"}
    assert_problem(client.post(path, same, JSON), "resolution-not-offered", 409)
    unknown = client.post(path, {"resolution": "shrug", "note": "x"}, JSON)
    assert assert_problem(unknown, "invalid-request", 400)["errors"][0]["pointer"] == "#/resolution"
    bad = {"resolution": "correct", "value": "21", "note": "x"}
    assert_problem(client.post(path, bad, JSON), "bad-column-value", 422)
    assert client.get(f"{LIST}{row['id']}/").json()["resolved_as"] == ""


def test_a_source_of_another_area_says_neither_its_value_nor_who_said_it(conflict, asking):
    conflict[0].area_code = OTHER_STREET_COMMUNITY
    conflict[0].save()
    client = asking("street")
    (row,) = client.get(f"{LIST}?open=true").json()["results"]
    shown = client.get(f"{LIST}{row['id']}/").json()
    first, second = shown["sources"]
    assert (first["value"], first["by"], first["submission"]) == (None, "", None)
    assert (first["is_elsewhere"], second["is_elsewhere"]) == (True, False)
    keep = [item["value"] for item in shown["suggestions"] if item["resolution"] == "keep"]
    assert keep == ["70"]
    body = {"resolution": "keep", "note": "x", "source": first["source"]}
    answer = client.post(f"{LIST}{row['id']}/resolve/", body, JSON)
    assert_problem(answer, "resolution-lacks", 422)


def test_who_only_reads_is_offered_nothing(conflict, asking):
    county = asking("county", area="440106")
    (row,) = county.get(f"{LIST}?open=true").json()["results"]
    path = f"{LIST}{row['id']}/"
    shown = county.get(path).json()
    assert (shown["suggestions"], len(shown["sources"])) == ([], 2)
    for act in ("resolve", "undo"):
        answer = county.post(f"{path}{act}/", {"note": "x"}, JSON)
        assert_problem(answer, "not-allowed", 403)


@pytest.fixture
def namesakes(divisions, make_user):
    """Two persons of one name and nearly one birth in two homes, whom nobody proposes, and one elsewhere."""
    versions, worker = make_versions(), make_user("wu", area=COMMUNITY)
    made = []
    for number, (year, community) in enumerate(
        (("1970", COMMUNITY), ("1971", COMMUNITY), ("1970", OTHER_STREET_COMMUNITY))
    ):
        line = member(key=str(number), name="陈一", birth_date=f"{year}-05-01", sex="1")
        filled = street(number, [line])
        filled.community = community
        made.append(
            store(
                filled,
                version=versions["survey"],
                submitter=worker,
                instance_id=f"uuid:{uuid_of(str(number))}",
            )
        )
    services.merge_submissions(
        submission_ids=[item.pk for item in made], as_of=date(2026, 11, 23), judging=False
    )
    return Person.objects.order_by("area_code", "birth_date")


def test_two_persons_whom_nobody_proposed_are_joined_and_parted(namesakes, asking):
    _first, second, elsewhere = namesakes
    client, path = asking("street"), f"/api/v1/persons/{namesakes[0].pk}/"
    assert client.get(f"{path}candidates/").json() == [
        {
            "entry": str(second.pk),
            "score": 55,
            "reasons": ["name", "birth_close"],
            "is_proposed": False,
            "exception": None,
        }
    ]
    body = {"other": str(second.pk), "reason": "本人带户口簿"}
    foreign = {**body, "other": str(elsewhere.pk)}
    assert_problem(client.post(f"{path}same/", foreign, JSON), "no-such-entry", 404)
    assert_problem(client.post(f"{path}same/", {"reason": "x"}, JSON), "invalid-request", 400)
    act = client.post(f"{path}same/", body, JSON).json()
    assert act["kind"] == "same"
    assert client.get("/api/v1/persons/").json()["count"] == 1
    assert_problem(client.post(f"{path}same/", body, JSON), "act-already-done", 409)
    assert client.post(f"{path}acts/{act['id']}/undo/").status_code == 204
    assert client.get("/api/v1/persons/").json()["count"] == 2
    act = client.post(f"{path}not-same/", body, JSON).json()
    assert client.get(f"{path}candidates/").json() == []
    assert client.post(f"{path}acts/{act['id']}/undo/").status_code == 204
    assert len(client.get(f"{path}candidates/").json()) == 1
    county = asking("county").post(f"{path}same/", body, JSON)
    assert_problem(county, "ledger-act-not-allowed", 403)
