"""Folders for a cluster's data and its socket.

PostgreSQL's account must be able to reach the data, and the kernel limits the length of a socket's path.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable
from itertools import chain, count
from pathlib import Path

SOCKET_LIMIT = 100
"""The longest path of a socket, in bytes. Linux allows 107."""


def short_hash(path: Path) -> str:
    """Twelve hex digits that identify a path."""
    return hashlib.sha256(str(path).encode()).hexdigest()[:12]


def data_home(link: Path, uid: int, gid: int) -> Path:
    """Make the folder of data, socket and stamps, with mode 700 for the account, and return it.

    The folder is `link` itself, unless the account cannot reach it (a clone below /root or in
    a home with mode 700). Then it is a folder below /var/lib/ruhu, and `link` points there.
    """
    link.parent.mkdir(parents=True, exist_ok=True)
    if not link.is_symlink() and not link.exists() and not reachable(link.parent, uid, gid):
        shared = Path("/var/lib/ruhu")
        shared.mkdir(parents=True, exist_ok=True)
        link.symlink_to(unused(shared / short_hash(link)))
    home = link.resolve()
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.chown(home, uid, gid)
    home.chmod(0o700)
    return home


def unused(folder: Path) -> Path:
    """The folder itself if it does not exist, else the first free name with a number appended.

    An existing folder holds data of an earlier clone at the same path, sealed with that clone's
    key.
    """
    numbered = (folder.with_name(f"{folder.name}-{n}") for n in count(2))
    return next(path for path in chain([folder], numbered) if not path.exists())


def reachable(folder: Path, uid: int, gid: int) -> bool:
    """Whether an account may enter a folder and all its parents, by their owner, group and mode."""
    resolved = folder.resolve()
    return all(_may_enter(part.stat(), uid, gid) for part in [*resolved.parents, resolved])


def _may_enter(status: os.stat_result, uid: int, gid: int) -> bool:
    if status.st_uid == uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == gid:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)


def socket_folder(home: Path, uid: int) -> Path:
    """The folder for the socket: in `home` if its path is short enough, else in /run or /tmp."""
    name = f"ruhu-{uid}-{short_hash(home)}"
    candidates: Iterable[Path] = (
        home / "socket",
        *([Path("/run") / name] if os.geteuid() == 0 else []),
        Path("/tmp") / name,  # noqa: S108 — made with mode 700, its owner checked before use
    )
    return next(folder for folder in candidates if fits(folder))


def fits(folder: Path) -> bool:
    """Whether a socket in this folder has a path that the kernel accepts."""
    return len(os.fsencode(folder / ".s.PGSQL.5432")) < SOCKET_LIMIT
