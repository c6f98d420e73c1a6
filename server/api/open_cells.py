"""Puts the cells that PostgreSQL left open into the lines of a ledger's file.

The value is opened as the row's model opens it, and shown as the field of the serializer shows it: the masks and
restrictions of a file are those of JSON, by the same code.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache
from re import Match
from types import SimpleNamespace
from typing import Any, Final

from django.contrib.gis.geos import GEOSGeometry
from django.db.models import Model
from rest_framework import serializers

from server.api.fields import ColumnField, PlaceField
from server.core.plain import dumps
from server.core.spreadsheets import inert
from server.ledgers.definitions.columns import Kind
from server.ledgers.reading import masking
from server.ledgers.reading.copied import END, OPEN_CELL, SIGHTS, UNSURE, Sight, cells_of

_KEPT: Final = 20_000
"""Texts that are kept opened, since many rows have the same."""


class OpenCells:
    """The cells of a file of these columns, in the order of the columns."""

    def __init__(
        self,
        model: type[Model],
        serializer: serializers.Serializer,
        columns: Sequence[str],
        *,
        is_inert: bool = True,
    ) -> None:
        self._model = model
        self._inert = inert if is_inert else _as_it_is
        self._masked: set[str] = set()  # texts of the present row that are shown masked
        context = serializer.context
        sight = Sight(context["whole_areas"], context["restricted_areas"])
        declared = [f.column for f in serializer.fields.values() if isinstance(f, ColumnField)]
        self.cells = cells_of(model, columns, declared, sight, is_inert=is_inert)
        self._show: dict[bytes, Callable[[bytes], bytes]] = {}
        for letter, (is_whole, sees) in SIGHTS.items():
            areas = {
                "whole_areas": ("",) if is_whole else (),
                "restricted_areas": ("",) if sees else (),
            }
            fields = type(serializer)(context={**context, **areas}).fields
            for place, name in enumerate(columns):
                self._show[f"{place}{letter}".encode()] = self._shower(name, fields[name], is_whole)

    def filled(self, lines: Sequence[bytes]) -> bytes:
        """The lines with all their cells."""
        return OPEN_CELL.sub(self._cell, b"".join(lines)).replace(END, b"\r\n")

    def _cell(self, match: Match[bytes]) -> bytes:
        return self._show[match[1]](match[2])

    def _shower(self, name: str, field: Any, is_whole: bool) -> Callable[[bytes], bytes]:
        """What makes of the stored value of an open cell the cell."""
        if name == "masked":
            return self._names_masked
        column = getattr(field, "column", None)
        if column is None or column.kind is Kind.USER:
            if isinstance(field, serializers.DateTimeField | PlaceField):
                opened = _opener(
                    self._model, name, Kind.POINT if isinstance(field, PlaceField) else Kind.INSTANT
                )
                return lambda stored: self._written(field.to_representation(opened(stored)))
            return lambda stored: self._written(bytes.fromhex(stored.decode()).decode())
        opened = _opener(self._model, name, column.kind if not column.is_searched else None)
        may_be_masked = masking.holds_text(column) and not is_whole

        def shown(stored: bytes) -> tuple[bytes, bool]:
            row = SimpleNamespace(area_code="", **{name: opened(stored)})
            is_masked = may_be_masked and masking.is_masked(row, column, sees_days=False)
            return self._written(field.get_attribute(row)), is_masked

        if (
            column.kind is Kind.SEALED
        ):  # hardly two of a file are the same, and no row is restricted here
            return lambda stored: self._written(
                field.read(SimpleNamespace(**{name: opened(stored)}), is_whole)
            )
        kept = lru_cache(_KEPT)(shown)

        def noted(stored: bytes) -> bytes:
            cell, is_masked = kept(stored)
            if is_masked:
                self._masked.add(name)
            return cell

        return noted

    def _names_masked(self, stored: bytes) -> bytes:
        """The open cell `masked`, the last of its row."""
        names = stored.decode().split(" ")
        shown = (
            [n for n in names if n[:1] != UNSURE]
            if not self._masked
            else [n.removeprefix(UNSURE) for n in names if n[:1] != UNSURE or n[1:] in self._masked]
        )
        self._masked.clear()
        return " ".join(shown).encode()

    def _written(self, value: Any) -> bytes:
        """A value as a cell of a line of CSV."""
        if isinstance(value, list) and all(isinstance(part, str) for part in value):
            value = " ".join(value)
        elif isinstance(value, list | dict):
            value = dumps(value)
        text = str(self._inert(value))
        if "," in text or '"' in text or "\n" in text or "\r" in text:
            text = '"' + text.replace('"', '""') + '"'
        return text.encode()


def _as_it_is(value: Any) -> Any:
    return "" if value is None else value


def _opener(model: type[Model], name: str, kind: Kind | None) -> Callable[[bytes], Any]:
    """What makes of the stored value of an open cell that of the model's field; without a kind of a searched text."""
    field: Any = model._meta.get_field(name)
    match kind:
        case None:
            whole_texts: Any = model._meta.get_field("whole_texts")

            def searched(stored: bytes) -> Any:
                text, _dot, whole = stored.decode().partition(".")
                texts = whole_texts.opened(bytes.fromhex(whole)) if whole else {}
                return texts.get(name, bytes.fromhex(text).decode())

            return searched
        case Kind.SEALED:
            return bytes.decode
        case Kind.TEXT | Kind.JSON:
            return lambda stored: field.opened(bytes.fromhex(stored.decode()))
        case Kind.CODES:
            return lambda stored: json.loads(bytes.fromhex(stored.decode()))
        case Kind.INSTANT:
            return lambda stored: datetime.fromisoformat(bytes.fromhex(stored.decode()).decode())
        case Kind.POINT:
            return lambda stored: GEOSGeometry(stored.decode())
        case _:
            return lambda stored: bytes.fromhex(stored.decode()).decode()
