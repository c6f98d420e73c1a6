"""The own account: a password that was handed out, sessions, tokens for programs."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.test import Client

from server.accounts import tokens
from server.accounts.models import ApiToken, Session, User
from server.accounts.scripts import begin
from server.accounts.services import create_user
from server.audit.models import AuditEntry
from server.core import clock
from tests.conftest import STREET
from tests.factories.permits import permitted
from tests.factories.submissions import make_form

pytestmark = pytest.mark.django_db
RIGHT, NEW = "correct horse", "staple battery 9"
ALL = {"doors": ["rest", "v1", "odk"], "may_write": "on"}
"""A token that opens everything."""


def basic(username: str, password: str) -> dict[str, str]:
    proof = base64.b64encode(f"{username}:{password}".encode()).decode()
    return {"authorization": f"Basic {proof}", "accept-language": "en"}


def logged_in(username: str, password: str = RIGHT) -> Client:
    client = Client(headers={"accept-language": "en"})
    answer = client.post("/login", {"username": username, "password": password})
    assert answer.status_code == 302, answer.content.decode()
    return client


def change(client: Client, current: str, password: str, again: str | None = None):
    given = {"current": current, "password": password, "again": again or password}
    return client.post("/account/password", given)


@pytest.fixture
def handed_out(divisions) -> tuple[str, str]:
    """A user with a password that an administrator handed out."""
    new = create_user(username="li", role="street", areas=[STREET], actor=None)
    return "li", new.password


def test_a_handed_out_password_opens_only_the_page_that_replaces_it(handed_out):
    name, password = handed_out
    client = logged_in(name, password)
    for page in ("/", "/review", "/persons", "/account", "/account/second-factor", "/people"):
        assert client.get(page).headers["Location"] == "/account/password", page
    part = client.get("/map/search", headers={"hx-request": "true"})
    assert part.headers["HX-Redirect"] == "/account/password"
    page = client.get("/account/password").content.decode()
    assert "handed out" in page
    assert 'class="side"' not in page
    assert client.get("/api/v1/forms/").json()["type"] == "urn:ruhu:problem:password-handed-out"

    assert change(client, password, NEW).headers["Location"] == "/account"
    assert client.get("/review").status_code == 200
    assert client.get("/api/v1/forms/").status_code == 200
    assert not User.objects.get(username=name).must_choose_password


def test_programs_are_told_that_a_handed_out_password_must_be_replaced(handed_out):
    name, password = handed_out
    answer = Client(headers=basic(name, password)).get("/api/v1/forms/")
    assert (answer.status_code, answer.json()["type"]) == (
        403,
        "urn:ruhu:problem:password-handed-out",
    )
    body = {"email": name, "password": password}
    answer = Client(headers={"accept-language": "en"}).post(
        "/v1/sessions", body, content_type="application/json"
    )
    assert answer.status_code == 403
    assert "handed out" in answer.json()["message"]
    wrong = Client(headers=basic(name, "wrong")).get("/api/v1/forms/")
    assert wrong.status_code == 401, "only who has the password learns of it"
    change(logged_in(name, password), password, NEW)
    assert Client(headers=basic(name, NEW)).get("/api/v1/forms/").status_code == 200


def test_a_password_made_for_a_phone_or_a_program_opens_what_it_opened(divisions, capsys):
    call_command("user", "add", "script", "--role", "street", "--area", STREET, "--json")
    call_command("worker", "add", "wu", "--area", f"{STREET}001", "--json")
    import json

    for line in capsys.readouterr().out.splitlines():
        made = json.loads(line)
        proof = basic(made["username"], made["password"])
        assert Client(headers=proof).get("/api/v1/forms/").status_code == 200
        assert logged_in(made["username"], made["password"]).get("/review").status_code == 200


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("short", "too short"),
        ("password123", "Too many people"),
        ("19990101199", "only digits"),
        ("wang.xiaoming", "too much like"),
        (RIGHT, "than the present one"),
    ],
)
def test_a_weak_password_is_refused(make_user, password, fault):
    make_user("wang.xiaoming")
    client = logged_in("wang.xiaoming")
    answer = change(client, RIGHT, password)
    assert answer.status_code == 400
    assert fault in answer.content.decode()
    assert User.objects.get().check_password(RIGHT)


def test_the_present_password_is_asked_for_and_guesses_of_it_are_counted(make_user):
    make_user("wang")
    client = logged_in("wang")
    for number in range(10):
        answer = change(client, f"guess {number}", NEW)
        assert "not your present password" in answer.content.decode()
    assert "Wait 15 minutes" in change(client, "guess 11", NEW).content.decode()
    answer = change(logged_in_elsewhere("wang"), RIGHT, NEW, "another")
    assert "nothing was changed" in answer.content.decode()


def logged_in_elsewhere(username: str) -> Client:
    client = Client(headers={"accept-language": "en"}, REMOTE_ADDR="198.51.100.9")
    client.post("/login", {"username": username, "password": RIGHT})
    return client


def test_a_changed_password_ends_all_other_sessions(make_user):
    user = make_user("wang")
    here, there = logged_in("wang"), logged_in("wang")
    program = Client(headers={"authorization": f"Bearer {begin(user=user, at=clock.now()).token}"})
    assert program.get("/v1/projects").status_code == 200
    change(here, RIGHT, NEW)
    assert here.get("/review").status_code == 200
    assert there.get("/review").status_code == 302
    assert program.get("/v1/projects").status_code == 401
    assert Session.objects.count() == 1
    assert AuditEntry.objects.filter(act="password_chosen", actor_name="wang").count() == 1


def test_sessions_are_listed_and_ended(make_user):
    make_user("wang")
    here = logged_in("wang")
    other = Client(headers={"user-agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/141.0"})
    other.post("/login", {"username": "wang", "password": RIGHT}, REMOTE_ADDR="198.51.100.8")
    page = here.get("/account").content.decode()
    assert "Firefox 141, Linux" in page
    assert "198.51.100.8" in page
    row = Session.objects.get(address="198.51.100.8")
    stranger = logged_in(make_user("li").username)
    assert stranger.post(f"/account/sessions/{row.pk}/end").status_code == 404
    assert other.get("/review").status_code == 200
    assert here.post(f"/account/sessions/{row.pk}/end").status_code == 302
    assert other.get("/review").status_code == 302
    for _browser in range(2):
        logged_in("wang")
    answer = here.post("/account/sessions/end-others", follow=True)
    assert "2 sessions ended." in answer.content.decode()
    assert here.get("/review").status_code == 200
    assert stranger.get("/review").status_code == 200


def test_somebody_without_a_role_has_an_account_all_the_same(make_user):
    make_user("wang").grants.all().delete()
    assert "You hold no role" in logged_in("wang").get("/account").content.decode()
    assert Client().get("/account").headers["Location"] == "/login?next=/account"


@pytest.fixture
def token(street, make_user) -> str:
    make_user("wang", area=STREET)
    permitted("wang")  # for Briefcase
    page = logged_in("wang").post("/account/tokens/new", {"label": "Power BI", "days": "90", **ALL})
    return page.content.decode().partition('<p class="code">')[2].partition("<")[0]


def status_with(token: str, name: str = "wang") -> list[int]:
    """At REST with Basic and Bearer, at /v1 with Basic, Bearer and a session, and at Briefcase."""
    by_basic, bearer = Client(headers=basic(name, token)), {"authorization": f"Bearer {token}"}
    body = {"email": name, "password": token}
    return [
        by_basic.get("/api/v1/persons/").status_code,
        Client(headers=bearer).get("/api/v1/persons/").status_code,
        by_basic.get("/v1/projects", secure=True).status_code,
        Client(headers=bearer).get("/v1/projects").status_code,
        Client().post("/v1/sessions", body, content_type="application/json").status_code,
        by_basic.get("/odk/view/submissionList?formId=household_survey", secure=True).status_code,
    ]


def test_a_token_stands_in_the_place_of_the_password_for_programs(token):
    assert token.startswith("ruhu_")
    assert status_with(token) == [200] * 6
    assert Client().post("/login", {"username": "wang", "password": token}).status_code == 200
    assert status_with(token, "xie") == [401, 200, 401, 200, 401, 401]
    row = ApiToken.objects.get()
    assert token not in str(vars(row))
    assert row.last_used_at is not None
    assert "Power BI" in logged_in("wang").get("/account").content.decode()


def test_a_token_ends_when_it_is_revoked(token):
    number = ApiToken.objects.get().pk
    stranger = logged_in("xie") if User.objects.filter(username="xie").exists() else None
    assert stranger is not None
    assert stranger.post(f"/account/tokens/{number}/revoke").status_code == 404
    assert logged_in("wang").post(f"/account/tokens/{number}/revoke").status_code == 302
    assert status_with(token) == [401] * 6
    acts = AuditEntry.objects.filter(act__startswith="token").order_by("id")
    assert [(row.act, row.facts["label"]) for row in acts] == [
        ("token_made", "Power BI"),
        ("token_revoked", "Power BI"),
    ]


def test_a_token_ends_on_its_day_when_its_owner_is_shut_out_and_with_a_new_password(
    token, monkeypatch
):
    start, now = clock.now(), clock.now
    monkeypatch.setattr(clock, "now", lambda: start + timedelta(days=90, seconds=-60))
    assert status_with(token)[0] == 200
    monkeypatch.setattr(clock, "now", lambda: start + timedelta(days=90, seconds=60))
    assert status_with(token)[1] == 401
    monkeypatch.setattr(clock, "now", now)
    call_command("user", "off", "wang")
    assert status_with(token)[1] == 401
    call_command("user", "on", "wang")
    assert status_with(token)[1] == 200
    call_command("user", "password", "wang")
    assert status_with(token)[1] == 401


def test_nobody_makes_tokens_without_end(make_user):
    make_user("wang")
    client = logged_in("wang")
    for number in range(20):
        given = {"label": str(number), "days": "30", **ALL}
        assert client.post("/account/tokens/new", given).status_code == 200
    assert (
        client.post("/account/tokens/new", {"label": "21", "days": "30", **ALL}).status_code == 409
    )
    assert (
        client.post("/account/tokens/new", {"label": "x", "days": "3650", **ALL}).status_code == 400
    )


def made(user: User, *doors: str, may_write: bool = False) -> str:
    return tokens.make(
        user=user, label="BI", days=30, at=clock.now(), doors=doors, may_write=may_write
    )


def statuses(username: str, token: str) -> dict[str, int]:
    """What a token reads at each door, as password and as Bearer."""
    by_name, bearer = basic(username, token), {"authorization": f"Bearer {token}"}
    asked = {
        "rest": ("/api/v1/forms/", by_name),
        "rest, Bearer": ("/api/v1/forms/", bearer),
        "v1": ("/v1/projects", by_name),
        "v1, Bearer": ("/v1/projects", bearer),
        "odata": ("/v1/projects/1/forms/plain.svc/Submissions", by_name),
        "odata, Bearer": ("/v1/projects/1/datasets/households.svc/Entities", bearer),
        "odk": ("/odk/formList", by_name),
    }
    client = Client()
    return {
        name: client.get(path, headers=headers, secure=True).status_code
        for name, (path, headers) in asked.items()
    }


def test_a_token_opens_the_doors_that_it_was_made_for(make_user):
    make_form("plain")
    user = make_user("wang", role="street", area=STREET)
    opened = {
        ("rest",): {"rest"},
        ("v1",): {"v1", "odata"},
        ("odata",): {"odata"},
        ("odk",): {"odk"},
        ("rest", "odk"): {"rest", "odk"},
    }
    for doors, wanted in opened.items():
        got = statuses("wang", made(user, *doors))
        expected = {name: 200 if name.split(",")[0] in wanted else 403 for name in got}
        assert got == expected, doors
    assert set(
        statuses("wang", tokens.make(user=user, label="", days=30, at=clock.now())).values()
    ) == {200}
    refused = Client().get("/api/v1/forms/", headers=basic("wang", made(user, "odk")))
    assert refused.json()["type"] == "urn:ruhu:problem:token-too-narrow"


def test_a_token_to_read_changes_and_reveals_nothing(make_user):
    make_form("plain")
    user = make_user("wang", role="administrator", area=STREET)
    reads, writes = made(user, *tokens.ALL_DOORS), made(user, *tokens.ALL_DOORS, may_write=True)
    kind = "application/json"
    sent = [
        ("post", "/api/v1/persons/find/", {"number": "x", "reason": "核对身份"}),
        ("post", "/api/v1/users/", {}),
        ("patch", "/api/v1/forms/plain/", {"needs_approval": True}),
        ("post", "/v1/projects/1/forms", {}),
        ("patch", "/v1/projects/1/forms/plain", {"state": "closed"}),
        ("post", "/v1/projects/1/forms/plain/submissions", {}),
        ("post", "/odk/submission", {}),
        ("post", "/odk/upload", {}),
    ]
    client = Client()
    for method, path, body in sent:
        send = getattr(client, method)
        answer = send(path, body, kind, headers=basic("wang", reads), secure=True)
        assert answer.status_code == 403, path
        assert "to read only" in answer.content.decode(), path
        other = send(path, body, kind, headers=basic("wang", writes), secure=True)
        assert "token-too-narrow" not in other.content.decode(), path
    sheet = "/v1/projects/1/forms/plain/submissions.csv"
    assert client.post(sheet, headers=basic("wang", reads), secure=True).status_code == 200


def test_a_session_of_v1_begun_with_a_token_opens_no_more_and_ends_with_it(make_user):
    make_form("plain")
    user = make_user("wang", role="administrator", area=STREET)
    token = made(user, "odata")
    given = {"email": "wang", "password": token}
    begun = Client().post("/v1/sessions", given, "application/json").json()
    program = Client(headers={"authorization": f"Bearer {begun['token']}"})
    table = "/v1/projects/1/forms/plain.svc/Submissions"
    assert program.get(table).status_code == 200
    assert program.get("/v1/projects").status_code == 403
    assert program.post("/v1/projects/1/forms", {}, "application/json").status_code == 403
    tokens.revoke(user=user, number=ApiToken.objects.get().pk, at=clock.now())
    assert program.get(table).status_code == 401
    rest = {"email": "wang", "password": made(user, "rest")}
    assert Client().post("/v1/sessions", rest, "application/json").status_code == 403


def test_what_a_token_opens_is_chosen_and_shown(make_user):
    make_user("wang", role="street", area=STREET)
    client = logged_in("wang")
    given = {"label": "Power BI", "days": "30"}
    assert client.post("/account/tokens/new", given).status_code == 400
    assert client.post("/account/tokens/new", {**given, "doors": "all"}).status_code == 400
    assert (
        client.post("/account/tokens/new", {**given, "doors": ["odata", "rest"]}).status_code == 200
    )
    row = ApiToken.objects.get()
    assert (row.doors, row.may_write) == (["odata", "rest"], False)
    page = client.get("/account").content.decode()
    assert "OData alone; REST" in page
    assert "reads only" in page
    entry = AuditEntry.objects.get(act="token_made")
    assert entry.facts == {"label": "Power BI", "doors": ["odata", "rest"], "may_write": False}
