"""One spelling for names, ID numbers, credit codes and phones, so that equal values compare equal. Pure.

Every function is idempotent. Rules: GB 11643, GB 32100 and GB 11714 (rules.md, Identity of persons;
rules.md, Identity of employers). The place in an ID number is never checked: abolished
division codes stay valid.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

ID_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
ID_CHECKS: Final = "10X98765432"
OLDEST: Final = date(1880, 1, 1)

_NARROW: Final[dict[int, int | None]] = {
    **{code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)},
    0x3000: 0x20,
    **dict.fromkeys((0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF)),  # invisible
}
_DOTS: Final = dict.fromkeys(map(ord, "•・‧⋅∙･"), "·")
_BETWEEN_HAN = re.compile(
    r"(?<=[\u3400-\u9fff\U00020000-\U0003ffff·]) +(?=[\u3400-\u9fff\U00020000-\U0003ffff·])"
)
_ID_18 = re.compile(r"[1-9][0-9]{16}[0-9X]")
_ID_15 = re.compile(r"[1-9][0-9]{14}")
_DOCUMENT = re.compile(r"(?=(?:.*[0-9]){5})[A-Z0-9()/]{6,30}")
_USCC_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
# Department, kind, place, then the organisation code. python-stdnum 2.2 wants digits in the
# first two, and so refuses the departments A, N and Y.
_USCC = re.compile(rf"[{_USCC_ALPHABET}]{{2}}[0-9]{{6}}[{_USCC_ALPHABET}]{{10}}")
_ORG_CODE = re.compile(r"[0-9A-Z]{8}[0-9X]")
_ORG_CODE_IN_USCC: Final = slice(8, 17)
"""Characters 9–17 of a unified social credit code are the organisation code (GB 32100)."""
_ORG_CODE_WEIGHTS: Final = (3, 7, 9, 10, 5, 8, 4, 2)
_MOBILE = re.compile(r"(?:\+?86|0086)?(1[3-9][0-9]{9})")
_LANDLINE = re.compile(r"(0(?:10|2[0-9]|[3-9][0-9]{2}))-?([0-9]{7,8})")


def half_width(text: str) -> str:
    """Full-width letters, digits and spaces made narrow; invisible characters gone; ends trimmed."""
    return text.strip() if text.isascii() else text.translate(_NARROW).strip()


def name(text: str) -> str:
    """A person's or employer's name: narrow letters, one kind of middle dot, no stray spaces."""
    spaced = " ".join(half_width(text).translate(_DOTS).split())
    return _BETWEEN_HAN.sub("", spaced)


def title(text: str) -> str:
    """A job title as it is compared: like a name, without regard to case."""
    return name(name(text).lower())


@dataclass(frozen=True, slots=True)
class Phone:
    """A phone number in one spelling; as it came when it is none."""

    number: str
    is_valid: bool


def phone(text: str) -> Phone:
    """A mobile number as 11 digits, a landline as area-number; anything else as it came."""
    plain = half_width(text)
    bare = re.sub(r"[\s()\-]", "", plain)
    if mobile := _MOBILE.fullmatch(bare):
        return Phone(mobile[1], True)
    if landline := _LANDLINE.fullmatch(bare):
        return Phone(f"{landline[1]}-{landline[2]}", True)
    return Phone(plain, False)


@dataclass(frozen=True, slots=True)
class CitizenId:
    """A citizen ID number in its 18-character form, and what it says when it is valid."""

    number: str
    original_15: str = ""  # as it came, when it was one of the old 15-digit numbers
    is_valid: bool = False
    birth_date: date | None = None
    sex: str = ""  # list SEX


def citizen_id(text: str, today: date) -> CitizenId:
    """Normalise and check an ID number; a 15-digit one (born 19xx) is upgraded."""
    plain = re.sub(r"\s", "", half_width(text)).upper()
    if _ID_15.fullmatch(plain):
        body = plain[:6] + "19" + plain[6:]
        number, original = body + id_check_digit(body), plain
    elif _ID_18.fullmatch(plain) and plain[17] == id_check_digit(plain[:17]):
        number, original = plain, ""
    else:
        return CitizenId(plain)
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return CitizenId(plain)
    if not OLDEST <= born <= today:
        return CitizenId(plain)
    return CitizenId(number, original, True, born, "1" if int(number[16]) % 2 else "2")


def id_check_digit(body: str) -> str:
    """The 18th character for the first 17 digits (GB 11643, ISO 7064 MOD 11-2)."""
    total = sum(int(digit) * weight for digit, weight in zip(body, ID_WEIGHTS, strict=True))
    return ID_CHECKS[total % 11]


def document_number(text: str) -> str:
    """The number of another document: narrow, upper case, no spaces or dashes."""
    return re.sub(r"[\s\-]", "", half_width(text)).upper()


def is_document_number(number: str) -> bool:
    """Whether a normalised number can name one document: not 无, not 000000."""
    return _DOCUMENT.fullmatch(number) is not None and len(set(number)) > 2


@dataclass(frozen=True, slots=True)
class CreditCode:
    """A unified social credit code in one spelling, and whether its check character is right."""

    code: str
    is_valid: bool


def uscc(text: str) -> CreditCode:
    """A unified social credit code (GB 32100); one that fails its check is kept and flagged."""
    plain = document_number(text)
    is_valid = _USCC.fullmatch(plain) is not None and plain[17] == uscc_check_character(plain[:17])
    return CreditCode(plain, is_valid)


def uscc_check_character(body: str) -> str:
    """The 18th character for the first 17 (GB 32100: weights 3^i mod 31)."""
    total = sum(_USCC_ALPHABET.index(char) * pow(3, i, 31) for i, char in enumerate(body))
    return _USCC_ALPHABET[-total % 31]


def org_code(text: str) -> str:
    """An organisation code (GB 11714) in one spelling, without its dash; "" when its check character is wrong or it says nothing."""
    plain = document_number(text)
    if _ORG_CODE.fullmatch(plain) is None or len(set(plain)) <= 2:
        return ""
    return plain if plain[8] == org_code_check_character(plain[:8]) else ""


def org_code_in(credit_code: str) -> str:
    """The organisation code within a unified social credit code."""
    return credit_code[_ORG_CODE_IN_USCC]


def org_code_check_character(body: str) -> str:
    """The ninth character for the first eight (GB 11714, modulus 11)."""
    total = sum(int(char, 36) * w for char, w in zip(body, _ORG_CODE_WEIGHTS, strict=True))
    return "0123456789X0"[11 - total % 11]
