"""A street with people and records, and clients that log in to ask about it."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Callable

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


@pytest.fixture
def log_in(make_user) -> Callable[..., Client]:
    """log_in("street", STREET, "restricted") → a client of a new user holding the roles there."""

    numbers = itertools.count()

    def log_in(role: str = "street", area: str = STREET, *more: str) -> Client:
        from server.accounts.models import RoleGrant

        user = make_user(f"{role}-{next(numbers)}", role=role, area=area)
        for extra in more:
            RoleGrant.objects.create(user=user, role=extra, area=area)
        client = Client(headers={"accept-language": "en"})
        client.force_login(user)
        return client

    return log_in
