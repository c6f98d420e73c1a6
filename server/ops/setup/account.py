"""An account of the operating system, to run programs as."""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass


@dataclass(frozen=True)
class Account:
    """An account of the operating system."""

    name: str
    uid: int
    gid: int

    @classmethod
    def of(cls, uid: int) -> Account:
        """The account with this user id. Raises KeyError when there is none."""
        entry = pwd.getpwuid(uid)
        return cls(entry.pw_name, uid, entry.pw_gid)

    @classmethod
    def named(cls, name: str) -> Account:
        """The account with this name. Raises KeyError when there is none."""
        return cls.of(pwd.getpwnam(name).pw_uid)

    def for_subprocess(self) -> dict[str, object]:
        """subprocess's arguments to run a program as this account; empty when we are that account."""
        if os.geteuid() == self.uid:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}
