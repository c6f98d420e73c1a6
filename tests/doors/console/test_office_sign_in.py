"""The office's identity provider: who gets in by it, and what is refused. A real one runs beside the tests."""

from __future__ import annotations

import html
import re
import time
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from allauth.socialaccount.models import SocialAccount
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.test import Client

from server.accounts import identity_provider, services
from server.accounts.models import RoleGrant, Session, User
from server.audit.models import AuditEntry
from server.console import office_sign_in
from server.core import clock
from server.ops.content import PAGE_POLICY
from tests.conftest import COMMUNITY, STREET
from tests.doors.console.test_account import RIGHT, basic, logged_in
from tests.doors.console.test_second_factor import send, set_up
from tests.factories.identity_provider import CLIENT, SECRET, Provider, running

pytestmark = pytest.mark.django_db
OTHER = "440106005"


@pytest.fixture(scope="module")
def served():
    with running() as provider:
        yield provider


@pytest.fixture
def provider(served, settings) -> Provider:
    """The provider, with nothing said before; the office is connected to it."""
    vars(served).update(vars(Provider(address=served.address)))
    settings.RUHU_OIDC_ISSUER = served.address
    settings.RUHU_OIDC_CLIENT_ID, settings.RUHU_OIDC_CLIENT_SECRET = CLIENT, SECRET
    settings.RUHU_OIDC_NAME = "Unified Identity"
    office_sign_in._published.clear()
    return served


@pytest.fixture
def user(divisions, make_user, provider) -> User:
    user = make_user("wang", role="street", area=STREET)
    identity_provider.link(user=user, subject="s-1", actor=None)
    return user


def browser() -> Client:
    return Client(headers={"accept-language": "en"})


def way(client: Client, target: str = "") -> str:
    """The address at the provider to which the button leads."""
    answer = client.post("/login/office", {"next": target})
    assert answer.status_code == 200, answer.content.decode()
    address = re.search(r'href="([^"]+)" rel="noreferrer"', answer.content.decode())
    assert address
    return html.unescape(address[1])


def come_back(client: Client, target: str = "") -> Any:
    """Press the button, log in at the provider, and follow it back."""
    back = requests.get(way(client, target), allow_redirects=False, timeout=5).headers["Location"]
    return client.get(back.partition("testserver")[2])


def refusals() -> list[tuple[str, str, str]]:
    rows = AuditEntry.objects.filter(act="log_in_failed").order_by("id")
    return [(row.object_id, row.facts["by"], row.facts.get("cause", "")) for row in rows]


def test_the_button_is_there_only_where_an_office_has_a_provider(db, provider, settings):
    page = browser().get("/login?next=/review").content.decode()
    assert "Sign in with Unified Identity" in page
    assert '<input type="hidden" name="next" value="/review">' in page
    settings.RUHU_OIDC_ISSUER = ""
    assert "/login/office" not in browser().get("/login").content.decode()
    assert browser().post("/login/office").status_code == 404
    assert browser().get("/login/office/callback").status_code == 404


def test_who_is_linked_gets_in_and_to_where_they_wanted(user, provider):
    client = browser()
    answer = come_back(client, "/review")
    assert answer.headers["Location"] == "/review"
    assert client.get("/review").status_code == 200
    assert (
        '<span class="badge good">linked</span> Unified Identity'
        in client.get("/account").content.decode()
    )
    session = Session.objects.get(user=user)
    assert session.is_program is False
    entry = AuditEntry.objects.get(act="log_in")
    assert (entry.actor_name, entry.facts["by"]) == ("wang", "provider")
    asked = provider.asked
    assert asked["scope"] == "openid", "no name, no e-mail address"
    assert len(asked["nonce"]) >= 32
    assert asked["max_age"] == "3600"
    assert len(provider.exchanged[-1]["code_verifier"]) >= 43
    row = SocialAccount.objects.get()
    assert (row.provider, row.uid, row.extra_data) == (provider.address, "s-1", {})


def test_the_same_session_limits_hold(user, monkeypatch):
    client = browser()
    come_back(client)
    later = clock.now() + timedelta(minutes=61)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert client.get("/review").headers["Location"] == "/login?next=/review"


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "", "/\\evil"]
)
def test_nobody_is_led_to_another_server(user, target):
    assert come_back(browser(), target).headers["Location"] == "/"


