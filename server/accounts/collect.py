"""Builds the QR code that a phone scans: Collect's settings as text and as an image (openrosa.md, Field accounts)."""

from __future__ import annotations

import base64
import io
import json
import zlib
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote, urlsplit

import segno

_THIS_MACHINE: Final = ("127.0.0.1", "::1", "localhost")


PROTECTED: Final = (
    "change_server",
    "form_update_mode",
    "change_autosend",
    "delete_after_send",
    "change_form_metadata",
    "delete_saved",
)
"""Collect's admin keys that an area may close: server, updates, sending, deleting after sending, metadata, deleting."""


@dataclass(frozen=True, slots=True)
class AreaSettings:
    """What an area chose for the phones of its workers; without choices, what every code had before."""

    deletes_sent: bool = True
    names_worker: bool = True
    may_change: tuple[str, ...] = PROTECTED
    admin_password: str = field(default="", repr=False)

    def admin(self) -> dict[str, Any]:
        """Collect's part `admin`: false hides a setting from whoever does not know the password; Collect allows the rest."""
        closed: dict[str, Any] = {key: False for key in PROTECTED if key not in self.may_change}
        if self.admin_password:
            closed["admin_pw"] = self.admin_password
        return closed


def without_password(collect_settings: dict[str, Any]) -> dict[str, Any]:
    """The settings as they may be shown in plain text: the admin password is in the code alone."""
    admin = {key: value for key, value in collect_settings["admin"].items() if key != "admin_pw"}
    return {**collect_settings, "admin": admin}


def unreachable_host(server: str) -> str:
    """The host in the server's address if only this machine can reach it; else ""."""
    host = urlsplit(server).hostname or ""
    return host if host in _THIS_MACHINE else ""


def base_url(server: str, token: str) -> str:
    """The address to which Collect appends /formList and /submission."""
    return f"{server.rstrip('/')}/key/{token}"


def draft_url(server: str, token: str, form_id: str) -> str:
    """The address at which Collect tries the draft of a form, as ODK Central has it."""
    form = quote(form_id, safe="")
    return f"{server.rstrip('/')}/v1/test/{token}/projects/1/forms/{form}/draft"


def settings(
    *,
    server_url: str,
    project: str,
    person: str,
    username: str = "",
    password: str = "",
    icon: str = "",
    chosen: AreaSettings,
) -> dict[str, Any]:
    """Collect's settings for one worker: the phone keeps exactly the forms the server lists, and sends records by itself.

    Sent records, which hold ID numbers, are deleted on the phone once the server has them, unless the
    area (`chosen`) wants them kept. `person` is the worker's user name, which forms with a question `username` take.
    `general` and `admin` must both be present, else Collect refuses the code.
    """
    return {
        "general": {
            "protocol": "odk_default",
            "server_url": server_url,
            "username": username,
            "password": password,
            "form_update_mode": "match_exactly",
            "autosend": "wifi_and_cellular",
            "delete_send": chosen.deletes_sent,
            "metadata_username": person if chosen.names_worker else "",
        },
        "admin": chosen.admin(),
        "project": {"name": project, "icon": icon or project[:1], "color": "#b03a2e"},
    }


def code_text(collect_settings: dict[str, Any]) -> str:
    """The text of the QR code: base64(zlib(JSON))."""
    plain = json.dumps(collect_settings, ensure_ascii=False, separators=(",", ":")).encode()
    return base64.b64encode(zlib.compress(plain, 9)).decode()


def read_code_text(text: str) -> dict[str, Any]:
    """The settings in a code, as Collect reads them."""
    settings_read: dict[str, Any] = json.loads(zlib.decompress(base64.b64decode(text)))
    return settings_read


def png(text: str, *, scale: int = 6) -> bytes:
    """The code as a PNG image; `scale` is the side of a module in pixels."""
    out = io.BytesIO()
    segno.make(text, error="l").save(out, kind="png", scale=scale)
    return out.getvalue()


def svg(text: str) -> str:
    """The code as an SVG element without a size, so that it fills its place on the page uncropped."""
    return segno.make(text, error="l").svg_inline(omitsize=True)


def terminal(text: str) -> str:
    """The code in half-block characters, for a terminal."""
    out = io.StringIO()
    segno.make(text, error="l").terminal(out=out, compact=True)
    return out.getvalue()
