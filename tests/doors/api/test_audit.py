"""The audit log over REST."""

from __future__ import annotations

import pytest

from server.audit.models import Act
from server.audit.services import record
from tests.conftest import COMMUNITY, STREET
from tests.doors.api.conftest import assert_problem

pytestmark = pytest.mark.django_db


def test_an_administrator_reads_the_acts_of_the_area(street, asking):
    record(
        Act.FORM_STATE, actor=None, object_type="form", object_id="f", area=STREET,
        before="open", after="closed",
    )  # fmt: skip
    record(Act.REVIEW, actor=None, object_type="submission", object_id=1, area="440106005001")
    client = asking("administrator")
    rows = client.get("/api/v1/audit/?act=form_state").json()["results"]
    (row,) = rows
    assert row["facts"] == {"before": "open", "after": "closed"}
    assert (row["object_type"], row["object_id"], row["area_code"]) == ("form", "f", STREET)
    assert (row["door"], row["hash"], row["position"]) == ("command", "", None)  # no commit yet
    assert client.get("/api/v1/audit/?act=review").json()["count"] == 0
    assert_problem(client.get("/api/v1/audit/?act=unheard_of"), "invalid-query", 400)


def test_others_read_what_they_did(street, asking):
    client = asking("street", area=COMMUNITY)
    body = {"columns": ["phone"], "reason": "核对身份"}
    client.post(f"/api/v1/persons/{street.person.pk}/reveal/", body, "application/json")
    rows = client.get("/api/v1/audit/").json()["results"]
    assert [(row["act"], row["reason"]) for row in rows] == [("reveal", "核对身份"), ("log_in", "")]
    assert {row["actor"] for row in rows} == {f"street-{COMMUNITY}"}
