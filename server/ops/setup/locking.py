"""Locks between `./ruhu` commands of one clone, which end with the process that holds them.

The locks are flocks on files below var/. The kernel releases a flock when its process ends,
however it ends, so a crashed command blocks nobody. Programs that a command starts do not
inherit the lock.
"""

from __future__ import annotations

import fcntl
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from server.ops.setup.messages import text

_SILENT_SECONDS = 1.0
"""A wait shorter than this is not worth a message."""
_POLL_SECONDS = 0.05


@contextmanager
def alone(path: Path, purpose: str) -> Iterator[None]:
    """Hold the lock file `path` inside the block; first wait until no other process holds it.

    After a second, a message on stderr names the process that is awaited. `purpose` is the
    catalogue key of what the holder does. The lock is not re-entrant.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        if not _acquired_within(handle, _SILENT_SECONDS):
            holder = read_record(handle)
            print(
                text(
                    "waiting",
                    pid=holder.get("pid", "?"),
                    command=holder.get("command", "?"),
                    purpose=text(purpose),
                ),
                file=sys.stderr,
                flush=True,
            )
            fcntl.flock(handle, fcntl.LOCK_EX)
        write_record(handle, {"pid": os.getpid(), "command": _command_line()})
        yield
    finally:
        os.close(handle)


def _acquired_within(handle: int, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end:
                return False
            time.sleep(_POLL_SECONDS)
        else:
            return True


def _command_line() -> str:
    """The words of this command, as they were typed after `./ruhu`, without their arguments' values."""
    return " ".join(["./ruhu", *sys.argv[1:2]])


def write_record(handle: int, record: dict[str, object]) -> None:
    """Write who holds a lock into its file, for others to read."""
    os.ftruncate(handle, 0)
    os.pwrite(handle, json.dumps(record).encode(), 0)


def read_record(handle: int) -> dict[str, str]:
    """What the holder of a lock wrote into its file; empty when that cannot be read."""
    try:
        return dict(json.loads(os.pread(handle, 4096, 0)))
    except ValueError:
        return {}
