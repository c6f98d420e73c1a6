"""The facts of registers whose entries go through declared states, and of consultations (R8, R9). Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Final, NamedTuple

from server.ledgers.definitions.machines import PETITION, Machine
from server.ledgers.folding.derive.rules import Rules
from server.reports.facts.kinds import EventKind, Reason
from server.reports.facts.records import CourseRecord, Event, JobRecord, RecordState, TalkRecord

_SETTLED: Final = "4"  # list ST17
_ARREARS: Final = "1"  # list IS
_FAILED: Final = ("2", "3")  # list MD: not agreed, to arbitration


class Course(NamedTuple):
    """What the report counts of a register: which states are its stock, and what entering a state means."""

    ledger: str
    open: frozenset[str]
    came: EventKind
    left: EventKind
    leaving: Mapping[str, Reason]  # state outside the stock → why an entry left it
    entering: Mapping[str, EventKind]  # state → a further event of the day on which it is entered
    machine: Machine | None = None  # whose deadlines hold

    def facts(self, record: CourseRecord, rules: Rules) -> Iterator[RecordState | Event]:
        """The states of an entry, and what happened to it."""
        steps = steps_of(record)
        yield from _states(record, self, steps, rules)
        yield from _events(record, self, steps)


PETITIONS: Final = Course(
    "petition",
    frozenset({"1", "2", "5", "7", "8"}),
    EventKind.PETITION_IN,
    EventKind.PETITION_OUT,
    {"3": Reason.PASSED_ON, "4": Reason.REFUSED, "6": Reason.CLOSED},
    {"2": EventKind.PETITION_ACCEPTED},
    PETITION,
)
MATTERS: Final = Course(
    "inspection",
    frozenset({"1", "2", "3"}),
    EventKind.MATTER_IN,
    EventKind.MATTER_OUT,
    {_SETTLED: Reason.CLOSED},
    {},
)


CERTIFICATES: Final = Course(
    "certificate",
    frozenset({"6"}),
    EventKind.CERTIFICATE_IN,
    EventKind.CERTIFICATE_OUT,
    {"7": Reason.WITHDRAWN, "8": Reason.EXPIRED},
    {"1": EventKind.CERTIFICATE_APPLIED, "9": EventKind.CERTIFICATE_REFUSED},
)
LOANS: Final = Course(
    "loan",
    frozenset({"6", "8"}),
    EventKind.LOAN_IN,
    EventKind.LOAN_OUT,
    {"7": Reason.CLOSED},
    {
        "1": EventKind.LOAN_APPLIED,
        "2": EventKind.LOAN_PASSED,
        "3": EventKind.LOAN_REFUSED,
        "9": EventKind.LOAN_REFUSED,
    },
)
TRAININGS: Final = Course(
    "training",
    frozenset({"3"}),
    EventKind.TRAINING_IN,
    EventKind.TRAINING_OUT,
    {"4": Reason.CLOSED, "5": Reason.WITHDRAWN},
    {
        "1": EventKind.TRAINING_APPLIED,
        "6": EventKind.TRAINING_CERTIFIED,
        "7": EventKind.TRAINING_PLACED,
    },
)
UNDER_WAY, OVER = "1", "2"
"""The states of what has a beginning and an end and no machine: policies enjoyed, transfers."""
POLICIES: Final = Course(
    "policy",
    frozenset({UNDER_WAY}),
    EventKind.POLICY_IN,
    EventKind.POLICY_OUT,
    {OVER: Reason.CLOSED},
    {},
)
TRANSFERS: Final = Course(
    "transfer",
    frozenset({UNDER_WAY}),
    EventKind.TRANSFER_IN,
    EventKind.TRANSFER_OUT,
    {OVER: Reason.CLOSED},
    {},
)


def certificate_facts(
    record: CourseRecord, jobs: Sequence[JobRecord], rules: Rules
) -> Iterator[RecordState | Event]:
    """The states of a certificate, what happened to it, and work that its holder took up while it was in force."""
    rows = list(CERTIFICATES.facts(record, rules))
    yield from rows
    held = [row for row in rows if isinstance(row, RecordState) and row.is_open]
    for job in jobs:
        if any(row.since <= job.day and (row.until is None or job.day < row.until) for row in held):
            event = _event(record, EventKind.HOLDER_PLACED, job.day, "", None)
            yield event._replace(source=job.id, category=job.form)


def matter_facts(
    record: CourseRecord, issues: tuple[str, ...], rules: Rules
) -> Iterator[RecordState | Event]:
    """The states of a matter at an employer, what happened to it, and arrears that were settled."""
    yield from MATTERS.facts(record, rules)
    day, state = steps_of(record)[-1]
    is_paid = state == _SETTLED and not set(_FAILED).intersection(record.categories)
    if is_paid and _ARREARS in issues and record.amount:
        yield _event(record, EventKind.ARREARS_SETTLED, day, "", record.amount)


def talk_facts(talk: TalkRecord) -> Iterator[Event]:
    """That a talk was held, and how many leaflets were handed out."""
    record = CourseRecord(
        talk.id, talk.area_code, talk.day, "", {}, {}, talk.topic, (talk.mode,) if talk.mode else ()
    )
    yield _event(record, EventKind.CONSULTED, talk.day, "", Decimal(talk.people or 1))
    if talk.leaflets:
        yield _event(record, EventKind.LEAFLETS, talk.day, "", Decimal(talk.leaflets))


def steps_of(record: CourseRecord) -> list[tuple[date, str]]:
    """The states with their days, oldest first: the day that a column gives for a state, else the record's.

    A column's day is that of the step between whose record and the state before it lies.
    """
    stored = [
        (date.fromisoformat(step[0]), str(step[1])) for step in record.history.get("state", ())
    ] or [(record.begun_on, record.state)]
    steps = [(record.begun_on, stored[0][1])]
    for day, state in stored[1:]:
        given = record.stamped.get(state)
        if given is not None and steps[-1][0] <= given <= day:
            day = given
        steps.append((max(day, steps[-1][0]), state))
    return steps


def _states(
    record: CourseRecord, course: Course, steps: list[tuple[date, str]], rules: Rules
) -> Iterator[RecordState]:
    following = [*(day for day, _state in steps[1:]), None]
    for (day, state), until in zip(steps, following, strict=True):
        if day != until:
            yield RecordState(
                entry=record.id,
                area_code=record.area_code,
                since=day,
                until=until,
                ledger=course.ledger,
                state=state,
                is_open=state in course.open,
                category=record.category,
                categories=record.categories,
                due_on=_due_on(record, course, state, day, rules),
                quantity=record.quantity,
            )


def _due_on(
    record: CourseRecord, course: Course, state: str, since: date, rules: Rules
) -> date | None:
    deadline = course.machine.deadlines.get(state) if course.machine else None
    if deadline is None:
        return None
    ruled = max(since, rules.first_day)
    return since + timedelta(days=rules.number(deadline.rule, record.area_code, ruled))


def _events(record: CourseRecord, course: Course, steps: list[tuple[date, str]]) -> Iterator[Event]:
    was_open, was_ever_open = False, False
    for day, state in steps:
        is_open = state in course.open
        if is_open and not was_open:
            reason = Reason.REOPENED if was_ever_open else Reason.RECEIVED
            yield _event(record, course.came, day, reason, record.quantity)
        elif was_open and not is_open:
            yield _event(record, course.left, day, course.leaving[state], record.quantity)
        if state in course.entering:
            yield _event(record, course.entering[state], day, "", record.quantity)
        was_open, was_ever_open = is_open, was_ever_open or is_open


def _event(
    record: CourseRecord, kind: EventKind, day: date, reason: str, quantity: Decimal | None
) -> Event:
    return Event(
        entry=record.id,
        area_code=record.area_code,
        kind=kind,
        day=day,
        place=record.area_code,
        source=record.id,
        reason=reason,
        category=record.category,
        categories=record.categories,
        sex="",
        is_rural=False,
        quantity=quantity,
    )
