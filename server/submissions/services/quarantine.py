"""Keeping whole what cannot be taken as data (decisions 0042, 0130)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import override

from server.accounts.access import common_prefix
from server.core.problems import Problem
from server.core.sealing import seal_document
from server.submissions.envelope import Envelope
from server.submissions.models import Quarantined, SubmissionVersion
from server.submissions.problems import NotKept, OriginalNotHere
from server.submissions.services import limits
from server.submissions.services.arriving import Sender
from server.submissions.services.files import KeptFile, as_dict, column, discard


@dataclass(frozen=True, slots=True)
class Refused:
    """An upload that could not be taken, and why."""

    problem: Problem
    document: bytes
    sha256: bytes
    files: Sequence[KeptFile]
    envelope: Envelope | None
    sender: Sender
    received_at: datetime

    @property
    def stored_bytes(self) -> int:
        return len(self.document) + sum(file.size for file in self.files)


def set_aside(refused: Refused) -> None:
    """Keep the document with the reason; the same document for the same reason once.

    Files of later requests are added to it. Commits by itself. Raises NotKept when a
    limit keeps it out; then that is counted, and the files it alone brought are gone.
    """
    known = Quarantined.objects.filter(sha256=refused.sha256, reason=refused.problem.type)
    item = known.defer("document").first()
    if item is not None:
        _add_files(item.pk, refused)
        return
    _check(refused)
    with override("en"):
        detail = str(refused.problem)
    envelope, sender = refused.envelope, refused.sender
    item, is_new = Quarantined.objects.get_or_create(
        sha256=refused.sha256,
        reason=refused.problem.type,
        defaults={
            "received_at": refused.received_at,
            "detail": detail,
            "facts": {
                name: fact if isinstance(fact, int) else str(fact)
                for name, fact in refused.problem.data.items()
            },
            "form_id": envelope.form_id[:250] if envelope else "",
            "form_version": envelope.version[:250] if envelope else "",
            "instance_id": envelope.instance_id if envelope else "",
            "deprecated_id": envelope.deprecated_id[:250] if envelope else "",
            "document": seal_document(refused.document),
            "size": len(refused.document),
            "attachments": [as_dict(file) for file in refused.files],
            "stored_bytes": refused.stored_bytes,
            "submitter_id": sender.user_id,
            "field_account_id": sender.field_account_id,
            "area": common_prefix(sender.areas),
            "device_id": column(sender.device_id),
            "user_agent": column(sender.user_agent),
        },
    )
    if not is_new:  # another request with the same bytes was first
        _add_files(item.pk, refused)


def _add_files(item_id: int, refused: Refused) -> None:
    """Later files of a quarantined document, in any number of requests."""
    if not refused.files:
        return
    with transaction.atomic():
        item = Quarantined.objects.select_for_update().defer("document").get(pk=item_id)
        present = {file["name"] for file in item.attachments}
        missing = [file for file in refused.files if file.name not in present]
        if not missing:
            return
        added = Refused(
            refused.problem,
            b"",
            refused.sha256,
            missing,
            refused.envelope,
            refused.sender,
            refused.received_at,
        )
        limit = limits.exceeded(added, already=item.stored_bytes)
        if limit is None:
            item.attachments += [as_dict(file) for file in missing]
            item.stored_bytes += added.stored_bytes
            item.save(update_fields=["attachments", "stored_bytes"])
            return
    _keep_out(added, limit)


def _check(refused: Refused) -> None:
    limit = limits.exceeded(refused)
    if limit is not None:
        _keep_out(refused, limit)


def _keep_out(refused: Refused, limit: limits.Limit) -> None:
    limits.count(refused, limit)
    discard(refused.files)
    raise NotKept(why=refused.problem.title)


def settled_version(sha256: bytes) -> SubmissionVersion | None:
    """The version these bytes became when they were settled out of the quarantine."""
    item = (
        Quarantined.objects.filter(sha256=sha256, taken_as__isnull=False)
        .select_related("taken_as")
        .defer("document", "taken_as__document")
        .first()
    )
    return item.taken_as if item else None


def release(sha256s: Sequence[bytes]) -> int:
    """Take out of the quarantine what was taken as data after all, byte for byte.

    What a person had a hand in stays as the record of that.
    """
    deleted, _by_model = Quarantined.objects.filter(
        sha256__in=sha256s, settled_at=None, repairs=None
    ).delete()
    return deleted


def edits_waiting_for(instance_ids: Sequence[str]) -> QuerySet[Quarantined]:
    """Edits that overtook one of these records."""
    return Quarantined.objects.filter(
        settled_at=None, reason=OriginalNotHere.type, deprecated_id__in=instance_ids
    )
