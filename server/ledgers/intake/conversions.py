"""Convert answers as ODK clients write them into values as the ledgers keep them, JSON-plain. Pure.

Each conversion takes the trimmed, non-blank answer and the name of the code list, and returns
the value or raises BadAnswer; no answer is guessed at.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from server.core import answers
from server.core.clock import OFFICE
from server.core.codes import code_lists
from server.ledgers.definitions import normalise
from server.ledgers.definitions.targets import NO, YES

_AREA = re.compile(r"\d{2}(\d{2}(\d{2}(\d{3}(\d{3})?)?)?)?")
_CENT: Final = Decimal("0.01")
_LARGEST: Final = Decimal(10) ** 12
_INT32: Final = 2**31
_MAX_TEXT: Final = 10_000


class BadAnswer(ValueError):
    """The answer is no value of the column. The error never quotes the answer."""


@lru_cache(maxsize=256)
def _codes(name: str) -> frozenset[str]:
    code_list = code_lists().get(name)
    return frozenset(code_list.codes) if code_list else frozenset()


def _text(answer: str, _list: str) -> str:
    if len(answer) > _MAX_TEXT:
        raise BadAnswer
    return answer


def _name(answer: str, _list: str) -> str:
    return _text(normalise.name(answer), "")


def _narrow(answer: str, _list: str) -> str:
    return _text(normalise.half_width(answer), "")


def _code(answer: str, name: str) -> str:
    if answer not in _codes(name):
        raise BadAnswer
    return answer


def _code_set(answer: str, name: str) -> list[str]:
    chosen = set(answer.split())
    if not chosen <= _codes(name):
        raise BadAnswer
    return sorted(chosen)


def _decimal_of(answer: str) -> Decimal:
    number = answers.exact(answer)
    if number is None or abs(number) >= _LARGEST:
        raise BadAnswer
    return number


def _integer(answer: str, _list: str) -> int:
    number = _decimal_of(answer)
    if number != number.to_integral_value() or not -_INT32 <= number < _INT32:
        raise BadAnswer
    return int(number)


def _decimal(answer: str, _list: str) -> str:
    number = _decimal_of(answer).quantize(_CENT, ROUND_HALF_UP)
    if abs(number) >= _LARGEST:  # it was less before it was rounded
        raise BadAnswer
    return str(number)


def _boolean(answer: str, _list: str) -> bool:
    if answer in YES:
        return True
    if answer in NO:
        return False
    raise BadAnswer


def _date(answer: str, _list: str) -> str:
    """A date; of an instant, the office's day."""
    if len(answer) == 10:
        try:
            return date.fromisoformat(answer).isoformat()
        except ValueError:
            raise BadAnswer from None
    return instant_of(answer).astimezone(OFFICE).date().isoformat()


def _instant(answer: str, _list: str) -> str:
    return instant_of(answer).isoformat()


def instant_of(answer: str) -> datetime:
    """An instant in UTC; without a zone it is the office's time, without a time its midnight."""
    try:
        if len(answer) == 10:
            moment = datetime.combine(date.fromisoformat(answer), time(), OFFICE)
        else:
            moment = datetime.fromisoformat(answer)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=OFFICE)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadAnswer from None


def _area(answer: str, _list: str) -> str:
    """A division code; the official short forms (2, 4, 6, 9 digits) are filled up with zeros."""
    plain = normalise.half_width(answer)
    if not _AREA.fullmatch(plain) or not plain.isascii():
        raise BadAnswer
    return plain.ljust(12, "0")


def _point(answer: str, _list: str) -> list[float | None]:
    """ODK's `lat lon alt acc` as [lon, lat, alt, acc]; 0 0 is a phone without a fix."""
    place = answers.place(answer)
    if place is None or place.latitude == place.longitude == 0:
        raise BadAnswer
    return [
        place.longitude,
        place.latitude,
        _metres(place.altitude),
        _metres(place.accuracy),
    ]


def _metres(number: float | None) -> float | None:
    return number if number is not None and abs(number) < 1e9 else None


def _image(answer: str, _list: str) -> str:
    """A file name without any folder."""
    return _text(answer.replace("\\", "/").rpartition("/")[2], "")


def _entry_id(answer: str, _list: str) -> str:
    try:
        return str(UUID(answer.lower().removeprefix("uuid:")))
    except ValueError:
        raise BadAnswer from None


CONVERSIONS: Final[dict[str, Callable[[str, str], Any]]] = {
    "text": _text,
    "name": _name,
    "code": _code,
    "codes": _code_set,
    "integer": _integer,
    "decimal": _decimal,
    "boolean": _boolean,
    "date": _date,
    "instant": _instant,
    "area": _area,
    "point": _point,
    "sealed_text": _narrow,
    "id_no": _text,  # normalised with the whole record: it depends on the kind of document
    "uscc": _text,  # likewise, because a failed check is noted but the value kept
    "phone": _text,
    "image": _image,
    "entry_id": _entry_id,
}
