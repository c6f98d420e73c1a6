"""Sessions, kept so that their table opens nothing (decision 0265): Django's session engine, and lists of sessions.

The database holds the SHA-256 of the cookie's value and the session's data sealed: whoever
reads a dump has neither a cookie nor what stands in a session. A browser's session ends when
it was idle for RUHU_SESSION_IDLE_MINUTES, and RUHU_SESSION_HOURS after it began, whatever
happens in it. Sessions of programs (scripts.py) lie in the same table and open no page.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import CreateError, SessionBase, UpdateError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from server.accounts.models import Session, User
from server.audit import origin
from server.core import clock
from server.core.sealing import InvalidTag, UnknownKey, seal, token_hash, unseal

USED: Final = timedelta(minutes=1)
"""How often the use of a session is written down; the idle limit is as exact as that."""
_PURPOSE: Final = "session"


class SessionStore(SessionBase):
    """A browser's session. `session_key` is the cookie's value, which only the browser keeps."""

    def exists(self, session_key: str) -> bool:
        """Whether there is a session with this key, ended or not."""
        return Session.objects.filter(key_hash=token_hash(session_key)).exists()

    def create(self) -> None:
        """Make an empty session with a new key."""
        while True:
            self._session_key = self._get_new_session_key()  # type: ignore[attr-defined]
            try:
                self.save(must_create=True)
            except CreateError:
                continue
            self.modified = True
            return

    def load(self) -> dict[str, Any]:
        """The data of the session; of one that has ended or cannot be opened, nothing.

        Writes down that the session is used, at most once in USED.
        """
        rows = open_sessions().filter(key_hash=token_hash(self.session_key or ""))
        row = rows.filter(is_program=False).first()
        data = None if row is None else opened(row)
        if row is None or data is None:
            self._session_key = None
            return {}
        if row.last_used_at < clock.now() - USED:
            _use(row)
        return data

    def save(self, must_create: bool = False) -> None:
        """Write the data. Raises CreateError for a key that exists already, UpdateError when the session has ended meanwhile."""
        if self.session_key is None:
            self.create()
            return
        data = self._get_session(no_load=must_create)  # type: ignore[attr-defined]
        if self.session_key is None:  # it was read just now, and had ended
            raise UpdateError
        key_hash, user_id = token_hash(self.session_key), data.get(SESSION_KEY)
        if must_create:
            at = clock.now()
            try:
                with transaction.atomic():
                    begin(key_hash, data, user_id=user_id, at=at, ends_at=_end(at, at))
            except IntegrityError:
                raise CreateError from None
        elif not Session.objects.filter(key_hash=key_hash).update(
            data=sealed(data), user_id=user_id
        ):
            raise UpdateError

    def delete(self, session_key: str | None = None) -> None:
        """End the session."""
        key = session_key or self.session_key
        if key is not None:
            Session.objects.filter(key_hash=token_hash(key)).delete()

    @classmethod
    def clear_expired(cls) -> None:
        """Delete the sessions that have ended."""
        Session.objects.filter(ends_at__lte=clock.now()).delete()


def begin(
    key_hash: bytes,
    data: dict[str, Any],
    *,
    user_id: int | None,
    at: datetime,
    ends_at: datetime,
    is_program: bool = False,
) -> Session:
    """Store a new session with where it comes from. Raises IntegrityError when the key exists already."""
    came_from = origin.current()
    return Session.objects.create(
        key_hash=key_hash,
        data=sealed(data),
        user_id=user_id,
        is_program=is_program,
        began_at=at,
        last_used_at=at,
        ends_at=ends_at,
        address=came_from.address[:64],
        device=came_from.device[:200],
    )


def open_sessions() -> QuerySet[Session]:
    """All sessions that have not ended."""
    return Session.objects.filter(ends_at__gt=clock.now())


def sessions_of(user: User) -> QuerySet[Session]:
    """The user's open sessions, the last used first."""
    return open_sessions().filter(user=user).order_by("-last_used_at", "-pk")


def key_hash_of(store: Any) -> bytes:
    """The hash of the key of a request's session, b"" when the request has none."""
    return token_hash(store.session_key) if store.session_key else b""


def sealed(data: dict[str, Any]) -> bytes:
    """A session's data as it is stored."""
    return seal(json.dumps(data, separators=(",", ":")).encode(), _PURPOSE)


def opened(row: Session) -> dict[str, Any] | None:
    """The data of a stored session; None when it cannot be opened."""
    try:
        data: dict[str, Any] = json.loads(unseal(bytes(row.data), _PURPOSE))
    except (InvalidTag, UnknownKey):
        return None
    return data


def _use(row: Session) -> None:
    """Write down that a session is used, which postpones its end, but not beyond the absolute limit."""
    row.last_used_at = clock.now()
    row.ends_at = _end(row.began_at, row.last_used_at)
    row.address = origin.current().address[:64]
    row.save(update_fields=["last_used_at", "ends_at", "address"])


def _end(began_at: datetime, used_at: datetime) -> datetime:
    longest = began_at + timedelta(hours=settings.RUHU_SESSION_HOURS)
    return min(longest, used_at + timedelta(minutes=settings.RUHU_SESSION_IDLE_MINUTES))
