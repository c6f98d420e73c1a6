"""What a form may save its answers to, and which question types fit: the vocabulary of `bind::ruhu:saveto`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from server.ledgers.definitions.columns import Column, Kind
from server.ledgers.definitions.ledgers import COLUMNS, DEFINITIONS, FAMILIES, LINKS, MEMBER_OF

RECORDS: Final = FAMILIES
"""The ledgers a form can have records of."""
PARTS: Final[dict[str, str]] = {
    ledger: definition.part_of[0]
    for ledger, definition in DEFINITIONS.items()
    if definition.part_of
}
"""Ledgers filled through another's record: `spell.start_on` is stored in a person's record."""

HEAD: Final[dict[str, str]] = {
    "area_code": "area",
    "observed_at": "instant",
    "loc": "point",
    "met_whom": "code",
}
"""The pseudo-ledger `head`: facts of the submission as a whole, and how each is read."""

_CONVERSIONS: Final[dict[Kind, str]] = {
    Kind.CODE: "code",
    Kind.CODES: "codes",
    Kind.INTEGER: "integer",
    Kind.DECIMAL: "decimal",
    Kind.BOOLEAN: "boolean",
    Kind.DATE: "date",
    Kind.INSTANT: "instant",
    Kind.AREA: "area",
    Kind.POINT: "point",
    Kind.IMAGE: "image",
}
_WRITTEN: Final = frozenset({"text", "calculate", "barcode"})
FITTING: Final[dict[str, frozenset[str]]] = {
    "text": _WRITTEN,
    "name": _WRITTEN,
    "id_no": _WRITTEN,
    "uscc": _WRITTEN,
    "phone": _WRITTEN,
    "sealed_text": _WRITTEN,
    "entry_id": frozenset({"text", "calculate", "select_one"}),
    "code": frozenset({"select_one", "calculate"}),
    "codes": frozenset({"select_multiple", "select_one", "calculate"}),
    "integer": frozenset({"int", "calculate"}),
    "decimal": frozenset({"int", "decimal", "calculate"}),
    "boolean": frozenset({"select_one", "calculate", "trigger", "boolean"}),
    "date": frozenset({"date", "dateTime", "calculate"}),
    "instant": frozenset({"dateTime", "date", "calculate"}),
    "area": frozenset({"text", "calculate", "select_one", "barcode"}),
    "point": frozenset({"geopoint", "calculate"}),
    "image": frozenset({"image"}),
}
"""Question types (forms.xform) whose answers can become a column's value, by conversion."""

XLSFORM_TYPES: Final[dict[str, str]] = {
    "int": "integer",
    "trigger": "acknowledge",
    "dateTime": "dateTime",
}

YES: Final = frozenset({"1", "yes", "true", "OK"})
NO: Final = frozenset({"0", "2", "no", "false"})


@dataclass(frozen=True, slots=True)
class Target:
    """A column an answer goes to: `name` is the key in a record's values."""

    ledger: str  # whose record holds it
    name: str
    conversion: str
    list: str = ""  # code list; for a point, the column its accuracy goes to


class NoTarget(ValueError):
    """The name stands for no column; the message says why, `choices` lists the names there are."""

    def __init__(self, reason: str | Promise, choices: list[str]) -> None:
        super().__init__(str(reason))
        self.choices = choices


def target(ledger: str, column: str) -> Target:
    """The column `ledger.column` names. Raises NoTarget."""
    if ledger == "head":
        if column not in HEAD:
            raise NoTarget(_("there is no such head column"), list(HEAD))
        return Target("head", column, HEAD[column], "MW" if column == "met_whom" else "")
    if ledger not in RECORDS and ledger not in PARTS:
        raise NoTarget(_("there is no such ledger"), [*RECORDS, *PARTS, "head"])
    if column == "id" and ledger in RECORDS:
        return Target(ledger, "id", "entry_id")
    columns = COLUMNS[ledger]
    declared = columns.get(column)
    fillable = [name for name, column in columns.items() if _conversion(column)]
    if declared is None:
        raise NoTarget(_("the ledger has no such column"), fillable)
    conversion = _conversion(declared)
    if not conversion:
        raise NoTarget(_("the server fills this column by itself"), fillable)
    extra = declared.codes
    if conversion == "point" and (accuracy := f"{column}_accuracy") in columns:
        extra = accuracy
    if ledger in PARTS:
        return Target(PARTS[ledger], f"{ledger}.{column}", conversion, extra)
    return Target(ledger, column, conversion, extra)


def _conversion(column: Column) -> str:
    """How an answer becomes the column's value (intake.conversions); "" when no answer can."""
    return column.reads or _CONVERSIONS.get(column.kind, "")


def links_of(ledger: str) -> dict[str, str]:
    """The links a ledger's records can have: name → the ledger it leads to."""
    return {
        name: to
        for name, to in LINKS.items()
        if (name == MEMBER_OF and ledger == "person")
        or (name in COLUMNS[ledger] and COLUMNS[ledger][name].is_link)
    }
