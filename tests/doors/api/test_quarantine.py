"""The quarantine over REST: listed, exported, repaired, replayed."""

from __future__ import annotations

import io
import zipfile

from server.submissions.models import Submission
from tests.conftest import COMMUNITY
from tests.doors.api.conftest import assert_problem
from tests.factories.console import make_quarantined
from tests.factories.submissions import instance, instance_id, make_form


def test_a_clerks_own_refused_upload_is_in_the_clerks_quarantine(street, asking) -> None:
    """Whoever works in no community sends from the areas whose records they send."""
    client = asking()
    kind = {"content_type": "text/xml", "secure": True}
    for path, number in (
        ("/odk/submission", 1),
        ("/v1/projects/1/forms/household_survey/submissions", 2),
    ):
        assert client.post(path, instance(number, version="0"), **kind).status_code == 404

    rows = client.get("/api/v1/quarantine/").json()["results"]
    assert {row["instance_id"] for row in rows} == {instance_id(1), instance_id(2)}
    assert asking("street", area="440106005").get("/api/v1/quarantine/").json()["count"] == 0


def test_from_refusal_to_record(street, asking) -> None:
    make_form("quarantined_survey")
    document = instance(1, form_id="quarantined_survey", version="0")
    item = make_quarantined(
        street.worker, COMMUNITY, document, reason="unknown-form-version",
        form_id="quarantined_survey", form_version="0", instance_id=instance_id(1),
    )  # fmt: skip
    client = asking()
    path = f"/api/v1/quarantine/{item.pk}/"

    (row,) = client.get("/api/v1/quarantine/?is_settled=false").json()["results"]
    assert (row["id"], row["reason"], row["is_taken"]) == (item.pk, "unknown-form-version", False)
    assert_problem(client.get(f"{path}export/"), "reason-required", 400)
    packed = b"".join(client.get(f"{path}export/?reason=look").streaming_content)
    with zipfile.ZipFile(io.BytesIO(packed)) as held:
        assert held.read("record.xml") == document
    assert_problem(client.post(f"{path}replay/"), "unknown-form-version", 404)
    body = {"act": "form_version", "version": "2026.1", "reason": "核对"}
    assert client.post(f"{path}repair/", body, "application/json").status_code == 201
    assert client.post(f"{path}replay/").json()["is_taken"]

    assert Submission.objects.filter(instance_id=instance_id(1)).exists()
    assert_problem(client.post(f"{path}replay/"), "quarantine-settled", 409)
    detail = client.get(path).json()
    assert [repair["act"] for repair in detail["repairs"]] == ["form_version"]
