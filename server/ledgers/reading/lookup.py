"""Finding entries by what is sealed, without opening anything (design §8)."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from server.core.clock import today
from server.core.sealing import search_hash
from server.ledgers.definitions import normalise
from server.ledgers.definitions.columns import Kind, columns_of
from server.ledgers.problems import NotSearchable


def holding(rows: QuerySet[Any], column: str, text: str) -> QuerySet[Any]:
    """The rows whose sealed column holds this value, however it is written. Raises NotSearchable."""
    declared = columns_of(rows.model).get(column)
    if declared is None or declared.kind is not Kind.SEALED:
        raise NotSearchable(column=column[:60])
    hashes = [search_hash(value, column) for value in _written(column, text)]
    return rows.filter(**{f"{column}_hash__in": hashes})


def _written(column: str, text: str) -> set[str]:
    """How the value may have been normalised before it was sealed."""
    if column == "id_no":
        return {normalise.citizen_id(text, today()).number, normalise.document_number(text)}
    if column == "phone":
        return {normalise.phone(text).number}
    return {normalise.half_width(text)}
