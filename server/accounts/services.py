"""Creates users, and issues and ends passwords, sessions and the tokens of phones.

Each function records who did it: `actor` is the person, None for a command at the server. What
a person may do about another one's account is judged here, for all doors (decision 0266).
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import IntegrityError, transaction

from server.accounts.access import access_of
from server.accounts.device_passwords import new_password, sealed_secret
from server.accounts.models import (
    ApiToken,
    FieldAccount,
    Role,
    RoleGrant,
    Session,
    User,
)
from server.accounts.problems import (
    BadName,
    BadUserName,
    NameTaken,
    OwnAccount,
)
from server.accounts.recording import record_about
from server.accounts.roles import area_prefix, distrust, grant, take_role
from server.audit.models import Act
from server.core import clock
from server.core.request_problems import NotAllowed
from server.core.sealing import token_hash

__all__ = [
    "CODES_AT_ONCE",
    "NewUser",
    "NewWorker",
    "add_codes",
    "add_worker",
    "area_prefix",
    "create_user",
    "end_codes",
    "end_sessions",
    "grant",
    "issue_token",
    "record_log_in",
    "record_log_out",
    "replace_codes",
    "replace_password",
    "replace_phone",
    "require_over",
    "revoke",
    "rotate_token",
    "set_active",
    "shut_out",
    "take_role",
]

CODES_AT_ONCE = 200
"""The most QR codes made at once: some seconds of work and 34 printed pages."""

NAME_LENGTH: Final = 100
USER_NAME: Final = re.compile(r"[\w.@+-]{1,150}")


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
    must_choose: bool = True,
    actor: User | None,
) -> NewUser:
    """Create a user who holds a role in the areas; without a password, one is generated.

    Whoever gets a generated password must choose another one at the first log-in, unless
    `must_choose` is False: the account of a program, or of a phone.
    Full-width letters in the user name, as input methods write them, become ordinary ones,
    as the console's log-in reads them.
    Raises BadUserName, BadName, NameTaken, BadArea; NotAllowed if the actor may not give
    this role there (Access.may_give).
    """
    prefixes = [area_prefix(area) for area in areas]
    if actor is not None and not access_of(actor).may_give((role, area) for area in prefixes):
        raise NotAllowed
    username, name = User.normalize_username(username), " ".join(name.split())
    if len(name) > NAME_LENGTH:
        raise BadName(most=NAME_LENGTH)
    if not USER_NAME.fullmatch(username):
        raise BadUserName(username=username[:150])
    user = User(username=username, name=name or username[:NAME_LENGTH])
    user.must_choose_password = must_choose and not password
    password = password or new_password()
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError:
        raise NameTaken(username=username) from None
    for prefix in prefixes:
        RoleGrant.objects.get_or_create(user=user, role=Role(role), area=prefix)
    record_about(Act.USER_CREATED, user, actor, after={"role": role, "areas": prefixes})
    return NewUser(user, password)


@transaction.atomic
def add_worker(
    *, username: str, name: str = "", areas: Iterable[str], label: str = "", actor: User | None
) -> NewWorker:
    """Create a community worker with one field account. Raises as `create_user`.

    The password opens the console, and the OpenRosa door by HTTP Basic and Digest.
    """
    new = create_user(
        username=username,
        name=name,
        role=Role.WORKER,
        areas=areas,
        must_choose=False,
        actor=actor,
    )
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
    """Revoke every code of a worker, and the password if it was made for a phone. Returns how many codes were revoked.

    Visits in areas that the worker left before count no longer, either, whatever a phone says of their day.
    """
    distrust(user)
    if user.device_secret is not None:
        user.set_unusable_password()
        user.device_secret = None
        user.save(update_fields=["password", "device_secret"])
        Session.objects.filter(user=user).delete()
        record_about(Act.PASSWORD_ENDED, user, actor)
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
def replace_password(*, user: User, must_choose: bool = True, actor: User | None) -> str:
    """Replace the user's password by a generated one, which is shown only once; all sessions and tokens of the user end.

    If the old password was made for phones, so is the new one: it works with HTTP Digest.
    Otherwise the user must choose another one at the next log-in, unless `must_choose` is
    False. Raises NotAllowed if the actor may not hold what the password opens.
    """
    if actor is not None and not access_of(actor).may_give(_held(user)):
        raise NotAllowed
    is_for_phones = user.device_secret is not None
    return _give_password(user, actor, is_for_phones=is_for_phones, must_choose=must_choose)


@transaction.atomic
def set_active(*, user: User, is_active: bool, actor: User | None) -> User:
    """Let the user in at all doors, or at none, from the next request on; codes and password stay as they are.

    Raises NotAllowed, OwnAccount.
    """
    require_over(user, actor)
    before, user.is_active = user.is_active, is_active
    user.save(update_fields=["is_active"])
    if not is_active:
        distrust(user)
        Session.objects.filter(user=user).delete()
    states = {"before": {"active": before}, "after": {"active": is_active}}
    record_about(Act.USER_STATE, user, actor, **states)
    return user


@transaction.atomic
def end_sessions(*, user: User, actor: User | None) -> int:
    """End all sessions of the user, of browsers and programs. Returns how many. Raises NotAllowed, OwnAccount."""
    require_over(user, actor)
    ended, _rows = Session.objects.filter(user=user).delete()
    record_about(Act.SESSIONS_ENDED, user, actor, rows=ended)
    return ended


def _give_password(
    user: User, actor: User | None, *, is_for_phones: bool, must_choose: bool = False
) -> str:
    """Give the user a generated password, and end all sessions and programs' tokens; one for phones need not be changed."""
    password = new_password()
    user.set_password(password)
    user.must_choose_password = must_choose and not is_for_phones
    if is_for_phones:
        user.device_secret = sealed_secret(user.username, password)
    user.save(update_fields=["password", "device_secret", "must_choose_password"])
    Session.objects.filter(user=user).delete()
    ApiToken.objects.filter(user=user, revoked_at=None).update(revoked_at=clock.now())
    record_about(Act.PASSWORD_REPLACED, user, actor)
    return password


