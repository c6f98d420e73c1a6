"""The account that web and worker run as when `./ruhu up` is started by root.

They read what comes from outside (pictures, XML, workbooks), so they get an account of their own
that may write nothing but the stored files. Root keeps the program, its packages and the key.
The account is `ruhu`; it is made at the first start. Where it cannot reach the program (a clone
or a Python below /root), the processes keep one capability, to read, and root's start says so.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from server.ops.setup import environment
from server.ops.setup.account import Account
from server.ops.setup.cluster_folders import reachable
from server.ops.setup.messages import text
from server.ops.setup.places import Places

NAME = "ruhu"
_CAP_DAC_READ_SEARCH = 2
_CAPABILITY_VERSION_3 = 0x20080522
_PR_SET_KEEPCAPS, _PR_SET_NO_NEW_PRIVS, _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE = 8, 38, 47, 2
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Service:
    """An account to run web and worker as, and whether they keep the capability to read all files."""

    account: Account
    reads_everything: bool

    def become(self) -> None:
        """Give up root for good; called in a child process before it runs its program. Raises OSError."""
        account = self.account
        _checked(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        if self.reads_everything:
            _checked(_libc.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0))
        os.setgroups([])
        os.setresgid(account.gid, account.gid, account.gid)
        os.setresuid(account.uid, account.uid, account.uid)
        if self.reads_everything:
            bits = 1 << _CAP_DAC_READ_SEARCH
            header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
            # effective, permitted, inheritable; the second half holds the capabilities from 32 on
            capabilities = (ctypes.c_uint32 * 6)(bits, bits, bits, 0, 0, 0)
            _checked(_libc.capset(header, capabilities))
            raised = _libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _CAP_DAC_READ_SEARCH, 0, 0)
            _checked(raised)


def chosen(places: Places, report: Callable[[str], None]) -> Service | None:
    """The account for web and worker; None when this process is not root, or nothing else is possible, which is reported."""
    if os.geteuid() != 0:
        return None
    account = _account()
    if account is None:
        report(text("service_none", name=NAME))
        return None
    needed = (places.root, places.var, places.python.resolve().parent, Path(sys.base_prefix))
    can_reach = all(reachable(folder, account.uid, account.gid) for folder in needed)
    service = Service(account, reads_everything=not can_reach)
    if not _works(places, service):
        report(text("service_none", name=NAME))
        return None
    if service.reads_everything:
        report(text("service_reads", name=NAME, folder=places.root))
    return service


def hand_over(places: Places, service: Service) -> None:
    """Let the account write the stored files and the heads of the audit log, and read the key; nothing else below var/ is its own."""
    blobs = Path(os.environ.get("RUHU_BLOBS") or places.var / "blobs")
    blobs.mkdir(mode=0o700, parents=True, exist_ok=True)
    uid, gid = service.account.uid, service.account.gid
    if blobs.stat().st_uid != uid:
        for folder, _folders, files in os.walk(blobs, topdown=False):
            for name in files:
                os.chown(Path(folder, name), uid, gid, follow_symlinks=False)
            os.chown(folder, uid, gid)  # `blobs` last: a walk that was interrupted begins anew
    heads = places.var / "audit.heads"
    heads.touch(mode=0o600)
    os.chown(heads, uid, gid)
    for key in (environment.key_file(places), places.session_key):
        with contextlib.suppress(PermissionError):  # a medium without owners
            if key.exists():
                os.chown(key, 0, gid)
                key.chmod(0o640)


def _account() -> Account | None:
    """The account `ruhu`, made when there is none; None when it cannot be made."""
    try:
        return Account.named(NAME)
    except KeyError:
        pass
    command = ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent",
               "--shell", "/usr/sbin/nologin", "--comment", "Ruhu", NAME]  # fmt: skip
    try:
        subprocess.run(command, check=True, capture_output=True)
        return Account.named(NAME)
    except (OSError, subprocess.CalledProcessError, KeyError):
        return None


def _works(places: Places, service: Service) -> bool:
    """Whether a process of the account can load the program."""
    code = "import server, encodings, lxml.etree"
    try:
        result = subprocess.run(
            [places.python, "-P", "-c", code],
            env={**os.environ, "PYTHONPATH": str(places.root)},
            preexec_fn=service.become,
            capture_output=True,
            check=False,
            cwd="/",
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return result.returncode == 0


def may_write(path: Path, account: Account) -> bool:
    """Whether the account may write a file or folder, by its owner, group and mode."""
    status = path.stat()
    if status.st_uid == account.uid:
        return bool(status.st_mode & stat.S_IWUSR)
    if status.st_gid == account.gid:
        return bool(status.st_mode & stat.S_IWGRP)
    return bool(status.st_mode & stat.S_IWOTH)


def _checked(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
