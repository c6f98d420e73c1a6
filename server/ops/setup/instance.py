"""One running office per folder: its lock, its address, and the socket it listens on."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from server.ops.setup.locking import read_record, write_record
from server.ops.setup.messages import SetupProblem
from server.ops.setup.places import Places


def listen(host: str, port: int) -> socket.socket:
    """A bound socket for the web processes. Raises SetupProblem when the address cannot be used.

    The supervisor keeps it open, so connections wait while web processes are started again.
    It does not listen yet: until the first web process listens, callers are refused at once.
    """
    try:
        family, kind, protocol, _, bind_address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError:
        raise SetupProblem("host_unknown", host=host) from None
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(bind_address)
    except OSError as error:
        listener.close()
        keys = {errno.EACCES: "port_forbidden", errno.EADDRNOTAVAIL: "host_unknown"}
        raise SetupProblem(keys.get(error.errno or 0, "port_taken"), host=host, port=port) from None
    return listener


@contextmanager
def only_one(places: Places) -> Iterator[int]:
    """Hold the lock of this folder's office inside the block; yields the handle for `announce`.

    Raises SetupProblem at once when `up` or `dev` runs from this folder already.
    """
    places.var.mkdir(parents=True, exist_ok=True)
    handle = os.open(places.var / "up.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = read_record(handle)
            raise SetupProblem(
                "already_running", pid=holder.get("pid", "?"), url=holder.get("url", "?")
            ) from None
        yield handle
    finally:
        os.close(handle)


def announce(handle: int, url: str) -> None:
    """Write into the lock file where this instance serves, for other commands."""
    write_record(handle, {"pid": os.getpid(), "url": url})


def serving_at(places: Places) -> str | None:
    """The URL of the office that runs from this folder; None when none runs."""
    try:
        handle = os.open(places.var / "up.lock", os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return read_record(handle).get("url")
    finally:
        os.close(handle)
    return None
