"""Encrypted records become answers when their files and their key are here (decision 0120).

What was received stays as it came. The opened answers lie beside it, sealed like every
raw instance, so that a rebuild reads the same without the key.
"""

from __future__ import annotations

import hashlib
import mimetypes
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from django.db import transaction

from server.accounts.models import User
from server.core import blobs, clock
from server.core.problems import Problem
from server.core.sealing import seal_document, unseal_document
from server.forms import keys
from server.forms.models import EncryptionKey
from server.submissions.filenames import flat
from server.submissions.instance import Instance
from server.submissions.models import Attachment, EncryptedVersion, SubmissionVersion
from server.submissions.sealed_forms import (
    Manifest,
    Opener,
    Tampered,
    plain_name,
    read_manifest,
)
from server.submissions.selectors import versions_at_work
from server.submissions.services.disclosing import count_opened, disclose_opening
from server.submissions.services.queueing import queue
from server.submissions.services.receiving import MAX_DOCUMENT_MB

State = EncryptedVersion.State
SECONDS_AT_ONCE: Final = 2.0
"""How long one request opens records; who has more of them asks again."""

_CHUNK: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Opened:
    """What opening with a passphrase came to."""

    opened: int
    altered: int  # they were not what their phones encrypted
    left: int  # still sealed: for want of time, or because a file of theirs is gone from the disk

    @property
    def goes_on(self) -> bool:
        """Whether asking again would open more."""
        return self.left > 0 and self.opened + self.altered > 0


def open_encrypted(submission_ids: Sequence[int]) -> None:
    """The pipeline's first step: open what can be opened, write down why the rest is not.

    Does the same again without harm. Nothing is read of records without a manifest.
    """
    versions = (
        versions_at_work(submission_ids)
        .exclude(encrypted__state=State.OPENED)
        .select_related("form_version__encryption_key")
        .defer(*(f"form_version__{name}" for name in ("xform", "mapping", "questions", "warnings")))
    )
    for version in versions:
        instance = Instance(unseal_document(bytes(version.document)))
        if instance.is_encrypted:
            _settle(version, instance, None)


def take_private_key(
    *,
    pem: bytes,
    password: str | None,
    passphrase: str | None,
    at: datetime,
    user: User | None,
) -> tuple[EncryptionKey, int]:
    """Keep the private half of a key; without a passphrase the worker opens what waits for it, so many.

    Raises as `keys.take_in`.
    """
    key = keys.take_in(pem=pem, password=password, passphrase=passphrase, user=user)
    return key, take_up_sealed(key=key, at=at) if passphrase is None else 0


def open_with_passphrase(
    *,
    key: EncryptionKey,
    passphrase: str | None,
    at: datetime,
    user: User | None,
    seconds: float = float("inf"),
) -> Opened:
    """Open the records that wait for this key until none is left or the time is up, at least one.

    The ledgers follow in the worker. A record with a file that is gone from the disk stays
    as it is and keeps none of the others. That the key was used is logged before, how
    much it opened afterwards. Raises PrivateKeyNotHere, WrongPassphrase.
    """
    private_key = keys.private_key(key, passphrase)
    noted = disclose_opening(key, user=user, at=at)
    ends_at = time.monotonic() + seconds
    came_to: Counter[State | None] = Counter()
    waiting = EncryptedVersion.objects.filter(key=key, state=State.SEALED).order_by("pk")
    for version_id in list(waiting.values_list("version_id", flat=True)):
        with suppress(FileNotFoundError):
            came_to[_open_sealed(version_id, private_key, at)] += 1
        if time.monotonic() >= ends_at:
            break
    count_opened(noted, came_to[State.OPENED], at=at)
    return Opened(came_to[State.OPENED], came_to[State.TAMPERED], waiting.count())


