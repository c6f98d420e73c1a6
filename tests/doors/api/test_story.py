"""From a received submission to the ledgers over REST, and back when it is rejected."""

from __future__ import annotations

import pytest

from tests.factories.ledgers import id_number, make_versions, member, store, street

JSON = "application/json"


@pytest.mark.django_db(transaction=True)
def test_a_rejected_submission_leaves_the_ledgers_and_an_approved_one_comes_back(
    divisions, make_user, asking
):
    from server.submissions.drain import drain_now
    from server.submissions.services.queueing import queue

    worker = make_user("xie", role="worker", area="440106003001")
    filled = street(
        1, [member("陈一", id_no=id_number("1968-05-01", 1), edu="20", emp_status="21")]
    )
    submission = store(
        filled, version=make_versions()["survey"], submitter=worker, instance_id="uuid:story"
    )
    queue([submission.pk], at=submission.received_at)
    drain_now()
    client = asking("street")

    (person,) = client.get("/api/v1/persons/").json()["results"]
    assert (person["name"], person["edu"], person["verified_level"]) == ("陈一", "20", 2)
    rows = client.get(f"/api/v1/persons/{person['id']}/origins/").json()
    (origin,) = [row for row in rows if row["column"] == "edu"]
    assert (origin["instance_id"], origin["path"]) == ("uuid:story", "/data/members[1]/edu")
    assert (origin["rule"], origin["worker"]) == ("M2", "xie")

    def decide(**body):
        answer = client.post("/api/v1/submissions/uuid:story/review/", body, JSON)
        assert answer.status_code == 201
        drain_now()

    decide(state="rejected", reason="假的")
    assert client.get("/api/v1/persons/").json()["count"] == 0
    assert client.get(f"/api/v1/persons/{person['id']}/").status_code == 404
    decide(state="approved")
    again = client.get(f"/api/v1/persons/{person['id']}/").json()
    assert (again["name"], again["verified_level"]) == ("陈一", 3)
