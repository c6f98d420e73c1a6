"""Decrypts versions that arrived encrypted, once their files and their key are here (decision 0120).

The received bytes stay as they are. The decrypted answers are stored beside them, sealed
as every instance is, so that a rebuild needs no private key.
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
from typing import Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from django.db import transaction

from server.accounts.models import User
from server.core import blobs, clock
from server.core.problems import Problem
from server.core.row_security import Crossing, across_areas
from server.core.sealing import seal_document, unseal_document
from server.forms import authority, keys
from server.forms.models import EncryptionKey
from server.submissions.decryption import (
    Manifest,
    Opener,
    Tampered,
    plain_name,
    read_manifest,
)
from server.submissions.filenames import compared, flat
from server.submissions.instance import Instance
from server.submissions.models import Attachment, EncryptedVersion, SubmissionVersion
from server.submissions.selectors import versions_at_work
from server.submissions.services.disclosing import record_opened, record_opening
from server.submissions.services.queueing import queue
from server.submissions.services.receiving import MAX_DOCUMENT_MB

State = EncryptedVersion.State
SECONDS_AT_ONCE: Final = 2.0
"""How long one request decrypts; for what is left the client sends another."""

_CHUNK: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Opened:
    """How many records were decrypted with a passphrase, and how many were not."""

    opened: int
    altered: int  # not what their phones encrypted
    left: int  # still encrypted: the time was up, or a blob is missing

    @property
    def goes_on(self) -> bool:
        """Whether another request would decrypt more."""
        return self.left > 0 and self.opened + self.altered > 0


def open_encrypted(submission_ids: Sequence[int]) -> None:
    """The pipeline's first step: decrypt what can be decrypted, and store why the rest cannot.

    Repeating it changes nothing. Versions that are no manifest are passed over.
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
            _decrypt_or_note(version, instance, None)


@across_areas(Crossing.KEYS)
def take_private_key(
    *,
    pem: bytes,
    password: str | None,
    passphrase: str | None,
    at: datetime,
    user: User | None,
) -> tuple[EncryptionKey, int]:
    """Store the private half of a key; return it, and how many records the worker will decrypt with it.

    A key with a passphrase makes it 0: people decrypt then (`open_with_passphrase`).
    Raises as `keys.store_private_key`.
    """
    key = keys.store_private_key(pem=pem, password=password, passphrase=passphrase, user=user)
    return key, queue_sealed(key=key, at=at) if passphrase is None else 0


@across_areas(Crossing.KEYS)
def open_with_passphrase(
    *,
    key: EncryptionKey,
    passphrase: str | None,
    at: datetime,
    user: User | None,
    seconds: float = float("inf"),
) -> Opened:
    """Decrypt the records that wait for this key, one at least, until none is left or the time is up.

    Each is committed and queued by itself. One whose blob is missing is passed over. That the
    key is used is recorded before the first, and how many were opened after the last. Raises
    NotAllowed, FormConcernsOtherAreas, PrivateKeyNotHere, WrongPassphrase.
    """
    authority.require_key(user, key)
    private_key = keys.private_key(key, passphrase)
    ends_at = time.monotonic() + seconds
    n_by_state: Counter[State | None] = Counter()
    waiting = EncryptedVersion.objects.filter(key=key, state=State.SEALED).order_by("pk")
    version_ids = list(waiting.values_list("version_id", flat=True))
    record_opening(key, user=user, waiting=len(version_ids))
    for version_id in version_ids:
        with suppress(FileNotFoundError):
            n_by_state[_open_sealed(version_id, private_key, at)] += 1
        if time.monotonic() >= ends_at:
            break
    opened, altered = n_by_state[State.OPENED], n_by_state[State.TAMPERED]
    if opened or altered:
        record_opened(key, user=user, opened=opened, altered=altered)
    return Opened(opened, altered, waiting.count())


@transaction.atomic
def _open_sealed(version_id: int, private_key: RSAPrivateKey, at: datetime) -> State | None:
    """Decrypt one record and queue it; None when another request did. Raises FileNotFoundError."""
    record = EncryptedVersion.objects.select_for_update().get(version=version_id)
    if record.state != State.SEALED:
        return None
    version = record.version
    state = _decrypt_or_note(
        version, Instance(unseal_document(bytes(version.document))), private_key
    )
    queue([version.submission_id], at=at)
    return state


def queue_sealed(*, key: EncryptionKey, at: datetime) -> int:
    """Queue the records that waited for this key, whose private half has just been stored; how many."""
    waiting = EncryptedVersion.objects.filter(key=key, state=State.SEALED)
    submissions = sorted(set(waiting.values_list("version__submission_id", flat=True)))
    with transaction.atomic():
        queue(submissions, at=at)
    return len(submissions)


def _decrypt_or_note(
    version: SubmissionVersion, instance: Instance, opened_key: RSAPrivateKey | None
) -> State:
    """Decrypt one version if that is possible now, and store its state. Part of the caller's transaction."""
    encrypted = EncryptedVersion.objects.select_for_update().filter(version=version).first()
    if encrypted is not None and encrypted.state == State.OPENED:
        return State.OPENED
    key = version.form_version.encryption_key
    state, missing, answers = State.TAMPERED, [], None
    try:
        manifest = read_manifest(instance.root)
        files = {
            compared(file.name): file
            for file in version.attachments.all()
            if file.opened_from_id is None
        }
        missing = [name for name in manifest.files if compared(name) not in files]
        private_key = opened_key or _automatic(key)
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


def _automatic(key: EncryptionKey | None) -> RSAPrivateKey | None:
    """The private key, if the server may decrypt with it by itself."""
    if key is None or key.opening != EncryptionKey.Opening.AUTOMATIC:
        return None
    return keys.private_key(key)


def _open(
    version: SubmissionVersion,
    manifest: Manifest,
    files: Mapping[str, Attachment],
    private_key: RSAPrivateKey,
) -> bytes:
    """Decrypt answers and files: return the answers; the files get blobs and rows. Raises Tampered.

    All is decrypted once for the signature before any file is stored, so that a forged
    record stores none.
    """
    opener = Opener(manifest, private_key)
    sealed = [files[compared(name)] for name in manifest.files]
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
    return opener.plain(number, _chunks(bytes(file.sha256)))


def _chunks(sha256: bytes) -> Iterator[bytes]:
    with blobs.open_blob(sha256) as stored:
        while chunk := stored.read(_CHUNK):
            yield chunk
