"""Writing down that raw records and their files went out (design §8); each door calls this before it sends."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from server.accounts.models import KEY, Disclosure, User
from server.accounts.services import disclose
from server.forms.models import EncryptionKey
from server.submissions.models import Submission

_SERIES: Final = timedelta(minutes=1)
"""Between two requests that open records with the same passphrase, typed once."""


def disclose_record(
    submission: Submission, *, user: User, kind: str, column: str, reason: str
) -> None:
    """The document of a record, or a file of it by name, was given to the user."""
    disclose(
        user=user,
        kind=kind,
        ledger="submission",
        entry=str(submission.pk),
        columns=[column],
        area_code=submission.area_code,
        reason=reason,
    )


@transaction.atomic
def disclose_opening(key: EncryptionKey, *, user: User | None, at: datetime) -> Disclosure:
    """A key is used to open records. Requests that follow each other are one act, and one line of the log."""
    known = (
        Disclosure.objects.select_for_update(of=("self",))
        .filter(kind=Disclosure.Kind.KEY_USED, ledger=KEY, entry=key.fingerprint, user=user)
        .order_by("-pk")
        .first()
    )
    if known is not None and at - datetime.fromisoformat(known.facts["until"]) <= _SERIES:
        return known
    return disclose(
        user=user,
        kind=Disclosure.Kind.KEY_USED,
        ledger=KEY,
        entry=key.fingerprint,
        facts={"opened": 0, "until": at.isoformat()},
    )


@transaction.atomic
def count_opened(noted: Disclosure, opened: int, *, at: datetime) -> None:
    """So many more records were opened by an act that is in the log."""
    row = Disclosure.objects.select_for_update().get(pk=noted.pk)
    row.facts = {"opened": row.facts["opened"] + opened, "until": at.isoformat()}
    row.save(update_fields=["facts"])
