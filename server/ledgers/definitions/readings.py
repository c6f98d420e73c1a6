"""How a text answer becomes a column's value: the one spelling of names, phones, ID numbers and credit codes. Pure.

Forms, desk acts and search all read text through the column's `reads`, so that a value
given at one door is found at another.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Final

from server.ledgers.definitions import normalise
from server.ledgers.definitions.columns import Reading


def _id_no(text: str, today: date) -> str:
    """A citizen ID number in its 18 characters; the number of another document narrow and without blanks."""
    citizen = normalise.citizen_id(text, today)
    return citizen.number if citizen.is_valid else normalise.document_number(text)


_SPELLINGS: Final[dict[Reading, Callable[[str, date], str]]] = {
    Reading.TEXT: lambda text, _today: text.strip(),
    Reading.NARROW: lambda text, _today: normalise.half_width(text),
    Reading.NAME: lambda text, _today: normalise.name(text),
    Reading.PHONE: lambda text, _today: normalise.phone(text).number,
    Reading.ID_NO: _id_no,
    Reading.USCC: lambda text, _today: normalise.uscc(text).code,
}


def spelled(reading: Reading, text: str, today: date) -> str:
    """The text in the column's one spelling. `today` bounds the birth dates of ID numbers."""
    return _SPELLINGS[reading](text, today)


def spellings(reading: Reading, text: str, today: date) -> set[str]:
    """Every spelling under which the value may be stored, for search by equality.

    A number that could be a citizen's or another document's is stored by what the record
    says of the document, so both spellings are looked for.
    """
    if reading is Reading.ID_NO:
        return {normalise.citizen_id(text, today).number, normalise.document_number(text)}
    return {spelled(reading, text, today)}
