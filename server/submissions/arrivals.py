"""For each phone: when its newest record arrived, and how long it waited on the phone (decision 0101)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.db import connection

from server.accounts.models import FieldAccount, User
from server.core import blobs
from server.core.plain import dumps
from server.submissions.audit_log import NAME, TAIL, finished_at
from server.submissions.models import SubmissionVersion
from server.submissions.selectors import files_of_all
from server.submissions.steps import CLOCK_AHEAD, OLDEST

_NOTE: Final = """
update {table} phone
   set last_seen_at = greatest(phone.last_seen_at, newest.received_at),
       record_received_at = newest.received_at, record_finished_at = newest.finished_at
  from jsonb_to_recordset(%s::jsonb) as newest (
           id bigint, received_at timestamptz, finished_at timestamptz)
 where phone.id = newest.id
   and (phone.record_received_at is null or phone.record_received_at <= newest.received_at)
"""
_ACCOUNTS: Final = _NOTE.format(table=FieldAccount._meta.db_table)
_PEOPLE: Final = _NOTE.format(table=User._meta.db_table)  # who logged in with a password


def note(submission_ids: Sequence[int]) -> None:
    """Store on each phone's account when its newest record was finished and received.

    A record that is older than the stored one, or the same, changes nothing. Four
    statements, and the end of one file for each phone. Part of the caller's transaction.
    """
    newest = _newest(submission_ids)
    logs = {
        file.version_id: bytes(file.sha256)
        for file in files_of_all(row["id"] for row in newest.values()).filter(name=NAME)
    }
    for statement, is_of_account in ((_ACCOUNTS, True), (_PEOPLE, False)):
        phones = [
            {
                "id": phone,
                "received_at": row["received_at"].isoformat(),
                "finished_at": _finished(logs.get(row["id"]), row["received_at"]),
            }
            for (of_account, phone), row in newest.items()
            if of_account == is_of_account
        ]
        if phones:
            with connection.cursor() as cursor:
                cursor.execute(statement, [dumps(phones)])


def _newest(submission_ids: Iterable[int]) -> Mapping[tuple[bool, int], Any]:
    """(whether it is a field account, its id or the person's) → the version received last, as a dict."""
    rows = (
        SubmissionVersion.objects.filter(submission_id__in=submission_ids)
        .order_by("received_at", "pk")
        .values("id", "field_account_id", "submitter_id", "received_at")
    )
    return {
        (row["field_account_id"] is not None, row["field_account_id"] or row["submitter_id"]): row
        for row in rows
    }


def _finished(sha256: bytes | None, received_at: datetime) -> str | None:
    """When the record was finished by its audit log, as ISO 8601; None without a log or a plausible time."""
    if sha256 is None:
        return None
    try:
        with blobs.open_blob(sha256) as log:
            size = log.seek(0, 2)
            log.seek(max(0, size - TAIL))
            finished = finished_at(log.read())
    except FileNotFoundError:  # the blob is missing
        return None
    if finished is None or not received_at - OLDEST <= finished <= received_at + CLOCK_AHEAD:
        return None
    return finished.isoformat()