def test_the_page_that_leads_to_the_provider_keeps_the_policy_of_pages(user):
    answer = browser().post("/login/office")
    assert answer.headers["Content-Security-Policy"] == PAGE_POLICY
    assert "no-store" in answer.headers["Cache-Control"]
    assert browser().get("/login/office").status_code == 405
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/login/office").status_code == 403


NOW = int(time.time())
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "nonce": ({"says": {"nonce": "another"}}, "WrongNonce"),
    "no nonce": ({"leaves_out": ("nonce",)}, "WrongNonce"),
    "audience": ({"says": {"aud": "another-office"}}, "InvalidAudienceError"),
    "party": ({"says": {"aud": [CLIENT, "other"], "azp": "other"}}, "WrongParty"),
    "issuer": ({"says": {"iss": "https://evil.example"}}, "InvalidIssuerError"),
    "expired": ({"says": {"exp": NOW - 120}}, "ExpiredSignatureError"),
    "endless": ({"leaves_out": ("exp",)}, "MissingRequiredClaimError"),
    "too old a log-in": ({"says": {"auth_time": NOW - 3 * 3600}}, "LogInTooOld"),
    "another's key": ({"signs_with": "stranger"}, "InvalidSignatureError"),
    "unsigned": ({"signs_with": "none"}, "InvalidAlgorithmError"),
    "signed by the client's secret": ({"signs_with": "secret"}, "InvalidAlgorithmError"),
}


@pytest.mark.parametrize(("answers", "cause"), WRONG.values(), ids=WRONG)
def test_a_token_that_proves_nothing_lets_nobody_in(user, provider, answers, cause):
    for name, value in answers.items():
        setattr(provider, name, value)
    client = browser()
    answer = come_back(client)
    assert answer.status_code == 403
    assert "The office sign-in failed" in answer.content.decode()
    assert client.get("/").status_code == 302
    assert refusals() == [("", "provider", cause)]
    assert not Session.objects.filter(user=user).exists()


def test_a_way_back_that_was_not_begun_here_or_is_used_again_lets_nobody_in(user):
    client = browser()
    back = requests.get(way(client), allow_redirects=False, timeout=5).headers["Location"]
    path = back.partition("testserver")[2]
    assert browser().get(path).status_code == 403, "another browser's state"
    state = parse_qs(urlsplit(path).query)["state"][0]
    assert (
        client.get(f"/login/office/callback?state={state}&error=access_denied").status_code == 403
    )
    assert client.get(path).status_code == 403, "the state is used up"
    assert browser().get("/login/office/callback").status_code == 403
    assert len(refusals()) == 4


def test_a_code_that_the_provider_does_not_take_lets_nobody_in(user, provider):
    client = browser()
    back = requests.get(way(client), allow_redirects=False, timeout=5).headers["Location"]
    provider.granted.clear()
    assert client.get(back.partition("testserver")[2]).status_code == 403
    assert refusals() == [("", "provider", "OAuth2Error")]


def test_somebody_without_a_link_is_refused_and_learns_the_subject_and_no_account_is_made(
    user, provider
):
    provider.subject = "somebody-else"
    before = User.objects.count()
    answer = come_back(browser())
    assert answer.status_code == 403
    assert "give this subject: somebody-else" in answer.content.decode()
    assert User.objects.count() == before
    assert SocialAccount.objects.count() == 1
    assert refusals() == [("", "provider", "SubjectUnknown")]


def test_only_the_first_refusals_from_an_address_are_recorded(user, provider):
    for _ in range(12):
        assert browser().get("/login/office/callback").status_code == 403
    assert len(refusals()) == 10


def test_a_closed_account_stays_closed(user):
    services.set_active(user=user, is_active=False, actor=None)
    answer = come_back(browser())
    assert answer.status_code == 403
    assert "shut out" in answer.content.decode()
    assert refusals() == [("wang", "provider", "AccountClosed")]


