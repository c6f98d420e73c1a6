"""/v1: log-in, forms and records as ODK Central's clients get them, and what is refused."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from django.test import Client

from server.accounts.access import access_of
from server.core import clock
from tests.conftest import COMMUNITY, STREET
from tests.doors.central.client import (
    FORM,
    FORMS,
    LISTS,
    RECORD,
    TABLE,
    assert_central,
    bearer,
    get,
    log_in,
    table,
)
from tests.factories.console import make_stranger_key
from tests.factories.permits import permitted

# --- who is there ---


def test_a_session_opens_everything_until_it_ends(street, make_user):
    user = make_user("li")
    answer = log_in("li").json()
    assert set(answer) == {"token", "csrf", "createdAt", "expiresAt"}
    script = bearer(answer["token"])
    assert script.get("/v1/users/current").json()["email"] == "li"
    assert script.get(FORMS).status_code == 200

    other = bearer(log_in("li").json()["token"])
    assert script.delete(f"/v1/sessions/{answer['token']}").json() == {"success": True}
    assert_central(script.get("/v1/users/current"), 401.2)

    assert other.get("/v1/users/current").status_code == 200
    user.set_password("another horse")
    user.save()
    assert_central(other.get("/v1/users/current"), 401.2)

    blocked = bearer(log_in("li", "another horse").json()["token"])
    user.is_active = False
    user.save()
    assert_central(blocked.get("/v1/users/current"), 401.2)
    assert_central(log_in("li", "another horse"), 401.2)


def test_a_token_ends_after_a_day_and_opens_no_console(street, make_user, monkeypatch):
    make_user("li")
    token = log_in("li").json()["token"]
    browser = Client()
    browser.cookies["sessionid"] = token.partition(".")[0]
    assert browser.get("/").status_code == 302
    assert browser.get("/api/v1/forms/").status_code == 401
    later = clock.now() + clock.timezone.timedelta(hours=25)
    monkeypatch.setattr("django.utils.timezone.now", lambda: later)
    assert_central(bearer(token).get("/v1/users/current"), 401.2)


def test_wrong_passwords_are_refused_and_slowed_down(street, make_user):
    make_user("li")
    for number in range(10):
        assert_central(log_in("li", f"wrong {number}"), 401.2)
    # Neither 429 nor 5xx, which clients repeat by themselves.
    assert assert_central(log_in("li"), 401.2)["details"] == {"problem": "log-in-pause"}
    assert_central(log_in(""), 400.3)
    assert_central(log_in("\0"), 400.3)
    for body in (
        "[",
        "[]",
        '{"email": 1, "password": "x"}',
        '{"email": "\\ud800", "password": "x"}',
    ):
        answer = Client().post("/v1/sessions", body, content_type="application/json")
        assert answer.status_code == 400, body


def test_phones_tokens_open_nothing(street):
    from server.accounts.services import issue_token

    _account, token = issue_token(user=street.worker, actor=None)
    assert_central(bearer(token).get(FORMS), 401.2)
    assert_central(Client().get(f"/v1/key/{token}{FORMS.removeprefix('/v1')}"), 404.1)


def test_basic_needs_no_challenge_but_https(asking):
    client = asking()
    assert get(client, FORMS).status_code == 200
    assert_central(client.get(FORMS), 401.3)
    refused = get(Client(), FORMS)
    assert_central(refused, 401.2)
    assert refused["WWW-Authenticate"].startswith("Basic ")
    broken = Client(headers={"authorization": "Basic x"})
    assert_central(get(broken, FORMS), 401.2)


def test_log_lines_hold_no_session():
    from server.ops.logs import mask

    assert mask("/v1/sessions/abc.def") == "/v1/sessions/***"


# --- forms ---


def test_the_project_and_its_forms(street, asking):
    client = asking()
    (project,) = get(client, "/v1/projects").json()
    assert (project["id"], project["name"]) == (1, "Shipai")
    assert get(client, "/v1/projects/1").json() == project
    (form,) = get(client, FORMS).json()
    assert (form["xmlFormId"], form["version"], form["state"]) == (
        "household_survey",
        "2026112001",
        "open",
    )
    extended = client.get(FORM, secure=True, headers={"x-extended-metadata": "true"}).json()
    assert extended["submissions"] == 1
    assert extended["reviewStates"]["received"] == 1
    assert get(client, f"{FORM}.xml").content == b"<h:html/>"
    assert [item["version"] for item in get(client, f"{FORM}/versions").json()] == ["2026112001"]
    fields = client.get(f"{FORM}/fields?flatten=true&odata=true", secure=True).json()
    assert [(item["path"], item["type"]) for item in fields] == [
        ("/outcome", "string"),
        ("/photo", "binary"),
        ("/members", "repeat"),
        ("/members/name", "string"),
        ("/members/id_no", "string"),
        ("/members/political", "string"),
    ]


def test_what_is_accepted_is_not_negotiated(asking, street):
    client = asking()
    for path in ("/v1/projects", FORMS, FORM, TABLE):
        answer = client.get(path, secure=True, headers={"accept": "application/xml"})
        assert answer["Content-Type"].startswith("application/json")


# --- records ---


def test_a_record_its_files_and_its_review(street, asking):
    client = asking()
    (row,) = json.loads(get(client, f"{FORM}/submissions").getvalue())
    assert row == get(client, RECORD).json()
    assert (row["instanceId"], row["reviewState"]) == ("uuid:1", None)
    assert get(client, f"{RECORD}/attachments").json() == [{"name": "door.jpg", "exists": True}]
    permitted(f"street-{STREET}")
    assert get(client, f"{RECORD}.xml").content.startswith(b"<data ")

    def decide(body: dict[str, Any]) -> Any:
        text = json.dumps(body)
        return client.patch(RECORD, text, content_type="application/json", secure=True)

    assert decide({"reviewState": "approved"}).json()["reviewState"] == "approved"
    assert (
        decide({"reviewState": "rejected"}).json()["reviewState"] == "rejected"
    )  # a reason may follow
    assert decide({"reviewState": "hasIssues", "reason": "核对"}).json()["updatedAt"]
    assert_central(decide({"reviewState": "great"}), 400.3)
    assert_central(decide({"reviewState": []}), 400.3)
    (comment,) = get(client, f"{RECORD}/comments").json()
    assert comment["body"] == "核对"
    assert table(client, filter="__system/updatedAt gt 2026-01-01")["value"]


def test_a_comment_posted_before_is_the_reason(street, asking, make_user):
    client, other = asking(), bearer(log_in(make_user("li").username).json()["token"])
    json_type = {"content_type": "application/json", "secure": True}

    def say(body: Any, who: Client = client) -> Any:
        return who.post(f"{RECORD}/comments", json.dumps({"body": body}), **json_type)

    def reject() -> Any:
        return client.patch(RECORD, json.dumps({"reviewState": "rejected"}), **json_type)

    say("somebody else's", other)
    comment = say(" 门牌不符 ").json()
    assert (comment["body"], set(comment)) == ("门牌不符", {"body", "actorId", "createdAt"})
    assert reject().json()["reviewState"] == "rejected"
    assert street.submission.decisions.get().reason == "门牌不符"
    comments = [item["body"] for item in get(client, f"{RECORD}/comments").json()]
    assert comments == ["门牌不符", "somebody else's"]  # the reason is listed once
    say("still")
    for nothing in ("", "  ", None):
        assert_central(say(nothing), 400.2)
    assert_central(say([]), 400.3)
    browser = Client()
    browser.force_login(make_user("wang"))
    assert "still" in browser.get(f"/submissions/{street.submission.pk}").content.decode()
    (_other, reason, _again) = get(client, "/api/v1/submissions/uuid:1/comments/").json()
    assert (reason["body"], reason["user"]) == ("门牌不符", f"street-{STREET}")


def test_a_comment_posted_after_is_the_reason_of_a_decision_that_has_none(
    street, asking, make_user
):
    client, other = asking(), bearer(log_in(make_user("li").username).json()["token"])
    json_type = {"content_type": "application/json", "secure": True}

    def say(body: str, who: Client = client) -> None:
        answer = who.post(f"{RECORD}/comments", json.dumps({"body": body}), **json_type)
        assert answer.status_code == 200

    def reasons() -> list[str]:
        return list(street.submission.decisions.values_list("reason", flat=True))

    # as pyodk: review(…, comment=…) posts the comment after the decision
    answer = client.patch(RECORD, json.dumps({"reviewState": "rejected"}), **json_type)
    assert answer.json()["reviewState"] == "rejected"
    assert get(client, f"{RECORD}/comments").json() == []
    say("not mine", other)
    assert reasons() == ["…"]
    say("门牌不符")
    assert reasons() == ["…", "门牌不符"]
    say("and more")
    assert reasons() == ["…", "门牌不符"]
    street.submission.refresh_from_db()
    assert street.submission.review_state == "rejected"
    bodies = [item["body"] for item in get(client, f"{RECORD}/comments").json()]
    assert bodies == ["and more", "门牌不符", "not mine"]


def test_what_was_done_to_a_record(street, asking, make_user):
    from server.submissions.services import review

    client, zhang = asking(), make_user("zhang")
    review(
        submission=street.submission, state="has_issues", reason="照片不清", reviewer=zhang,
        access=access_of(zhang), at=clock.now(),
    )  # fmt: skip
    decided, created = get(client, f"{RECORD}/audits").json()
    assert (decided["action"], decided["notes"]) == ("submission.update", "照片不清")
    assert decided["details"]["reviewState"] == "hasIssues"
    assert (created["action"], created["actorId"]) == ("submission.create", street.worker.pk)
    extended = client.get(
        f"{RECORD}/audits", secure=True, headers={"x-extended-metadata": "true"}
    ).json()
    assert extended[1]["actor"]["displayName"] == "xie"


def test_keys_of_what_is_still_sealed(street, asking):
    """ruODK's submission_export asks for them before anything else."""
    from server.submissions.models import EncryptedVersion

    client, keys = asking(), f"{FORM}/submissions/keys"
    assert get(client, keys).json() == []
    key = make_stranger_key()
    for record in (street.submission, street.foreign_submission):
        version = record.current_version
        EncryptedVersion.objects.create(version=version, key=key, state="sealed")
    (listed,) = get(client, keys).json()
    assert (listed["id"], listed["managed"]) == (key.pk, False)
    EncryptedVersion.objects.filter(version=street.submission.current_version).delete()
    assert get(client, keys).json() == []  # the other record lies in another street


