"""What must hold of facts whatever happened."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

from django.db.models import Q

from server.reports.facts.keeping import keep_up_entirely, known_rows, mark_area
from server.reports.models import (
    CaseFact,
    DependantFact,
    DoubtFact,
    EventFact,
    HouseholdFact,
    MarketFact,
    PersonFact,
    ReceivedFact,
    RecordFact,
    RetireeFact,
)

TABLES = (
    PersonFact, HouseholdFact, CaseFact, RetireeFact, DependantFact, RecordFact, MarketFact, EventFact,
    ReceivedFact, DoubtFact,
)  # fmt: skip


def known_facts() -> dict[str, set[Any]]:
    """Table → the facts known now."""
    return {table.__name__: {row for row, _number in known_rows(table, Q())} for table in TABLES}


def facts_from_scratch() -> dict[str, set[Any]]:
    """The same after every fact was deleted and computed again."""
    mark_area("")
    for table in TABLES:
        table._default_manager.all().delete()
    keep_up_entirely()
    return known_facts()


def check_stocks(days: list[date]) -> None:
    """Between any two of the days each stock changes by what came and what went, in every place."""
    facts = known_facts()
    stocks = [_stock(facts, day) for day in days]
    for before, after, first, last in zip(stocks, stocks[1:], days, days[1:], strict=False):
        flows: Counter[tuple[str, str]] = Counter()
        for event in facts["EventFact"]:
            name, _, direction = event.kind.partition("_")
            if first < event.day <= last and direction in ("in", "out"):
                sign = 1 if direction == "in" else -1
                many = int(event.quantity) if name == "vacancy" else 1
                flows[f"{name} {event.category}".strip(), event.place] += sign * many
        changed = after - before
        changed.subtract(before - after)
        assert {k: n for k, n in changed.items() if n} == {k: n for k, n in flows.items() if n}


def _stock(facts: dict[str, set[Any]], day: date) -> Counter[tuple[str, str]]:
    stock: Counter[tuple[str, str]] = Counter()
    for row in facts["PersonFact"]:
        if not _holds(row, day):
            continue
        if row.residence_area and row.working_from and row.working_from <= day < row.working_until:
            stock["working", row.residence_area] += 1
        if row.hukou_area and row.registered_on:
            stock["registered", row.hukou_area] += 1
    for row in facts["HouseholdFact"]:
        if _holds(row, day) and row.state == "4":
            stock["zero", row.area_code] += 1
    for row in facts["CaseFact"]:
        if _holds(row, day):
            stock["case", row.area_code] += 1
            for category in row.categories:
                stock[f"case {category}", row.area_code] += 1
    for row in facts["RetireeFact"]:
        if _holds(row, day) and row.state == "1":
            stock["retiree", row.area_code] += 1
    for row in facts["RecordFact"]:
        if _holds(row, day) and row.is_open:
            name = {"inspection": "matter"}.get(row.ledger, row.ledger)
            many = int(row.quantity) if name == "vacancy" else 1
            stock[f"{name} {row.category}".strip(), row.area_code] += many
    return stock


def _holds(row: Any, day: date) -> bool:
    return row.since <= day and (row.until is None or day < row.until)
