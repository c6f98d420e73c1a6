"""Finding entries by the whole value of a sealed column, through its search hash (security.md, Sealing at rest)."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from server.core.clock import today
from server.core.sealing import search_hashes
from server.ledgers.definitions.columns import Kind, columns_of, hash_purpose
from server.ledgers.definitions.readings import spellings
from server.ledgers.problems import NotSearchable


def holding(rows: QuerySet[Any], column: str, text: str) -> QuerySet[Any]:
    """The rows whose sealed column holds this value, in whatever spelling it is asked for. Raises NotSearchable."""
    declared = columns_of(rows.model).get(column)
    if declared is None or declared.kind is not Kind.SEALED or declared.reads is None:
        raise NotSearchable(column=column[:60])
    hashes = [
        hashed
        for value in spellings(declared.reads, text, today())
        for hashed in search_hashes(value, hash_purpose(declared))
    ]
    return rows.filter(**{f"{column}_hash__in": hashes})