ELSEWHERE = (
    ("get", "/v1/projects/1/public-links", "/v1/projects/1/app-users"),
    ("post", "/v1/projects/1/assignments/5/1", "/api/v1/forms/FORM/audience/"),
    ("patch", f"{LISTS}/households/entities/{'0' * 32}", "ledgers"),
    ("get", f"{LISTS}/households/entities/{'0' * 32}/versions", "origins"),
    ("get", f"{RECORD}/edit", "PUT"),
    ("delete", FORM, "console"),
)


@pytest.mark.parametrize(("method", "path", "instead"), ELSEWHERE)
def test_what_is_not_offered_here_names_the_alternative(street, asking, method, path, instead):
    answer = getattr(asking(), method)(path, secure=True)
    assert instead in assert_central(answer, 501.1)["message"]


def test_sending_correcting_and_attaching(street, asking):
    client = asking("worker", area=COMMUNITY)

    def document(instance: str, old: str = "") -> bytes:
        edits = f"<deprecatedID>{old}</deprecatedID>" if old else ""
        return (
            "<data id='household_survey' version='2026112001'><outcome>1</outcome>"
            f"<meta><instanceID>{instance}</instanceID>{edits}</meta></data>"
        ).encode()

    def send(method: str, path: str, body: bytes, kind: str = "application/xml") -> Any:
        return getattr(client, method)(path, body, content_type=kind, secure=True)

    records = f"{FORM}/submissions"
    for _ in range(2):  # again, because the answer was lost
        assert send("post", records, document("uuid:n")).json()["instanceId"] == "uuid:n"
    assert_central(send("post", records, document("uuid:n").replace(b">1<", b">2<")), 409.1)
    assert_central(send("post", f"{FORMS}/other/submissions", document("uuid:o")), 400.8)
    assert_central(send("post", records, b"<data"), 400.1)
    mine = f"{records}/uuid:n"
    photo = f"{mine}/attachments/a.jpg"
    for content in (b"a photo", b"a photo", b"a photo, now whole"):
        assert send("post", photo, content, "image/jpeg").json() == {"success": True}
    assert_central(send("post", photo, b"another photo", "image/jpeg"), 409.1)
    assert get(client, f"{mine}/attachments").json() == [{"name": "a.jpg", "exists": True}]
    assert_central(get(client, f"{mine}/attachments/a.jpg"), 403.1)
    edited = send("put", mine, document("uuid:n2", "uuid:n")).json()
    assert edited["currentVersion"]["instanceId"] == "uuid:n2"
    assert edited["instanceId"] == "uuid:n"
    assert_central(send("put", mine, document("uuid:n3")), 400.19)


