"""Reading what the facts of registers follow from. The caller sees the rows of all areas."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from server.core.clock import office_day
from server.ledgers.definitions.vocabulary import SpellKind
from server.ledgers.models import (
    Certificate,
    Consultation,
    Inspection,
    Loan,
    Petition,
    Policy,
    Spell,
    Training,
    Transfer,
)
from server.reports.facts.records import CourseRecord, JobRecord, Steps, TalkRecord
from server.reports.facts.registers import OVER, UNDER_WAY


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


def certificates(entries: Collection[str]) -> Iterator[tuple[CourseRecord, list[JobRecord]]]:
    """The certificates of these entries that have a row, each with the work that the holder took up."""
    columns = (
        "id", "area_code", "observed_at", "person_id", "applied_on", "initial_on", "issued_on",
        "revoked_on", "state", "history", "basis",
    )  # fmt: skip
    rows: list[Any] = list(Certificate.objects.filter(pk__in=entries).values(*columns))
    jobs = _jobs({row["person_id"] for row in rows})
    for row in rows:
        days = {"2": row["initial_on"], "6": row["issued_on"], "7": row["revoked_on"]}
        record = _record(row, row["applied_on"], days, row["basis"])
        yield record, jobs[row["person_id"]]


def _jobs(people: Collection[Any]) -> dict[Any, list[JobRecord]]:
    jobs: dict[Any, list[JobRecord]] = defaultdict(list)
    spells: Any = Spell.objects.filter(person_id__in=people, spell_kind=SpellKind.EMPLOYED)
    columns = ("person_id", "id", "start_on", "emp_form")
    for person, number, day, form in spells.order_by("start_on", "id").values_list(*columns):
        jobs[person].append(JobRecord(str(number), day, form or ""))
    return jobs


def loans(entries: Collection[str]) -> Iterator[CourseRecord]:
    """The loans of these entries that have a row; `quantity` is the amount granted."""
    columns = (
        "id", "area_code", "observed_at", "initial_on", "recommended_on", "granted_on",
        "granted_amount", "state", "history",
    )  # fmt: skip
    rows: Any = Loan.objects.filter(pk__in=entries).values(*columns)
    for row in rows:
        days = {"2": row["initial_on"], "3": row["initial_on"], "4": row["recommended_on"]}
        days["6"] = row["granted_on"]
        yield _record(row, None, days, "")._replace(quantity=row["granted_amount"])


def trainings(entries: Collection[str]) -> Iterator[CourseRecord]:
    """The trainings of these entries that have a row."""
    columns = (
        "id", "area_code", "observed_at", "start_on", "end_on", "state", "history", "kind",
    )  # fmt: skip
    rows: Any = Training.objects.filter(pk__in=entries).values(*columns)
    for row in rows:
        yield _record(row, None, {"3": row["start_on"], "4": row["end_on"]}, row["kind"])


def policies(entries: Collection[str]) -> Iterator[CourseRecord]:
    """The policies enjoyed of these entries that have a row and a first day; `quantity` is the amount."""
    columns = ("id", "area_code", "policy_from", "policy_to", "policy_type", "policy_amount")
    rows: Any = Policy.objects.filter(pk__in=entries).exclude(policy_from=None)
    for row in rows.values(*columns):
        last = row["policy_to"]
        over = last + timedelta(days=1) if last else None
        record = _stretch(row, row["policy_from"], over, row["policy_type"])
        yield record._replace(quantity=row["policy_amount"])


def transfers(entries: Collection[str]) -> Iterator[CourseRecord]:
    """The transfers of rural labour of these entries that have a row and a first day."""
    columns = ("id", "area_code", "start_on", "returned_on", "dest_kind", "organised_by")
    rows: Any = Transfer.objects.filter(pk__in=entries).exclude(start_on=None)
    for row in rows.values(*columns):
        record = _stretch(row, row["start_on"], row["returned_on"], row["dest_kind"])
        yield record._replace(categories=(row["organised_by"],) if row["organised_by"] else ())


def concerned(taken: dict[str, set[str]], people: Collection[str]) -> set[str]:
    """The certificates whose facts may differ where these entries (family → uuids) and people changed."""
    held: Any = Certificate.objects.filter(person_id__in=people).values_list("pk", flat=True)
    return set(taken.get("certificate", ())) | {str(number) for number in held}


def _record(
    row: dict[str, Any], begun_on: date | None, days: dict[str, date | None], category: str | None
) -> CourseRecord:
    """An entry with a machine; without a day of its own it begins with the first record."""
    steps: Steps = row["history"].get("state", ())
    first = date.fromisoformat(steps[0][0]) if steps else office_day(row["observed_at"])
    return CourseRecord(
        id=str(row["id"]),
        area_code=row["area_code"],
        begun_on=begun_on or first,
        state=row["state"] or "",
        history=row["history"],
        stamped=_given(days),
        category=category or "",
    )


def _stretch(
    row: dict[str, Any], since: date, until: date | None, category: str | None
) -> CourseRecord:
    """An entry that begins on a day, and is over from another on."""
    steps = [[since.isoformat(), UNDER_WAY]]
    if until is not None:
        steps.append([until.isoformat(), OVER])
    return CourseRecord(
        id=str(row["id"]),
        area_code=row["area_code"],
        begun_on=since,
        state=steps[-1][1],
        history={"state": steps},
        stamped={},
        category=category or "",
    )


def _given(days: dict[str, date | None]) -> dict[str, date]:
    return {state: day for state, day in days.items() if day is not None}
