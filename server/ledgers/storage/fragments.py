"""Parts of statements and queries that several modules have to write alike.

Made of the enums and of the day rule (`folding.derive.due`), so that SQL and Python say the
same. Only names of columns, tables and parameters are put into the text, never values from outside.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from django.db.models import Q

from server.core.clock import OFFICE
from server.geo.models import PREFIX_LENGTH, Level
from server.ledgers.definitions.vocabulary import (
    LISTED_PERSONS,
    LISTED_RETIREES,
    OPEN_OFFERS,
    OPEN_TRAINING,
    OPEN_VACANCY_STATES,
    CaseState,
)
from server.ledgers.folding.derive.due import SOON, Urgency
from server.ledgers.storage.database import words

IS_OPEN: Final = ~Q(state=CaseState.CLOSED)
"""A condition of a query of AssistanceCase: the case is open."""


def open_case(table: str) -> str:
    """A condition: the case of this table or alias is open."""
    return f"{table}.state <> '{CaseState.CLOSED}'"


def is_listed_person(table: str) -> str:
    """A condition: phones list the person of this table or alias."""
    return f"{table}.person_status in ({words(LISTED_PERSONS)})"


def is_open_vacancy(table: str) -> str:
    """A condition: somebody may still be placed in the vacancy of this table or alias."""
    return f"{table}.state in ({words(OPEN_VACANCY_STATES)})"


def is_listed_retiree(table: str) -> str:
    """A condition: phones list the retired person of this table or alias, whom nothing reports dead or gone."""
    return (
        f"{table}.state in ({words(LISTED_RETIREES)}) and not exists (select from ledgers_person gone"
        f" where gone.id = {table}.person_id and not {is_listed_person('gone')})"
    )


_OPEN_ENTRIES: Final = {
    "offer": (f"state in ({words(OPEN_OFFERS)})", "offered_on", "vacancy"),
    "training": (f"state in ({words(OPEN_TRAINING)})", "start_on", "course"),
    "transfer": ("returned_on is null", "start_on", ""),
    "floating": ("left_on is null", "came_on", ""),
    "flexible": ("end_on is null", "start_on", ""),
}
"""Ledger → when an entry of a person may still come to something, the day by which the latest is known, where its title stands."""


def open_entries(table: str) -> str:
    """Expressions, named by ledger: the latest open entry of the person of this table or alias, as uuid, space and title."""
    return ", ".join(_latest(table, ledger) for ledger in _OPEN_ENTRIES)


def _latest(table: str, ledger: str) -> str:
    condition, day, title = _OPEN_ENTRIES[ledger]
    naming = {
        "vacancy": "(select title from ledgers_vacancy where id = entry.vacancy_id)",
        "": "''",
    }.get(title, title)
    return (
        f"(select entry.id::text || ' ' || coalesce({naming}, '') from ledgers_{ledger} entry"  # noqa: S608 a ledger
        f" where entry.person_id = {table}.id and entry.{condition} and {same_office('entry', table)}"
        f" order by entry.{day} desc nulls last, entry.id limit 1) as {ledger}"
    )


def same_office(table: str, other: str) -> str:
    """A condition: the entries of two tables or aliases lie in one street."""
    length = PREFIX_LENGTH[Level.STREET]
    return f"left({table}.area_code, {length}) = left({other}.area_code, {length})"


def office_day(instant: str) -> str:
    """The day of an instant by the office's clock."""
    return f"({instant} at time zone '{OFFICE}')::date"


def urgency_of(due_on: str, today: str) -> str:
    """The Urgency of a date, given the expressions of the date and of today."""
    return (
        f"case when {due_on} is null then '{Urgency.NONE}'"
        f" when {due_on} < {today} then '{Urgency.OVERDUE}'"
        f" when {due_on} = {today} then '{Urgency.DUE}'"
        f" when {due_on} <= {today} + {SOON.days} then '{Urgency.SOON}'"
        f" else '{Urgency.LATER}' end"
    )


def visit_overdue(today: date) -> Q:
    """Cases whose next visit is overdue."""
    return IS_OPEN & Q(next_due__lt=today)


def visit_due(today: date) -> Q:
    """Cases whose next visit is due today."""
    return IS_OPEN & Q(next_due=today)


def visit_due_soon(today: date) -> Q:
    """Cases whose next visit is overdue, due today or soon due."""
    return IS_OPEN & Q(next_due__lte=today + SOON)


def without_numbers(text: str) -> str:
    """The text of this expression with asterisks for ten digits and more in a row, separated or not.

    Coarser than `core.masking.mask_numbers`, for texts that leave the database as a whole.
    """
    narrow = f"translate({text}, '０１２３４５６７８９－\u3000', '0123456789- ')"
    return f"regexp_replace({narrow}, '[0-9]([ .-]{{0,2}}[0-9]){{9,}}[Xx]?', '******', 'g')"
