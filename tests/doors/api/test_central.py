"""/v1: what ODK Central's clients get, and what they do not."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from django.test import Client

from server.core import clock
from tests.conftest import COMMUNITY, STREET
from tests.factories.console import ID_NO, attach, make_submission

FORMS = "/v1/projects/1/forms"
FORM = f"{FORMS}/household_survey"
TABLE = f"{FORM}.svc/Submissions"
MEMBERS = f"{TABLE}.members"
RECORD = f"{FORM}/submissions/uuid:1"
PASSWORD = "correct horse"


def get(client: Client, path: str, **query: Any) -> Any:
    """Over https, as Basic wants it."""
    named = {f"${name}": value for name, value in query.items()}
    return client.get(path, named or None, secure=True)


def table(client: Client, path: str = TABLE, **query: Any) -> dict[str, Any]:
    response = get(client, path, **query)
    body = response.getvalue()
    assert response.status_code == 200, body
    assert response["OData-Version"] == "4.0"
    return json.loads(body)


def assert_central(response: Any, code: float) -> dict[str, Any]:
    """The error in Central's shape."""
    assert response.status_code == int(code), response.content
    body: dict[str, Any] = response.json()
    assert body["code"] == code, body
    assert body["message"]
    assert set(body) == {"message", "code", "details"}
    return body


def log_in(username: str, password: str = PASSWORD) -> Any:
    body = json.dumps({"email": username, "password": password})
    return Client().post("/v1/sessions", body, content_type="application/json")


def bearer(token: str) -> Client:
    return Client(headers={"authorization": f"Bearer {token}"})


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
    for _ in range(10):
        assert_central(log_in("li", "wrong"), 401.2)
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

    _account, token = issue_token(user=street.worker)
    assert_central(bearer(token).get(FORMS), 401.2)
    assert_central(Client().get(f"/v1/key/{token}{FORMS.removeprefix('/v1')}"), 404.1)


