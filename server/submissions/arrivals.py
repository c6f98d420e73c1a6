"""What the newest record of each phone says of it: that it came, and how long it had lain there (decision 0101)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.db import connection

from server.accounts.models import FieldAccount, User
from server.core import blobs
from server.submissions.audit_log import NAME, TAIL, finished_at
from server.submissions.models import SubmissionVersion
from server.submissions.selectors import files_of_all
from server.submissions.steps import CLOCK_AHEAD, EARLIEST

_NOTE: Final = """
update {table} phone
   set last_seen_at = greatest(phone.last_seen_at, seen.received_at),
       record_received_at = seen.received_at, record_finished_at = seen.finished_at
  from jsonb_to_recordset(%s::jsonb) as seen (
           id bigint, received_at timestamptz, finished_at timestamptz)
 where phone.id = seen.id
   and (phone.record_received_at is null or phone.record_received_at <= seen.received_at)
"""
_ACCOUNTS: Final = _NOTE.format(table=FieldAccount._meta.db_table)
_PEOPLE: Final = _NOTE.format(table=User._meta.db_table)  # who logged in with a password


def note(submission_ids: Sequence[int]) -> None:
    """Write down each phone's newest record; the same again, and older ones, change nothing.

    Four statements, and the end of one file a phone. Part of the caller's transaction.
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
                cursor.execute(statement, [json.dumps(phones)])


def _newest(submission_ids: Iterable[int]) -> Mapping[tuple[bool, int], Any]:
    """(whether it is a field account, its id or the person's) → the version that came last."""
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
    """When the record was finished, if its log says so and it can be."""
    if sha256 is None:
        return None
    try:
        with blobs.path_of(sha256).open("rb") as log:
            size = log.seek(0, 2)
            log.seek(max(0, size - TAIL))
            found = finished_at(log.read())
    except FileNotFoundError:  # gone from the disk: nothing to go by
        return None
    if found is None or not EARLIEST <= found <= received_at + CLOCK_AHEAD:
        return None
    return found.isoformat()
