"""Second factors: set up, asked for, lost; and what a password alone still opens."""

from __future__ import annotations

import base64
import re
import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core.management import call_command
from django.db import connection
from django.test import Client

from server.accounts.models import PasswordFailures, Session, User
from server.accounts.scripts import begin
from server.audit.models import AuditEntry
from server.core import clock
from tests.conftest import STREET
from tests.doors.console.test_account import ALL, basic, logged_in
from tests.factories.submissions import make_form

pytestmark = pytest.mark.django_db
RIGHT = "correct horse"
HOME = "/account/second-factor"


def code_of(secret: str, step: int = 0) -> str:
    """What an app shows now, or some steps of half a minute later."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + step))


def confirm(client: Client) -> None:
    """Enter the password once more, as allauth asks before a factor changes."""
    assert client.post("/account/confirm", {"password": RIGHT}).status_code == 302


def set_up(client: Client) -> tuple[str, list[str]]:
    """The secret of a new app, and the recovery codes that the page then shows."""
    confirm(client)
    page = client.get(f"{HOME}/app/add").content.decode()
    secret = re.search(r'<span class="code">([A-Z2-7]{32})</span>', page)
    assert secret, page
    assert "<svg" in page
    answer = client.post(f"{HOME}/app/add", {"code": code_of(secret[1])}, follow=True)
    codes = re.findall(r'<li class="code">(\d{8})</li>', answer.content.decode())
    assert len(codes) == 10
    return secret[1], codes


def password_step(username: str = "wang") -> Client:
    client = Client(headers={"accept-language": "en"})
    given = {"username": username, "password": RIGHT, "next": "/review"}
    answer = client.post("/login", given)
    assert answer.headers["Location"] == "/login/second-factor"
    return client


def send(client: Client, code: str) -> Any:
    return client.post("/login/second-factor", {"code": code})


@pytest.fixture
def user(divisions, make_user) -> User:
    return make_user("wang", role="street", area=STREET)


@pytest.fixture
def app(user) -> tuple[str, list[str]]:
    """The secret of the user's app, and the recovery codes."""
    return set_up(logged_in("wang"))


def test_with_a_second_factor_the_password_alone_opens_no_page(app):
    client = password_step()
    assert client.get("/review").headers["Location"] == "/login?next=/review"
    assert "code that your app shows" in client.get("/login/second-factor").content.decode()
    refused = send(client, "000000")
    assert "The code is wrong" in refused.content.decode()
    answer = send(client, code_of(app[0]))
    assert answer.headers["Location"] == "/review"
    assert client.get("/review").status_code == 200
    acts = AuditEntry.objects.filter(object_id="wang").order_by("id")
    assert [(row.act, row.facts.get("by") or row.facts.get("kind")) for row in acts] == [
        ("log_in", "session"),
        ("factor_added", "totp"),
        ("log_in_failed", "code"),
        ("log_in", "second-factor"),
    ]


def test_a_code_is_taken_once_by_all_web_processes(app):
    """allauth remembers accepted codes in the memory of one process."""
    from django.core.cache import cache

    code = code_of(app[0])
    assert send(password_step(), code).status_code == 302
    cache.clear()
    assert send(password_step(), code).status_code == 200
    assert send(password_step(), code_of(app[0], 1)).status_code == 302


def test_who_guesses_codes_waits(app):
    client = password_step()
    for number in range(10):
        assert "The code is wrong" in send(client, f"00000{number}").content.decode()
    assert "Wait 15 minutes" in send(client, code_of(app[0])).content.decode()
    failures = AuditEntry.objects.filter(act="log_in_failed", object_id="wang")
    assert failures.count() == 10
    assert failures.latest("id").facts["paused"]
    PasswordFailures.objects.all().delete()
    assert send(client, code_of(app[0])).status_code == 302


