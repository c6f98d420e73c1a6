"""Every error under /api/ has the one shape."""

from __future__ import annotations

import base64

import pytest
from django.test import Client

from server.accounts import lockout
from server.api.views import ledgers
from tests.doors.api.conftest import assert_problem

JSON = "application/json"


@pytest.mark.parametrize(
    "path", ["/api/", "/api/v1/", "/api/v2/forms/", "/api/v1/nothing/", "/api/v1/forms"]
)
def test_an_unknown_address_is_a_problem_for_any_method(db, path):
    for method in ("get", "post", "put", "patch", "delete"):
        assert_problem(getattr(Client(), method)(path), "unknown-address", 404)


def test_without_log_in_a_challenge_is_answered(db):
    response = Client().get("/api/v1/forms/")
    assert_problem(response, "login-required", 401)
    assert response["WWW-Authenticate"] == 'Basic realm="Ruhu"'


@pytest.mark.parametrize("proof", ["Basic eGllOndyb25n", "Basic !!!", "Basic eGll"])
def test_a_wrong_log_in_is_refused_with_a_challenge(street, proof):
    response = Client(headers={"authorization": proof}).get("/api/v1/forms/")
    assert_problem(response, "login-failed", 401)
    assert "WWW-Authenticate" in response


def test_guessing_passwords_soon_takes_long(street):
    for number in range(lockout.FAILURES):
        refused = guess(number)
        assert_problem(refused, "login-failed", 401)
    response = guess("x")
    assert_problem(response, "too-many-requests", 429)
    assert int(response["Retry-After"]) > 60


def guess(password):
    proof = base64.b64encode(f"xie:{password}".encode()).decode()
    return Client(headers={"authorization": f"Basic {proof}"}).get("/api/v1/forms/")


def test_an_inactive_user_does_not_log_in(street, asking):
    from server.accounts.models import User

    client = asking("street")
    assert client.get("/api/v1/persons/").status_code == 200
    User.objects.update(is_active=False)
    assert_problem(client.get("/api/v1/persons/"), "login-failed", 401)


def test_a_session_works_and_writes_only_with_the_csrf_token(street, make_user):
    user = make_user("li")
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    assert client.get("/api/v1/persons/").status_code == 200
    body = {"columns": ["id_no"], "reason": "核对"}
    refused = client.post(f"/api/v1/persons/{street.person.pk}/reveal/", body, JSON)
    assert_problem(refused, "not-allowed", 403)


def test_a_method_that_is_not_taken_names_those_that_are(street, asking):
    response = asking("street").delete("/api/v1/persons/")
    assert_problem(response, "unsupported-method", 405)
    assert response["Allow"] == "GET, HEAD"
    assert_problem(asking("county").options("/api/v1/forms/"), "unsupported-method", 405)


def test_a_body_of_another_type_or_broken_is_refused(street, asking):
    client, path = asking("street"), f"/api/v1/persons/{street.person.pk}/reveal/"
    assert_problem(client.post(path, "a: 1", "application/yaml"), "unsupported-media-type", 415)
    assert_problem(client.post(path, "{", JSON), "unreadable-request", 400)
    assert_problem(client.post(path, "[]", JSON), "invalid-request", 400)


def test_a_body_past_the_limit_is_refused(street, asking, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    answer = asking("street").post("/api/v1/field-accounts/", {"username": "x" * 40}, JSON)
    assert_problem(answer, "request-too-large", 413)


def test_asking_too_often_says_when_to_come_back(street, asking, monkeypatch):
    from rest_framework.throttling import BaseThrottle

    class Never(BaseThrottle):
        def allow_request(self, request, view):
            return False

        def wait(self):
            return 7

    monkeypatch.setattr(ledgers.Persons, "throttle_classes", [Never])
    response = asking("street").get("/api/v1/persons/")
    assert_problem(response, "too-many-requests", 429)
    assert response["Retry-After"] == "8"


def test_titles_and_details_follow_the_callers_language(street, asking):
    from django.utils.translation import override

    from server.core.request_problems import UnknownAddress

    for language, code in (("zh-CN", "zh-hans"), ("en", "en"), ("fr", "zh-hans")):
        body = Client(headers={"accept-language": language}).get("/api/v1/nothing/").json()
        with override(code):
            assert body["title"] == str(UnknownAddress.title)


def test_an_unforeseen_error_tells_only_the_id_of_the_request(street, asking, monkeypatch):
    def break_down(view):
        raise RuntimeError("the secret of 44990119650101018X")

    monkeypatch.setattr(ledgers.Persons, "rows", break_down)
    client = asking("street")
    client.raise_request_exception = False
    response = client.get("/api/v1/persons/")
    assert response["Content-Type"] == "application/problem+json"
    body = response.json()
    assert set(body) == {"type", "title", "status", "request_id"}
    assert (response.status_code, body["status"]) == (500, 500)
    assert body["request_id"] == response["X-Request-ID"]
