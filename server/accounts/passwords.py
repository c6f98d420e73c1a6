"""Checks user name and password, by one rule for every door."""

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
from server.accounts.selectors import FieldLogin, stored_credentials
from server.core.statements import is_storable

REMEMBERED: Final = 12 * 3600.0
"""Seconds for which a checked password is remembered as right or wrong, which saves the slow hash."""


class Refusal(Enum):
    """Why a log-in was refused; each door words it in its own way."""

    WRONG = "wrong"  # wrong password, unknown name or inactive user: not distinguished
    PAUSED = "paused"  # too many wrong passwords for the name from there; this one was not checked


def log_in(
    username: str, password: str, *, address: str, counter: Counter = "desk"
) -> FieldLogin | Refusal:
    """The login with this user name and password, or why it is refused.

    A checked password is remembered under a keyed hash that includes the stored password:
    a phone's series of requests costs one slow hash, a changed password takes effect at
    once, and the same wrong password sent many times counts as one guess. A password
    remembered as right is accepted whatever others guess. An unknown name takes as long as
    a wrong password. One SQL statement when remembered, three otherwise.
    """
    if not (username and password and is_storable(username + password)):
        return Refusal.WRONG
    person = stored_credentials(username)
    stored = person.password if person else _decoy()
    proof = hmac.digest(_PROCESS_KEY, f"{username}\0{stored}\0{password}".encode(), "sha256")
    if person is not None and _right.holds(proof):
        return person.login
    if _wrong.holds(proof):
        return Refusal.WRONG
    who = lockout.caller(username, address, counter)
    if lockout.is_locked(who):
        return Refusal.PAUSED
    is_right = check_password(password, stored, lambda plain: _rehash(username, stored, plain))
    if not is_right or person is None:
        _wrong.add(proof)
        lockout.failed(who)
        return Refusal.WRONG
    _right.add(proof)
    lockout.succeeded(who)
    return person.login


def _rehash(username: str, stored: str, password: str) -> None:
    """Store the same password under the present hasher; the Digest secret stays."""
    rows = User.objects.filter(username=username, password=stored)
    rows.update(password=make_password(password))


class _Recent:
    """The proofs of the last hours, at most LIMIT of them."""

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
    """The stored form of a password that nobody has."""
    if not _decoys:
        _decoys.append(make_password(secrets.token_hex(16)))
    return _decoys[0]
