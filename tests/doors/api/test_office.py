"""Divisions, phones and exceptions over REST."""

from __future__ import annotations

import pytest
from django.contrib.gis.geos import MultiPolygon, Polygon

from server.accounts.models import RoleGrant, User
from server.ledgers.models import LedgerException
from tests.conftest import COMMUNITY, OTHER_STREET_COMMUNITY, STREET
from tests.doors.api.conftest import assert_problem

JSON = "application/json"


def test_divisions_are_those_of_the_area_and_those_above(divisions, asking):
    codes = [row["code"] for row in asking("street").get("/api/v1/divisions/").json()["results"]]
    assert codes == [
        "440000000000", "440100000000", "440106000000",
        "440106003000", "440106003001", "440106003002",
    ]  # fmt: skip
    client = asking("street", area="440106005")
    assert client.get(f"/api/v1/divisions/{OTHER_STREET_COMMUNITY}/").status_code == 200
    assert_problem(client.get(f"/api/v1/divisions/{COMMUNITY}/"), "not-found", 404)


def test_divisions_come_with_their_newest_outline_as_geojson(divisions, asking):
    from server.geo.models import Boundary

    square = MultiPolygon(Polygon.from_bbox((113.35, 23.12, 113.36, 23.13)), srid=4326)
    Boundary.objects.create(division_id=COMMUNITY, outline=square)
    collection = asking("street").get("/api/v1/divisions/?format=geojson&level=5").json()
    shapes = {
        row["id"]: row["geometry"] and row["geometry"]["type"] for row in collection["features"]
    }
    assert shapes == {COMMUNITY: "MultiPolygon", "440106003002": None}
    assert "outline" not in asking("county").get("/api/v1/divisions/").json()["results"][0]


@pytest.mark.parametrize(
    ("query", "count"),
    [("level=5", 2), ("area=440106003000", 3), ("search=shipai", 1), ("valid_on=2026-11-23", 6)],
)
def test_divisions_are_narrowed_by(divisions, asking, query, count):
    assert asking("street").get(f"/api/v1/divisions/?{query}").json()["count"] == count


def test_a_phone_is_let_in_used_and_shut_out(street, asking):
    client = asking("street")
    answer = client.post("/api/v1/field-accounts/", {"username": "xie", "label": "A5"}, JSON)
    assert answer.status_code == 201
    phone = answer.json()
    assert phone["base_url"].startswith("http://testserver/key/")
    assert phone["collect"]["general"]["server_url"] == phone["base_url"]
    token = phone["base_url"].rpartition("/")[2]
    listed = client.get("/api/v1/field-accounts/")
    assert [row["label"] for row in listed.json()["results"]] == ["A5"]
    assert token not in listed.content.decode()
    assert client.get(f"/key/{token}/formList").status_code == 200
    assert client.delete(f"/api/v1/field-accounts/{phone['id']}/").status_code == 204
    assert client.get(f"/key/{token}/formList").status_code == 403
    assert client.get("/api/v1/field-accounts/?active=true").json()["count"] == 0


def test_a_lost_phone_is_replaced(street, asking):
    client = asking("street")
    first = client.post("/api/v1/field-accounts/", {"username": "xie"}, JSON).json()
    assert client.head(first["base_url"] + "/submission?deviceID=collect:1").status_code == 204
    (row,) = client.get("/api/v1/field-accounts/?active=true").json()["results"]
    assert (row["device_id"], row["clock_ahead"]) == ("collect:1", None)
    assert row["last_seen_at"]
    answer = client.post("/api/v1/field-accounts/lost/", {"username": "xie"}, JSON)
    assert answer.status_code == 201
    assert answer.json()["password"]
    assert client.head(first["base_url"] + "/submission").status_code == 403
    assert client.head(answer.json()["base_url"] + "/submission").status_code == 204


def test_codes_of_several_workers_are_made_replaced_and_ended_at_once(street, asking):
    from server.accounts.collect import read_code_text
    from server.accounts.services import add_worker

    second = add_worker(username="he", name="何协理", areas=[COMMUNITY], actor=None)
    add_worker(username="wu", name="吴协理", areas=[OTHER_STREET_COMMUNITY], actor=None)
    client = asking("street")
    path = "/api/v1/field-accounts/codes/"
    both = {"usernames": ["xie", "he", "xie"]}

    def is_let_in(phone) -> bool:
        return client.head(f"{phone['base_url']}/submission").status_code == 204

    added = client.post(path, {**both, "label": "A5"}, JSON)
    assert added.status_code == 201
    first = added.json()
    assert [phone["username"] for phone in first] == ["xie", "he"]
    assert all(is_let_in(phone) for phone in first)
    assert read_code_text(first[1]["qr"]) == first[1]["collect"]
    assert first[1]["collect"]["general"]["server_url"] == first[1]["base_url"]
    old = {"base_url": f"http://testserver/key/{second.token}"}
    assert is_let_in(old)
    listed = client.get("/api/v1/field-accounts/?active=true")
    assert listed.json()["count"] == 3
    assert not any(phone["qr"] in listed.content.decode() for phone in first)

    for wrong, slug, status in (
        ({"usernames": ["xie", "wu"]}, "unknown-user", 404),
        ({"usernames": []}, "invalid-request", 400),
        ({"usernames": ["xie"] * 201}, "invalid-request", 400),
    ):
        assert_problem(client.post(path, {**wrong, "replace": True}, JSON), slug, status)
    assert all(is_let_in(phone) for phone in (*first, old))

    replaced = client.post(path, {**both, "replace": True}, JSON).json()
    assert [is_let_in(phone) for phone in (*first, old, *replaced)] == [
        False, False, False, True, True,
    ]  # fmt: skip
    ended = client.post("/api/v1/field-accounts/revoke/", both, JSON)
    assert ended.json() == {"revoked": 2}
    assert not any(is_let_in(phone) for phone in replaced)


