"""The search of the page's head: entries of all ledgers by name, pinyin, address or number, and whole personal numbers with a reason.

What looks like an ID number or a phone is looked for nowhere: the answer is the form that
searches by a number, with its role, its reason and its limit (`disclosure.services.find`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from server.accounts.access import Access
from server.console.ledger_tables import address_of, joined_columns
from server.console.pages import area_names
from server.console.presentation import joined_title, plain
from server.core.codes import label_of
from server.core.masking import mask_numbers
from server.core.personal_numbers import find
from server.ledgers.definitions.declaring import LedgerDefinition
from server.ledgers.definitions.ledgers import DEFINITIONS
from server.ledgers.filters import FILTERS
from server.ledgers.reading.masking import dated
from server.ledgers.reading.provenance import title_of
from server.ledgers.selectors import rows_of

AT_ONCE: Final = ("person", "household", "employer", "case", "vacancy")
"""The ledgers that are searched while somebody types; Enter searches all."""
MOST: Final = 6
"""Entries shown of a ledger; its list shows the others."""
SHORTEST: Final = 2
_ID: Final = re.compile(r"\d{14}[\dXx]|\d{17}[\dXx]")


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry that was searched for."""

    url: str
    title: str
    about: str


@dataclass(frozen=True, slots=True)
class Hits:
    """The hits in one ledger, and whether its list has more."""

    label: str
    url: str
    hits: list[Hit]
    has_more: bool


def personal_number(text: str) -> tuple[str, str] | None:
    """(`ledger.column`, number) of a text that is an ID number or a phone as a whole; None for any other."""
    digits = re.sub(r"[\s\-()]", "", text)
    if not any(find(text)) and not any(find(digits)):
        return None
    return ("person.id_no" if _ID.fullmatch(digits) else "person.phone"), text.strip()


def search(access: Access, text: str, ledgers: Iterable[str]) -> Iterator[Hits]:
    """The entries of each ledger that hold every word of the text. A query a ledger, and one for the names of areas."""
    pages = []
    for name in ledgers:
        definition = DEFINITIONS[name]
        condition = FILTERS[name].base_filters["search"].condition(text, access)
        rows = rows_of(access, name).select_related(*joined_columns(definition))
        taken = list(rows.filter(condition).order_by("pk")[: MOST + 1])
        if taken:
            pages.append((definition, taken))
    names = area_names(row.area_code for _definition, taken in pages for row in taken)
    for definition, taken in pages:
        hits = [_hit(access, definition, row, names) for row in taken[:MOST]]
        yield Hits(str(definition.label), definition.path, hits, has_more=len(taken) > MOST)


def _hit(access: Access, definition: LedgerDefinition, row: Any, names: dict[str, str]) -> Hit:
    title, *about = _words(access, definition, row)
    area = names.get(row.area_code, row.area_code)
    parts = [mask_numbers(str(part)) for part in (*about, area) if part]
    return Hit(address_of(definition, row), mask_numbers(title), " · ".join(parts))


def _words(access: Access, definition: LedgerDefinition, row: Any) -> list[str]:
    """What an entry is called, and what tells it from others of the same name."""
    match definition.name:
        case "person":
            born = dated(row, definition.columns["birth_date"], sees_days=False)
            sex = label_of("SEX", row.sex) if row.sex else ""
            return [
                row.name or "—",
                sex,
                plain(born) if born else "",
                joined_title(row, "household"),
            ]
        case "household":
            home = " ".join(part for part in (row.address, row.building, row.room) if part)
            return [home or row.hh_no or "—", joined_title(row, "head_person"), row.hh_no or ""]
        case "employer":
            return [row.name or "—", row.uscc or "", row.address or ""]
        case "vacancy":
            return [row.title or "—", joined_title(row, "employer"), row.vacancy_no or ""]
        case "case":
            subject = joined_title(row, "subject_person") or joined_title(row, "subject_household")
            return [
                subject or row.case_no or "—",
                label_of("ST4", row.state or ""),
                row.case_no or "",
            ]
    joined = [joined_title(row, column) for column in joined_columns(definition)]
    number = getattr(row, definition.numbered, "") if definition.numbered else ""
    return [next(filter(None, joined), "") or title_of(row), number or ""]
