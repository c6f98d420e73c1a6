"""Keeping whole what cannot be taken as data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.utils.translation import override

from server.accounts.access import common_prefix
from server.core.problems import Problem
from server.core.sealing import seal_document
from server.submissions.envelope import Envelope
from server.submissions.models import Quarantined
from server.submissions.services.files import column


def set_aside(
    *,
    problem: Problem,
    document: bytes,
    sha256: bytes,
    files: Iterable[tuple[str, bytes, int]],
    envelope: Envelope | None,
    user_id: int | None,
    field_account_id: int | None,
    areas: Sequence[str],
    device_id: str,
    received_at: datetime,
) -> None:
    """Keep the document with the reason; the same document for the same reason once.

    Files of later requests are added to it. Commits by itself.
    """
    listed = {name: {"sha256": digest.hex(), "size": size} for name, digest, size in files}
    with override("en"):
        detail = str(problem)
    kept, is_new = Quarantined.objects.get_or_create(
        sha256=sha256,
        reason=problem.type,
        defaults={
            "received_at": received_at,
            "detail": detail,
            "form_id": envelope.form_id[:250] if envelope else "",
            "instance_id": envelope.instance_id if envelope else "",
            "document": seal_document(document),
            "size": len(document),
            "attachments": [{"name": name, **rest} for name, rest in listed.items()],
            "submitter_id": user_id,
            "field_account_id": field_account_id,
            "area": common_prefix(areas),
            "device_id": column(device_id),
        },
    )
    missing = set(listed) - {file["name"] for file in kept.attachments}
    if not is_new and missing:
        kept.attachments += [{"name": name, **listed[name]} for name in sorted(missing)]
        kept.save(update_fields=["attachments"])


def release(sha256s: Sequence[bytes]) -> int:
    """Take out of the quarantine what was taken as data after all, byte for byte."""
    deleted, _by_model = Quarantined.objects.filter(sha256__in=sha256s).delete()
    return deleted