# --- odd requests ---

STRANGE = (
    "%00",
    "a%2Fb",
    "'",
    "('",
    "%ED%A0%80",
    "..",
    "x" * 300,
    "1e999",
    "-1",
    "null",
    "%F0%9F%98%80",
)


def test_bad_input_is_refused_in_central_s_shape(street, asking):
    client = asking()
    paths = [
        "/v1", "/v1/", "/v1/nothing", "/v1/projects/2", "/v1/projects/x/forms",
        *(f"{FORMS}/{odd}" for odd in STRANGE),
        *(f"{FORM}.svc/{odd}" for odd in STRANGE),
        *(f"{TABLE}('{odd}')" for odd in STRANGE),
        *(f"{FORM}/submissions/{odd}" for odd in STRANGE),
        *(f"{FORM}/submissions/{odd}.xml" for odd in STRANGE),
        *(f"{RECORD}/attachments/{odd}" for odd in STRANGE),
        *(f"{LISTS}/{odd}" for odd in STRANGE),
        *(f"{LISTS}/households.svc/{odd}" for odd in STRANGE),
        *(f"{LISTS}/households/entities/{odd}" for odd in STRANGE),
    ]  # fmt: skip
    for path in paths:
        assert_central(client.get(path, secure=True), 404.1)
    options = (
        "top",
        "skip",
        "skiptoken",
        "filter",
        "select",
        "orderby",
        "expand",
        "count",
        "format",
    )
    for option in options:
        for odd in (*STRANGE, "01W10", "01W1tdLG51bGxd", "9" * 40, "(" * 5000, "01" + "W1" * 60):
            answer = client.get(f"{TABLE}?${option}={odd}", secure=True)
            assert answer.status_code in (200, 400, 501), (option, odd)
    assert_central(client.post(FORM, b"{}", content_type="application/json", secure=True), 405.1)
    assert client.head(FORM, secure=True).content == b""
    basic = base64.b64encode(b"\xff:\xff").decode()
    assert_central(get(Client(headers={"authorization": f"Basic {basic}"}), FORMS), 401.2)


