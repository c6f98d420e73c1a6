"""How a sealed value is shown to someone who has not asked to see it (domain §2: first 6, last 2)."""

from __future__ import annotations

from django.db import models

from server.core.sealing import UnknownKey, unseal_text

_SHORT = 10  # below this, first 6 and last 2 would give nearly all of it away


def mask(plain: str) -> str:
    """The first six and last two characters; of a short value only the last two."""
    shown_first = 6 if len(plain) > _SHORT else 0
    shown_last = 2 if len(plain) > 4 else 0
    hidden = len(plain) - shown_first - shown_last
    return plain[:shown_first] + "*" * hidden + plain[len(plain) - shown_last :]


def plain(entry: models.Model, column: str) -> str | None:
    """A sealed column opened; None when it is empty. For the room's own use and for `reveal`."""
    sealed = getattr(entry, column)
    return None if sealed is None else unseal_text(sealed, column)


def shown(entry: models.Model, column: str) -> str:
    """A sealed column as screens show it: masked; "" when it is empty."""
    try:
        opened = plain(entry, column)
    except UnknownKey:
        return "*" * 8
    return "" if opened is None else mask(opened)
