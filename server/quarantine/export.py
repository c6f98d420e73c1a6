"""Writes a quarantined document, its repairs and its files into one zip."""

from __future__ import annotations

import json
import tempfile
import zipfile
from collections.abc import Callable
from typing import IO, TypeAlias

from server.accounts.access import Access
from server.core import blobs
from server.core.sealing import unseal_document
from server.quarantine.models import Quarantined
from server.quarantine.services.quarantining import files_of_item
from server.submissions.selectors import may_have_any_file

Shown: TypeAlias = Callable[[bytes], bytes | None]
"""A document → what its reader gets of it; None for nothing."""


def archive(item: Quarantined, access: Access | None = None, shown: Shown = bytes) -> IO[bytes]:
    """An open temporary zip, positioned at its beginning; memory use does not grow with the files.

    `record.xml` is the document as received, `repairs/` the repaired ones, `files/` the
    attachments, `about.json` the reasons, the names of files missing on the disk, and of
    those that the reader may not have. `shown` says what the reader gets of a document;
    without `access` it is the terminal that asks, and everything is there.
    """
    out = tempfile.TemporaryFile()  # noqa: SIM115 the caller reads and closes it
    repairs = list(item.repairs.select_related("user"))
    missing: list[str] = []
    withheld: list[str] = []
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED, allowZip64=True) as packed:
        documents = {"record.xml": item.document}
        for number, repair in enumerate(repairs, 1):
            documents[f"repairs/{number}-{repair.act}.xml"] = repair.document
        for name, sealed in documents.items():
            document = shown(unseal_document(bytes(sealed)))
            if document is None:
                withheld.append(name)
            else:
                packed.writestr(name, document, zipfile.ZIP_DEFLATED)
        for file in files_of_item(item):
            sha256 = bytes.fromhex(file["sha256"])
            if access is not None and not may_have_any_file(access, item.area, file["name"]):
                withheld.append(f"files/{file['name']}")
            elif blobs.exists(sha256):
                blobs.add_to_archive(packed, f"files/{file['name']}", sha256)
            else:
                missing.append(file["name"])
        about = {
            "number": item.pk,
            "received_at": item.received_at.isoformat(),
            "reason": item.reason,
            "detail": item.detail,
            "form_id": item.form_id,
            "form_version": item.form_version,
            "instance_id": item.instance_id,
            "submitter": item.submitter.username if item.submitter else "",
            "repairs": [
                {
                    "act": repair.act,
                    "user": repair.user.username,
                    "at": repair.at.isoformat(),
                    "reason": repair.reason,
                }
                for repair in repairs
            ],
            "reopened": [
                {
                    "dismissed_by": reopening.dismissed_by.username,
                    "dismissed_at": reopening.dismissed_at.isoformat(),
                    "dismissed_note": reopening.dismissed_note,
                    "user": reopening.user.username,
                    "at": reopening.at.isoformat(),
                    "reason": reopening.reason,
                }
                for reopening in item.reopenings.select_related("dismissed_by", "user")
            ],
            "missing_files": missing,
            "needs_restricted_role": withheld,
        }
        packed.writestr("about.json", json.dumps(about, ensure_ascii=False, indent=1))
    out.seek(0)
    return out
