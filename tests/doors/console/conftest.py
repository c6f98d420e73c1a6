"""Somebody logged in at the console."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
from django.test import Client

from tests.conftest import STREET


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
