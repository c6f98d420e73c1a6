"""Tokens that people make for their programs (decision 0267).

A token stands in the place of the password at the doors for programs, and works as Bearer
there. It opens what its owner may see and do, no log-in page, and ends on a day; only its
hash is stored.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import QuerySet

from server.accounts.models import ApiToken, User
from server.accounts.problems import TooManyTokens
from server.accounts.services import area_of
from server.audit.models import Act
from server.audit.services import record
from server.core import clock
from server.core.sealing import token_hash

DAYS: Final = (30, 90, 365)
"""For how many days a token may be made."""
MOST: Final = 20
_PREFIX: Final = "ruhu_"
_USED: Final = timedelta(minutes=1)


def is_token(text: str) -> bool:
    """Whether a text that came as a password looks like a token."""
    return text.startswith(_PREFIX)


def tokens_of(user: User) -> QuerySet[ApiToken]:
    """The user's tokens that have not ended, the newest first."""
    rows = ApiToken.objects.filter(user=user, revoked_at=None, ends_at__gt=clock.now())
    return rows.order_by("-created_at", "-pk")


def user_of(token: str) -> User | None:
    """The active user whose token this is, None when there is none; its use is written down once a minute."""
    at = clock.now()
    rows = ApiToken.objects.filter(token_hash=token_hash(token), revoked_at=None, ends_at__gt=at)
    row = rows.filter(user__is_active=True).select_related("user").first()
    if row is None:
        return None
    if row.last_used_at is None or row.last_used_at < at - _USED:
        ApiToken.objects.filter(pk=row.pk).update(last_used_at=at)
    return row.user


@transaction.atomic
def make(*, user: User, label: str, days: int, at: datetime) -> str:
    """Make a token for a program of the user. Returns the token, which is shown only once. Raises TooManyTokens."""
    if tokens_of(user).count() >= MOST:
        raise TooManyTokens(most=MOST)
    token = _PREFIX + secrets.token_urlsafe(36)
    ApiToken.objects.create(
        user=user,
        token_hash=token_hash(token),
        label=label,
        created_at=at,
        ends_at=at + timedelta(days=days),
    )
    _record(Act.TOKEN_MADE, user, label)
    return token


@transaction.atomic
def revoke(*, user: User, number: int, at: datetime) -> bool:
    """End a token of the user, from the next request on. Returns whether there is one."""
    row = tokens_of(user).select_for_update().filter(pk=number).first()
    if row is None:
        return False
    ApiToken.objects.filter(pk=row.pk).update(revoked_at=at)
    _record(Act.TOKEN_REVOKED, user, row.label)
    return True


def _record(act: Act, user: User, label: str) -> None:
    record(
        act,
        actor=user,
        object_type="user",
        object_id=user.username,
        area=area_of(user),
        facts={"label": label},
    )
