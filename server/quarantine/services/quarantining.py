"""Keeping whole what cannot be taken as data (decisions 0042 and 0130)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

from django.db import transaction
from django.utils.translation import override

from server.accounts.access import common_prefix
from server.core import blobs
from server.core.problems import named
from server.core.sealing import seal_document
from server.quarantine.models import Quarantined
from server.quarantine.problems import NotKept
from server.quarantine.refused import Refused, bytes_of
from server.quarantine.services import limits
from server.submissions.envelope import Envelope
from server.submissions.models import SubmissionVersion
from server.submissions.selectors import files_as_they_came
from server.submissions.services.files import KeptFile, as_dict, column, discard, from_dict
from server.submissions.services.holding import undecided


def quarantine(refused: Refused) -> None:
    """Keep the document with the reason; the same document for the same reason once.

    Files of later requests are added to it. Commits by itself. Raises NotKept when a
    limit keeps it out; then that is counted, and the files that only it brought are discarded.
    """
    upload, envelope, reason = refused.upload, refused.envelope, refused.problem.type
    kept = Quarantined.objects.filter(sha256=upload.sha256, reason=reason, verdict=None)
    item = kept.defer("document").first()
    if item is not None:
        _add_files(item.pk, refused)
        return
    limit = limits.exceeded(refused, refused.stored_bytes)
    if limit is not None:
        _refuse(refused, limit, upload.files, refused.stored_bytes)
    with override("en"):
        detail = str(refused.problem)
    sender = upload.sender
    item, is_new = Quarantined.objects.get_or_create(
        sha256=upload.sha256,
        reason=reason,
        verdict=None,
        defaults={
            "received_at": upload.received_at,
            "detail": detail,
            "facts": {
                name: fact if isinstance(fact, int) else str(fact)
                for name, fact in refused.problem.data.items()
            },
            **(named_in(envelope) if envelope else {}),
            "document": seal_document(upload.document),
            "size": len(upload.document),
            "attachments": [as_dict(file) for file in upload.files],
            "stored_bytes": refused.stored_bytes,
            "first_received_at": refused.first_received_at,
            "submitter_id": sender.user_id,
            "field_account_id": sender.field_account_id,
            "area": refused.area,
            "sender_area": refused.sender_area,
            "sender_areas": list(sender.areas),
            "sender_history": list(sender.history),
            "device_id": column(sender.device_id),
            "user_agent": column(sender.user_agent),
        },
    )
    if not is_new:  # another request with the same bytes was first
        _add_files(item.pk, refused)


def named_in(envelope: Envelope) -> dict[str, str]:
    """The columns of a quarantined document that its envelope fills."""
    return {
        "form_id": envelope.form_id[:250],
        "form_version": envelope.version[:250],
        "instance_id": envelope.instance_id,
        "deprecated_id": envelope.deprecated_id[:250],
    }


def show_held(submission_ids: Sequence[int]) -> None:
    """Make an item of each version of these submissions that waits for another office, where it has none.

    The worker calls it in the transaction that holds the version.
    """
    held = undecided(submission_ids).filter(quarantined=None)
    for verdict in held.select_related("version__form", "version__form_version"):
        version = verdict.version
        problem = named(verdict.reason)
        assert problem is not None  # noqa: S101 the reasons are types of problems
        with override("en"):
            detail = str(problem(area=verdict.area))
        Quarantined.objects.create(
            received_at=version.received_at,
            reason=verdict.reason,
            detail=detail,
            facts={"area": verdict.area},
            form_id=version.form.form_id,
            form_version=version.form_version.version,
            instance_id=version.instance_id,
            deprecated_id=version.deprecated_id,
            sha256=version.sha256,
            document=version.document,
            size=version.size,
            attachments=[as_dict(file) for file in _files_of(version)],
            submitter_id=version.submitter_id,
            field_account_id=version.field_account_id,
            area=verdict.area,
            sender_area=common_prefix(sorted(version.sender_areas or ())),
            sender_areas=version.sender_areas or [],
            sender_history=version.sender_history or [],
            verdict=verdict,
            device_id=version.device_id,
            user_agent=version.user_agent,
        )


def _files_of(version: SubmissionVersion) -> list[KeptFile]:
    return [
        KeptFile(file.name, bytes(file.sha256), file.md5, file.size, file.content_type)
        for file in files_as_they_came(version)
    ]


def files_of_item(item: Quarantined) -> list[dict[str, Any]]:
    """The item's files as JSON columns keep them; of a held record also those that came later."""
    if item.verdict is None:
        return list(item.attachments)
    return [as_dict(file) for file in _files_of(item.verdict.version)]


def files_here(item: Quarantined) -> list[KeptFile]:
    """The item's files, without those that are missing on the disk."""
    return [
        from_dict(file) for file in item.attachments if blobs.exists(bytes.fromhex(file["sha256"]))
    ]


def _add_files(item_id: int, refused: Refused) -> None:
    """Add the files of a later request to a quarantined document. Raises NotKept."""
    files = refused.upload.files
    if not files:
        return
    with transaction.atomic():
        item = Quarantined.objects.select_for_update().defer("document").get(pk=item_id)
        present = {file["name"] for file in item.attachments}
        missing = [file for file in files if file.name not in present]
        if not missing:
            return
        size = bytes_of(missing)
        limit = limits.exceeded(refused, size, already=item.stored_bytes)
        if limit is None:
            item.attachments += [as_dict(file) for file in missing]
            item.stored_bytes += size
            item.save(update_fields=["attachments", "stored_bytes"])
            return
    _refuse(refused, limit, missing, size)


def _refuse(
    refused: Refused, limit: limits.Limit, files: Sequence[KeptFile], size: int
) -> NoReturn:
    """Count that a limit kept these files and bytes out, and discard the files. Raises NotKept."""
    limits.count(refused, limit, size)
    discard(files)
    raise NotKept(why=refused.problem.title)
