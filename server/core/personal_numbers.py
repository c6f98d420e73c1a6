"""What looks like a personal number in a text: a citizen's ID number, a phone or a bank card. Pure.

Written by hand, numbers come with full-width digits, with spaces or dashes between their
groups, and phones with the country code. A number too much is a smaller harm than one too
few, so check digits, dates and area codes are not verified. Numbers of 19 digits are the
exception: a bank card has a right check digit, and the largest integers of computers, which
programs store as limits, have not. Unified social credit codes (USCC) are no match as far as
they hold letters; nor are dates and division codes. UUIDs are left alone even where they are
all digits.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

_FOLDED: Final[dict[int, int | str | None]] = {
    **{code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)},  # full-width letters and digits
    **dict.fromkeys(map(ord, "\u00a0\u2009\u202f\u3000"), " "),
    **dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"), "-"),
}
"""Each character becomes one character, so that places in the folded text are places in the text."""

_ID_WITHIN: Final = re.compile(
    r"[1-9]\d{5}(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}"
)
_PATTERN: Final = re.compile(
    r"""(?<![\dA-Za-z])(?<!\d\.)(?:                     # not the decimals of a coordinate
      (?P<uuid>[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})
    | [A-Za-z]{0,8} (?P<number>                      # tel13000000000, IMG13000000000.jpg
      \d{14,}[\dXx]                                  # ID number of 18 or 15 digits, bank card
    | \d{6}[ -]\d{8}[ -]\d{3}[ -]?[\dXx]            # ID number as area, birthday and the rest
    | \d{6}[ -]{1,2}\d{4}[ -]?\d\d[ -]?\d\d[ -]{1,2}\d{3}[ -]?[\dXx]
    | \d{6}[ -]\d{6}[ -]\d{3}
    | \d{4}(?:[ -]{1,2}\d{4}){3,}(?:[ -]{0,2}\d{0,2}[\dXx])?  # ID number or bank card in fours
    | (?:\d[ ]){14,18}[\dXx]                         # digit by digit
    | (?:(?:\+|00)?86[ -]?)?1\d{10}                  # mobile
    | (?:(?:\+|00)?86[ -]?)?1[3-9]\d[ .-]{0,2}\d{4}[ .-]{0,2}\d{4}
    | (?:1[ ])[3-9](?:[ ]\d){9}
    | (?:(?:\+|00)?86[ -]?)?0\d{2,3}[ -]{0,2}\d{7,8}  # landline
    | (?:(?:\+|00)?86[ -]?)?0\d{2,3}[ -]?\d{3,4}[ -]\d{4}
    | (?:\+|00)86[ -]?[1-9]\d{1,2}[ -]?\d{3,4}[ -]?\d{4}
    | \(0\d{2,3}\)[ -]?\d{3,4}[ -]?\d{4}
    ))(?![\dA-Za-z])""",
    re.VERBOSE,
)


_DIGIT: Final = re.compile(r"\d")
SHORTEST: Final = 10
"""Digits of the shortest number: a landline."""


def find(text: str) -> Iterator[str]:
    """The personal numbers in the text, as they are written there."""
    for start, end in _places(text):
        yield text[start:end]


def replace(text: str, replacement: Callable[[str], str]) -> str:
    """The text with `replacement(number)` in the place of each personal number."""
    pieces, done = [], 0
    for start, end in _places(text):
        pieces += [text[done:start], replacement(text[start:end])]
        done = end
    return "".join((*pieces, text[done:])) if pieces else text


def _places(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of each personal number."""
    if len(text) < SHORTEST or len(_DIGIT.findall(text)) < SHORTEST:
        return
    folded = text if text.isascii() else text.translate(_FOLDED)
    for match in _PATTERN.finditer(folded):
        if match["uuid"] is None and not _is_a_sum(match["number"]):
            yield match.span("number")


def _is_a_sum(number: str) -> bool:
    """Whether 19 digits are no bank card, whose check digit would be right, nor hold an ID number with one digit too many."""
    return (
        len(number) == 19
        and number.isdecimal()
        and not (_has_check_digit(number) or _ID_WITHIN.search(number))
    )


def _has_check_digit(number: str) -> bool:
    """Whether the last digit is right by the formula of Luhn (ISO/IEC 7812-1, annex B)."""
    doubled = [int(digit) * 2 for digit in number[-2::-2]]
    return (sum(map(int, number[::-2])) + sum(sum(divmod(n, 10)) for n in doubled)) % 10 == 0
