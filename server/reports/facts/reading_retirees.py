"""Reading what the facts of retired persons follow from. The caller sees the rows of all areas."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import date
from typing import Any, Final

from server.core.clock import office_day
from server.ledgers.definitions.vocabulary import PersonStatus
from server.ledgers.models import Dependant, Retiree, RetireeChange
from server.ledgers.selectors import first_days
from server.reports.facts.records import ChangeRecord, DependantRecord, RetireeRecord
from server.reports.models import DependantFact

_NO_CLAIM: Final = "5"  # list AP


def retirees(entries: Collection[str]) -> list[RetireeRecord]:
    """The retired persons of these entries that have a row."""
    columns = (
        "id", "area_code", "observed_at", "retired_on", "is_party", "special", "qual_on",
        "death_reported_on", "funeral_claim", "history", "person__sex", "person__person_status",
        "person__death_date", "person__history",
    )  # fmt: skip
    rows: list[dict[str, Any]] = list(Retiree.objects.filter(pk__in=entries).values(*columns))
    changes, dependants = _changes(entries), _dependants(entries)
    listed = first_days(entries)
    return [
        RetireeRecord(
            id=str(row["id"]),
            area_code=row["area_code"],
            listed_on=listed.get(str(row["id"])) or office_day(row["observed_at"]),
            sex=row["person__sex"] or "",
            retired_on=row["retired_on"],
            died_on=_died_on(row),
            death_reported_on=row["death_reported_on"],
            is_party=bool(row["is_party"]),
            is_special=bool(row["special"]),
            history=row["history"],
            funeral_claim=row["funeral_claim"] or _NO_CLAIM,
            proofs=_proofs(row),
            changes=changes[str(row["id"])],
            dependants=dependants[str(row["id"])],
        )
        for row in rows
    ]


def _died_on(row: dict[str, Any]) -> date | None:
    """The day of death in the ledger of persons."""
    if row["person__death_date"] or row["person__person_status"] != PersonStatus.DECEASED:
        died: date | None = row["person__death_date"]
        return died
    steps = (row["person__history"] or {}).get("person_status", ())
    since = [step[0] for step in steps if step[1] == PersonStatus.DECEASED]
    return date.fromisoformat(since[-1]) if since else None


def _proofs(row: dict[str, Any]) -> list[date]:
    """The days of all proofs of life."""
    stated = {date.fromisoformat(step[1]) for step in row["history"].get("qual_on", ())}
    return sorted(stated | ({row["qual_on"]} if row["qual_on"] else set()))


def _changes(entries: Collection[str]) -> dict[str, list[ChangeRecord]]:
    changes: dict[str, list[ChangeRecord]] = defaultdict(list)
    rows: list[Any] = list(
        RetireeChange.objects.filter(retiree_id__in=entries)
        .exclude(change_on=None)
        .order_by("change_on", "id")
        .values_list("retiree_id", "id", "change_kind", "change_on", "observed_at")
    )
    known = first_days([str(row[1]) for row in rows])
    for retiree, number, kind, day, at in rows:
        reported_on = known.get(str(number)) or office_day(at)
        changes[str(retiree)].append(ChangeRecord(str(number), kind or "", day, reported_on))
    return changes


def _dependants(entries: Collection[str]) -> dict[str, list[DependantRecord]]:
    dependants: dict[str, list[DependantRecord]] = defaultdict(list)
    rows: list[Any] = list(
        Dependant.objects.filter(retiree_id__in=entries)
        .order_by("id")
        .values_list("retiree_id", "id", "area_code", "from_on", "to_on", "observed_at")
    )
    known = first_days([str(row[1]) for row in rows])
    for retiree, number, area, since, until, at in rows:
        day = since or known.get(str(number)) or office_day(at)
        dependants[str(retiree)].append(DependantRecord(str(number), area, day, until))
    return dependants


def concerned(taken: dict[str, set[str]], people: Collection[str]) -> set[str]:
    """The retired persons whose facts may differ where these entries (family → uuids) and people changed."""
    entries = set(taken.get("retiree", ()))
    every: Any = Retiree.objects
    entries |= _texts(every.filter(person_id__in=people), "pk")
    for model, family in ((RetireeChange, "retiree_change"), (Dependant, "dependant")):
        if changed := taken.get(family):
            rows: Any = model._default_manager.filter(pk__in=changed)
            entries |= _texts(rows, "retiree_id")
    if changed := taken.get("dependant"):
        known = DependantFact.objects.filter(entry__in=changed, known_until=None)
        entries |= _texts(known, "retiree")
    return entries


def _texts(rows: Any, column: str) -> set[str]:
    return {str(value) for value in rows.values_list(column, flat=True) if value is not None}