def test_an_app_user_is_a_worker_with_a_phone_of_the_area(street, asking):
    from server.accounts.collect import read_code_text
    from server.accounts.models import User

    def send(client: Client, method: str, path: str, body: Any = None) -> Any:
        return getattr(client, method)(
            path, json.dumps(body or {}), content_type="application/json", secure=True
        )

    users, desk = "/v1/projects/1/app-users", asking("administrator")
    made = send(desk, "post", users, {"displayName": "林社工"}).json()
    assert (made["displayName"], made["areas"], made["type"]) == ("林社工", [STREET], "field_key")
    settings = read_code_text(made["qrCode"])["general"]
    assert settings["server_url"] == made["serverUrl"]
    assert settings["delete_send"] is True
    assert Client().get(f"/key/{made['token']}/formList").status_code == 200
    (row,) = (user for user in get(desk, users).json() if user["id"] == made["id"])
    assert row["token"] == "shown-once", "clients take null for access that has ended"
    assert_central(send(desk, "post", users, {"displayName": ""}), 400.3)
    chief = asking("administrator", area="")
    assert_central(send(chief, "post", users, {"displayName": "x"}), 400.3)
    assert_central(send(desk, "post", users, {"displayName": "x", "area": "440106005"}), 403.1)

    assigned = f"{FORM}/assignments"
    assert send(chief, "post", f"{assigned}/app-user/{made['id']}").json() == {"success": True}
    assert get(chief, assigned).json() == [{"actorId": made["id"], "roleId": 2}]
    assert [user["id"] for user in get(chief, f"{assigned}/2").json()] == [made["id"]]
    assert send(chief, "delete", f"{assigned}/2/{made['id']}").status_code == 200
    assert get(chief, assigned).json() == []
    assert_central(send(chief, "post", f"{assigned}/manager/{made['id']}"), 400.3)

    stranger = asking("street", area="440106005")
    for path in (f"{users}/{made['id']}", f"{assigned}/2/{made['id']}"):
        assert_central(send(stranger, "delete", path), 404.1)
    assert send(desk, "delete", f"{users}/{made['id']}").json() == {"success": True}
    assert Client().get(f"/key/{made['token']}/formList").status_code == 403
    names = {user["email"] for user in get(desk, "/v1/users?q=app-").json()}
    assert names == set(
        User.objects.filter(username__startswith="app-").values_list("username", flat=True)
    )
    assert {role["system"] for role in get(desk, "/v1/roles").json()} >= {"admin", "app-user"}
    assert {"actorId": made["id"], "roleId": 2} in get(desk, "/v1/projects/1/assignments").json()
