"""Lets Python look for declared ledgers and migrations in this folder, too, before Django reads the models."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

_HERE = Path(__file__).parent
_FOLDERS = {
    "server.ledgers.models.declared": _HERE / "declared",
    "server.ledgers.migrations": _HERE / "migrations",
}


class _WithMore(PathFinder):
    """Finds the two packages where they are, and their modules there and here."""

    @classmethod
    def find_spec(
        cls, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in _FOLDERS:
            return None
        spec = super().find_spec(fullname, path, target)
        if spec is not None and spec.submodule_search_locations is not None:
            spec.submodule_search_locations.append(str(_FOLDERS[fullname]))
        return spec


sys.meta_path.insert(0, _WithMore)
