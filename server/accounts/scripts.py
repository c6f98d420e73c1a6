"""Sessions of programs that log in with a user's password: a token that replaces the password for a day.

They are stored among the console's sessions, but they do not open the console, nor do the
console's sessions open this door. A token is the session's key with a signature made
outside the database, so that a copy of the database lets nobody in.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.contrib.sessions.backends.db import SessionStore
from django.core.signing import BadSignature, Signer
from django.db import transaction

from server.accounts.models import User
from server.accounts.services import record_log_in, record_log_out

LIFETIME: Final = timedelta(hours=24)
_WHO: Final = "script_user"
_PROOF: Final = "script_proof"
_signer: Final = Signer(sep=".", salt=__name__)


@dataclass(frozen=True, slots=True)
class ScriptSession:
    """A new session and the token that opens it."""

    token: str
    csrf: str  # Central's clients expect it; this server does not check it
    created_at: datetime
    expires_at: datetime


@transaction.atomic
def begin(*, user: User, at: datetime) -> ScriptSession:
    """Start a session of the user; deletes all expired sessions."""
    SessionStore.clear_expired()
    store = SessionStore()
    store[_WHO], store[_PROOF] = user.pk, user.get_session_auth_hash()
    store.set_expiry(LIFETIME)
    store.create()
    record_log_in(user, by="token")
    token = _signer.sign(str(store.session_key))
    return ScriptSession(token, secrets.token_urlsafe(32), at, at + LIFETIME)


def user_of(token: str) -> User | None:
    """The user of the token's session; None when it has ended, the password has changed or the user is inactive."""
    store = _store(token)
    if store is None:
        return None
    user = User.objects.filter(pk=store.get(_WHO, 0), is_active=True).first()
    proof = str(store.get(_PROOF, ""))
    is_current = user is not None and hmac.compare_digest(user.get_session_auth_hash(), proof)
    return user if is_current else None


@transaction.atomic
def end(*, token: str) -> None:
    """End the token's session; an unknown or ended one is ignored."""
    store, user = _store(token), user_of(token)
    if store is not None and _WHO in store:
        store.delete()
        if user is not None:
            record_log_out(user, by="token")


def _store(token: str) -> SessionStore | None:
    try:
        key = _signer.unsign(token)
    except BadSignature:
        return None
    return SessionStore(session_key=key)
