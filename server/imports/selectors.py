"""Reads of imports: which there are, how far one is, its rows and remarks, what an office's headings mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Count, QuerySet

from server.accounts.access import REVIEWERS, Access
from server.core.codes import label_of
from server.core.masking import mask_numbers
from server.geo.selectors import division_names
from server.imports.models import Import, ImportedRow, Meaning
from server.imports.problems import NoSuchImport
from server.ledgers.definitions.columns import Column, Kind
from server.ledgers.definitions.ledgers import DEFINITIONS
from server.ledgers.intake.old_columns import AREA, columns_of


def imports(access: Access) -> QuerySet[Import]:
    """The imports of the areas in which the reader is street staff or administrator, newest first, without contents and remarks."""
    return (
        Import.objects.filter(access.within(roles=REVIEWERS))
        .select_related("created_by", "decided_by")
        .defer("content", "remarks", "meanings", "headings")
    )


def import_numbered(access: Access, number: int) -> Import:
    """One of them, whole but for its content. Raises NoSuchImport."""
    mine = Import.objects.filter(access.within(roles=REVIEWERS), pk=number)
    imported = mine.select_related("created_by", "decided_by").defer("content").first()
    if imported is None:
        raise NoSuchImport(number=number)
    return imported


@dataclass(frozen=True, slots=True)
class Progress:
    """How many rows of an import are where."""

    ready: int = 0
    stored: int = 0
    known: int = 0
    refused: int = 0

    @property
    def rows(self) -> int:
        return self.ready + self.stored + self.known + self.refused

    @property
    def done(self) -> int:
        return self.rows - self.ready


def progress_of(numbers: list[int]) -> dict[int, Progress]:
    """Import → its progress. One query."""
    counted: dict[int, dict[str, int]] = {number: {} for number in numbers}
    rows = ImportedRow.objects.filter(source__in=numbers).order_by()
    for number, outcome, count in rows.values_list("source", "outcome").annotate(n=Count("pk")):
        counted[number][outcome] = count
    return {number: Progress(**counts) for number, counts in counted.items()}


def rows_of(imported: Import) -> QuerySet[ImportedRow]:
    """The import's rows that can be read, without their values; the caller has found the import."""
    return imported.rows.defer("values").order_by("id")


def preview_of(imported: Import, count: int = 5) -> list[tuple[ImportedRow, list[tuple[str, str]]]]:
    """The first rows that are ready, each with the labels and values that were read, in the order of the ledger's columns.

    Nothing of a sealed column is shown. Two queries.
    """
    rows = list(imported.rows.filter(outcome=ImportedRow.Outcome.READY).order_by("id")[:count])
    names, labels = division_names({row.values[AREA] for row in rows}), labels_of(imported.ledger)
    return [
        (
            row,
            [
                (labels[name], _shown(column, row.values[name], names))
                for name, column in columns_of(imported.ledger).items()
                if name in row.values
            ],
        )
        for row in rows
    ]


def _shown(column: Column, text: str, divisions: Mapping[str, str]) -> str:
    if column.kind is Kind.SEALED:
        return "●●●"
    if column.name == AREA:
        return divisions.get(text, text)
    if column.codes:
        return "、".join(label_of(column.codes, code) for code in text.split())
    return mask_numbers(text)


def meanings_of(area: str, ledger: str) -> Mapping[str, str]:
    """Plain heading → column, as somebody chose for the area's last file of the ledger."""
    rows = Meaning.objects.filter(area_code=area, ledger=ledger)
    return dict(rows.values_list("heading", "column"))


def labels_of(ledger: str) -> dict[str, str]:
    """The columns that a heading can mean, with their names in the active language."""
    labels = {}
    for name, column in columns_of(ledger).items():
        part = name.partition(".")[0]
        of_part = part in DEFINITIONS and part != ledger
        labels[name] = (
            f"{DEFINITIONS[part].label}：{column.label}" if of_part else str(column.label)
        )
    return labels