def test_a_recovery_code_works_once(app):
    assert send(password_step(), app[1][3]).status_code == 302
    assert send(password_step(), app[1][3]).status_code == 200
    client = password_step()
    assert send(client, app[1][4]).status_code == 302
    page = client.get(f"{HOME}/codes")
    assert page.headers["Location"].startswith("/account/confirm/code")
    assert client.post("/account/confirm/code", {"code": app[1][5]}).status_code == 302
    page = client.get(f"{HOME}/codes").content.decode()
    assert "7 codes are left" in page
    assert not any(code in page for code in app[1])


def test_no_secret_of_a_factor_stands_in_the_database(user):
    client = logged_in("wang")
    confirm(client)
    page = client.get(f"{HOME}/app/add").content.decode()
    pending = re.search(r"[A-Z2-7]{32}", page)[0]  # type: ignore[index]
    secret, codes = set_up(client)
    with connection.cursor() as cursor:
        cursor.execute(
            "select (select string_agg(t::text, ' ') from mfa_authenticator t) || ' ' ||"
            " (select string_agg(encode(data, 'escape'), ' ') from accounts_session)"
        )
        (stored,) = cursor.fetchone()
    assert pending not in stored
    assert secret not in stored
    assert not any(code in stored for code in codes)


def test_sessions_without_the_factor_end_when_it_is_set_up(user):
    other, here = logged_in("wang"), logged_in("wang")
    program = Client(headers={"authorization": f"Bearer {begin(user=user, at=clock.now()).token}"})
    set_up(here)
    assert here.get("/review").status_code == 200
    assert other.get("/review").status_code == 302
    assert program.get("/v1/projects").status_code == 401
    assert Session.objects.count() == 1


def test_programs_need_a_token_of_an_account_with_a_second_factor(app):
    """Otherwise REST would be the way around the second step."""
    by_password = Client(headers=basic("wang", RIGHT))
    answer = by_password.get("/api/v1/persons/")
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:ruhu:problem:token-needed")
    assert by_password.get("/v1/projects", secure=True).status_code == 403
    body = {"email": "wang", "password": RIGHT}
    refused = Client().post("/v1/sessions", body, content_type="application/json")
    assert refused.status_code == 403
    listing = "/odk/view/submissionList?formId=household_survey"
    assert by_password.get(listing, secure=True).status_code == 403
    wrong = Client(headers=basic("wang", "wrong"))
    assert wrong.get("/api/v1/persons/").status_code == 401

    client = password_step()
    send(client, code_of(app[0]))
    page = client.post(
        "/account/tokens/new", {"label": "Power BI", "days": "30", **ALL}
    ).content.decode()
    token = page.partition('<p class="code">')[2].partition("<")[0]
    assert Client(headers=basic("wang", token)).get("/api/v1/persons/").status_code == 200


def test_a_phone_goes_on_with_user_name_and_password(divisions, make_user):
    """A phone cannot ask for a code; its door gives forms and lists of a worker's own area, and takes records."""
    make_form()
    make_user("wu", role="worker", area=STREET)
    set_up(logged_in("wu"))
    phone = Client(headers=basic("wu", RIGHT))
    assert phone.get("/odk/formList", secure=True).status_code == 200
    assert Client(headers=basic("wu", RIGHT)).get("/api/v1/persons/").status_code == 403


def test_who_must_have_a_second_factor_sets_one_up_before_anything_else(settings, user, make_user):
    settings.RUHU_SECOND_FACTOR = ["street", "administrator"]
    client = logged_in("wang")
    for page in ("/", "/review", "/account", "/persons"):
        assert client.get(page).headers["Location"] == HOME, page
    answer = client.get("/api/v1/forms/").json()
    assert answer["type"] == "urn:ruhu:problem:second-factor-needed"
    assert Client(headers=basic("wang", RIGHT)).get("/api/v1/forms/").status_code == 403
    page = client.get(HOME).content.decode()
    assert "Your roles ask for a second factor" in page
    assert 'class="side"' not in page
    assert client.get("/account/password").status_code == 200
    set_up(client)
    assert client.get("/review").status_code == 200
    make_user("zhou", role="county", area="440106")
    assert logged_in("zhou").get("/review").status_code == 200, "other roles are not asked"


