"""A street to ask about, and ways to ask."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.conftest import STREET
from tests.factories.console import Street, make_street

Asking = Callable[..., Client]


@pytest.fixture
def street(divisions, make_user) -> Street:
    return make_street(make_user)


@pytest.fixture
def asking(make_user) -> Asking:
    """asking("street", area=…) → a client that logs in by HTTP Basic as a user with that role.

    The password is known to be right already, so that what is counted is the request.
    """
    from server.accounts.passwords import log_in as known

    def log_in(role: str = "street", *, area: str = STREET, language: str = "en") -> Client:
        username = f"{role}-{area}"
        make_user(username, role=role, area=area)
        known(username, "correct horse", address="127.0.0.1")
        proof = base64.b64encode(f"{username}:correct horse".encode()).decode()
        return Client(headers={"authorization": f"Basic {proof}", "accept-language": language})

    return log_in


def assert_problem(response: Any, slug: str, status: int) -> dict[str, Any]:
    """The answer is that problem, in RFC 9457's shape; returns the document."""
    assert response.status_code == status, response.content[:500]
    assert response["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert body["type"] == f"urn:ruhu:problem:{slug}"
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    assert body["instance"].startswith("/api/")
    return body
