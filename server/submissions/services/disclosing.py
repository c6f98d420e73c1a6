"""Records that raw submissions and their files were given out (security.md, Logs); each door calls this before it sends."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from server.accounts.models import KEY, Disclosure, User
from server.accounts.services import disclose
from server.forms.models import EncryptionKey
from server.submissions.models import Submission

_SERIES: Final = timedelta(minutes=1)
"""The longest pause between two requests that decrypt with a passphrase typed once."""


def disclose_record(
    submission: Submission, *, user: User, kind: str, column: str, reason: str
) -> None:
    """Record that the document of a submission, or the file named by `column`, was given to the user."""
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
    """Record that a key is used to decrypt; requests that follow each other are one row."""
    last = (
        Disclosure.objects.select_for_update(of=("self",))
        .filter(kind=Disclosure.Kind.KEY_USED, ledger=KEY, entry=key.fingerprint, user=user)
        .order_by("-pk")
        .first()
    )
    if last is not None and at - datetime.fromisoformat(last.facts["until"]) <= _SERIES:
        return last
    return disclose(
        user=user,
        kind=Disclosure.Kind.KEY_USED,
        ledger=KEY,
        entry=key.fingerprint,
        facts={"opened": 0, "until": at.isoformat()},
    )


@transaction.atomic
def count_opened(disclosure: Disclosure, opened: int, *, at: datetime) -> None:
    """Add to the number of submissions that a recorded use of a key decrypted."""
    row = Disclosure.objects.select_for_update().get(pk=disclosure.pk)
    row.facts = {"opened": row.facts["opened"] + opened, "until": at.isoformat()}
    row.save(update_fields=["facts"])
