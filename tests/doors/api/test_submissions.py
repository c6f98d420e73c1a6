"""Submissions over REST: look at, open, decide."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from server.submissions.drain import drain_now
from tests.conftest import COMMUNITY, STREET
from tests.doors.api.conftest import assert_problem
from tests.factories.audit import disclosed
from tests.factories.console import DOCUMENT, ID_NO, make_form, make_submission, photo_bytes

ONE = "/api/v1/submissions/uuid:1/"


def test_a_list_holds_the_callers_area_only(street, asking):
    (row,) = asking("street").get("/api/v1/submissions/").json()["results"]
    assert row["instance_id"] == "uuid:1"
    assert row["form"] == "household_survey"
    assert row["form_version"] == "2026112001"
    assert row["location"] == {"type": "Point", "coordinates": [113.355, 23.125]}
    assert asking("county", area="440106").get("/api/v1/submissions/").json()["count"] == 2


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("form=household_survey", 1),
        ("form=employer_survey", 0),
        ("state=received,edited", 1),
        ("state=approved", 0),
        ("submitter=xie", 1),
        ("flag=inaccurate", 1),
        ("flag=clock", 0),
        ("received_from=2026-11-20T00:00:00Z&received_to=2026-11-21T00:00:00Z", 1),
        ("updated_since=2026-11-21T00:00:00Z", 0),
        ("is_processed=true", 1),
        ("is_processed=false", 0),
        ("search=棠荫", 1),
        ("located_area=440106003000", 1),
        ("in_bbox=113.3,23.1,113.4,23.2", 1),
    ],
)
def test_submissions_are_narrowed_by(street, asking, query, count):
    assert asking("street").get(f"/api/v1/submissions/?{query}").json()["count"] == count


def test_a_detail_masks_sealed_answers_and_withholds_restricted_ones(street, asking):
    response = asking("street").get(ONE)
    answers = {answer["path"].rpartition("/")[2]: answer for answer in response.json()["answers"]}
    assert answers["name"]["value"] == "陈大文"
    assert answers["id_no"]["value"] == "4499" + "*" * 14
    assert "political" not in answers
    assert ID_NO not in response.content.decode()
    assert_problem(asking("street", area="440200").get(ONE), "not-found", 404)


def test_a_detail_holds_versions_files_and_decisions(street, asking):
    client = asking("street")
    client.post(f"{ONE}review/", {"state": "approved"}, content_type="application/json")
    submission = client.get(ONE).json()
    assert [version["instance_id"] for version in submission["versions"]] == ["uuid:1"]
    assert [file["name"] for file in submission["attachments"]] == ["door.jpg"]
    assert submission["missing_files"] == []
    assert [decision["state"] for decision in submission["decisions"]] == ["approved"]
    street.photo.delete()
    assert client.get(ONE).json()["missing_files"] == ["door.jpg"]


def test_the_xml_takes_a_role_and_a_reason_and_is_recorded(street, asking):
    client = asking("street")
    assert_problem(client.get(f"{ONE}xml/"), "reason-required", 400)
    assert_problem(asking("county", area="440106").get(f"{ONE}xml/?reason=look"), "not-raw", 403)
    assert not disclosed()
    response = client.get(f"{ONE}xml/", headers={"x-reason": quote("核对身份证")})
    assert b"<political>" not in response.content
    assert b'withheld="yes"' in response.content
    (record,) = disclosed()
    assert (record.act, record.object_type, record.reason) == ("reveal", "submission", "核对身份证")
    assert record.area_code == COMMUNITY


def test_the_xml_comes_as_received_to_the_restricted_role_of_its_area(street, asking):
    from server.accounts.models import RoleGrant, User

    client = asking("street")
    user = User.objects.latest("pk")
    for area, is_whole in (("440200", False), (COMMUNITY[:9], True)):
        RoleGrant.objects.create(user=user, role="restricted", area=area)
        response = client.get(f"{ONE}xml/?reason=look")
        assert (response.content.decode() == DOCUMENT.replace("uuid:one", "uuid:1")) is is_whole


def test_an_attachment_comes_as_it_was_received(street, asking):
    client = asking("street")
    (file,) = client.get(f"{ONE}attachments/").json()
    assert file["size"] == len(photo_bytes())
    response = client.get(f"{ONE}attachments/door.jpg/")
    assert b"".join(response.streaming_content) == photo_bytes()
    assert response["X-Content-Type-Options"] == "nosniff"
    assert_problem(client.get(f"{ONE}attachments/other.jpg/"), "not-found", 404)
    assert_problem(client.get("/api/v1/submissions/uuid:2/attachments/door.jpg/"), "not-found", 404)
    county = asking("county", area="440106")
    assert [file["name"] for file in county.get(f"{ONE}attachments/").json()] == ["door.jpg"]
    assert_problem(county.get(f"{ONE}attachments/door.jpg/"), "not-raw", 403)


def test_a_reviewer_of_the_area_decides(street, asking):
    client = asking("street")
    decided = client.post(
        f"{ONE}review/",
        {"state": "rejected", "reason": "照片不清"},
        content_type="application/json",
    )
    assert decided.status_code == 201
    assert client.get(ONE).json()["review_state"] == "rejected"
    assert [decision["reason"] for decision in client.get(f"{ONE}decisions/").json()] == [
        "照片不清"
    ]


def test_others_do_not_decide(street, asking):
    body, json = {"state": "approved"}, "application/json"
    county = asking("county", area="440106")
    assert_problem(county.post(f"{ONE}review/", body, json), "may-not-review", 403)
    elsewhere = asking("street", area="440106005")
    assert_problem(elsewhere.post(f"{ONE}review/", body, json), "not-found", 404)


def test_a_rejection_needs_a_reason_and_a_state_that_exists(street, asking):
    client = asking("street")

    def decide(**body):
        return client.post(f"{ONE}review/", body, content_type="application/json")

    assert_problem(decide(state="rejected"), "reason-missing", 400)
    body = assert_problem(decide(state="lost"), "invalid-request", 400)
    assert [error["pointer"] for error in body["errors"]] == ["#/state"]


def test_an_id_in_two_forms_asks_for_the_form(street, asking):
    other = make_form("home_visit")
    make_submission(other, street.worker, COMMUNITY, "uuid:1")
    client = asking("street")
    assert_problem(client.get(ONE), "ambiguous-submission", 409)
    assert client.get(f"{ONE}?form=home_visit").json()["form"] == "home_visit"


def test_submissions_come_as_geojson(street, asking):
    (feature,) = asking("street").get("/api/v1/submissions/?format=geojson").json()["features"]
    assert feature["id"] == "uuid:1"
    assert feature["geometry"]["type"] == "Point"


def test_what_a_clerk_sends_that_names_no_community_is_the_desks(street, asking):
    client = asking("street")
    document = DOCUMENT.replace("uuid:one", "uuid:moved")
    sent = client.post("/odk/submission", document, content_type="text/xml", secure=True)
    assert sent.status_code == 201
    drain_now()
    assert client.get("/api/v1/submissions/uuid:moved/").json()["area_code"] == STREET
    elsewhere = asking("street", area="440106005")
    assert_problem(elsewhere.get("/api/v1/submissions/uuid:moved/"), "not-found", 404)


def test_what_is_not_yet_placed_is_seen_by_nobody_but_everywhere(street, asking):
    make_submission(street.form, street.worker, "", "uuid:new", processed_at=None)
    assert asking("street").get("/api/v1/submissions/uuid:new/").status_code == 404
    everywhere = asking("administrator", area="")
    assert everywhere.get("/api/v1/submissions/uuid:new/").status_code == 200
