"""Where a cluster's data and its socket can be: reachable by its account, short enough for the kernel."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable
from itertools import chain, count
from pathlib import Path

SOCKET_LIMIT = 100
"""Bytes of a socket's path; Linux takes 107, PostgreSQL checks before it tries."""


def short_hash(path: Path) -> str:
    return hashlib.sha256(str(path).encode()).hexdigest()[:12]


def data_home(link: Path, uid: int, gid: int) -> Path:
    """The folder that holds data, socket and stamps, made with mode 700 for its account.

    Normally `link` itself. Where that account cannot reach it (a clone under /root, a
    0700 home), a folder below /var/lib/ruhu, and `link` points there.
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
    """The folder, or the first of its numbered neighbours that does not exist.

    Data of an earlier clone at the same place was sealed with that clone's key.
    """
    numbered = (folder.with_name(f"{folder.name}-{n}") for n in count(2))
    return next(path for path in chain([folder], numbered) if not path.exists())


def reachable(folder: Path, uid: int, gid: int) -> bool:
    """Whether an account may walk down to a folder, by owner, group and mode of each part."""
    resolved = folder.resolve()
    return all(_may_enter(part.stat(), uid, gid) for part in [*resolved.parents, resolved])


def _may_enter(status: os.stat_result, uid: int, gid: int) -> bool:
    if status.st_uid == uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == gid:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)


def socket_folder(home: Path, uid: int) -> Path:
    """The first place whose socket path is short enough, the cluster's own folder preferred."""
    name = f"ruhu-{uid}-{short_hash(home)}"
    candidates: Iterable[Path] = (
        home / "socket",
        *([Path("/run") / name] if os.geteuid() == 0 else []),
        Path("/tmp") / name,  # noqa: S108 — made with mode 700, its owner checked before use
    )
    return next(folder for folder in candidates if fits(folder))


def fits(folder: Path) -> bool:
    return len(os.fsencode(folder / ".s.PGSQL.5432")) < SOCKET_LIMIT