def test_a_new_worker_is_made_with_the_phone(divisions, asking):
    client = asking("street")
    body = {"username": "chen", "name": "陈", "areas": [COMMUNITY]}
    set_up = client.post("/api/v1/field-accounts/", body, JSON).json()
    assert set_up["password"]
    assert_problem(client.post("/api/v1/field-accounts/", body, JSON), "name-taken", 409)
    beyond = {"username": "wu", "areas": [OTHER_STREET_COMMUNITY]}
    assert_problem(client.post("/api/v1/field-accounts/", beyond, JSON), "not-allowed", 403)


def test_nobody_lets_in_a_phone_that_sees_more_than_they_do(street, asking):
    from server.accounts.models import RoleGrant

    RoleGrant.objects.create(user=street.worker, role="worker", area=OTHER_STREET_COMMUNITY)
    client = asking("street")
    body = {"username": "xie"}
    assert_problem(client.post("/api/v1/field-accounts/", body, JSON), "not-allowed", 403)
    elsewhere = asking("street", area="440200")
    assert_problem(elsewhere.post("/api/v1/field-accounts/", body, JSON), "unknown-user", 404)
    worker = asking("worker", area=COMMUNITY)
    assert_problem(worker.post("/api/v1/field-accounts/", body, JSON), "not-allowed", 403)


def test_an_exception_is_settled_by_a_reviewer_with_a_note(street, asking):
    client = asking("street")
    (row,) = client.get("/api/v1/exceptions/?open=true").json()["results"]
    assert (row["kind"], row["ledger"], row["column"]) == ("conflict", "person", "edu")
    path = f"/api/v1/exceptions/{row['id']}/resolve/"
    body = assert_problem(client.post(path, {}, JSON), "invalid-request", 400)
    assert body["errors"][0]["pointer"] == "#/note"
    county = asking("county", area="440106")
    assert_problem(county.post(path, {"note": "看过"}, JSON), "not-allowed", 403)
    settled = client.post(path, {"note": "以毕业证为准"}, JSON)
    assert settled.json()["resolution"] == "以毕业证为准"
    assert client.get("/api/v1/exceptions/?open=true").json()["count"] == 0
    foreign = f"/api/v1/exceptions/{street.foreign_exception.pk}/"
    assert_problem(client.get(foreign), "not-found", 404)


def test_an_exception_about_a_restricted_column_is_for_the_role(street, asking):
    LedgerException.objects.filter(pk=street.exception.pk).update(column="disability")
    path = f"/api/v1/exceptions/{street.exception.pk}/"
    clerk, trusted = asking("street"), asking("administrator")
    RoleGrant.objects.create(
        user=User.objects.get(username__startswith="administrator"), role="restricted", area=STREET
    )
    assert_problem(clerk.get(path), "not-found", 404)
    assert clerk.get("/api/v1/exceptions/").json()["count"] == 0
    assert trusted.get(path).json()["column"] == "disability"


def test_a_new_worker_is_told_apart_by_the_user_name_however_long(divisions, asking):
    body = {"username": "x" * 150, "areas": [COMMUNITY]}
    answer = asking("street").post("/api/v1/field-accounts/", body, JSON)
    assert (answer.status_code, answer.json()["username"]) == (201, "x" * 150)


def test_the_digits_of_a_division_do_not_widen_an_area(divisions, asking):
    """440106000000 is the whole county, though it begins with somebody's 44010600."""
    client = asking("street", area="44010600")
    body = {"username": "wide", "areas": ["440106000000"]}
    assert_problem(client.post("/api/v1/field-accounts/", body, JSON), "not-allowed", 403)


def test_no_code_is_made_for_somebody_who_is_switched_off(street, asking):
    type(street.worker).objects.filter(pk=street.worker.pk).update(is_active=False)
    refused = asking("street").post("/api/v1/field-accounts/", {"username": "xie"}, JSON)
    assert_problem(refused, "unknown-user", 404)
