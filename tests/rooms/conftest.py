"""A phone that sends, and a clerk who reviews its area."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import STREET
from tests.factories.quarantine import sending
from tests.factories.submissions import Phone


@pytest.fixture
def send(phone: Phone) -> Any:
    return sending(phone)


@pytest.fixture
def clerk(phone: Phone, make_user: Callable[..., Any]) -> Any:
    return make_user("li", role="street", area=STREET)
