"""Where the sealing keys come from: the environment, a command, or a file that may change while serving.

A file is read again as soon as it has changed, within a second, so that a rotation reaches
every process of this machine without a restart (decision 0270). The first key is the
current one, which seals; the others only open what they sealed.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import os
import secrets
import shlex
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.conf import settings

CHECKED_EACH: Final = 1.0
"""Seconds for which a process relies on its last look at the file."""
_COMMAND_SECONDS: Final = 30
_BYTES: Final = 32


class BadKeys(Exception):
    """The source of the keys gives something else than base64 of 32 bytes each."""


def parse(text: str) -> tuple[bytes, ...]:
    """The keys in a text, separated by blanks, line ends or commas. Raises BadKeys, which quotes nothing."""
    try:
        keys = tuple(
            base64.b64decode(word, validate=True) for word in text.replace(",", " ").split()
        )
    except (binascii.Error, ValueError):
        raise BadKeys("a sealing key is not base64") from None
    if any(len(key) != _BYTES for key in keys):
        raise BadKeys(f"a sealing key has not {_BYTES} bytes")
    return keys


def from_command(command: str) -> tuple[bytes, ...]:
    """The keys that a command prints, for instance a client of a key management service. Raises BadKeys."""
    try:
        result = subprocess.run(  # noqa: S603 the installation's own command
            shlex.split(command),
            capture_output=True,
            check=True,
            timeout=_COMMAND_SECONDS,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise BadKeys(f"RUHU_KEYS_COMMAND failed: {type(error).__name__}") from None
    keys = parse(result.stdout.decode("ascii", "replace"))
    if not keys:
        raise BadKeys("RUHU_KEYS_COMMAND printed no key")
    return keys


@dataclass(frozen=True, slots=True)
class _Read:
    """The keys of a file, and the state of the file when they were read."""

    path: Path
    state: tuple[int, int, int]
    keys: tuple[bytes, ...]


_lock = threading.Lock()
_read: _Read | None = None
_looked_at = 0.0


def sealing_keys() -> Sequence[bytes]:
    """All sealing keys, the current one first."""
    path: Path | None = settings.RUHU_KEYS_PATH
    if path is None:
        return settings.RUHU_SECRET_KEYS
    read = _read
    is_fresh = read is not None and time.monotonic() - _looked_at < CHECKED_EACH
    if read is not None and is_fresh and (read.path is path or read.path == path):
        return read.keys
    return look_again()


def look_again() -> Sequence[bytes]:
    """Read the file if it has changed since; a file that is away leaves the keys as they are."""
    global _read, _looked_at
    path: Path | None = settings.RUHU_KEYS_PATH
    if path is None:
        return settings.RUHU_SECRET_KEYS
    with _lock:
        read = _read if _read is not None and _read.path == path else None
        try:
            status = path.stat()
            state = (status.st_mtime_ns, status.st_ino, status.st_size)
            if read is None or read.state != state:
                read = _Read(path, state, parse(path.read_text()))
        except OSError:  # a medium that was taken out: what is in memory goes on
            if read is None:
                return settings.RUHU_SECRET_KEYS
        _read, _looked_at = read, time.monotonic()
        return read.keys


def new() -> bytes:
    """A new key."""
    return secrets.token_bytes(_BYTES)


def write(path: Path, keys: Sequence[bytes]) -> None:
    """Replace the file of the keys at once, with the owner and mode it has; safe against a power cut. Raises OSError."""
    status = path.stat()
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(b"".join(base64.b64encode(key) + b"\n" for key in keys))
            file.flush()
            with contextlib.suppress(OSError):  # a file system without owners
                os.fchown(file.fileno(), status.st_uid, status.st_gid)
                os.fchmod(file.fileno(), status.st_mode & 0o777)
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