def test_a_factor_is_not_removed_by_the_password_alone(app):
    client = password_step()
    send(client, code_of(app[0]))
    gone = f"{HOME}/app/remove"
    assert client.get(gone).headers["Location"].startswith("/account/confirm/code")
    assert (
        client.post("/account/confirm", {"password": RIGHT})
        .headers["Location"]
        .startswith("/account/confirm/code")
    )
    assert client.post(gone).headers["Location"].startswith("/account/confirm/code")
    assert client.post("/account/confirm/code", {"code": code_of(app[0], 1)}).status_code == 302
    assert client.post(gone).status_code == 302
    assert not Authenticator.objects.exists(), "the recovery codes end, too"
    assert AuditEntry.objects.filter(act="factor_removed").count() == 1
    assert logged_in("wang").get("/review").status_code == 200


def test_a_wrong_password_confirms_nothing_and_is_counted(user):
    client = logged_in("wang")
    for number in range(10):
        answer = client.post("/account/confirm", {"password": f"guess {number}"})
        assert answer.status_code == 200
    answer = client.post("/account/confirm", {"password": "one more"})
    assert "Wait 15 minutes" in answer.content.decode()
    assert client.get(f"{HOME}/app/add").headers["Location"].startswith("/account/confirm")


def test_an_administrator_removes_the_factors_of_who_has_lost_them(app, user, log_in, capsys):
    chief = log_in("administrator", STREET)
    page = chief.get(f"/people/{user.pk}").content.decode()
    assert "Remove second factors" in page
    elsewhere = log_in("administrator", "440106005")
    assert elsewhere.post(f"/people/{user.pk}/reset-factors").status_code == 404
    assert log_in("street", STREET).post(f"/people/{user.pk}/reset-factors").status_code == 403
    assert chief.post(f"/people/{user.pk}/reset-factors").status_code == 302
    assert not Authenticator.objects.exists()
    assert logged_in("wang").get("/review").status_code == 200
    entry = AuditEntry.objects.get(act="factors_reset")
    assert (entry.object_id, entry.area_code) == ("wang", STREET)
    set_up(logged_in("wang"))
    call_command("user", "reset-factors", "wang", "--json")
    assert capsys.readouterr().out == '{"username": "wang", "removed": 1}\n'


def test_pages_of_keys_open_and_what_is_no_key_is_refused(user):
    client = logged_in("wang")
    confirm(client)
    page = client.get(f"{HOME}/keys/add").content.decode()
    assert 'data-security-key="add"' in page
    assert "No key yet" in client.get(f"{HOME}/keys").content.decode()
    for credential in ("", "{}", '{"id": "x"}', "[1]", '"x"'):
        given = {"name": "key", "credential": credential}
        assert client.post(f"{HOME}/keys/add", given).status_code == 200, credential
    assert client.get(f"{HOME}/keys/1/remove").status_code == 404
    assert not Authenticator.objects.exists()


def test_half_a_log_in_can_be_given_up(app):
    client = password_step()
    assert client.post("/logout").status_code == 302
    assert client.get("/login/second-factor").headers["Location"].startswith("/login")


def test_a_setting_that_names_no_role_is_refused(settings):
    from django.apps import apps
    from django.core.exceptions import ImproperlyConfigured

    settings.RUHU_SECOND_FACTOR = ["street", "chief"]
    with pytest.raises(ImproperlyConfigured, match="chief"):
        apps.get_app_config("accounts").ready()


def test_base64_of_a_sealed_secret_is_what_the_adapter_stores(app):
    stored = Authenticator.objects.get(type="totp").data["secret"]
    assert len(base64.b64decode(stored)) > 40
    assert app[0].encode() not in base64.b64decode(stored)
