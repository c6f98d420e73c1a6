"""Who is at the door, and who there is."""

from __future__ import annotations

import hmac
import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.contrib.auth.hashers import check_password, make_password
from django.db.models import Prefetch, QuerySet

from server.accounts.access import Access, Worker
from server.accounts.device_passwords import opened_secret, sealed_secret
from server.accounts.models import FieldAccount, Role, RoleGrant, User
from server.core.sealing import token_hash
from server.core.statements import run

_BY_TOKEN = """
select account.id, person.id,
       coalesce(account.last_seen_at < statement_timestamp() - interval '1 minute', true),
       array(select grants.area from accounts_rolegrant grants
              where grants.user_id = person.id and grants.role = 'worker' order by 1)
  from accounts_fieldaccount account
  join accounts_user person on person.id = account.user_id and person.is_active
 where account.token_hash = %(hash)s and account.revoked_at is null
"""  # noqa: S105 SQL

_BY_NAME = """
select person.id, person.password, person.device_secret,
       coalesce(person.last_seen_at < statement_timestamp() - interval '1 minute', true),
       array(select grants.area from accounts_rolegrant grants
              where grants.user_id = person.id and grants.role = 'worker' order by 1)
  from accounts_user person
 where person.username = %(username)s and person.is_active
"""


@dataclass(frozen=True, slots=True)
class FieldLogin:
    """Who stands behind a phone's request."""

    worker: Worker
    field_account_id: int | None  # None with user name and password
    contact_due: bool = False  # the last contact on record is over a minute old


def authenticate_token(token: str) -> FieldLogin | None:
    """The phone whose token this is; None when it is unknown, revoked, or its owner inactive.

    One statement, always against the database: a revocation holds from the next request.
    """
    row = run(_BY_TOKEN, {"hash": token_hash(token)})
    if row is None:
        return None
    account_id, user_id, contact_due, areas = row
    return FieldLogin(Worker(user_id, tuple(areas)), account_id, contact_due)


def device_login(username: str) -> tuple[bytes, FieldLogin | None]:
    """The Digest secret of a user name, and who it lets in; a secret nobody knows, and None, for all other names."""
    row = run(_BY_NAME, {"username": username}) if "\0" not in username else None
    if row is None or row[2] is None:
        return opened_secret("", _decoy_secret()), None
    return opened_secret(username, row[2]), _by_name(row)


def authenticate_password(
    username: str, password: str, *, remembered_only: bool = False
) -> FieldLogin | None:
    """The worker with this user name and password; None for either being wrong.

    An unknown name takes as long as a wrong password. A password found right is
    remembered for a minute by a keyed hash that includes the stored one, so that a
    phone's series of requests costs one slow hash and a changed password is refused at once.
    `remembered_only` asks for no slow hash at all.
    """
    if "\0" in username:
        return None
    row = run(_BY_NAME, {"username": username})
    stored = row[1] if row else _decoy()
    proof = hmac.digest(_PROCESS_KEY, f"{username}\0{stored}\0{password}".encode(), "sha256")
    is_right = _remembered.holds(proof)
    if not is_right and not remembered_only:
        is_right = check_password(password, stored)
        if is_right and row:
            _remembered.add(proof)
    if not (is_right and row):
        return None
    return _by_name(row)


def _by_name(row: tuple[Any, ...]) -> FieldLogin:
    user_id, _password, _secret, contact_due, areas = row
    return FieldLogin(Worker(user_id, tuple(areas)), None, contact_due)


def desk_access(login: FieldLogin) -> Access:
    """What the person behind a password may see at a desk; a phone's credentials give nothing."""
    if login.field_account_id is not None:
        return Access(0, ())
    grants = RoleGrant.objects.filter(user_id=login.worker.user_id)
    return Access(login.worker.user_id, tuple(grants.values_list("role", "area")))


def user(user_id: int) -> User:
    """The person of a login."""
    return User.objects.get(pk=user_id)


def users() -> QuerySet[User]:
    """Everybody with their roles, for the people who run the server."""
    return User.objects.prefetch_related(
        "grants", Prefetch("field_accounts", FieldAccount.objects.order_by("created_at"))
    )


def workers(access: Access) -> QuerySet[User]:
    """The community workers of the user's areas."""
    grants = RoleGrant.objects.filter(access.within("area"), role=Role.WORKER)
    return users().filter(pk__in=grants.values("user"))


_PROCESS_KEY = secrets.token_bytes(32)
_decoys: list[str] = []


def _decoy() -> str:
    """The stored form of a password nobody has."""
    if not _decoys:
        _decoys.append(make_password(secrets.token_hex(16)))
    return _decoys[0]


@cache
def _decoy_secret() -> bytes:
    return sealed_secret("", secrets.token_hex(16))


class _Recent:
    """Proofs that held within the last minute; bounded."""

    SECONDS, LIMIT = 60.0, 4096

    def __init__(self) -> None:
        self._until: OrderedDict[bytes, float] = OrderedDict()

    def holds(self, proof: bytes) -> bool:
        return self._until.get(proof, 0.0) > time.monotonic()

    def add(self, proof: bytes) -> None:
        self._until[proof] = time.monotonic() + self.SECONDS
        self._until.move_to_end(proof)
        while len(self._until) > self.LIMIT:
            self._until.popitem(last=False)


_remembered = _Recent()
