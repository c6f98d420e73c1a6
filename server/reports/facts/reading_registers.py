"""Reading what the facts of registers follow from. The caller sees the rows of all areas."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from server.core.clock import office_day
from server.ledgers.models import Consultation, Inspection, Petition
from server.reports.facts.records import CourseRecord, TalkRecord


def petitions(entries: Collection[str]) -> Iterator[CourseRecord]:
    """The petitions of these entries that have a row."""
    columns = (
        "id", "area_code", "observed_at", "received_on", "accepted_on", "replied_on",
        "review_asked_on", "state", "history", "topic", "channel", "n_people",
    )  # fmt: skip
    rows: Any = Petition.objects.filter(pk__in=entries).values(*columns)
    for row in rows:
        days = {"2": row["accepted_on"], "5": row["replied_on"], "7": row["review_asked_on"]}
        yield CourseRecord(
            id=str(row["id"]),
            area_code=row["area_code"],
            begun_on=row["received_on"] or office_day(row["observed_at"]),
            state=row["state"] or "",
            history=row["history"],
            stamped=_given(days),
            category=row["topic"] or "",
            categories=(row["channel"],) if row["channel"] else (),
            quantity=Decimal(row["n_people"] or 1),
        )


def matters(entries: Collection[str]) -> Iterator[tuple[CourseRecord, tuple[str, ...]]]:
    """The matters at employers of these entries that have a row, each with its issues (IS)."""
    columns = (
        "id", "area_code", "observed_at", "found_on", "reported_up_on", "state", "history", "kind",
        "mediation", "n_workers", "amount", "issue",
    )  # fmt: skip
    rows: Any = Inspection.objects.filter(pk__in=entries).values(*columns)
    for row in rows:
        record = CourseRecord(
            id=str(row["id"]),
            area_code=row["area_code"],
            begun_on=row["found_on"] or office_day(row["observed_at"]),
            state=row["state"] or "",
            history=row["history"],
            stamped=_given({"3": row["reported_up_on"]}),
            category=row["kind"] or "",
            categories=(row["mediation"],) if row["mediation"] else (),
            quantity=Decimal(row["n_workers"] or 0),
            amount=row["amount"],
        )
        yield record, tuple(row["issue"] or ())


def talks(entries: Collection[str]) -> Iterator[TalkRecord]:
    """The consultations of these entries that have a row."""
    columns = ("id", "area_code", "observed_at", "held_on", "topic", "mode")
    rows: Any = Consultation.objects.filter(pk__in=entries).values_list(
        *columns, "audience_n", "handed_out_n"
    )
    for number, area, at, day, topic, mode, people, leaflets in rows:
        held_on = day or office_day(at)
        yield TalkRecord(str(number), area, held_on, topic or "", mode or "", people, leaflets)


def _given(days: dict[str, date | None]) -> dict[str, date]:
    return {state: day for state, day in days.items() if day is not None}
