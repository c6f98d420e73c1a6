"""What another rule table would change in the ledgers, without changing anything (rules.md, Rule table).

The entries of an area are folded twice in memory, with the table in force and with a further
rule or without a decided one, over the same contributions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from django.db import transaction

from server.geo.codes_since import codes_since
from server.ledgers.definitions.columns import Kind
from server.ledgers.definitions.ledgers import COLUMNS, LEDGERS
from server.ledgers.definitions.rule_keys import RULE_KEYS, UnfitValue
from server.ledgers.folding.derive.rules import Rule, Rules
from server.ledgers.folding.fold import FoldResult, fold
from server.ledgers.folding.row import Row
from server.ledgers.refolding.scope import ChangedEntries, Scope
from server.ledgers.storage.naming import load_naming
from server.ledgers.storage.rules import standing_rules

_BATCH = 200
_COUNTED = (Kind.BOOLEAN, Kind.CODE)
"""Kinds of columns of which the preview counts values; of others that they differ."""
_OF_THE_FOLD = frozenset({"refold_on"})
"""Columns that say when an entry is folded again, and nothing that anybody reads."""
_Rows = dict[tuple[str, str], Row]
"""(ledger, entry) → the row."""


class UnfitRule(ValueError):
    """The table has no rule of this key, or none whose value is of this kind."""


@dataclass(slots=True)
class Preview:
    """How the rows of an area would differ under another rule table, on a day."""

    day: date
    compared: Counter[str] = field(default_factory=Counter)
    """Ledger → rows folded."""
    cut: set[str] = field(default_factory=set)
    """Ledgers of which the area has more entries than were taken."""
    columns: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    """(ledger, column, value before, value after) → rows; values only of codes and of yes or no."""
    entries: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    """(ledger, entry) → the columns that would differ, for an entry that would come or go none."""


def preview(rule: Rule, *, today: date, most: int, without: bool = False) -> Preview:
    """Fold up to so many entries of each ledger of the rule's area with and without it; writes nothing.

    `without` asks for the reverse: the rule was decided, and the table would be without it. The
    day is today or, for a rule that begins later, its first day. Which entries are taken
    is decided by their ids, so that the same are taken again. Families that rest on no rule of
    this key are not read. Reads in one transaction, in batches.

    Raises UnfitRule: the table has no such key, or its values are of another kind.
    """
    if not without:
        check(rule)
    rule = replace(rule, area=codes_since().now(rule.area))
    standing = standing_rules()
    other = standing.without_rule(rule) if without else standing.with_rule(rule)
    result = Preview(max(today, rule.since))
    load_naming()
    seen: set[tuple[str, str]] = set()
    with transaction.atomic():
        for family in RULE_KEYS[rule.key].families:
            entries = _entries(family, rule.area, most + 1)
            if len(entries) > most:
                result.cut.add(family)
            for start in range(0, min(len(entries), most), _BATCH):
                batch = entries[start : min(start + _BATCH, most)]
                before, after = _folded_twice(family, batch, other, result.day)
                _compare(before, after, rule.area, seen, result)
    return result


def check(rule: Rule) -> None:
    """Raise UnfitRule when the table has no rule of this key, or the key takes no such value."""
    try:
        RULE_KEYS[rule.key].fitting(rule.value)
    except (KeyError, UnfitValue) as error:
        raise UnfitRule(rule.key) from error


def _entries(family: str, area: str, most: int) -> list[str]:
    rows: Any = LEDGERS[family]._default_manager.filter(area_code__startswith=area)
    return [str(entry) for entry in rows.order_by("pk").values_list("pk", flat=True)[:most]]


def _folded_twice(
    family: str, entries: Sequence[str], other: Rules, day: date
) -> tuple[_Rows, _Rows]:
    changed = ChangedEntries()
    changed.entries[family] |= set(entries)
    scope = Scope(changed)
    scope.widen()
    given = scope.fold_input(day)
    before = _rows(fold(given))
    return before, _rows(fold(replace(given, rules=other)))


def _rows(folded: FoldResult) -> _Rows:
    return {(ledger, str(row["id"])): row for ledger, rows in folded.rows.items() for row in rows}


def _compare(
    before: _Rows, after: _Rows, area: str, seen: set[tuple[str, str]], result: Preview
) -> None:
    """Add what differs among rows of the area that were not compared yet."""
    for entry in sorted({*before, *after} - seen):
        old, new = before.get(entry), after.get(entry)
        if not str((old or new or {})["area_code"]).startswith(area):
            continue
        seen.add(entry)
        ledger = entry[0]
        result.compared[ledger] += 1
        if old is None or new is None:
            result.columns[ledger, "", "" if old is None else "+", "" if new is None else "+"] += 1
            result.entries[entry] = []
            continue
        differing = sorted(
            name for name in {*old, *new} - _OF_THE_FOLD if old.get(name) != new.get(name)
        )
        for name in differing:
            result.columns[ledger, name, *_values(ledger, name, old, new)] += 1
        if differing:
            result.entries[entry] = differing


def _values(
    ledger: str, name: str, old: Mapping[str, Any], new: Mapping[str, Any]
) -> tuple[str, str]:
    """A column's values before and after, empty where they are not counted."""
    column = COLUMNS[ledger].get(name)  # none for the history of states
    if column is None or column.kind not in _COUNTED:
        return "", ""
    before, after = (row.get(name) for row in (old, new))
    return "" if before is None else str(before), "" if after is None else str(after)
