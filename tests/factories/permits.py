"""Export permits, asked for and consented to as people do."""

from __future__ import annotations

from typing import Any

from server.accounts.access import access_of
from server.accounts.models import RoleGrant, User
from server.disclosure import services
from server.disclosure.models import ExportPermit

REASON = "annual report of the street"


def permitted(
    username: str,
    name: str = "household_survey",
    *,
    kind: str = "form",
    area: str | None = None,
    days: int = 1,
) -> ExportPermit:
    """An open permit of this user, by default of the user's own first area; a colleague consents where one must."""
    user = User.objects.get(username=username)
    where: Any = user.grants.first().area if area is None else area
    permit = services.request_permit(
        user=user,
        access=access_of(user),
        kind=kind,
        name=name,
        area=where,
        reason=REASON,
        days=days,
    )
    if permit.state is ExportPermit.State.WAITING:
        other = User(username=f"colleague of {username}")
        other.set_unusable_password()
        other.save()
        RoleGrant.objects.create(user=other, role="administrator", area="")
        permit = services.consent(number=permit.pk, user=other, access=access_of(other))
    return permit


def make_waiting(user: User) -> ExportPermit:
    """A permit for the persons of the user's first area that waits for consent."""
    permit = services.request_permit(
        user=user,
        access=access_of(user),
        kind="ledger",
        name="person",
        area=user.grants.first().area,  # type: ignore[union-attr]
        reason=REASON,
        days=1,
    )
    permit.needs_consent = True
    permit.save()
    return permit
