"""Who gets through the door: tokens in the address, HTTP Basic, and what they are refused with."""

from __future__ import annotations

import base64
import logging

import pytest
from django.test import Client
from django.utils import timezone

from server.accounts.models import FieldAccount, RoleGrant, User
from server.accounts.services import create_user, issue_token, revoke, rotate_token
from tests.factories.submissions import make_form

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse 马"


def basic(username: str, password: str, encoding: str = "utf-8") -> dict[str, str]:
    raw = f"{username}:{password}".encode(encoding)
    return {"HTTP_AUTHORIZATION": "Basic " + base64.b64encode(raw).decode()}


def formlist(base: str = "/odk", secure: bool = True, **headers):
    return Client().get(f"{base}/formList", secure=secure, **headers)


def test_tokens_are_long_and_only_their_hash_is_kept(phone) -> None:
    account = FieldAccount.objects.get()

    assert len(phone.token) >= 43
    assert phone.token.encode() not in bytes(account.token_hash)


def test_a_wrong_or_revoked_token_gets_403_and_never_a_challenge(phone) -> None:
    assert formlist(phone.base).status_code == 200
    revoke(accounts=FieldAccount.objects.all(), at=timezone.now(), actor=None)

    for base in (phone.base, "/key/wrong", "/key/%00"):
        for response in (formlist(base), Client().head(f"{base}/submission")):
            assert response.status_code == 403
            assert "WWW-Authenticate" not in response.headers
            assert response.headers["X-OpenRosa-Version"] == "1.0"
            assert response.headers["Content-Type"].startswith("text/xml")


def test_a_rotated_token_replaces_the_old_one(phone) -> None:
    account = FieldAccount.objects.get()

    _new, token = rotate_token(account=account, at=timezone.now(), actor=None)

    assert formlist(phone.base).status_code == 403
    assert formlist(f"/key/{token}").status_code == 200


def test_phones_of_one_worker_are_revoked_one_by_one(phone) -> None:
    _second, token = issue_token(user=User.objects.get(), actor=None)
    revoke(
        accounts=FieldAccount.objects.filter(pk=phone.field_account_id),
        at=timezone.now(),
        actor=None,
    )

    assert formlist(phone.base).status_code == 403
    assert formlist(f"/key/{token}").status_code == 200


def test_an_inactive_person_is_shut_out(phone) -> None:
    User.objects.update(is_active=False)

    assert formlist(phone.base).status_code == 403


def test_a_lost_area_is_never_an_empty_list(phone) -> None:
    RoleGrant.objects.all().delete()

    response = formlist(phone.base)

    assert response.status_code == 403
    assert b"<xforms" not in response.content
    assert Client().head(f"{phone.base}/submission").status_code == 204


@pytest.fixture
def worker(divisions):
    make_form()
    create_user(username="li", role="worker", areas=["440106003001"], password=PASSWORD, actor=None)


def test_without_credentials_there_is_a_challenge_that_collect_knows(worker) -> None:
    for response in (
        formlist(),
        formlist(secure=False),
        Client().head("/odk/submission"),
        Client().post("/odk/submission"),
        Client().get("/odk/forms/household_survey/2026.1/form.xml"),
        formlist(HTTP_AUTHORIZATION="Bearer x"),
    ):
        assert response.status_code == 401
        offered = [value for name, value in response.items() if name == "WWW-Authenticate"]
        by_basic = [line for line in offered if line.startswith('Basic realm="')]
        by_digest = [line for line in offered if line.startswith('Digest realm="')]
        assert len(by_digest) == 1
        assert len(by_basic) == response.wsgi_request.is_secure()
        assert len(offered) == len(by_basic) + len(by_digest)


def test_the_right_password_opens_over_https_only(worker) -> None:
    assert formlist(**basic("li", PASSWORD)).status_code == 200
    refused = formlist(secure=False, **basic("li", PASSWORD))
    assert (refused.status_code, "https" in refused.content.decode()) == (401, True)
    assert refused.headers["WWW-Authenticate"].startswith("Digest ")


def test_passwords_come_in_either_character_set(divisions) -> None:
    make_form()
    create_user(
        username="mu", role="worker", areas=["440106003001"], password="pässword-é", actor=None
    )

    assert formlist(**basic("mu", "pässword-é")).status_code == 200
    assert formlist(**basic("mu", "pässword-é", "iso-8859-1")).status_code == 200


@pytest.mark.parametrize(
    "header",
    [
        basic("li", "wrong")["HTTP_AUTHORIZATION"],
        basic("nobody", PASSWORD)["HTTP_AUTHORIZATION"],
        basic("l\0i", PASSWORD)["HTTP_AUTHORIZATION"],
        "Basic",
        "Basic Og==",
        "Basic !!!",
        "Basic bm8gY29sb24=",
        "Basic " + "A" * 9000,
    ],
)
def test_wrong_and_malformed_credentials_are_all_answered_alike(worker, header) -> None:
    response = formlist(HTTP_AUTHORIZATION=header)

    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"]


def test_a_changed_password_counts_at_once_though_the_old_one_was_remembered(worker) -> None:
    assert formlist(**basic("li", PASSWORD)).status_code == 200
    user = User.objects.get(username="li")
    user.set_password("another one")
    user.save()

    assert formlist(**basic("li", PASSWORD)).status_code == 401
    assert formlist(**basic("li", "another one")).status_code == 200
    User.objects.update(is_active=False)
    assert formlist(**basic("li", "another one")).status_code == 401


def test_a_verified_password_is_not_hashed_again(worker, monkeypatch) -> None:
    assert formlist(**basic("li", PASSWORD)).status_code == 200
    monkeypatch.setattr("server.accounts.passwords.verify_password", None)

    assert formlist(**basic("li", PASSWORD)).status_code == 200


def test_unknown_addresses_are_told_as_messages(phone) -> None:
    response = Client().get(f"{phone.base}/nothing/here")

    assert response.status_code == 404
    assert b"OpenRosaResponse" in response.content


def test_what_nobody_foresaw_shows_no_token_anywhere(phone, monkeypatch, caplog, capsys) -> None:
    def broken(*args, **kwargs):
        raise RuntimeError("database on fire")

    monkeypatch.setattr("server.openrosa.views.forms.forms_offered", broken)
    caplog.set_level(logging.DEBUG)

    response = formlist(phone.base)

    assert response.status_code == 500
    assert response.headers["X-OpenRosa-Version"] == "1.0"
    assert b"fire" not in response.content
    captured = capsys.readouterr()
    assert phone.token not in caplog.text + captured.out + captured.err
