"""What is wrong with the entity lists that a form names, and what its publisher should know about them."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from server.forms.entities import entity_list, is_entity_list, is_of_ledgers, properties
from server.forms.entity_forms import entity_form
from server.forms.problems import Fault
from server.forms.sheets import Row
from server.forms.workbook import Workbook


def property_faults(document: bytes, workbook: Workbook) -> Iterator[Fault]:
    """Properties that a list cannot have: what is written to them would exist on one phone only."""
    named = entity_form(document).datasets
    written: dict[str, list[str]] = {}  # list of the office's own → properties of the rows above
    for row in workbook.survey:
        prefix, _hash, rest = row["save_to"].partition("#")
        name, column = (prefix, rest) if rest else (named[0] if len(named) == 1 else "", prefix)
        if not column or not name:
            continue
        known = entity_list(f"{name}.csv")
        if known is None or not is_of_ledgers(name):
            above = written.setdefault(name, list(properties(known)) if known else [])
            yield from _spelled_otherwise(name, column, above, row)
            above.append(column)
        elif column not in properties(known):
            close = difflib.get_close_matches(column.lower(), properties(known), 3)
            yield Fault(
                _(
                    "The list “{list}” has no property “{name}”; the answer would stay on the phone."
                ).format(list=name, name=column),
                _("Use one of: {names}.").format(names=", ".join(close or properties(known))),
                sheet=row.sheet,
                row=row.number,
            )


def restricted_faults(
    document: bytes, workbook: Workbook, mapping: Mapping[str, Any]
) -> Iterator[Fault]:
    """Restricted answers that are saved to a list: phones hold no restricted facts."""
    restricted = mapping.get("restricted", ())
    for path, name in entity_form(document).properties.items():
        if any(f"{path}/".startswith(f"{place}/") for place in restricted):
            row = workbook.row_of(path)
            yield Fault(
                _("The restricted answer to “{name}” is saved to an entity list.").format(
                    name=name
                ),
                _("Remove its save_to: everybody who holds the list on a phone would read it."),
                sheet=row.sheet if row else "survey",
                row=row.number if row else None,
            )


def _spelled_otherwise(name: str, column: str, known: list[str], row: Row) -> Iterator[Fault]:
    """A property that a list of the office's own, or a row above, has with other capitals: phones take both for the same."""
    same = next((item for item in known if item.lower() == column.lower()), column)
    if same != column:
        yield Fault(
            _("The list “{list}” has the property “{name}” spelled otherwise.").format(
                list=name, name=column
            ),
            _("Write {name}.").format(name=same),
            sheet=row.sheet,
            row=row.number,
        )


def _new_lists(document: bytes, workbook: Workbook) -> Iterator[tuple[str, Row]]:
    """The entity lists that the form makes, with their row of the sheet."""
    rows = {row["list_name"]: row for row in workbook.entities}
    for name in entity_form(document).datasets:
        if not is_entity_list(f"{name}.csv"):
            yield name, rows.get(name, Row("entities", 0, {}, {}))


def new_list_faults(document: bytes, workbook: Workbook) -> Iterator[Fault]:
    """Lists that nobody has: the name may be misspelled."""
    for name, row in _new_lists(document, workbook):
        yield Fault(
            _("There is no entity list “{name}”.").format(name=name),
            _("Correct the name, or say when you publish that the form makes new entity lists."),
            sheet=row.sheet,
            row=row.number,
        )


def list_remarks(document: bytes, workbook: Workbook, mapping: Mapping[str, Any]) -> Iterator[str]:
    """What is said about lists whose entries the form makes or changes, but whose ledger it does not fill."""
    filled = {
        f"{mapping['records'][index]['ledger']}.{column}"
        for targets in mapping["questions"].values()
        for index, column, _conversion, _list in targets
    }
    for name, row in _new_lists(document, workbook):
        yield _("{place}: “{list}” is a new entity list.").format(place=_place(row), list=name)
    for row in workbook.entities:
        known = entity_list(f"{row['list_name']}.csv")
        if known is not None and known.saved_by and known.saved_by not in filled:
            yield _(
                "{place}: entries of “{list}” that this form makes or changes are seen on the same phone only, because no question is saved to {target} (bind::ruhu:saveto)."
            ).format(place=_place(row), list=row["list_name"], target=known.saved_by)


def _place(row: Row) -> str:
    """Where the row is, in words."""
    return Fault("", "", row.sheet, row.number).where
