"""Recording that quarantined documents were handed out; each door calls this before it sends one."""

from __future__ import annotations

from server.accounts.models import User
from server.audit.models import Act
from server.audit.services import record
from server.quarantine.models import Quarantined


def disclose_quarantined(item: Quarantined, *, user: User | None, reason: str) -> None:
    """Record that the document, repairs and files of an item were given to the user."""
    record(
        Act.EXPORT,
        actor=user,
        object_type="quarantine",
        object_id=item.pk,
        area=item.area,
        reason=reason,
        facts={"columns": ["document", *(file["name"] for file in item.attachments)]},
    )
