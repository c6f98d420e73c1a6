"""Tokens that people make for their programs (decision 0267).

A token stands in the place of the password at the doors for programs, and works as Bearer
there. It opens what its owner may see and do at the doors that it was made for, to read only or
to change as well (decision 0306); no log-in page. It ends on a day; only its hash is stored.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import QuerySet

from server.accounts.models import ApiToken, ProgramDoor, User
from server.accounts.problems import TokenTooNarrow, TooManyTokens
from server.accounts.recording import record_about
from server.audit.models import Act
from server.core import clock
from server.core.sealing import token_hash

DAYS: Final = (30, 90, 365)
"""For how many days a token may be made."""
MOST: Final = 20
ALL_DOORS: Final = (ProgramDoor.REST, ProgramDoor.CENTRAL, ProgramDoor.BRIEFCASE)
"""OData is a part of /v1."""
_PREFIX: Final = "ruhu_"
_USED: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Use:
    """What a request is about to do with a token."""

    door: ProgramDoor
    writes: bool


def is_token(text: str) -> bool:
    """Whether a text that came as a password looks like a token."""
    return text.startswith(_PREFIX)


def tokens_of(user: User) -> QuerySet[ApiToken]:
    """The user's tokens that have not ended, the newest first."""
    rows = ApiToken.objects.filter(user=user, revoked_at=None, ends_at__gt=clock.now())
    return rows.order_by("-created_at", "-pk")


def open_tokens() -> QuerySet[ApiToken]:
    """The tokens of active users that have not ended."""
    rows = ApiToken.objects.filter(revoked_at=None, ends_at__gt=clock.now(), user__is_active=True)
    return rows.select_related("user")


def used(token: str, use: Use) -> ApiToken | None:
    """The token of an active user, None when there is none; its use is written down once a minute. Raises TokenTooNarrow."""
    row = open_tokens().filter(token_hash=token_hash(token)).first()
    if row is None:
        return None
    require(row, use)
    at = clock.now()
    if row.last_used_at is None or row.last_used_at < at - _USED:
        ApiToken.objects.filter(pk=row.pk).update(last_used_at=at)
    return row


def require(row: ApiToken, use: Use) -> None:
    """Refuse what the token was not made for; one for all of /v1 opens its OData. Raises TokenTooNarrow."""
    opened = {*row.doors, *([ProgramDoor.ODATA] if ProgramDoor.CENTRAL in row.doors else [])}
    if use.door not in opened or (use.writes and not row.may_write):
        raise TokenTooNarrow


def user_of(token: str, use: Use) -> User | None:
    """The user of the token, as `used`."""
    row = used(token, use)
    return row.user if row is not None else None


@transaction.atomic
def make(
    *,
    user: User,
    label: str,
    days: int,
    at: datetime,
    doors: Iterable[str] = ALL_DOORS,
    may_write: bool = True,
) -> str:
    """Make a token for a program of the user; by default it opens all doors for everything. Returns the token, which is shown only once. Raises TooManyTokens."""
    if tokens_of(user).count() >= MOST:
        raise TooManyTokens(most=MOST)
    token = _PREFIX + secrets.token_urlsafe(36)
    row = ApiToken.objects.create(
        user=user,
        token_hash=token_hash(token),
        label=label,
        doors=sorted({ProgramDoor(door).value for door in doors}),
        may_write=may_write,
        created_at=at,
        ends_at=at + timedelta(days=days),
    )
    _record(Act.TOKEN_MADE, row)
    return token


@transaction.atomic
def revoke(*, user: User, number: int, at: datetime) -> bool:
    """End a token of the user, from the next request on. Returns whether there is one."""
    row = tokens_of(user).select_for_update().filter(pk=number).first()
    if row is None:
        return False
    ApiToken.objects.filter(pk=row.pk).update(revoked_at=at)
    _record(Act.TOKEN_REVOKED, row)
    return True


def _record(act: Act, row: ApiToken) -> None:
    facts = {"label": row.label, "doors": row.doors, "may_write": row.may_write}
    record_about(act, row.user, row.user, **facts)
