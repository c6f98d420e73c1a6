"""One `up` a folder: who it is, and the socket it listens on."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from server.ops.setup.messages import SetupProblem
from server.ops.setup.places import Places


def listen(host: str, port: int) -> socket.socket:
    """A bound socket for the web processes to listen on. Raises SetupProblem.

    The supervisor keeps it: connections wait while the web processes are started again.
    It does not listen yet, so until they serve, callers are refused rather than kept waiting.
    """
    try:
        family, kind, protocol, _, found = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError:
        raise SetupProblem("host_unknown", host=host) from None
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(found)
    except OSError as error:
        listener.close()
        key = {errno.EACCES: "port_forbidden", errno.EADDRNOTAVAIL: "host_unknown"}
        raise SetupProblem(key.get(error.errno or 0, "port_taken"), host=host, port=port) from None
    return listener


@contextmanager
def only_one(places: Places) -> Iterator[int]:
    """Holds this folder's lock inside; the value is for `announce`. Raises SetupProblem."""
    places.var.mkdir(parents=True, exist_ok=True)
    handle = os.open(places.var / "up.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            told = _told(handle)
            raise SetupProblem(
                "already_running", pid=told.get("pid", "?"), url=told.get("url", "?")
            ) from None
        yield handle
    finally:
        os.close(handle)


def announce(handle: int, url: str) -> None:
    """Tell other commands where this instance serves."""
    os.ftruncate(handle, 0)
    os.pwrite(handle, json.dumps({"pid": os.getpid(), "url": url}).encode(), 0)


def serving_at(places: Places) -> str | None:
    """The URL of the instance that runs from this folder, if one does."""
    try:
        handle = os.open(places.var / "up.lock", os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _told(handle).get("url")
    finally:
        os.close(handle)
    return None


def _told(handle: int) -> dict[str, str]:
    try:
        return dict(json.loads(os.pread(handle, 4096, 0)))
    except ValueError:
        return {}
