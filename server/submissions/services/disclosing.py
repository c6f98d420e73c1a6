"""Records that raw submissions and their files were given out, and that keys were used (security.md, Logs).

Each door calls this before it sends.
"""

from __future__ import annotations

from collections.abc import Mapping

from server.accounts.models import User
from server.audit.models import KEY, Act
from server.audit.services import record
from server.forms import authority
from server.forms.models import EncryptionKey
from server.submissions.models import Submission


def disclose_record(
    submission: Submission,
    *,
    user: User,
    act: Act,
    column: str,
    reason: str,
    facts: Mapping[str, object] | None = None,
) -> None:
    """Record that the document of a submission, or the file named by `column`, was given to the user, with further facts."""
    record(
        act,
        actor=user,
        object_type="submission",
        object_id=submission.pk,
        area=submission.area_code,
        reason=reason,
        facts={"columns": [column], **(facts or {})},
    )


def record_opening(key: EncryptionKey, *, user: User | None, waiting: int) -> None:
    """Record that a key is about to decrypt some of the records that wait for it."""
    _record(Act.KEY_USED, key, user, waiting=waiting)


def record_opened(key: EncryptionKey, *, user: User | None, opened: int, altered: int) -> None:
    """Record how many records a key decrypted, and how many turned out to be altered."""
    _record(Act.RECORDS_OPENED, key, user, opened=opened, altered=altered)


def _record(act: Act, key: EncryptionKey, user: User | None, **facts: object) -> None:
    record(
        act,
        actor=user,
        object_type=KEY,
        object_id=key.fingerprint,
        area=authority.area_of_key(key),
        facts=facts,
    )
