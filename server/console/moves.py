"""The forms of moves, corrections and voids, made from the declarations of ledgers and columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from server.accounts.access import Access
from server.accounts.selectors import colleagues_in
from server.core.codes import code_lists, restricted_codes
from server.ledgers.definitions.columns import Column, Kind, Merge
from server.ledgers.definitions.ledgers import DEFINITIONS, name_of
from server.ledgers.desk.acts import may_decide
from server.ledgers.models.base import LedgerEntry
from server.ledgers.reading.entries import hidden_columns, may_see_restricted
from server.ledgers.services import NextMove, next_moves

_PLAIN = {
    Kind.DATE: "date",
    Kind.INTEGER: "number",
    Kind.DECIMAL: "number",
    Kind.AREA: "text",
    Kind.TEXT: "text",
    Kind.SEALED: "text",
}
"""Kinds that are typed into one line, with the type of the field."""


class MoveForm(forms.Form):
    """The values that a move needs and takes, the documents seen, and why."""

    def __init__(self, move: NextMove, access: Access, area_code: str, data: Any = None) -> None:
        super().__init__(data, auto_id=f"{move.column}-{move.to}-%s")
        self.move = move
        for column in (*move.needs, *move.takes):
            field = field_of(column, access, area_code, required=column in move.needs)
            if field is not None:
                self.fields[column.name] = field
        self.fields["evidence"] = forms.MultipleChoiceField(
            label=_("Documents seen"),
            choices=_choices("MAT", access, area_code),
            required=move.needs_evidence,
            widget=forms.SelectMultiple(attrs={"size": 4}),
        )
        self.fields["reason"] = _reason()

    def values(self) -> dict[str, Any]:
        """Column → value, of the columns that were filled in."""
        return {
            column.name: self.cleaned_data[column.name]
            for column in (*self.move.needs, *self.move.takes)
            if self.cleaned_data.get(column.name) not in (None, "", [])
        }


class CorrectionForm(forms.Form):
    """The right value of one column, and why."""

    def __init__(self, column: Column, access: Access, area_code: str, data: Any = None) -> None:
        super().__init__(data, auto_id=f"correct-{column.name}-%s")
        self.column = column
        field = field_of(column, access, area_code, required=True)
        assert field is not None  # noqa: S101 `correctable` leaves such columns out
        self.fields["value"] = field
        self.fields["reason"] = _reason()


@dataclass(frozen=True, slots=True)
class DeskPanel:
    """What the user may do about an entry: its next moves, its columns to correct, whether it may be voided."""

    ledger: str
    moves: list[MoveForm]
    corrections: list[Column]
    may_void: bool

    @property
    def path(self) -> str:
        """The ledger's word in addresses."""
        return DEFINITIONS[self.ledger].path

    @property
    def names(self) -> frozenset[str]:
        """The columns that the user may correct, by name."""
        return frozenset(column.name for column in self.corrections)

    @property
    def is_empty(self) -> bool:
        return not (self.moves or self.corrections or self.may_void)


def desk_panel(access: Access, entry: LedgerEntry) -> DeskPanel:
    """What the user may do about an entry. One query for a case."""
    ledger = name_of(type(entry))
    may = may_decide(access, ledger, entry.area_code)
    is_own = not DEFINITIONS[ledger].part_of
    moves = [
        MoveForm(move, access, entry.area_code) for move in next_moves(access, entry) if move.may
    ]
    return DeskPanel(
        ledger, moves, correctable(access, entry) if may and is_own else [], may and is_own
    )


def correctable(access: Access, entry: LedgerEntry) -> list[Column]:
    """The columns that the page offers to correct; states are moved instead."""
    hidden = hidden_columns(access, entry)
    definition = DEFINITIONS[name_of(type(entry))]
    return [
        column
        for name, column in definition.columns.items()
        if name not in hidden
        and not column.computed
        and name != definition.numbered
        and definition.machine_of(name) is None
        and column.merge is not Merge.STATES
        and column.kind not in (Kind.ENTRY, Kind.POINT, Kind.IMAGE, Kind.JSON, Kind.INSTANT)
    ]


def field_of(
    column: Column, access: Access, area_code: str, *, required: bool
) -> forms.Field | None:
    """A form field for a column's value; None of a kind that nobody types."""
    options: dict[str, Any] = {"label": str(column.label), "required": required}
    match column.kind:
        case Kind.CODE:
            choices = [("", "—"), *_choices(column.codes, access, area_code)]
            return forms.ChoiceField(choices=choices, **options)
        case Kind.CODES:
            widget = forms.SelectMultiple(attrs={"size": 5})
            return forms.MultipleChoiceField(
                choices=_choices(column.codes, access, area_code), widget=widget, **options
            )
        case Kind.BOOLEAN:
            yes_or_no: list[tuple[str, Any]] = [("", "—"), ("1", _("yes")), ("0", _("no"))]
            return forms.ChoiceField(choices=yes_or_no, **options)
        case Kind.USER:
            people = colleagues_in(access, area_code)
            choices = [("", "—"), *((str(person.pk), str(person)) for person in people)]
            return forms.ChoiceField(choices=choices, **options)
        case kind if kind in _PLAIN:
            step = {"step": "any"} if kind is Kind.DECIMAL else {}
            line = forms.TextInput(attrs={"type": _PLAIN[kind], **step})
            return forms.CharField(max_length=1000, widget=line, **options)
    return None


def _reason() -> forms.Field:
    return forms.CharField(
        label=_("Reason"), min_length=2, max_length=1000, widget=forms.TextInput()
    )


def _choices(code_list: str, access: Access, area_code: str) -> Sequence[tuple[str, str]]:
    """The codes of a list; restricted ones are offered to those who may see them."""
    hidden = () if may_see_restricted(access, area_code) else restricted_codes(code_list)
    codes = code_lists()[code_list].codes
    return [(code, f"{code} {label}") for code, label in codes.items() if code not in hidden]
