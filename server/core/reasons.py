"""What counts as a reason: words, not a full stop. Pure."""

from __future__ import annotations

from typing import Final

LEAST_LETTERS: Final = 4
LEAST_DIFFERENT: Final = 3


def says_why(reason: str) -> bool:
    """Whether the text has four letters or Chinese characters, of which three differ."""
    letters = [character for character in reason if character.isalpha()]
    return len(letters) >= LEAST_LETTERS and len(set(letters)) >= LEAST_DIFFERENT
