"""A user of every role, in the street of the data and in another street, for the permission tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from server.accounts.models import RoleGrant
from tests.conftest import STREET

OTHER_STREET = "440106005"
READERS = frozenset({"worker", "street", "county", "administrator"})
STAFF = frozenset({"street", "administrator"})
PUBLISHERS = frozenset({"administrator"})
BLIND = frozenset({"restricted", ""})  # neither the restricted role alone nor no role gives access


def in_every_role(make_user: Callable[..., Any]) -> dict[tuple[str, str], Any]:
    """(role, area) → a user with that role there; "" has no role."""
    users = {}
    for area in (STREET, OTHER_STREET):
        for role in READERS | BLIND:
            user = make_user(f"{role or 'nobody'}-{area}", role=role or "worker", area=area)
            if not role:
                RoleGrant.objects.filter(user=user).delete()
            users[role, area] = user
    return users
