"""Recording that quarantined documents were handed out; each door calls this before it sends one."""

from __future__ import annotations

from server.accounts.models import Disclosure, User
from server.accounts.services import disclose
from server.quarantine.models import Quarantined


def disclose_quarantined(item: Quarantined, *, user: User, reason: str) -> None:
    """Record that the document, repairs and files of an item were given to the user."""
    disclose(
        user=user,
        kind=Disclosure.Kind.EXPORT,
        ledger="quarantine",
        entry=str(item.pk),
        columns=["document", *(file["name"] for file in item.attachments)],
        area_code=item.area,
        reason=reason,
    )