def test_the_same_subject_of_another_provider_opens_nothing(user, provider, settings):
    SocialAccount.objects.update(provider="https://former.example")
    assert come_back(browser()).status_code == 403


def test_a_second_factor_is_asked_for_after_the_providers(user):
    _secret, codes = set_up(logged_in("wang"))
    client = browser()
    assert come_back(client, "/review").headers["Location"] == "/login/second-factor"
    assert client.get("/review").status_code == 302
    assert send(client, codes[0]).headers["Location"] == "/review"
    assert AuditEntry.objects.filter(act="log_in").latest("id").facts["by"] == "second-factor"


def test_a_role_that_needs_a_second_factor_gets_the_providers_word_for_it(user, provider, settings):
    settings.RUHU_SECOND_FACTOR = ["street"]
    client = browser()
    come_back(client)
    assert client.get("/review").headers["Location"] == "/account/second-factor"
    assert client.get("/api/v1/forms/").json()["type"].endswith("second-factor-needed")
    for said in ({"amr": ["pwd"]}, {"amr": "mfa"}, {"acr": "1"}):
        provider.says = said
        client = browser()
        come_back(client)
        assert client.get("/review").status_code == 302, said
    provider.says = {"amr": ["pwd", "mfa"]}
    client = browser()
    come_back(client)
    assert client.get("/review").status_code == 200
    assert client.get("/api/v1/forms/").status_code == 200
    settings.RUHU_OIDC_SECOND_FACTOR, provider.says = ["gold"], {"acr": "gold"}
    client = browser()
    come_back(client)
    assert client.get("/review").status_code == 200


def test_what_the_provider_said_holds_for_nobody_else_in_the_same_browser(
    user, provider, make_user, settings
):
    settings.RUHU_SECOND_FACTOR = ["street"]
    provider.says = {"amr": ["mfa"]}
    client = browser()
    come_back(client)
    client.post("/logout")
    make_user("li", role="street", area=STREET)
    client.post("/login", {"username": "li", "password": RIGHT})
    assert client.get("/review").headers["Location"] == "/account/second-factor"
    client.post("/logout")
    client.post("/login", {"username": "wang", "password": RIGHT})
    assert client.get("/review").headers["Location"] == "/account/second-factor"


def test_a_handed_out_password_need_not_be_replaced_by_who_does_not_use_it(provider, divisions):
    new = services.create_user(username="li", role="street", areas=[STREET], actor=None)
    identity_provider.link(user=new.user, subject="s-1", actor=None)
    client = browser()
    come_back(client)
    assert client.get("/review").status_code == 200
    assert logged_in("li", new.password).get("/review").headers["Location"] == "/account/password"


def test_a_provider_that_is_away_stops_nobody_else(user, provider):
    provider.is_down = True
    client = browser()
    answer = client.post("/login/office")
    assert answer.status_code == 424
    assert answer.headers["Retry-After"] == "30"
    assert "log in with your password" in answer.content.decode()
    assert logged_in("wang").get("/review").status_code == 200
    provider.is_down = False
    assert come_back(client).status_code == 302
    provider.is_down, office = True, browser()
    back = way(office)
    assert back, "what the provider publishes is kept"


def test_few_requests_wait_for_a_provider_at_once(user, monkeypatch):
    client = browser()
    for _ in range(office_sign_in.AT_ONCE):
        office_sign_in._places.acquire(blocking=False)
    try:
        assert client.post("/login/office").status_code == 429
        assert client.get("/login/office/callback").status_code == 429
    finally:
        for _ in range(office_sign_in.AT_ONCE):
            office_sign_in._places.release()
    assert come_back(client).status_code == 302


