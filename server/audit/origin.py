"""Where an act comes from: through which door, from which address, with which program or phone.

A door says so once for each request (`entered`); services do not hand it on. Outside a
request the origin is the process: a command at the server's terminal, or the worker.
"""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _


class Door(models.TextChoices):
    """What an act comes in by."""

    CONSOLE = "console", _("console")
    REST = "rest", _("REST")
    CENTRAL = "central", _("/v1, as ODK Central")
    OPENROSA = "openrosa", _("phones' door")
    COMMAND = "command", _("the server's terminal")
    WORKER = "worker", _("the server by itself")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an act comes from; `name` is the operating system's user, for commands only."""

    door: Door
    address: str = ""
    device: str = ""
    name: str = ""


_entered: Final[ContextVar[Callable[[], Origin] | None]] = ContextVar("audit_origin", default=None)


@contextmanager
def entered(origin: Callable[[], Origin]) -> Iterator[None]:
    """Name the origin of everything that is recorded in the block; `origin` is called only if something is."""
    token = _entered.set(origin)
    try:
        yield
    finally:
        _entered.reset(token)


def current() -> Origin:
    """The origin of what is being done."""
    origin = _entered.get()
    return origin() if origin is not None else _of_process()


@cache
def _of_process() -> Origin:
    if sys.argv[1:2] == ["procrastinate"]:
        return Origin(Door.WORKER)
    return Origin(Door.COMMAND, name=os.environ.get("SUDO_USER") or _system_user())


def _system_user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # an account that the system has no name for
        return str(os.getuid())
