"""Computes slow hashes of passwords, few at a time.

Argon2 takes 100 MB and all cores for each. Two threads of low priority do it in each process,
and only a few requests wait for them: a flood of log-ins takes neither the memory of the
machine nor the cores and threads that serve pages and phones.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotInTime
from functools import cache
from typing import Final, ParamSpec, TypeVar

from server.accounts.problems import LogInsBusy

AT_ONCE: Final = 2
WAITING: Final = 6
"""Requests that hold a thread of the web server, at most, beside those that are computed."""
PATIENCE: Final = 15.0
"""Seconds a request waits for its hash."""
_NICENESS: Final = 10

_P = ParamSpec("_P")
_T = TypeVar("_T")
_places: Final = threading.BoundedSemaphore(AT_ONCE + WAITING)


def done(compute: Callable[_P, _T], /, *arguments: _P.args, **named: _P.kwargs) -> _T:
    """What `compute` returns, called in one of the hashing threads. Raises LogInsBusy."""
    if not _places.acquire(blocking=False):
        raise LogInsBusy
    try:
        task = _threads().submit(compute, *arguments, **named)
        try:
            return task.result(timeout=PATIENCE)
        except NotInTime:
            task.cancel()
            raise LogInsBusy from None
    finally:
        _places.release()


@cache
def _threads() -> ThreadPoolExecutor:
    """Made at first use: threads do not survive the fork that makes a web process."""
    return ThreadPoolExecutor(AT_ONCE, "hashing", initializer=_lower_priority)


def _lower_priority() -> None:
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