def test_administrators_of_all_areas_link_accounts_at_the_console(
    user, provider, divisions, make_user
):
    chief = logged_in(make_user("chief", role="administrator", area="4401").username)
    person = make_user("chen", role="worker", area=COMMUNITY)
    page = chief.get(f"/people/{person.pk}").content.decode()
    assert "Office sign-in" in page
    address = f"/people/{person.pk}/link"
    assert "linked to another account" in chief.post(address, {"subject": "s-1"}).content.decode()
    assert chief.post(address, {"subject": "449901199001011234"}).status_code == 400
    assert chief.post(address, {"subject": "two words"}).status_code == 400
    assert chief.post(address, {"subject": "s-2"}).status_code == 302
    provider.subject = "s-2"
    client = browser()
    assert come_back(client).status_code == 302
    assert "s-2" in chief.get(f"/people/{person.pk}").content.decode()
    assert chief.post(f"/people/{person.pk}/unlink").status_code == 302
    assert client.get("/").status_code == 302, "the session has ended"
    assert come_back(browser()).status_code == 403
    acts = AuditEntry.objects.filter(act__startswith="sign_in").order_by("id")
    assert [(row.act, row.actor_name, row.object_id) for row in acts[1:]] == [
        ("sign_in_linked", "chief", "chen"),
        ("sign_in_unlinked", "chief", "chen"),
    ]


def test_nobody_links_themselves_or_somebody_of_other_areas(user, make_user):
    chief = make_user("chief", role="administrator", area=STREET)
    client = logged_in("chief")
    assert client.post(f"/people/{chief.pk}/link", {"subject": "mine"}).status_code == 403
    RoleGrant.objects.create(user=user, role="worker", area=OTHER)
    assert client.post(f"/people/{user.pk}/link", {"subject": "mine"}).status_code == 403
    assert client.post(f"/people/{user.pk}/unlink").status_code == 403
    assert identity_provider.subject_of(user) == "s-1"
    assert "Copy it" not in client.get(f"/people/{user.pk}").content.decode()


def test_accounts_are_linked_over_rest(user, make_user):
    make_user("chief", role="administrator", area="4401")
    make_user("chen", role="worker", area=COMMUNITY)
    chief, address = Client(headers=basic("chief", RIGHT)), "/api/v1/users/chen/sign-in/"
    kind = "application/json"
    assert chief.get(address).json() == {"subject": ""}
    taken = chief.put(address, {"subject": "s-1"}, content_type=kind)
    assert (taken.status_code, taken.json()["type"]) == (409, "urn:ruhu:problem:subject-taken")
    assert chief.put(address, {}, content_type=kind).status_code == 400
    assert chief.put(address, {"subject": "s-2"}, content_type=kind).json() == {"subject": "s-2"}
    assert chief.delete(address).status_code == 204
    assert chief.delete(address).status_code == 404
    worker = Client(headers=basic("chen", RIGHT))
    for method in (worker.get, worker.put, worker.delete):
        assert method("/api/v1/users/wang/sign-in/").status_code == 403


def test_accounts_are_linked_by_command(user, make_user, capsys):
    make_user("chen", role="worker", area=COMMUNITY)
    call_command("user", "link", "chen", "--subject", "s-2")
    assert "s-2" in capsys.readouterr().out
    with pytest.raises(CommandError, match=r"Another account|另一"):
        call_command("user", "link", "wang", "--subject", "s-2")
    call_command("user", "unlink", "chen", "--json")
    assert '"subject": ""' in capsys.readouterr().out
    with pytest.raises(CommandError):
        call_command("user", "unlink", "chen")


def test_without_a_provider_nothing_is_linked(user, make_user, settings):
    settings.RUHU_OIDC_ISSUER = ""
    chief = logged_in(make_user("chief", role="administrator", area="4401").username)
    assert "Office sign-in" not in chief.get(f"/people/{user.pk}").content.decode()
    assert chief.post(f"/people/{user.pk}/link", {"subject": "x"}).status_code == 409


@pytest.mark.parametrize(
    "wrong",
    [
        {"RUHU_OIDC_CLIENT_SECRET": ""},
        {"RUHU_OIDC_CLIENT_ID": ""},
        {"RUHU_OIDC_ISSUER": "http://id.example"},
        {"RUHU_OIDC_ISSUER": "id.example"},
        {"RUHU_OIDC_ISSUER": f"https://id.example/{'x' * 200}"},
    ],
    ids=str,
)
def test_settings_that_are_not_whole_or_not_safe_stop_the_start(provider, settings, wrong):
    identity_provider.check_settings()
    for name, value in wrong.items():
        setattr(settings, name, value)
    with pytest.raises(ImproperlyConfigured):
        identity_provider.check_settings()
