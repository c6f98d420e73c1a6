"""Checks user name and password, by one rule for every door."""

from __future__ import annotations

import hmac
import secrets
import time
from collections import OrderedDict
from dataclasses import replace
from enum import Enum
from typing import Final

from django.contrib.auth.hashers import make_password, verify_password

from server.accounts import hashing, lockout, tokens
from server.accounts.lockout import FAILURES, Counter
from server.accounts.models import User
from server.accounts.problems import PasswordHandedOut, TokenNeeded
from server.accounts.recording import area_of
from server.accounts.selectors import FieldLogin, StoredCredentials, stored_credentials
from server.accounts.services import record_log_in
from server.accounts.tokens import Use
from server.audit.models import Act
from server.audit.services import record
from server.core.statements import is_storable

REMEMBERED: Final = 12 * 3600.0
"""Seconds for which a checked password is remembered as right or wrong, which saves the slow hash."""


class Refusal(Enum):
    """Why a log-in was refused; each door words it in its own way."""

    WRONG = "wrong"  # wrong password, unknown name or inactive user: not distinguished
    PAUSED = "paused"  # too many wrong passwords for the name from there; this one was not checked


def log_in(
    username: str,
    password: str,
    *,
    address: str,
    counter: Counter = "desk",
    begins_session: bool = False,
    at_console: bool = False,
    use: Use | None = None,
) -> FieldLogin | Refusal:
    """The login with this user name and password, or why it is refused.

    A checked password is remembered under a keyed hash that includes the stored password:
    a phone's series of requests costs one slow hash, a changed password takes effect at
    once, and the same wrong password sent many times counts as one guess. A password
    remembered as right is accepted whatever others guess. An unknown name takes as long as
    a wrong password. One SQL statement when remembered, some more otherwise.
    Raises LogInsBusy when too many passwords wait to be checked.

    A program's token (tokens.py) stands in the place of the password where the caller names the
    `use` that it makes of one; raises TokenTooNarrow. A password that was handed out, and that of an account with a second factor,
    opens by itself only the console's log-in, which asks for the rest, and a phone's work
    (`FieldLogin.opens_desk`). Programs are told so: raises PasswordHandedOut, TokenNeeded.

    Recorded is each failure that was checked, and, unless the caller `begins_session` and
    records that itself, the first request with a right password of office staff.
    """
    if not (username and password and is_storable(username + password)):
        return Refusal.WRONG
    person = stored_credentials(username)
    if tokens.is_token(password) and use is not None:
        return _by_token(person, username, password, use, address, counter, begins_session)
    refusal = _check(person, username, password, address, counter)
    if refusal is not None or person is None:
        return refusal or Refusal.WRONG
    if counter == "desk" and not at_console:
        if person.must_choose:
            raise PasswordHandedOut
        if person.needs_factor:
            raise TokenNeeded
        if not begins_session and _is_first(person.login.worker.user_id, password):
            record_log_in(User.objects.get(pk=person.login.worker.user_id), by="basic")
    return person.login


def _by_token(
    person: StoredCredentials | None,
    username: str,
    token: str,
    use: Use,
    address: str,
    counter: Counter,
    begins_session: bool,
) -> FieldLogin | Refusal:
    """The login with a program's token in the place of the password; wrong ones count as wrong passwords do."""
    who = lockout.caller(username, address, counter)
    if lockout.is_locked(who):
        return Refusal.PAUSED
    row = tokens.used(token, use)
    if person is None or row is None or row.user_id != person.login.worker.user_id:
        _record_failure(person, username, lockout.failed(who), address)
        return Refusal.WRONG
    if counter == "desk" and not begins_session and _is_first(row.user_id, token):
        record_log_in(row.user, by="api-token")
    return replace(person.login, opens_desk=True, api_token_id=row.pk)


def _check(
    person: StoredCredentials | None, username: str, password: str, address: str, counter: Counter
) -> Refusal | None:
    """Why the password is refused; None when it is right."""
    stored = person.password if person else _decoy()
    proof = hmac.digest(_PROCESS_KEY, f"{username}\0{stored}\0{password}".encode(), "sha256")
    if person is not None and _right.holds(proof):
        return None
    if _wrong.holds(proof):
        return Refusal.WRONG
    who = lockout.caller(username, address, counter)
    if lockout.is_locked(who):
        return Refusal.PAUSED
    is_right, is_outdated = hashing.done(verify_password, password, stored)
    if not is_right or person is None:
        _wrong.add(proof)
        _record_failure(person, username, lockout.failed(who), address)
        return Refusal.WRONG
    if is_outdated:
        _rehash(username, stored, password)
    _right.add(proof)
    lockout.succeeded(who)
    return None


def _is_first(user_id: int, secret: str) -> bool:
    """Whether this process sees the user come with this secret for the first time in REMEMBERED."""
    proof = hmac.digest(_PROCESS_KEY, f"{user_id}\0{secret}".encode(), "sha256")
    if _recorded.holds(proof):
        return False
    _recorded.add(proof)
    return True


def wrong_digest(username: str, login: FieldLogin, *, address: str) -> None:
    """Record that a phone's Digest answer for this user was wrong; of many in a row, the first FAILURES."""
    failures = lockout.tally(username, address, "digest")
    if failures <= FAILURES:
        _record_refusal(username, login, failures, by="digest")


def _record_failure(
    person: StoredCredentials | None, username: str, failures: int, address: str
) -> None:
    """Record a wrong password; of names that nobody has, the first FAILURES from an address, without the name.

    What is typed as an unknown name may be a password.
    """
    if person is not None:
        _record_refusal(username, person.login, failures, by="password")
        return
    unknown = lockout.tally("", address, "unknown")
    if unknown <= FAILURES:
        record(Act.LOG_IN_FAILED, actor=None, facts={"by": "password", "failures": unknown})


def _record_refusal(username: str, login: FieldLogin, failures: int, *, by: str) -> None:
    record(
        Act.LOG_IN_FAILED,
        actor=None,
        object_type="user",
        object_id=username,
        area=area_of(User(pk=login.worker.user_id)),
        facts={"by": by, "failures": failures, "paused": failures >= FAILURES},
    )


def _rehash(username: str, stored: str, password: str) -> None:
    """Store the same password under the present hasher; the Digest secret stays."""
    rows = User.objects.filter(username=username, password=stored)
    rows.update(password=hashing.done(make_password, password))


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
_right, _wrong, _recorded = _Recent(), _Recent(), _Recent()
_decoys: list[str] = []


def _decoy() -> str:
    """The stored form of a password that nobody has."""
    if not _decoys:
        _decoys.append(hashing.done(make_password, secrets.token_hex(16)))
    return _decoys[0]
