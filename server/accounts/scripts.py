"""Sessions of programs that log in with a user's password: a token that replaces the password for a day.

They are stored among the browsers' sessions, but they do not open the console, nor do the
console's sessions open this door. Only a hash of the token is stored.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from server.accounts import sessions, tokens
from server.accounts.models import Session, User
from server.accounts.services import record_log_in, record_log_out
from server.accounts.tokens import Use
from server.core.sealing import token_hash

LIFETIME: Final = timedelta(hours=24)
_PROOF: Final = "proof"
_API_TOKEN: Final = "api_token"  # noqa: S105 a member's name


@dataclass(frozen=True, slots=True)
class ScriptSession:
    """A new session and the token that opens it."""

    token: str
    csrf: str  # Central's clients expect it; this server does not check it
    created_at: datetime
    expires_at: datetime


@transaction.atomic
def begin(*, user: User, at: datetime, api_token_id: int | None = None) -> ScriptSession:
    """Start a session of the user; deletes all sessions that have ended.

    One that was begun with a program's token opens no more than that, and ends with it.
    """
    sessions.SessionStore.clear_expired()
    token, ends_at = secrets.token_urlsafe(48), at + LIFETIME
    sessions.begin(
        token_hash(token),
        {_PROOF: user.get_session_auth_hash(), _API_TOKEN: api_token_id},
        user_id=user.pk,
        at=at,
        ends_at=ends_at,
        is_program=True,
    )
    record_log_in(user, by="token")
    return ScriptSession(token, secrets.token_urlsafe(32), at, ends_at)


def user_of(token: str, use: Use | None = None) -> User | None:
    """The user of the token's session; None when it has ended, the password has changed or the user is inactive.

    Raises TokenTooNarrow when it was begun with a program's token that is not for this use;
    without `use` that is not asked.
    """
    row = _row(token)
    if row is None or row.user is None or not row.user.is_active:
        return None
    data = sessions.opened(row) or {}
    if not hmac.compare_digest(row.user.get_session_auth_hash(), data.get(_PROOF, "")):
        return None
    number = data.get(_API_TOKEN)
    if number is not None:
        api_token = tokens.open_tokens().filter(pk=number).first()
        if api_token is None:
            return None
        if use is not None:
            tokens.require(api_token, use)
    return row.user


@transaction.atomic
def end(*, token: str) -> None:
    """End the token's session; an unknown or ended one is ignored."""
    row, user = _row(token), user_of(token)
    if row is not None:
        row.delete()
        if user is not None:
            record_log_out(user, by="token")


def _row(token: str) -> Session | None:
    rows = sessions.open_sessions().filter(key_hash=token_hash(token), is_program=True)
    return rows.select_related("user").first()
