"""User name and password: the one rule by which they open any door."""

from __future__ import annotations

import hmac
import secrets
import time
from collections import OrderedDict
from enum import Enum
from typing import Final

from django.contrib.auth.hashers import check_password, make_password

from server.accounts import lockout
from server.accounts.lockout import Counter
from server.accounts.models import User
from server.accounts.selectors import FieldLogin, named
from server.core.statements import is_storable

REMEMBERED: Final = 12 * 3600.0
"""Seconds for which a password is known to be right, or wrong, without a slow hash."""


class Refusal(Enum):
    """Why nobody was let in; each door says it in its own way."""

    WRONG = "wrong"  # the password, or the name, or the person is inactive: not told apart
    PAUSED = "paused"  # too many wrong ones for the name from there; this one was not looked at


def log_in(
    username: str, password: str, *, address: str, counter: Counter = "desk"
) -> FieldLogin | Refusal:
    """Who has this user name and password.

    What was found out is remembered, by a keyed hash that includes the stored password:
    a phone's series of requests costs one slow hash, a changed password counts at once,
    and the same wrong one over and over is one guess, not many. Somebody known to have it
    right is let in whatever others guess. An unknown name takes as long as a wrong
    password. One statement where it is known, three otherwise.
    """
    if not (username and password and is_storable(username + password)):
        return Refusal.WRONG
    person = named(username)
    stored = person.password if person else _decoy()
    proof = hmac.digest(_PROCESS_KEY, f"{username}\0{stored}\0{password}".encode(), "sha256")
    if person is not None and _right.holds(proof):
        return person.login
    if _wrong.holds(proof):
        return Refusal.WRONG
    who = lockout.caller(username, address, counter)
    if lockout.is_locked(who):
        return Refusal.PAUSED
    is_right = check_password(password, stored, lambda known: _hash_anew(username, stored, known))
    if not is_right or person is None:
        _wrong.add(proof)
        lockout.failed(who)
        return Refusal.WRONG
    _right.add(proof)
    lockout.succeeded(who)
    return person.login


def _hash_anew(username: str, stored: str, password: str) -> None:
    """Keep a password as the hasher of today would; it stays the same, and so does the phone's secret."""
    known = User.objects.filter(username=username, password=stored)
    known.update(password=make_password(password))


class _Recent:
    """Proofs of the last hours; bounded."""

    LIMIT = 4096

    def __init__(self) -> None:
        self._until: OrderedDict[bytes, float] = OrderedDict()

    def holds(self, proof: bytes) -> bool:
        return self._until.get(proof, 0.0) > time.monotonic()

    def add(self, proof: bytes) -> None:
        self._until.pop(proof, None)
        self._until[proof] = time.monotonic() + REMEMBERED  # at the end
        while len(self._until) > self.LIMIT:
            self._until.popitem(last=False)


_PROCESS_KEY: Final = secrets.token_bytes(32)
_right, _wrong = _Recent(), _Recent()
_decoys: list[str] = []


def _decoy() -> str:
    """The stored form of a password nobody has."""
    if not _decoys:
        _decoys.append(make_password(secrets.token_hex(16)))
    return _decoys[0]
