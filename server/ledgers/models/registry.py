"""Every ledger that a model declares, by name: L1–L7, and whatever a module of `models/declared/` declares."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import Final

from server.ledgers.definitions.declaring import LedgerDefinition
from server.ledgers.models import declared, employers, households, people, visits
from server.ledgers.models.base import LedgerEntry

_MODULES: Final = (
    people,
    households,
    visits,
    employers,
    *(
        import_module(f"{declared.__name__}.{module.name}")
        for module in sorted(iter_modules(declared.__path__), key=lambda module: module.name)
    ),
)


def _order(definition: LedgerDefinition) -> tuple[int, int]:
    """By the dictionary's number, those without one last; of one number as declared."""
    number = int(definition.number[1:] or 0) if definition.number else 0
    return (number or 1_000, list(_MODELS).index(definition.model))


_MODELS: Final[dict[type[LedgerEntry], None]] = {
    model: None
    for module in _MODULES
    for model in vars(module).values()
    if isinstance(model, type) and issubclass(model, LedgerEntry) and model is not LedgerEntry
}
DECLARED: Final[dict[str, LedgerDefinition]] = {
    definition.name: definition
    for definition in sorted((model.ledger for model in _MODELS), key=_order)
}
"""Name → ledger, in the order of the dictionary."""