def _issue_credentials(user: User, label: str, actor: User | None) -> NewWorker:
    """Give the user a generated password for phones and a token."""
    password = _give_password(user, actor, is_for_phones=True)
    account, token = issue_token(user=user, label=label, actor=actor)
    return NewWorker(user, password, account, token)


def require_over(user: User, actor: User | None) -> None:
    """Refuse unless the actor administers every area of this person. Raises NotAllowed, OwnAccount."""
    if actor is None:
        return
    if actor.pk == user.pk:
        raise OwnAccount
    if not access_of(actor).administers(area for _role, area in _held(user)):
        raise NotAllowed


def _held(user: User) -> list[tuple[str, str]]:
    """The roles that the user holds, with their areas, as they are now."""
    return list(RoleGrant.objects.filter(user=user).values_list("role", "area"))


@transaction.atomic
def issue_token(*, user: User, label: str = "", actor: User | None) -> tuple[FieldAccount, str]:
    """Create a field account. Returns it with its token, of which only the hash is stored."""
    token = secrets.token_urlsafe(48)
    account = FieldAccount.objects.create(user=user, token_hash=token_hash(token), label=label)
    record_about(Act.CODE_ISSUED, user, actor, code=account.pk, label=label)
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
        record_about(Act.CODE_REVOKED, account.user, actor, code=account.pk, label=account.label)
    return len(revoked)


def record_log_in(user: User, *, by: str) -> None:
    """Record that the user logged in; `by` says how: "session", "token", "basic"."""
    record_about(Act.LOG_IN, user, user, by=by)


def record_log_out(user: User, *, by: str) -> None:
    """Record that the user ended a session; `by` as for `record_log_in`."""
    record_about(Act.LOG_OUT, user, user, by=by)