@transaction.atomic
def _open_sealed(version_id: int, private_key: RSAPrivateKey, at: datetime) -> State | None:
    """Open one record and queue it; None when another was quicker. Raises FileNotFoundError."""
    record = EncryptedVersion.objects.select_for_update().get(version=version_id)
    if record.state != State.SEALED:
        return None
    version = record.version
    state = _settle(version, Instance(unseal_document(bytes(version.document))), private_key)
    queue([version.submission_id], at=at)
    return state


def take_up_sealed(*, key: EncryptionKey, at: datetime) -> int:
    """Let the worker try the records again that waited for a key which has just been given."""
    waiting = EncryptedVersion.objects.filter(key=key, state=State.SEALED)
    submissions = sorted(set(waiting.values_list("version__submission_id", flat=True)))
    with transaction.atomic():
        queue(submissions, at=at)
    return len(submissions)


def _settle(version: SubmissionVersion, instance: Instance, given: RSAPrivateKey | None) -> State:
    """Open one record if that is possible now, and write down what it is. Part of the caller's transaction."""
    known = EncryptedVersion.objects.select_for_update().filter(version=version).first()
    if known is not None and known.state == State.OPENED:
        return State.OPENED
    key = version.form_version.encryption_key
    state, missing, answers = State.TAMPERED, [], None
    try:
        manifest = read_manifest(instance.root)
        files = {
            file.name: file for file in version.attachments.all() if file.opened_from_id is None
        }
        missing = [name for name in manifest.files if flat(name) not in files]
        private_key = given or _own(key)
        if missing:
            state = State.INCOMPLETE
        elif private_key is None:
            state = State.SEALED
        else:
            answers = _open(version, manifest, files, private_key)
            state = State.OPENED
    except (Tampered, Problem):
        state = State.TAMPERED
    EncryptedVersion.objects.update_or_create(
        version=version,
        defaults={
            "key": key,
            "state": state,
            "missing": missing,
            "document": seal_document(answers) if answers is not None else None,
            "opened_at": clock.now() if answers is not None else None,
        },
    )
    return state


def _own(key: EncryptionKey | None) -> RSAPrivateKey | None:
    """The private key, if the server may open with it by itself."""
    if key is None or key.opening != EncryptionKey.Opening.AUTOMATIC:
        return None
    return keys.private_key(key)


def _open(
    version: SubmissionVersion,
    manifest: Manifest,
    files: Mapping[str, Attachment],
    private_key: RSAPrivateKey,
) -> bytes:
    """The answers; the plain files are among the blobs and have rows. Raises Tampered.

    Everything is decrypted once to be checked before anything of it is kept, so that a
    forged record leaves nothing behind.
    """
    opener = Opener(manifest, private_key)
    sealed = [files[flat(name)] for name in manifest.files]
    if sealed[-1].size > (MAX_DOCUMENT_MB + 1) << 20:
        raise Tampered
    opener.verify([_md5(opener, number, file) for number, file in enumerate(sealed)])
    answers = b"".join(_plain(opener, len(sealed) - 1, sealed[-1]))
    opener.check_answers(answers)
    for number, file in enumerate(sealed[:-1]):
        blob = blobs.store(_plain(opener, number, file))
        name = flat(plain_name(manifest.files[number]))
        Attachment.objects.update_or_create(
            version=version,
            opened_from=file,
            defaults={
                "name": name,
                "sha256": blob.sha256,
                "md5": blob.md5.hex(),
                "size": blob.size,
                "content_type": mimetypes.guess_type(name)[0] or "",
                "received_at": file.received_at,
            },
        )
    return answers


def _md5(opener: Opener, number: int, file: Attachment) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    for chunk in _plain(opener, number, file):
        digest.update(chunk)
    return digest.hexdigest()


def _plain(opener: Opener, number: int, file: Attachment) -> Iterator[bytes]:
    return opener.plain(number, _chunks(blobs.path_of(file.sha256)))


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stored:
        while chunk := stored.read(_CHUNK):
            yield chunk
