"""What the doors record: log-ins, refusals, log-outs, long lists, searches by number; and from where."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from django.test import Client

from server.accounts.lockout import FAILURES
from server.accounts.services import add_worker
from server.audit.models import AuditEntry
from server.audit.services import LIST_ROWS
from tests.conftest import COMMUNITY, STREET
from tests.doors.openrosa.digest_client import DigestPhone
from tests.factories.audit import acts
from tests.factories.console import ID_NO, make_place, make_submission
from tests.factories.submissions import make_form

pytestmark = pytest.mark.django_db
HERE = {"REMOTE_ADDR": "203.0.113.9", "HTTP_USER_AGENT": "a browser"}


def last() -> AuditEntry:
    row = AuditEntry.objects.order_by("pk").last()
    assert row is not None
    return row


def origin_of(row: AuditEntry) -> tuple[str, str, str]:
    return row.door, row.address, row.device


def knock(username: str, password: str, **meta: str) -> int:
    proof = base64.b64encode(f"{username}:{password}".encode()).decode()
    headers = {"authorization": f"Basic {proof}"}
    return Client(headers=headers).get("/api/v1/forms/", **meta).status_code


def test_a_log_in_at_the_console_and_its_end_are_recorded_with_their_origin(divisions, make_user):
    user = make_user("li")
    client = Client()
    client.post("/login", {"username": "li", "password": "wrong"}, **HERE)
    refused = last()
    assert (refused.act, refused.actor, refused.object_id) == ("log_in_failed", None, "li")
    assert (refused.area_code, refused.facts["failures"]) == (STREET, 1)
    for _again in range(2):  # the second time the password is remembered
        client.post("/login", {"username": "li", "password": "correct horse"}, **HERE)
        row = last()
        assert (row.act, row.actor, row.area_code, row.facts) == (
            "log_in", user, STREET, {"by": "session"},
        )  # fmt: skip
        assert origin_of(row) == ("console", "203.0.113.9", "a browser")
        client.post("/logout", **HERE)
        assert (last().act, last().actor) == ("log_out", user)
    client.post("/logout")
    assert acts() == ["log_in_failed", *["log_in", "log_out"] * 2]


def test_a_session_of_v1_is_recorded_from_its_beginning_to_its_end(divisions, make_user):
    make_user("li")
    body = json.dumps({"email": "li", "password": "correct horse"})
    token = Client().post("/v1/sessions", body, "application/json", **HERE).json()["token"]
    assert (last().act, last().facts, origin_of(last())[0]) == (
        "log_in",
        {"by": "token"},
        "central",
    )
    client = Client(headers={"authorization": f"Bearer {token}"})
    assert client.get("/v1/projects").status_code == 200
    assert client.delete("/v1/sessions/current").status_code == 200
    assert client.delete(f"/v1/sessions/{token}").status_code == 401
    assert acts() == ["log_in", "log_out"]
    assert token not in str(list(AuditEntry.objects.values()))


def test_a_series_of_requests_with_a_password_is_one_log_in(divisions, make_user):
    make_user("li")
    for _request in range(3):
        assert knock("li", "correct horse", **HERE) == 200
    assert acts() == ["log_in"]
    assert (origin_of(last()), last().facts) == (
        ("rest", "203.0.113.9", "a browser"), {"by": "basic"},
    )  # fmt: skip


def test_guesses_are_recorded_until_they_must_wait(divisions, make_user):
    make_user("li")
    for number in range(FAILURES + 5):
        knock("li", f"guess {number}", **HERE)
        knock("li", f"guess {number}", **HERE)  # the same again is no new guess
    rows = list(AuditEntry.objects.order_by("pk"))
    assert [row.facts["failures"] for row in rows] == list(range(1, FAILURES + 1))
    assert [row.facts["paused"] for row in rows] == [False] * (FAILURES - 1) + [True]


def test_names_that_nobody_has_are_neither_kept_nor_fill_the_log(divisions):
    for number in range(FAILURES + 5):
        knock(f"my-password-{number}", "x", **HERE)
    assert acts() == ["log_in_failed"] * FAILURES
    assert "my-password" not in str(list(AuditEntry.objects.values()))
    knock("another", "x", REMOTE_ADDR="203.0.113.10")
    assert len(acts()) == FAILURES + 1


def test_phones_that_log_in_leave_no_line_and_those_that_guess_do(divisions):
    make_form()
    made = add_worker(username="wu", areas=[COMMUNITY], actor=None)
    before = len(acts())
    assert DigestPhone("wu", made.password).send("GET", "formList?deviceID=d1").status_code == 200
    assert Client().get(f"/key/{made.token}/formList").status_code == 200
    assert len(acts()) == before
    for _guess in range(FAILURES + 2):
        answer = DigestPhone("wu", "wrong").send("GET", "formList?deviceID=d1")
        assert answer.status_code == 401
    assert acts()[before:] == ["log_in_failed"] * FAILURES
    assert (last().door, last().facts["by"], last().object_id) == ("openrosa", "digest", "wu")
    assert last().device.startswith("d1")


@pytest.fixture
def crowd(street) -> None:
    for number in range(LIST_ROWS + 5):
        make_submission(street.form, street.worker, COMMUNITY, f"uuid:c{number}")


def reads() -> list[dict[str, Any]]:
    return [row.facts for row in AuditEntry.objects.filter(act="list_read").order_by("pk")]


def test_a_list_is_recorded_when_it_is_read_beyond_its_first_rows(street, crowd, asking):
    client = asking()
    for query in ("", "?page=2", "?cursor=", f"?page_size={LIST_ROWS}"):
        assert client.get(f"/api/v1/submissions/{query}").status_code == 200
    assert reads() == []
    following = client.get(f"/api/v1/submissions/?cursor=&page_size={LIST_ROWS}").json()["next"]
    client.get("/api/v1/submissions/?page=3&state=received")
    client.get("/api/v1/submissions/?page_size=1000")
    client.get("/api/v1/submissions/?page_size=1000&format=geojson")
    client.get(following)
    assert reads() == [
        {"rows": 6, "filters": ["state"]},
        {"rows": LIST_ROWS + 6, "filters": []},
        {"rows": LIST_ROWS + 6, "filters": []},
        {"rows": 6, "filters": []},
    ]
    assert (last().object_type, last().area_code, last().door) == ("submission", STREET, "rest")
    client.get("/api/v1/divisions/?page_size=1000")
    client.get("/api/v1/forms/?cursor=")
    assert len(reads()) == 4


def test_pages_far_into_a_list_of_the_console_are_recorded(street, crowd, log_in_staff):
    client = log_in_staff()
    for page in (1, 2):
        client.get(f"/submissions?page={page}")
    assert reads() == []
    client.get("/submissions?page=3&state=received")
    assert reads() == [{"rows": 6, "filters": ["state"]}]
    assert (last().object_type, last().door) == ("submission", "console")


@pytest.fixture
def log_in_staff(make_user):
    def log_in() -> Client:
        client = Client()
        client.force_login(make_user("clerk"))
        return client

    return log_in


def test_lists_of_v1_are_recorded(street, crowd, asking):
    client = asking()
    path = "/v1/projects/1/forms/household_survey/submissions"
    client.get(f"{path}?limit=10", secure=True)
    assert reads() == []
    client.get(path, secure=True)
    client.get(f"{path}?limit=1&offset=105", secure=True)
    assert [facts["rows"] for facts in reads()] == [LIST_ROWS + 6, 1]
    client.get("/v1/projects/1/forms/household_survey/submissions.csv", secure=True)
    assert (last().act, last().object_type, last().object_id) == (
        "export", "form", "household_survey",
    )  # fmt: skip
    assert last().facts["submissions"] == LIST_ROWS + 6


def test_a_search_by_number_is_recorded_without_the_number(street, asking):
    client = asking()
    body = {"column": "id_no", "value": ID_NO, "reason": "caller gave this number"}
    assert client.post("/api/v1/persons/find/", body, "application/json").status_code == 200
    assert (last().act, last().object_type) == ("find", "person")
    assert last().facts == {"column": "id_no", "matches": 0}
    assert ID_NO not in str(list(AuditEntry.objects.values()))


def test_entity_lists_of_v1_are_recorded(street, asking):
    for number in range(3, 8):
        make_place(street.worker, street.form, COMMUNITY, str(number), 113.35)
    asking().get("/v1/projects/1/datasets/households/entities.csv", secure=True)
    assert (last().act, last().object_id, last().facts["rows"]) == ("export", "households", 6)
