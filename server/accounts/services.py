"""Creates users, grants roles, and issues and revokes the passwords and tokens of phones.

Each function records who did it: `actor` is the person, None for a command at the server.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from server.accounts.access import common_prefix
from server.accounts.device_passwords import new_password, sealed_secret
from server.accounts.models import FieldAccount, Role, RoleGrant, User
from server.accounts.problems import BadArea, BadName, BadUserName, NameTaken
from server.audit.models import Act
from server.audit.services import record
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
    *,
    username: str,
    name: str = "",
    role: str,
    areas: Iterable[str],
    password: str = "",
    actor: User | None,
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
    prefixes = [_grant(user, role, area)[0].area for area in areas]
    _record(Act.USER_CREATED, user, actor, after={"role": role, "areas": prefixes})
    return NewUser(user, password)


@transaction.atomic
def add_worker(
    *, username: str, name: str = "", areas: Iterable[str], label: str = "", actor: User | None
) -> NewWorker:
    """Create a community worker with one field account. Raises as `create_user`.

    The password opens the console, and the OpenRosa door by HTTP Basic and Digest.
    """
    new = create_user(username=username, name=name, role=Role.WORKER, areas=areas, actor=actor)
    return _issue_credentials(new.user, label, actor)


@transaction.atomic
def replace_phone(
    *, user: User, at: datetime, keeps_password: bool = False, actor: User | None
) -> NewWorker:
    """Answer the loss of a phone: revoke every code and the password of the worker, and issue new ones.

    With `keeps_password` the password stays, for callers who may not replace it
    (selectors.may_set_password).
    """
    revoke(accounts=user.field_accounts.all(), at=at, actor=actor)
    if keeps_password:
        return NewWorker(user, "", *issue_token(user=user, actor=actor))
    return _issue_credentials(user, "", actor)


@transaction.atomic
def shut_out(*, user: User, at: datetime, actor: User | None) -> int:
    """Revoke every code of a worker, and the password if it was made for a phone. Returns how many codes were revoked."""
    if user.device_secret is not None:
        user.set_unusable_password()
        user.device_secret = None
        user.save(update_fields=["password", "device_secret"])
        _record(Act.PASSWORD_ENDED, user, actor)
    return revoke(accounts=user.field_accounts.all(), at=at, actor=actor)


@transaction.atomic
def replace_codes(
    *, users: Iterable[User], at: datetime, label: str = "", actor: User | None
) -> list[tuple[FieldAccount, str]]:
    """Revoke the tokens of each worker and issue a new one; passwords stay. Returns accounts with their tokens."""
    wanted = list(users)
    end_codes(users=wanted, at=at, actor=actor)
    return add_codes(users=wanted, label=label, actor=actor)


@transaction.atomic
def add_codes(
    *, users: Iterable[User], label: str = "", actor: User | None
) -> list[tuple[FieldAccount, str]]:
    """Issue one more token to each worker, beside those of their other phones. Returns accounts with their tokens."""
    return [issue_token(user=user, label=label, actor=actor) for user in users]


def end_codes(*, users: Iterable[User], at: datetime, actor: User | None) -> int:
    """Revoke all codes of the workers; passwords stay. Returns how many codes were revoked."""
    accounts = FieldAccount.objects.filter(user__in=list(users))
    return revoke(accounts=accounts, at=at, actor=actor)


@transaction.atomic
def replace_password(*, user: User, actor: User | None) -> str:
    """Replace the user's password by a generated one, which is shown only once; every session of the user ends.

    If the old password was made for phones, so is the new one: it works with HTTP Digest.
    """
    return _give_password(user, actor, is_for_phones=user.device_secret is not None)


@transaction.atomic
def set_active(*, user: User, is_active: bool, actor: User | None) -> User:
    """Let the user in at all doors, or at none, from the next request on; codes and password stay as they are."""
    before, user.is_active = user.is_active, is_active
    user.save(update_fields=["is_active"])
    states = {"before": {"active": before}, "after": {"active": is_active}}
    _record(Act.USER_STATE, user, actor, **states)
    return user


def _give_password(user: User, actor: User | None, *, is_for_phones: bool) -> str:
    password = new_password()
    user.set_password(password)
    if is_for_phones:
        user.device_secret = sealed_secret(user.username, password)
    user.save(update_fields=["password", "device_secret"])
    _record(Act.PASSWORD_REPLACED, user, actor)
    return password


def _issue_credentials(user: User, label: str, actor: User | None) -> NewWorker:
    """Give the user a generated password for phones and a token."""
    password = _give_password(user, actor, is_for_phones=True)
    account, token = issue_token(user=user, label=label, actor=actor)
    return NewWorker(user, password, account, token)


@transaction.atomic
def grant(*, user: User, role: str, area: str, actor: User | None) -> RoleGrant:
    """Grant a role in an area: a division's code or its leading digits, "" for everywhere. Raises BadArea.

    A 12-digit code is cut to the digits of the division's level, so that a street's code
    covers its communities. A grant that exists already is returned.
    """
    role_grant, is_new = _grant(user, role, area)
    if is_new:
        _record(Act.ROLE_GRANTED, user, actor, after={"role": role, "area": role_grant.area})
    return role_grant


def _grant(user: User, role: str, area: str) -> tuple[RoleGrant, bool]:
    """The grant, and whether it is new. Raises BadArea."""
    prefix = area_prefix(area)
    return RoleGrant.objects.get_or_create(user=user, role=Role(role), area=prefix)


@transaction.atomic
def issue_token(*, user: User, label: str = "", actor: User | None) -> tuple[FieldAccount, str]:
    """Create a field account. Returns it with its token, of which only the hash is stored."""
    token = secrets.token_urlsafe(48)
    account = FieldAccount.objects.create(user=user, token_hash=token_hash(token), label=label)
    _record(Act.CODE_ISSUED, user, actor, code=account.pk, label=label)
    return account, token


@transaction.atomic
def rotate_token(
    *, account: FieldAccount, at: datetime, actor: User | None
) -> tuple[FieldAccount, str]:
    """Revoke the account and create one of the same worker and label. Returns it with its token."""
    revoke(accounts=[account], at=at, actor=actor)
    return issue_token(user=account.user, label=account.label, actor=actor)


@transaction.atomic
def revoke(*, accounts: Iterable[FieldAccount], at: datetime, actor: User | None) -> int:
    """Revoke field accounts, from the next request on. Returns how many were not yet revoked."""
    ids = [account.pk for account in accounts]
    rows = FieldAccount.objects.filter(pk__in=ids, revoked_at=None)
    revoked = list(rows.select_for_update(of=("self",)).select_related("user").order_by("pk"))
    FieldAccount.objects.filter(pk__in=[account.pk for account in revoked]).update(revoked_at=at)
    for account in revoked:
        _record(Act.CODE_REVOKED, account.user, actor, code=account.pk, label=account.label)
    return len(revoked)


def record_log_in(user: User, *, by: str) -> None:
    """Record that the user logged in; `by` says how: "session", "token", "basic"."""
    _record(Act.LOG_IN, user, user, by=by)


def record_log_out(user: User, *, by: str) -> None:
    """Record that the user ended a session; `by` as for `record_log_in`."""
    _record(Act.LOG_OUT, user, user, by=by)


def area_of(user: User) -> str:
    """The narrowest area that contains all areas of a user's roles, "" when there is none but everywhere."""
    return common_prefix([held.area for held in user.grants.all()])


def _record(
    act: Act,
    user: User,
    actor: User | None,
    *,
    before: object = None,
    after: object = None,
    **facts: object,
) -> None:
    """Record an act about a user, in the area of the user's roles."""
    record(
        act,
        actor=actor,
        object_type="user",
        object_id=user.username,
        area=area_of(user),
        before=before,
        after=after,
        facts=facts,
    )


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
