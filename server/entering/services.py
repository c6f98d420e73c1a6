"""Takes in a record that was filled in at the desk, by the way of every record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.db import transaction

from server.accounts.access import SENDERS, Access
from server.accounts.models import User
from server.accounts.selectors import history_of
from server.audit.models import Act
from server.audit.services import record
from server.core.problems import Problem
from server.entering.problems import OtherFormEntered
from server.entering.selectors import version_to_enter
from server.quarantine.services import receive_or_quarantine
from server.submissions import envelope as envelopes
from server.submissions.services import IncomingFile, Outcome, Receipt, Sender
from server.submissions.services.uploads import DESK

_STORES: Final = (Outcome.NEW, Outcome.EDIT)


def enter(
    *,
    form_id: str,
    document: bytes,
    files: Sequence[IncomingFile],
    user: User,
    access: Access,
    user_agent: str,
    at: datetime,
) -> Receipt:
    """Store a record that office staff filled in, as if a phone had sent it.

    The sender is the member of staff, without a field account, in the areas of the roles that
    send. Safe to repeat: the same bytes again are a resend. The record is committed before the
    act is recorded in a transaction of its own. Raises NotToEnter and OtherFormEntered, and then keeps
    nothing; raises what `receive_or_quarantine` raises, and then the record is quarantined.
    """
    version_to_enter(access, form_id)
    named = _form_named(document)
    if named not in ("", form_id):
        raise OtherFormEntered(form_id=named[:250])
    sender = Sender(
        user_id=user.pk,
        field_account_id=None,
        areas=access.areas(SENDERS),
        history=history_of(user.pk),
        device_id=DESK,
        user_agent=user_agent,
    )
    receipt = receive_or_quarantine(document=document, files=files, sender=sender, received_at=at)
    if receipt.outcome in _STORES:
        with transaction.atomic():
            record(
                Act.RECORD_ENTERED,
                actor=user,
                object_type="submission",
                object_id=receipt.submission_id or "",
                facts={"form": form_id, "files": len(files)},
                at=at,
            )
    return receipt


def _form_named(document: bytes) -> str:
    """The form that the document names; "" where it cannot be read, which is for the quarantine to say."""
    try:
        return envelopes.parse(document).form_id
    except Problem:
        return ""
