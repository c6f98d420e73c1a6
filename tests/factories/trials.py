"""Test records of drafts."""

from __future__ import annotations

import hashlib

from server.core import blobs
from server.core.sealing import seal_document
from server.forms.models import FormDraft
from server.trials.models import TrialRecord
from tests.factories.console import AT


def make_trial(instance_id: str, content: bytes) -> TrialRecord:
    """A test record of the only draft, whose document and one file have this content."""
    blob = blobs.store([content])
    file = {
        "name": "evil.html",
        "sha256": blob.sha256.hex(),
        "md5": blob.md5.hex(),
        "size": blob.size,
    }
    return TrialRecord.objects.create(
        draft=FormDraft.objects.get(), instance_id=instance_id, document=seal_document(content),
        sha256=hashlib.sha256(content).digest(), files=[file], received_at=AT,
    )  # fmt: skip
