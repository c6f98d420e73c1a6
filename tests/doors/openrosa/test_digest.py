"""HTTP Digest on the phones' door, against a client that behaves as Collect's."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.contrib.auth.hashers import check_password
from django.test import Client, override_settings
from hypothesis import HealthCheck, example, given
from hypothesis import settings as effort
from hypothesis import strategies as st
from urllib3.filepost import encode_multipart_formdata

from server.accounts.models import User
from server.accounts.services import add_worker, create_user, shut_out
from server.core import clock
from server.openrosa import digest
from server.submissions.models import SubmissionVersion
from tests.doors.openrosa.digest_client import DigestPhone, challenge_of, challenges
from tests.factories.submissions import instance, make_form

pytestmark = pytest.mark.django_db
AREA = "440106003001"
LIST = "formList?deviceID=collect%3Aabcdefgh12345678&x=%E9%A9%AC"


def multipart(document: bytes, files: dict[str, bytes] | None = None) -> tuple[bytes, str]:
    """An upload's body and content type."""
    named = {"xml_submission_file": document, **(files or {})}
    parts = {name: (name, content, "application/octet-stream") for name, content in named.items()}
    return encode_multipart_formdata(parts, boundary="b0undary")


@pytest.fixture
def made(divisions):
    make_form()
    return add_worker(username="li", areas=[AREA], actor=None)


@pytest.fixture
def phone(made) -> DigestPhone:
    return DigestPhone("li", made.password)


def test_a_made_up_password_opens_by_digest_without_tls(phone) -> None:
    response = phone.send("GET", LIST)

    assert (response.status_code, phone.asked) == (200, 2)
    assert b"household_survey" in response.content
    assert phone.send("HEAD", "submission?deviceID=x").status_code == 204
    assert phone.asked == 3  # the nonce is used again, unasked


def test_a_record_is_sent_by_digest(phone) -> None:
    body, content_type = multipart(instance(1))

    for _ in range(2):
        sent = phone.send("POST", "submission?deviceID=x", data=body, content_type=content_type)
        assert sent.status_code == 201
    assert SubmissionVersion.objects.get().submitter.username == "li"


def test_the_challenge_is_one_that_collect_takes(made) -> None:
    challenge = challenge_of(Client().get("/odk/formList"))

    assert (challenge["realm"], challenge["qop"], challenge["algorithm"], challenge["charset"]) == (
        "Ruhu", "auth", "MD5", "UTF-8",
    )  # fmt: skip
    assert challenge["nonce"]
    assert "stale" not in challenge
    secure = challenges(Client().get("/odk/formList", secure=True))
    assert [line.split()[0] for line in secure] == ["Basic", "Digest"]


def test_wrong_password_and_unknown_user_are_answered_alike(made) -> None:
    create_user(
        username="chosen", role="worker", areas=[AREA], password="chosen by a person", actor=None
    )
    answers = []
    for name, password in (("li", "wrong"), ("nobody", "wrong"), ("chosen", "chosen by a person")):
        phone = DigestPhone(name, password)
        for method, path in (("GET", LIST), ("HEAD", "submission"), ("POST", "submission")):
            response = phone.send(method, path)
            challenge = challenge_of(response)
            assert "stale" not in challenge
            answers.append((method, response.status_code, response.content, challenge["realm"]))
    assert answers[0:3] == answers[3:6] == answers[6:9]
    assert {status for _method, status, *_ in answers} == {401}


def test_an_old_nonce_is_stale_for_those_who_know_the_password(phone, made, monkeypatch) -> None:
    phone.send("GET", LIST)
    wrong = DigestPhone("li", "wrong")
    wrong.challenge = dict(phone.challenge)
    later = clock.now() + timedelta(seconds=digest.LIFETIME + 2)
    monkeypatch.setattr("server.openrosa.authentication.clock.now", lambda: later)

    old = phone.answer("GET", "/odk/formList")
    refused = Client().get("/odk/formList", HTTP_AUTHORIZATION=old)
    assert (refused.status_code, challenge_of(refused)["stale"]) == (401, "true")
    secure = Client().get("/odk/formList", HTTP_AUTHORIZATION=old, secure=True)
    assert challenges(secure)[0].startswith("Digest ")  # the scheme to go on with
    before = phone.asked
    assert phone.send("GET", LIST).status_code == 200
    assert phone.asked == before + 2
    assert "stale" not in challenge_of(wrong._once("GET", "/odk/formList"))


def test_an_answer_is_good_for_its_own_target_and_method_only(phone) -> None:
    phone.send("GET", LIST)

    def ask(target: str, header: str, method: str = "GET") -> int:
        return Client().generic(method, target, HTTP_AUTHORIZATION=header).status_code

    right = phone.answer("GET", "/odk/formList?a=1")
    assert ask("/odk/formList?a=1", right) == 200
    assert ask("/odk/formList?a=2", right) == 401
    assert ask("/odk/formList", right) == 401
    assert ask("/odk/submission?a=1", right, "HEAD") == 401
    assert ask("/odk/formList?a=1", right, "HEAD") == 401
    assert ask("/odk/formList?a=1", phone.answer("GET", "/odk/formList")) == 401
    assert ask("/odk/formList", phone.answer("GET", "http://testserver/odk/formList")) == 200
    with override_settings(RUHU_BASE_URL="https://r.example/ruhu"):
        behind = phone.answer("GET", "/ruhu/odk/formList?a=1")
        assert ask("/odk/formList?a=1", behind) == 200


