"""Keeping the tables of facts in step with the ledgers: from marked entries to the facts that differ.

Facts are a function of the rows of the ledgers and of the rule table, so computing them again for an
entry gives the same. What no longer holds is not deleted: it stops being known at the instant at
which that was computed, and what holds instead begins to be known then.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import connection, models, transaction
from django.db.models import Q

from server.core import clock
from server.ledgers.models import ChangedEntry
from server.ledgers.services import mark_changed, take_changed
from server.ledgers.storage.rules import standing_rules
from server.reports.facts.subjects import ROWS, SUBJECTS, TABLE_OF, concerned
from server.reports.models import EventFact, RecordFact

_FACTS_LOCK: Final = 0x46616374  # "Fact"
_BATCH: Final = 4000


def take_facts_lock() -> None:
    """Hold to the end of the transaction what lets one process at a time change facts, or rely on their not changing."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", (_FACTS_LOCK,))


@transaction.atomic
def keep_up(*, limit: int = _BATCH) -> int:
    """Compute the facts of up to `limit` marked entries again; how many marks were taken, 0 when none is left.

    Takes the facts lock to the end of the transaction. The caller sees the rows of all areas.
    """
    take_facts_lock()
    taken = take_changed(limit)
    if taken:
        _recompute(concerned(taken), clock.now())
    return sum(map(len, taken.values()))


def keep_up_entirely() -> int:
    """The same until no mark is left, in batches; how many marks were taken."""
    total = 0
    while taken := keep_up():
        total += taken
    return total


def mark_area(area: str) -> int:
    """Mark every entry of an area that facts are about, and all that have facts there, to be computed again; how many.

    `area` is the beginning of a division code.
    """
    marked = 0
    for family, subject in SUBJECTS.items():
        entries: set[str] = set()
        for table, column, named in (
            (subject.model, subject.column, subject.named),
            (subject.states, "entry", str),
        ):
            rows: Any = table._default_manager.filter(area_code__startswith=area)
            if table is RecordFact:
                rows = rows.filter(ledger=family)
            entries |= {named(entry) for entry in rows.values_list(column, flat=True).iterator()}
        mark_changed({family: entries})
        marked += len(entries)
    return marked


def is_behind() -> bool:
    """Whether an entry has changed whose facts have not been computed again yet."""
    return ChangedEntry.objects.exists()


def forget(entries: Collection[UUID]) -> None:
    """Delete the facts of entries whose person has been erased for good."""
    for model in ROWS:
        model._default_manager.filter(entry__in=entries).delete()
    for subject in SUBJECTS.values():
        for model, column in subject.owned.items():
            model._default_manager.filter(**{f"{column}__in": entries}).delete()


def _recompute(families: Mapping[str, Collection[str]], now: datetime) -> None:
    table = standing_rules()
    rows: dict[type[models.Model], set[Any]] = defaultdict(set)
    for family, entries in families.items():
        for row in SUBJECTS[family].facts(entries, table) if entries else ():
            rows[TABLE_OF[type(row)]].add(row)
    owners: dict[tuple[type[models.Model], str], set[str]] = defaultdict(set)
    for family, entries in families.items():
        subject = SUBJECTS[family]
        for model in (EventFact, subject.states):
            owners[model, "entry"].update(entries)
        for model, column in subject.owned.items():
            owners[model, column].update(entries)
    for (model, column), entries in owners.items():
        _replace(model, Q(**{f"{column}__in": entries}), rows[model], now)


def _replace(model: type[models.Model], owned: Q, rows: set[Any], now: datetime) -> None:
    """Make the known facts of these owners exactly the given ones."""
    tuples = ROWS[model]
    known = dict(known_rows(model, owned))
    superseded = [number for row, number in known.items() if row not in rows]
    added = [row for row in rows if row not in known]
    manager = model._default_manager
    if superseded:
        manager.filter(pk__in=superseded).update(known_until=now)
    manager.bulk_create(
        [model(**_columns(tuples, row), known_from=now) for row in sorted(added, key=repr)],
        batch_size=2000,
    )


def known_rows(model: type[models.Model], where: Q) -> Iterable[tuple[Any, int]]:
    """The facts that are known now as plain tuples, each with its number."""
    tuples = ROWS[model]
    rows = model._default_manager.filter(where, known_until=None)
    for number, *values in rows.values_list("pk", *tuples._fields):
        yield tuples(*map(_plain, values)), number


def _plain(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    return tuple(value) if isinstance(value, list) else value


def _columns(tuples: type[NamedTuple], row: Any) -> dict[str, Any]:
    values = zip(tuples._fields, row, strict=True)
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values}
