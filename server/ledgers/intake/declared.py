"""What a form declares of itself: restricted questions, and that its records are rows of old ledgers (forms.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.utils.translation import gettext as _

from server.forms.problems import Fault
from server.forms.xform import Node, XForm
from server.ledgers.definitions.columns import Sensitivity
from server.ledgers.definitions.ledgers import COLUMNS

if TYPE_CHECKING:  # reading a mapping needs no spreadsheets; they take a third of a second to load
    from server.forms.workbook import Workbook


_IMPORTED: Final = "V0"


def declarations(workbook: Workbook, form: XForm, faults: list[Fault]) -> dict[str, Any]:
    """What the form's mapping holds of it: "restricted", the paths of restricted questions, and "imported"; each only where it applies."""
    restricted = restricted_paths(workbook, form, faults)
    imported = is_imported(workbook, faults)
    return {
        **({"restricted": restricted} if restricted else {}),
        **({"imported": True} if imported else {}),
    }


def is_imported(workbook: Workbook, faults: list[Fault]) -> bool:
    """Whether the ledgers sheet says that the form's records are rows of old ledgers: `level` V0 (rules.md, Verification levels V0–V4).

    Adds a fault for each other word.
    """
    for row in workbook.ledgers:
        if row["level"] not in ("", _IMPORTED):
            fault = _("“{word}” is no level that a form can have.").format(word=row["level"])
            remedy = _("Leave “level” empty, or write V0 for rows of old ledgers.")
            faults.append(Fault(fault, remedy, sheet=row.sheet, row=row.number))
    return any(row["level"] == _IMPORTED for row in workbook.ledgers)


def restricted_paths(workbook: Workbook, form: XForm, faults: list[Fault]) -> list[str]:
    """The paths that the form declares restricted, in form order; everything inside is restricted with them.

    Adds a fault for each word that is neither yes nor no, and for each restricted question
    that is saved to a column that all readers see.
    """
    paths: list[str] = []
    for node in form.nodes:
        if node.restricted not in ("", "yes", "no"):
            text = _("“{name}” is neither restricted nor open: “{word}”.")
            fault = text.format(name=node.name, word=node.restricted)
            remedy = _("Write yes or no in its bind::ruhu:restricted.")
            faults.append(_fault(workbook, node, fault, remedy))
            continue
        if node.restricted == "yes":
            paths.append(node.path)
        elif not any(node.path.startswith(f"{path}/") for path in paths):
            continue
        for word in node.saveto.split() if node.kind == "question" else ():
            if not _is_restricted(word):
                text = _("“{name}” is restricted and is saved to “{word}”, which all readers see.")
                remedy = _("Remove the saveto, or the word in bind::ruhu:restricted.")
                fault = text.format(name=node.name, word=word)
                faults.append(_fault(workbook, node, fault, remedy))
    return paths


def _is_restricted(word: str) -> bool:
    ledger, _dot, column = word.partition(".")
    part, dot, name = column.partition(".")
    declared = COLUMNS.get(part if dot else ledger, {}).get(name if dot else column)
    return declared is not None and declared.sensitivity is Sensitivity.RESTRICTED


def _fault(workbook: Workbook, node: Node, fault: str, remedy: str) -> Fault:
    row = workbook.row_of(node.path)
    sheet, number = (row.sheet, row.number) if row else ("survey", None)
    return Fault(fault, remedy, sheet=sheet, row=number)
