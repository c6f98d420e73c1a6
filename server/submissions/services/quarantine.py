"""Keeping whole what cannot be taken as data (decisions 0042, 0130)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import override

from server.accounts.access import common_prefix
from server.core import blobs
from server.core.problems import Problem
from server.core.sealing import seal_document
from server.submissions.envelope import Envelope
from server.submissions.models import Quarantined, Submission, SubmissionVersion
from server.submissions.problems import NotKept
from server.submissions.services import limits
from server.submissions.services.arriving import Sender
from server.submissions.services.attaching import add_later
from server.submissions.services.files import KeptFile, as_dict, column, discard, from_dict


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
    def first_received_at(self) -> datetime | None:
        envelope = self.envelope
        return self.sender.first_received(envelope, self.received_at) if envelope else None

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
            **(named_in(envelope) if envelope else {}),
            "document": seal_document(refused.document),
            "size": len(refused.document),
            "attachments": [as_dict(file) for file in refused.files],
            "stored_bytes": refused.stored_bytes,
            "first_received_at": refused.first_received_at,
            "submitter_id": sender.user_id,
            "field_account_id": sender.field_account_id,
            "area": common_prefix(sender.areas),
            "device_id": column(sender.device_id),
            "user_agent": column(sender.user_agent),
        },
    )
    if not is_new:  # another request with the same bytes was first
        _add_files(item.pk, refused)


def named_in(envelope: Envelope) -> dict[str, str]:
    """What a copy tells of the record without its document."""
    return {
        "form_id": envelope.form_id[:250],
        "form_version": envelope.version[:250],
        "instance_id": envelope.instance_id,
        "deprecated_id": envelope.deprecated_id[:250],
    }


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


def files_here(item: Quarantined) -> list[KeptFile]:
    """Its files, but those that are gone from the disk."""
    return [
        from_dict(file)
        for file in item.attachments
        if blobs.path_of(bytes.fromhex(file["sha256"])).exists()
    ]


def release(taken: Mapping[bytes, int], *, at: datetime) -> None:
    """Take out of the quarantine what was taken as data after all: hash of the bytes → the version they are.

    Files that only the copy has go to that version. What a person had a hand in stays,
    settled, as the record of that. Locks the records, then the copies.
    """
    copies = Quarantined.objects.filter(sha256__in=taken, settled_at=None).defer("document")
    if not copies.exists():
        return
    with transaction.atomic():
        versions = SubmissionVersion.objects.filter(pk__in=taken.values())
        records = Submission.objects.filter(pk__in=versions.values("submission"))
        list(records.select_for_update().order_by("pk").values_list("pk"))
        for item in copies.select_for_update():
            version = versions.get(pk=taken[bytes(item.sha256)])
            add_later(files_here(item), version, at)
            if item.repairs.exists() or item.reopenings.exists():
                copies.filter(pk=item.pk).update(settled_at=at, taken_as=version)
            else:
                item.delete()
