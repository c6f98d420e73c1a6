"""What the log says of acts about accounts: whose account, and in which area."""

from __future__ import annotations

from server.accounts.access import common_prefix
from server.accounts.models import User
from server.audit.models import Act
from server.audit.services import record


def area_of(user: User) -> str:
    """The narrowest area that contains all areas of a user's roles, "" when there is none but everywhere."""
    return common_prefix([held.area for held in user.grants.all()])


def record_about(
    act: Act,
    user: User,
    actor: User | None,
    *,
    before: object = None,
    after: object = None,
    **facts: object,
) -> None:
    """Record an act about a user, in the area of the user's roles."""
    record(
        act,
        actor=actor,
        object_type="user",
        object_id=user.username,
        area=area_of(user),
        before=before,
        after=after,
        facts=facts,
    )