def test_basic_comes_unasked_but_over_https_only(asking):
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
    assert [one["version"] for one in get(client, f"{FORM}/versions").json()] == ["2026112001"]
    fields = client.get(f"{FORM}/fields?flatten=true&odata=true", secure=True).json()
    assert [(one["path"], one["type"]) for one in fields] == [
        ("/outcome", "string"),
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


# --- OData ---


def test_service_and_metadata(street, asking):
    client = asking()
    service = table(client, f"{FORM}.svc")
    assert service["@odata.context"] == f"https://testserver{FORM}.svc/$metadata"
    assert [one["url"] for one in service["value"]] == ["Submissions", "Submissions.members"]
    answer = get(client, f"{FORM}.svc/$metadata")
    root = ElementTree.fromstring(answer.content)
    edm = "{http://docs.oasis-open.org/odata/ns/edm}"
    types = {one.get("Name"): one for one in root.iter(f"{edm}EntityType")}
    columns = [one.get("Name") for one in types["Submissions.members"].iter(f"{edm}Property")]
    assert columns == ["__id", "__Submissions-id", "name", "id_no", "political"]


def test_rows_with_what_the_role_may_see(street, asking):
    street_desk, county = asking(), asking("county", area="440106")
    (row,) = table(street_desk)["value"]
    assert row["__id"] == "uuid:1"
    assert row["__system"]["submitterName"] == "xie"
    assert row["__system"]["reviewState"] is None
    assert row["__system"]["attachmentsPresent"] == 1
    assert row["members@odata.navigationLink"] == "Submissions('uuid:1')/members"
    (member,) = table(street_desk, MEMBERS)["value"]
    assert member["__Submissions-id"] == "uuid:1"
    assert (member["name"], member["id_no"], member["political"]) == ("陈大文", ID_NO, None)
    masked = table(county, MEMBERS)["value"]
    assert {one["id_no"] for one in masked} == {"449901**********8X"}
    assert len(masked) == 2  # of two streets
    assert ID_NO not in json.dumps(table(county, expand="*"))


def test_restricted_answers_need_their_own_right(street, asking, make_user):
    from server.accounts.models import RoleGrant, User

    client = asking()
    user = User.objects.get(username=f"street-{STREET}")
    RoleGrant.objects.create(user=user, role="restricted", area=STREET)
    assert table(client, MEMBERS)["value"][0]["political"] == "01"


def test_what_goes_out_is_recorded_once_a_request(street, asking):
    from server.accounts.models import Disclosure

    client = asking()
    table(client, MEMBERS)
    get(client, f"{RECORD}.xml")
    file = get(client, f"{RECORD}/attachments/door.jpg")
    assert file.getvalue()[:2] == b"\xff\xd8"
    rows = Disclosure.objects.order_by("pk").values_list("kind", "columns", "area_code")
    assert list(rows) == [
        ("export", ["household_survey", "Submissions.members", "raw"], STREET),
        ("reveal", ["document"], COMMUNITY),
        ("media", ["door.jpg"], COMMUNITY),
    ]


@pytest.fixture
def many(street):
    """Seven more records."""
    return [
        make_submission(street.form, street.worker, COMMUNITY, f"uuid:m{number}")
        for number in range(7)
    ]


def pages(client: Client, path: str, **query: Any) -> list[str]:
    """The ids on all pages, by following the links."""
    found, body = [], table(client, path, **query)
    while True:
        found += [row["__id"] for row in body["value"]]
        link = body.get("@odata.nextLink")
        if link is None:
            return found
        assert "%24skiptoken=01" in link
        address = urlsplit(link)
        body = json.loads(client.get(f"{address.path}?{address.query}", secure=True).getvalue())


@pytest.mark.parametrize("path", [TABLE, MEMBERS])
@pytest.mark.parametrize(
    "order", ["", "__system/submissionDate asc, __system/reviewState", "__system/updatedAt desc"]
)
def test_pages_hold_each_row_once(many, asking, path, order):
    client = asking()
    whole = [row["__id"] for row in table(client, path, orderby=order)["value"]]
    assert len(set(whole)) == 8
    for top in (1, 3, 8):
        assert pages(client, path, top=top, orderby=order) == whole
    some = table(client, path, top=3, skip=2, count="true", orderby=order)
    assert [row["__id"] for row in some["value"]] == whole[2:5]
    assert some["@odata.count"] == 8
    assert table(client, path, top=0, count="true", orderby=order)["@odata.count"] == 8


def test_filters(many, street, asking):
    from server.submissions.models import ReviewState, Submission

    Submission.objects.filter(instance_id="uuid:m1").update(review_state=ReviewState.HAS_ISSUES)
    client = asking()

    def found(text: str) -> int:
        return len(table(client, filter=text)["value"])

    assert found("__system/reviewState eq 'hasIssues'") == 1
    assert found("__system/reviewState ne 'hasIssues'") == 7
    assert found("__system/reviewState eq null and not (__system/reviewState eq 'approved')") == 7
    assert found("__system/submissionDate lt 2026-11-20T02:30:00.000Z") == 0
    assert found("__system/submissionDate ge 2026-11-20") == 8
    assert found("$root/Submissions/__system/submissionDate le now()") in (0, 8)
    assert (
        found("year(__system/submissionDate) eq 2026 and hour(__system/submissionDate) eq 2") == 8
    )
    assert found(f"__system/submitterId eq '{street.worker.pk}'") == 8
    assert found("__system/updatedAt eq null") == 8
    assert found("year(__system/updatedAt) eq null") == 8
    assert found("__system/updatedAt ne 2026-01-01") == 8
    assert_central(get(client, TABLE, filter="name eq 'x'"), 501.5)
    assert_central(get(client, TABLE, filter="contains(__system/reviewState, 'x')"), 501.4)
    for bad in ("(", "__system/submissionDate eq 'x'", "1 eq", "''", "__system/updatedAt lt null"):
        assert_central(get(client, TABLE, filter=bad), 400.18)


def test_select_expand_and_what_is_not_offered(street, asking):
    client = asking()
    assert table(client, select="__id, __system/status,outcome")["value"] == [
        {"__id": "uuid:1", "__system": {"status": None}, "outcome": "1"}
    ]
    (member,) = table(client, MEMBERS, select="name")["value"]
    assert set(member) == {"__id", "name"}
    (row,) = table(client, expand="*")["value"]
    assert row["members"][0]["name"] == "陈大文"
    assert_central(get(client, TABLE, select="nothing"), 400.23)
    assert_central(get(client, TABLE, select="members/name"), 400.24)
    assert_central(get(client, TABLE, expand="members"), 501.6)
    assert_central(get(client, TABLE, expand="*", select="outcome"), 501.6)
    for option in ("apply", "search", "foo"):
        assert_central(get(client, TABLE, **{option: "x"}), 501.1)
    assert_central(get(client, TABLE, orderby="outcome"), 501.5)
    old = client.get(TABLE, secure=True, headers={"odata-maxversion": "3.0"})
    assert_central(old, 400.1)
    assert old["OData-Version"] == "4.0"


def test_one_record_and_what_is_below_it(street, asking):
    client = asking()
    one = f"{TABLE}('uuid:1')"
    assert table(client, one)["value"][0]["__id"] == "uuid:1"
    (member,) = table(client, f"{one}/members")["value"]
    assert member == table(client, MEMBERS)["value"][0]
    (same,) = table(client, f"{one}/members('{member['__id']}')")["value"]
    assert same == member
    assert_central(get(client, f"{one}/nothing"), 404.1)
    assert_central(get(client, f"{TABLE}('uuid:2')"), 404.1)  # of another street


def test_a_sealed_record_has_no_answers(street, asking):
    from server.submissions.models import EncryptedVersion

    version = street.submission.current_version
    EncryptedVersion.objects.create(version=version, state=EncryptedVersion.State.SEALED)
    client = asking()
    (row,) = table(client)["value"]
    assert row["__system"]["status"] == "notDecrypted"
    assert row["outcome"] is None
    assert table(client, MEMBERS)["value"] == []


# --- records ---


def test_a_record_its_files_and_its_review(street, asking):
    client = asking()
    (row,) = get(client, f"{FORM}/submissions").json()
    assert row == get(client, RECORD).json()
    assert (row["instanceId"], row["reviewState"]) == ("uuid:1", None)
    assert get(client, f"{RECORD}/attachments").json() == [{"name": "door.jpg", "exists": True}]
    assert get(client, f"{RECORD}.xml").content.startswith(b"<data ")

    def decide(body: dict[str, Any]) -> Any:
        text = json.dumps(body)
        return client.patch(RECORD, text, content_type="application/json", secure=True)

    assert decide({"reviewState": "approved"}).json()["reviewState"] == "approved"
    assert_central(decide({"reviewState": "rejected"}), 400.2)  # takes a reason
    assert decide({"reviewState": "hasIssues", "reason": "核对"}).json()["updatedAt"]
    assert_central(decide({"reviewState": "great"}), 400.3)
    assert_central(decide({"reviewState": []}), 400.3)
    (comment,) = get(client, f"{RECORD}/comments").json()
    assert comment["body"] == "核对"
    assert table(client, filter="__system/updatedAt gt 2026-01-01")["value"]


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
    assert send("post", f"{mine}/attachments/a.jpg", b"a photo", "image/jpeg").json() == {
        "success": True
    }
    assert get(client, f"{mine}/attachments").json() == [{"name": "a.jpg", "exists": True}]
    assert_central(get(client, f"{mine}/attachments/a.jpg"), 403.1)
    edited = send("put", mine, document("uuid:n2", "uuid:n")).json()
    assert edited["currentVersion"]["instanceId"] == "uuid:n2"
    assert edited["instanceId"] == "uuid:n"
    assert_central(send("put", mine, document("uuid:n3")), 400.19)


def test_lists_cost_the_same_for_any_number_of_records(many, street, asking, statements):
    client = asking()
    attach(street.submission, "b.jpg", b"b")
    counts = set()
    for top in (2, 8):
        statements.clear()
        table(client, top=top)
        counts.add(len(statements))
    statements.clear()
    get(client, f"{FORM}/submissions")
    assert len(statements) <= 6
    assert len(counts) == 1
    assert counts.pop() <= 10


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


def test_an_administrator_of_everything_sees_everything(street, asking):
    client = asking("administrator", area="")
    assert {row["__id"] for row in table(client)["value"]} == {"uuid:1", "uuid:2"}
