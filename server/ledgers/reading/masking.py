"""Sealed columns: masked as screens show them, and in plain for `reveal` (security.md, Masks)."""

from __future__ import annotations

from django.db import models

from server.core.masking import mask
from server.core.sealing import UnknownKey, unseal_text


def plain(entry: models.Model, column: str) -> str | None:
    """The value of a sealed column; None when it is empty. Raises UnknownKey. Only for this room and for `reveal`."""
    sealed = getattr(entry, column)
    return None if sealed is None else unseal_text(sealed, column)


def shown(entry: models.Model, column: str) -> str:
    """A sealed column as screens show it: masked; "" when it is empty, asterisks when its key is not here."""
    try:
        opened = plain(entry, column)
    except UnknownKey:
        return "*" * 8
    return "" if opened is None else mask(opened)
