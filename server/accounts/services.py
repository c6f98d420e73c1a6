"""Creates users, grants roles, and issues and revokes the passwords and tokens of phones."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from server.accounts.device_passwords import new_password, sealed_secret
from server.accounts.models import Disclosure, FieldAccount, Role, RoleGrant, User
from server.accounts.problems import BadArea, BadName, BadUserName, NameTaken
from server.core.sealing import token_hash
from server.geo.models import Division

CODES_AT_ONCE = 200
"""The most QR codes made at once: some seconds of work and 34 printed pages."""

_NAME_LENGTH = 100
_USER_NAME = re.compile(r"[\w.@+-]{1,150}")


@dataclass(frozen=True, slots=True)
class NewUser:
    """A new user with the password, which is shown only once."""

    user: User
    password: str


@dataclass(frozen=True, slots=True)
class NewWorker:
    """A worker with a new password and a phone's new token, shown only once; the password is "" when it was kept."""

    user: User
    password: str
    field_account: FieldAccount
    token: str


@transaction.atomic
def create_user(
    *, username: str, name: str = "", role: str, areas: Iterable[str], password: str = ""
) -> NewUser:
    """Create a user who holds a role in the areas; without a password, one is generated.

    Full-width letters in the user name, as input methods write them, become ordinary ones,
    as the console's log-in reads them. Raises BadUserName, BadName, NameTaken, BadArea.
    """
    username, name = User.normalize_username(username), " ".join(name.split())
    if len(name) > _NAME_LENGTH:
        raise BadName(most=_NAME_LENGTH)
    if not _USER_NAME.fullmatch(username):
        raise BadUserName(username=username[:150])
    password = password or new_password()
    user = User(username=username, name=name or username[:_NAME_LENGTH])
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError:
        raise NameTaken(username=username) from None
    for area in areas:
        grant(user=user, role=role, area=area)
    return NewUser(user, password)


@transaction.atomic
def add_worker(
    *, username: str, name: str = "", areas: Iterable[str], label: str = ""
) -> NewWorker:
    """Create a community worker with one field account. Raises as `create_user`.

    The password opens the console, and the OpenRosa door by HTTP Basic and Digest.
    """
    new = create_user(username=username, name=name, role=Role.WORKER, areas=areas)
    return _issue_credentials(new.user, label)


@transaction.atomic
def replace_phone(*, user: User, at: datetime, keeps_password: bool = False) -> NewWorker:
    """Answer the loss of a phone: revoke every code and the password of the worker, and issue new ones.

    With `keeps_password` the password stays, for callers who may not replace it
    (selectors.may_set_password).
    """
    revoke(accounts=user.field_accounts.all(), at=at)
    if keeps_password:
        return NewWorker(user, "", *issue_token(user=user))
    return _issue_credentials(user, "")


@transaction.atomic
def shut_out(*, user: User, at: datetime) -> int:
    """Revoke every code of a worker, and the password if it was made for a phone. Returns how many codes were revoked."""
    if user.device_secret is not None:
        user.set_unusable_password()
        user.device_secret = None
        user.save(update_fields=["password", "device_secret"])
    return revoke(accounts=user.field_accounts.all(), at=at)


@transaction.atomic
def replace_codes(
    *, users: Iterable[User], at: datetime, label: str = ""
) -> list[tuple[FieldAccount, str]]:
    """Revoke the tokens of each worker and issue a new one; passwords stay. Returns accounts with their tokens."""
    wanted = list(users)
    end_codes(users=wanted, at=at)
    return add_codes(users=wanted, label=label)


@transaction.atomic
def add_codes(*, users: Iterable[User], label: str = "") -> list[tuple[FieldAccount, str]]:
    """Issue one more token to each worker, beside those of their other phones. Returns accounts with their tokens."""
    return [issue_token(user=user, label=label) for user in users]


def end_codes(*, users: Iterable[User], at: datetime) -> int:
    """Revoke all codes of the workers; passwords stay. Returns how many codes were revoked."""
    return revoke(accounts=FieldAccount.objects.filter(user__in=list(users)), at=at)


@transaction.atomic
def replace_password(*, user: User) -> str:
    """Replace the user's password by a generated one, which is shown only once; every session of the user ends.

    If the old password was made for phones, so is the new one: it works with HTTP Digest.
    """
    return _give_password(user, is_for_phones=user.device_secret is not None)


def set_active(*, user: User, is_active: bool) -> User:
    """Let the user in at all doors, or at none, from the next request on; codes and password stay as they are."""
    user.is_active = is_active
    user.save(update_fields=["is_active"])
    return user


def _give_password(user: User, *, is_for_phones: bool) -> str:
    password = new_password()
    user.set_password(password)
    if is_for_phones:
        user.device_secret = sealed_secret(user.username, password)
    user.save(update_fields=["password", "device_secret"])
    return password


def _issue_credentials(user: User, label: str) -> NewWorker:
    """Give the user a generated password for phones and a token."""
    password = _give_password(user, is_for_phones=True)
    account, token = issue_token(user=user, label=label)
    return NewWorker(user, password, account, token)


def grant(*, user: User, role: str, area: str) -> RoleGrant:
    """Grant a role in an area: a division's code or its leading digits, "" for everywhere. Raises BadArea.

    A 12-digit code is cut to the digits of the division's level, so that a street's code
    covers its communities. A grant that exists already is returned.
    """
    prefix = area_prefix(area)
    role_grant, _is_new = RoleGrant.objects.get_or_create(user=user, role=Role(role), area=prefix)
    return role_grant


def issue_token(*, user: User, label: str = "") -> tuple[FieldAccount, str]:
    """Create a field account. Returns it with its token, of which only the hash is stored."""
    token = secrets.token_urlsafe(48)
    account = FieldAccount.objects.create(user=user, token_hash=token_hash(token), label=label)
    return account, token


@transaction.atomic
def rotate_token(*, account: FieldAccount, at: datetime) -> tuple[FieldAccount, str]:
    """Revoke the account and create one of the same worker and label. Returns it with its token."""
    revoke(accounts=[account], at=at)
    return issue_token(user=account.user, label=account.label)


def revoke(*, accounts: Iterable[FieldAccount], at: datetime) -> int:
    """Revoke field accounts, from the next request on. Returns how many were not yet revoked."""
    ids = [account.pk for account in accounts]
    return FieldAccount.objects.filter(pk__in=ids, revoked_at=None).update(revoked_at=at)


def area_prefix(area: str) -> str:
    """The leading digits that all codes of an area share. Raises BadArea."""
    if area == "":
        return area
    if not re.fullmatch(r"\d{1,12}", area):
        raise BadArea(area=area[:40])
    if len(area) == 12:
        division = Division.objects.filter(code=area).first()
        if division is None:
            raise BadArea(area=area)
        return division.prefix
    if not Division.objects.filter(code__startswith=area).exists():
        raise BadArea(area=area)
    return area


def disclose(
    *,
    user: User | None,
    kind: str,
    ledger: str,
    entry: str,
    columns: Sequence[str] = (),
    facts: Mapping[str, Any] | None = None,
    area_code: str = "",
    reason: str = "",
) -> Disclosure:
    """Record that a user saw or exported protected data (security.md, Logs), in the caller's transaction."""
    return Disclosure.objects.create(
        user=user,
        kind=Disclosure.Kind(kind),
        ledger=ledger,
        entry=entry,
        columns=list(columns),
        facts=dict(facts or {}),
        area_code=area_code,
        reason=reason,
    )
