"""Sessions, and who is asking."""

from __future__ import annotations

from typing import Any

from server.accounts import scripts
from server.central import bodies, shapes
from server.central.door import Asked, person
from server.core.request_problems import InvalidRequest, NothingHere


def log_in(asked: Asked) -> dict[str, Any]:
    """A token for a day; `email` is the user name. Over plain http as well, as at the REST door."""
    body = bodies.read_json(asked.request)
    username, password = bodies.text(body, "email"), bodies.text(body, "password")
    missing = [name for name, text in (("email", username), ("password", password)) if not text]
    if missing:
        raise InvalidRequest(errors=[{"pointer": f"#/{name}"} for name in missing])
    user = person(asked.request, username, password)
    session = scripts.begin(user=user, at=asked.now)
    return {
        "token": session.token,
        "csrf": session.csrf,
        "createdAt": shapes.instant(session.created_at),
        "expiresAt": shapes.instant(session.expires_at),
    }


def log_out(asked: Asked, token: str) -> dict[str, Any]:
    """Ends the session: one's own by its token, or `current`."""
    bearer = asked.request.headers.get("Authorization", "").partition(" ")[2].strip()
    ended = bearer if token == "current" else token  # noqa: S105
    owner = scripts.user_of(ended)
    if owner is None or owner != asked.user:
        raise NothingHere
    scripts.end(token=ended)
    return {"success": True}


def current_user(asked: Asked) -> dict[str, Any]:
    """Who is asking; Central's `email` is the user name."""
    return shapes.current_user(asked.user)
