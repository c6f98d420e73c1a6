"""Sessions, and the user who asks."""

from __future__ import annotations

from typing import Any

from server.accounts import scripts
from server.accounts.selectors import user
from server.central import bodies, shapes
from server.central.endpoint import Call, log_in_person
from server.core.request_problems import InvalidRequest, NothingHere


def log_in(call: Call) -> dict[str, Any]:
    """Begin a session: a token for a day. `email` is the user name; plain http is accepted, as at the REST door."""
    body = bodies.read_json(call.request)
    username, password = bodies.text_member(body, "email"), bodies.text_member(body, "password")
    missing = [name for name, text in (("email", username), ("password", password)) if not text]
    if missing:
        raise InvalidRequest(errors=[{"pointer": f"#/{name}"} for name in missing])
    login = log_in_person(call.request, username, password, call.use, begins_session=True)
    session = scripts.begin(
        user=user(login.worker.user_id), at=call.now, api_token_id=login.api_token_id
    )
    return {
        "token": session.token,
        "csrf": session.csrf,
        "createdAt": shapes.instant(session.created_at),
        "expiresAt": shapes.instant(session.expires_at),
    }


def log_out(call: Call, token: str) -> dict[str, Any]:
    """End a session of the user, given by its token or as `current`. Raises NothingHere for another's."""
    bearer = call.request.headers.get("Authorization", "").partition(" ")[2].strip()
    ended = bearer if token == "current" else token  # noqa: S105
    owner = scripts.user_of(ended)
    if owner is None or owner != call.user:
        raise NothingHere
    scripts.end(token=ended)
    return {"success": True}


def current_user(call: Call) -> dict[str, Any]:
    """The user who asks; Central's `email` is the user name."""
    return shapes.current_user(call.user)
