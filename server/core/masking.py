"""How a protected value is shown to whoever has not asked to see it (security.md, Masks)."""

from __future__ import annotations

from typing import Final

from server.core import personal_numbers

_SHORT: Final = 10  # up to this length the first six and last two would give nearly all of it away


def mask(plain: str) -> str:
    """The first six and last two characters, the rest starred; of a short value only the last two."""
    shown_first = 6 if len(plain) > _SHORT else 0
    shown_last = 2 if len(plain) > 4 else 0
    hidden = len(plain) - shown_first - shown_last
    return plain[:shown_first] + "*" * hidden + plain[len(plain) - shown_last :]


def mask_numbers(text: str) -> str:
    """The text with every personal number in it masked."""
    return personal_numbers.replace(text, mask)
