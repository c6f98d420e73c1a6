"""How personal numbers look where nobody has asked to see them (domain §2: first 6, last 2)."""

from __future__ import annotations

import re
from typing import Final

_SHORT: Final = 10  # below this, first 6 and last 2 would give nearly all of it away
_NUMBER: Final = re.compile(
    r"(?<![0-9A-Za-z])(?:[0-9]{14,}[0-9Xx]|1[0-9]{10}|0[0-9]{2,3}-[0-9]{7,8})(?![0-9A-Za-z])"
)
"""Citizen IDs and certificates, which have fifteen digits and more, and phones; no division codes, no dates."""


def mask(plain: str) -> str:
    """The first six and last two characters; of a short value only the last two."""
    shown_first = 6 if len(plain) > _SHORT else 0
    shown_last = 2 if len(plain) > 4 else 0
    hidden = len(plain) - shown_first - shown_last
    return plain[:shown_first] + "*" * hidden + plain[len(plain) - shown_last :]


def mask_numbers(text: str) -> str:
    """A text with every number masked that could be a person's."""
    return _NUMBER.sub(lambda found: mask(found[0]), text)
