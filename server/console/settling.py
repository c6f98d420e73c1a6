"""What the page of an exception shows: the values that sources give, two entries column by column, and what resolves it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from server.accounts.access import Access
from server.console.forms import checked
from server.console.moves import CorrectionForm
from server.console.pages import StaffRequest, area_names
from server.console.presentation import Cell, cell_of, sheet
from server.ledgers import services
from server.ledgers.definitions.columns import Column, Kind, columns_of
from server.ledgers.definitions.ledgers import COLUMNS, DEFINITIONS
from server.ledgers.definitions.resolutions import Resolution
from server.ledgers.models import LedgerException
from server.ledgers.models.base import LedgerEntry
from server.ledgers.models.choices import RESOLUTION_CHOICES
from server.ledgers.selectors import (
    Effect,
    Origin,
    address_title,
    provenance,
    rows_of,
    values_given,
)
from server.ledgers.services import Suggestion

LAST_SETTLED = "last_settled_exception"
"""In the session: the number of the exception that the next page offers to open again."""
_LABELS = dict(RESOLUTION_CHOICES)
_OF_THE_PAGE = {
    Resolution.KEEP,
    Resolution.CORRECT,
    Resolution.SAME,
    Resolution.NOT_SAME,
    Resolution.NOTE,
}
"""Resolutions that have a place of their own on the page; the others are buttons."""


def ready_reasons() -> list[str]:
    """Reasons that are offered while a reason is typed; the first stands in the field."""
    return [
        _("compared the sources"),
        _("saw the document"),
        _("asked the person"),
        _("asked by telephone"),
    ]


@dataclass(frozen=True, slots=True)
class Value:
    """A value of a column as the page shows it, with those who give it."""

    text: str
    masked: bool
    contribution: int
    origins: tuple[Origin, ...]
    holds: bool


@dataclass(frozen=True, slots=True)
class OfferedAct:
    """A resolution that one button takes."""

    label: str
    resolution: Resolution
    to: str  # of a move: the state,
    state: str  # and its label
    column: str


@dataclass(frozen=True, slots=True)
class Change:
    """A column that a correction would change."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Pair:
    """One column of two entries."""

    label: str
    left: Cell | None
    right: Cell | None

    @property
    def sides(self) -> tuple[Cell | None, Cell | None]:
        """Both values, for a row of a table."""
        return (self.left, self.right)

    @property
    def differs(self) -> bool:
        """Whether both have a value, and not the same; of masked values only the masks are compared."""
        return bool(self.left and self.right and self.left.text != self.right.text)


def values_of(access: Access, entry: LedgerEntry, column: Column) -> list[Value]:
    """The values that sources give a column of an entry, the latest first."""
    given = values_given(access, entry, column)
    codes = [getattr(item.entry, column.name) for item in given if column.kind is Kind.AREA]
    names = area_names(codes)
    values = []
    for item in given:
        cell = cell_of(item.entry, column, access, {}, names)
        if cell is not None:
            values.append(
                Value(cell.text, cell.masked, item.contribution, item.origins, item.holds)
            )
    return values


def entry_of(access: Access, family: str, key: Any) -> LedgerEntry | None:
    """The entry with what its title names; None where the reader does not see it."""
    rows = rows_of(access, family)
    joined = [
        column.name
        for column in columns_of(rows.model).values()
        if column.kind in (Kind.ENTRY, Kind.USER)
    ]
    entry: LedgerEntry | None = rows.select_related(*joined).filter(pk=key).first()
    return entry


def pairs_of(access: Access, left: LedgerEntry, right: LedgerEntry) -> list[Pair]:
    """Two entries column by column, without what neither has."""
    names = area_names(
        getattr(row, column.name) or ""
        for row in (left, right)
        for column in columns_of(type(row)).values()
        if column.kind is Kind.AREA
    )
    of_left, of_right = (
        {
            cell.name: cell
            for cell in sheet(row, access, origins=provenance(access, row), names=names)
        }
        for row in (left, right)
    )
    return [
        Pair(str(column.label), of_left.get(name), of_right.get(name))
        for name, column in columns_of(type(left)).items()
        if name in of_left or name in of_right
    ]


def changes_of_effect(access: Access, effect: Effect) -> list[Change]:
    """What a correction would change in the entry, in words; of a masked value that it changes."""
    if effect.after is None:
        return []
    names = area_names(
        getattr(row, column.name) or ""
        for row in (effect.before, effect.after)
        for column in effect.columns
        if column.kind is Kind.AREA
    )
    changes = []
    for column in effect.columns:
        before = cell_of(effect.before, column, access, {}, names)
        after = cell_of(effect.after, column, access, {}, names)
        if before is not None or after is not None:
            changes.append(
                Change(
                    str(column.label), before.text if before else "", after.text if after else ""
                )
            )
    return changes


def settle_context(access: Access, row: LedgerException) -> dict[str, Any]:
    """What the page of an exception needs besides the exception and its sentence."""
    entry = entry_of(access, row.family, row.entry)
    context: dict[str, Any] = {"entry": entry, "reasons": ready_reasons()}
    if entry is None:
        return context
    context |= {"title": address_title(entry), "path": DEFINITIONS[row.family].path}
    if row.other is not None:
        other = entry_of(access, row.family, row.other)
        if other is not None:
            context |= {
                "other": other,
                "other_title": address_title(other),
                "pairs": pairs_of(access, entry, other),
            }
        return context
    offered = services.suggestions(access, row)
    context["others"] = [
        OfferedAct(
            str(_LABELS[item.resolution]),
            item.resolution,
            item.move.to if item.move else "",
            item.move.label if item.move else "",
            item.column,
        )
        for item in offered
        if item.resolution not in _OF_THE_PAGE and _needs_nothing(item)
    ]
    correction = next((item for item in offered if item.resolution is Resolution.CORRECT), None)
    if correction is not None:
        column = COLUMNS[row.family][correction.column]
        context |= {
            "column": column,
            "values": values_of(access, entry, column),
            "correction": CorrectionForm(column, access, entry.area_code),
            "may_keep": any(item.resolution is Resolution.KEEP for item in offered),
        }
    return context


def _needs_nothing(item: Suggestion) -> bool:
    """Whether the act can be done by a button; a move that needs values has its form on the entry's page."""
    step = item.move
    return step is None or (step.may and not step.needs and not step.needs_evidence)


def choice_of(request: StaffRequest, context: dict[str, Any]) -> services.Choice:
    """The resolution that the form asks for; a note when it asks for none. Raises InvalidRequest for a bad value."""
    given = request.POST
    chosen = given.get("contribution", "")
    if chosen.isascii() and chosen.removeprefix("-").isdecimal():
        return services.Choice(Resolution.KEEP, source=int(chosen))
    asked = given.get("resolution", "")
    resolution = Resolution(asked) if asked in _LABELS else Resolution.NOTE
    column: Column | None = context.get("column")
    if resolution is not Resolution.CORRECT or column is None:
        return services.Choice(resolution, to=given.get("to", ""), column=given.get("column", ""))
    form = CorrectionForm(column, request.access, context["entry"].area_code, given)
    return services.Choice(resolution, value=checked(form)["value"])
