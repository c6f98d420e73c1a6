"""Making people, giving them roles, letting phones in and shutting them out."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from server.accounts.device_passwords import made_up, sealed_secret
from server.accounts.models import Disclosure, FieldAccount, Role, RoleGrant, User
from server.accounts.problems import BadArea, BadName, BadUserName, NameTaken
from server.core.sealing import token_hash
from server.geo.models import Division

CODES_AT_ONCE = 200
"""Codes made in one go: some seconds' work and 34 printed pages."""

_NAME_LENGTH = 100
_USER_NAME = re.compile(r"[\w.@+-]{1,150}")


@dataclass(frozen=True, slots=True)
class NewUser:
    """A user just made, with the password that is shown this once."""

    user: User
    password: str


@dataclass(frozen=True, slots=True)
class NewWorker:
    """A worker's password and phone's token just made, shown this once; "" for a password that stays."""

    user: User
    password: str
    field_account: FieldAccount
    token: str


@transaction.atomic
def create_user(
    *, username: str, name: str = "", role: str, areas: Iterable[str], password: str = ""
) -> NewUser:
    """Make a user who holds a role in the areas; without a password, one is made up.

    Wide letters in the user name, as input methods write them, become ordinary ones: the
    console's log-in reads them so. Raises BadUserName, BadName, NameTaken, BadArea.
    """
    username, name = User.normalize_username(username), " ".join(name.split())
    if len(name) > _NAME_LENGTH:
        raise BadName(most=_NAME_LENGTH)
    if not _USER_NAME.fullmatch(username):
        raise BadUserName(username=username[:150])
    password = password or made_up()
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
    """Make a community worker with one field account. Raises as `create_user`.

    The password opens the console, and the phones' door by HTTP Basic and Digest.
    """
    made = create_user(username=username, name=name, role=Role.WORKER, areas=areas)
    return _let_in(made.user, label)


@transaction.atomic
def replace_phone(*, user: User, at: datetime, keeps_password: bool = False) -> NewWorker:
    """The lost-phone procedure: every code and the password of the worker end, and new ones are given.

    The password stays where it is not the caller's to give (selectors.may_set_password).
    """
    revoke(accounts=user.field_accounts.all(), at=at)
    if keeps_password:
        return NewWorker(user, "", *issue_token(user=user))
    return _let_in(user, "")


@transaction.atomic
def shut_out(*, user: User, at: datetime) -> int:
    """End every code of a worker, and the password if it was made for a phone. Returns how many codes ended."""
    if user.device_secret is not None:
        user.set_unusable_password()
        user.device_secret = None
        user.save(update_fields=["password", "device_secret"])
    return revoke(accounts=user.field_accounts.all(), at=at)


@transaction.atomic
def replace_codes(
    *, users: Iterable[User], at: datetime, label: str = ""
) -> list[tuple[FieldAccount, str]]:
    """A new token for each worker, the old ones end. Passwords stay."""
    wanted = list(users)
    end_codes(users=wanted, at=at)
    return add_codes(users=wanted, label=label)


@transaction.atomic
def add_codes(*, users: Iterable[User], label: str = "") -> list[tuple[FieldAccount, str]]:
    """One more token for each worker, beside those of their other phones."""
    return [issue_token(user=user, label=label) for user in users]


def end_codes(*, users: Iterable[User], at: datetime) -> int:
    """Shut all phones of the workers out; passwords stay. Returns how many were let in until now."""
    return revoke(accounts=FieldAccount.objects.filter(user__in=list(users)), at=at)


@transaction.atomic
def replace_password(*, user: User) -> str:
    """A made-up password in place of the one before, shown this once; every session of the person ends.

    One made for phones is one again.
    """
    return _give_password(user, is_for_phones=user.device_secret is not None)


def switch(*, user: User, is_active: bool) -> User:
    """Let the person in at all doors, or at none, from the next request on; codes and password stay as they are."""
    user.is_active = is_active
    user.save(update_fields=["is_active"])
    return user


def _give_password(user: User, *, is_for_phones: bool) -> str:
    password = made_up()
    user.set_password(password)
    if is_for_phones:
        user.device_secret = sealed_secret(user.username, password)
    user.save(update_fields=["password", "device_secret"])
    return password


def _let_in(user: User, label: str) -> NewWorker:
    """A password and a token of our making."""
    password = _give_password(user, is_for_phones=True)
    account, token = issue_token(user=user, label=label)
    return NewWorker(user, password, account, token)


def grant(*, user: User, role: str, area: str) -> RoleGrant:
    """Give a role in an area: a division's code or its leading digits, "" for everywhere. Raises BadArea.

    Trailing zeros are dropped by the division's level, so that a street's 12 digits cover
    its communities.
    """
    prefix = area_prefix(area)
    made, _is_new = RoleGrant.objects.get_or_create(user=user, role=Role(role), area=prefix)
    return made


def issue_token(*, user: User, label: str = "") -> tuple[FieldAccount, str]:
    """A new field account and its token, which is nowhere kept and never shown again."""
    token = secrets.token_urlsafe(48)
    account = FieldAccount.objects.create(user=user, token_hash=token_hash(token), label=label)
    return account, token


@transaction.atomic
def rotate_token(*, account: FieldAccount, at: datetime) -> tuple[FieldAccount, str]:
    """Shut the phone out and make an account for its successor."""
    revoke(accounts=[account], at=at)
    return issue_token(user=account.user, label=account.label)


def revoke(*, accounts: Iterable[FieldAccount], at: datetime) -> int:
    """Shut phones out, at once. Returns how many were let in until now."""
    ids = [account.pk for account in accounts]
    return FieldAccount.objects.filter(pk__in=ids, revoked_at=None).update(revoked_at=at)


def area_prefix(area: str) -> str:
    """The digits that all codes of an area begin with. Raises BadArea."""
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
    """Record that somebody saw or took out what is protected (design §8), in the caller's transaction."""
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