def test_what_is_not_an_answer_to_our_challenge_is_refused(phone) -> None:
    phone.send("GET", LIST)
    for change in (
        {"realm": "elsewhere"},
        {"opaque": "other"},
        {"nc": "1"},
        {"nc": "0000000g"},
        {"response": "0" * 32},
        {"response": "马"},
        {"username": "l\0i"},
        {"username": "马"},
    ):
        header = phone.answer("GET", "/odk/formList", **change)
        response = Client().get("/odk/formList", HTTP_AUTHORIZATION=header)
        assert response.status_code == 401, change
        assert "stale" not in challenge_of(response)


def test_a_nonce_of_somebody_elses_making_is_stale(phone) -> None:
    phone.send("GET", LIST)
    for nonce in ("x", "A" * 40, challenge_of(Client().get("/odk/formList"))["nonce"][:-1]):
        header = phone.answer("GET", "/odk/formList", nonce=nonce)
        response = Client().get("/odk/formList", HTTP_AUTHORIZATION=header)
        assert challenge_of(response).get("stale") == "true", nonce


WORDS = ("username", "realm", "nonce", "uri", "response", "qop", "nc", "cnonce", "Digest", "Basic")
PIECES = st.lists(
    st.one_of(
        st.sampled_from([*WORDS, "=", '"', ",", " ", "\\", "auth", '"Ruhu"', "00000001", "\0"]),
        st.text(max_size=5),
    ),
    max_size=40,
).map("".join)


@given(scheme=st.sampled_from(["", "Digest ", "digest ", "Basic ", "Bearer "]), rest=PIECES)
@example(scheme="Digest ", rest='username="' + "\\" * 5000)
@example(scheme="Digest ", rest="a=," * 20000)
@example(scheme="Basic ", rest="Og==")
@example(scheme="Basic ", rest="=" * 9000)
@effort(max_examples=30, deadline=2000, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_the_header_holds_it_is_a_401(made, scheme, rest) -> None:
    for secure in (False, True):
        response = Client().get("/odk/formList", secure=secure, HTTP_AUTHORIZATION=scheme + rest)
        assert response.status_code == 401
        assert challenge_of(response)["nonce"]


def test_no_request_costs_a_password_hash_or_a_second_statement(phone, made, monkeypatch) -> None:
    from server.accounts import passwords, selectors

    phone.send("GET", LIST)
    statements = []
    once = selectors.run
    monkeypatch.setattr(selectors, "run", lambda *query: statements.append(query) or once(*query))
    monkeypatch.setattr(passwords, "verify_password", None)
    monkeypatch.setattr("server.accounts.contact.run", None)

    assert phone.send("HEAD", "submission").status_code == 204
    assert Client().head(f"/key/{made.token}/submission").status_code == 500  # first contact is due
    assert len(statements) == 2


def test_the_secret_is_sealed_and_ends_with_the_password(phone, made) -> None:
    user = User.objects.get(username="li")
    sealed = bytes(user.device_secret)
    assert made.password.encode() not in sealed
    assert check_password(made.password, user.password)
    assert phone.send("GET", LIST).status_code == 200

    user.set_password("chosen by the worker")
    user.save()

    assert phone.send("GET", LIST).status_code == 401


def test_shutting_out_and_deactivating_hold_from_the_next_request(phone, made) -> None:
    assert phone.send("GET", LIST).status_code == 200
    User.objects.update(is_active=False)
    assert phone.send("GET", LIST).status_code == 401
    User.objects.update(is_active=True)
    assert phone.send("GET", LIST).status_code == 200

    assert shut_out(user=User.objects.get(username="li"), at=clock.now(), actor=None) == 1

    assert phone.send("GET", LIST).status_code == 401
    assert Client().get(f"/key/{made.token}/formList").status_code == 403


def test_a_refused_upload_is_read_to_its_end_and_kept_nowhere(made) -> None:
    body, content_type = multipart(instance(1), {"a.jpg": b"x" * 2_000_000})
    client = Client()

    response = client.post("/odk/submission", data=body, content_type=content_type)

    assert response.status_code == 401
    assert response.wsgi_request.read(1) == b""
    assert not SubmissionVersion.objects.exists()


def test_nonces_are_signed_and_timed() -> None:
    now = time.time()
    nonce = challenge_nonce(now)

    assert digest.is_current(nonce, now + digest.LIFETIME - 1)
    assert not digest.is_current(nonce, now + digest.LIFETIME + 2)
    assert not digest.is_current(nonce, now - 3600)
    assert len({challenge_nonce(now) for _ in range(50)}) == 50


def challenge_nonce(now: float) -> str:
    return digest.challenge(now).split('nonce="')[1].split('"')[0]
