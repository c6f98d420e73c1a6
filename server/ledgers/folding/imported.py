"""What rows of old ledgers may say beside better verified records: V0 replaces nothing (rules.md, Verification levels V0–V4). Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from server.ledgers.definitions.columns import Merge
from server.ledgers.definitions.contribution import Contribution
from server.ledgers.definitions.ledgers import COLUMNS
from server.ledgers.definitions.vocabulary import Level

FIRST_HOLDS: Final = frozenset({Merge.FIXED, Merge.IDENTITY})
"""Rules by which the first value holds: `merge.decide` puts imported ones last."""
_SPELL_OF: Final = "emp_status"
_SPELL: Final = "spell."


def is_imported(contribution: Contribution) -> bool:
    """Whether the contribution is a row of an old ledger."""
    return contribution.level == Level.IMPORTED


def without_overruled(contributions: Sequence[Contribution]) -> Sequence[Contribution]:
    """The contributions, in fold order, without what imported ones say of a column or link that a better verified one spoke of before."""
    if not any(map(is_imported, contributions)):
        return contributions
    spoken_of: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    kept = []
    for item in contributions:
        better = spoken_of[item.family, item.entry]
        if is_imported(item):
            links = {name: key for name, key in item.links.items() if name not in better}
            item = replace(item, values=_unspoken(item, better), links=links)
        else:
            better.update(item.values, item.links)
        kept.append(item)
    return kept


def _unspoken(item: Contribution, better: set[str]) -> dict[str, Any]:
    """The imported values of columns that nobody better has spoken of; an employment status goes with its spell."""
    columns = COLUMNS[item.family]
    has_spell = _SPELL_OF in item.values and _SPELL_OF in better
    return {
        name: value
        for name, value in item.values.items()
        if not (has_spell and name.startswith(_SPELL))
        and (name not in better or _first_holds(columns, name))
    }


def _first_holds(columns: dict[str, Any], name: str) -> bool:
    column = columns.get(name.removesuffix("#"))
    return column is not None and column.merge in FIRST_HOLDS
