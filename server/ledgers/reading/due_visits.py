"""The visits due and overdue that a reader sees: a page at a time with names and reasons, and counts by day.

The rows come from several ledgers (due_sources.py) and are ordered by due day, then id. A page
begins after a row, named by both, so that it costs the same at any depth.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from heapq import merge
from itertools import islice
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Case, Count, DateField, F, Q, QuerySet, When
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from server.accounts.access import Access
from server.accounts.selectors import colleagues
from server.core.clock import office_day
from server.core.labels import in_chinese
from server.core.masking import mask_numbers
from server.core.paging import COUNTED
from server.ledgers.definitions.visit_plans import LEDGER_OF, RULE_OF, VisitPlan
from server.ledgers.definitions.vocabulary import VISITED, ExceptionKind, VisitOutcome
from server.ledgers.folding.derive.rules import Rules
from server.ledgers.models import Household, Person, Visit
from server.ledgers.reading.due_sources import FIELDS, due_sources
from server.ledgers.reading.entries import employers, exceptions, households, persons, visits
from server.ledgers.reading.joined import joined, joined_key
from server.ledgers.reading.provenance import title_of
from server.ledgers.storage.rules import standing_rules

Narrow = Callable[[QuerySet[Any]], QuerySet[Any]]

PLANS = {
    VisitPlan.NEW_CASE: gettext_lazy("new case"),
    VisitPlan.CASE: gettext_lazy("open case"),
    VisitPlan.FOLLOW_UP: gettext_lazy("follow-up of a placement"),
    VisitPlan.REGISTERED: gettext_lazy("registered as unemployed"),
    VisitPlan.RETIRED_SPECIAL: gettext_lazy("retired, special class"),
    VisitPlan.RETIRED: gettext_lazy("retired person"),
    VisitPlan.EMPLOYER: gettext_lazy("main employer"),
}
"""Plan → what lists call it."""
_REASONS = {
    VisitPlan.NEW_CASE: gettext_lazy("first visit within {days} days of a person with a new case"),
    VisitPlan.CASE: gettext_lazy("visit every {days} days of a person with a case"),
    VisitPlan.FOLLOW_UP: gettext_lazy("follow-up of a placement"),
    VisitPlan.REGISTERED: gettext_lazy(
        "visit every {days} days of a person registered as unemployed"
    ),
    VisitPlan.RETIRED_SPECIAL: gettext_lazy(
        "visit every {days} days of a retired person of a special class"
    ),
    VisitPlan.RETIRED: gettext_lazy("visit every {days} days of a retired person"),
    VisitPlan.EMPLOYER: gettext_lazy("visit every {days} days of a main employer"),
}
_OF_HOUSEHOLDS = {
    VisitPlan.NEW_CASE: gettext_lazy(
        "first visit within {days} days of a household with a new case"
    ),
    VisitPlan.CASE: gettext_lazy("visit every {days} days of a household with a case"),
}
_NOT_MET = (VisitOutcome.NO_ONE_HOME, VisitOutcome.RESCHEDULED)


class _Row(NamedTuple):
    """A row of a source, in the order of FIELDS."""

    pk: UUID
    due_on: date
    plan: str
    area_code: str
    worker: int | None
    made_on: date | None
    since: date | None
    person: UUID | None
    household: UUID | None
    employer: UUID | None

    @property
    def place(self) -> tuple[date, UUID]:
        return self.due_on, self.pk


class _Made(NamedTuple):
    """A visit, made or not, and whom to."""

    person: UUID | None
    household: UUID | None
    employer: UUID | None
    outcome: str
    day: date


_VISIT = ("person_id", "household_id", "employer_id", "outcome", "visited_at")


@dataclass(frozen=True, slots=True)
class DueVisit:
    """A visit that is due, or overdue, as lists show it."""

    id: UUID  # of the entry of `ledger` that asks for the visit
    ledger: str
    plan: VisitPlan
    area_code: str
    due_on: date
    is_overdue: bool
    last_visit: date | None
    attempts: int  # since then, without meeting anybody
    exception: int | None  # an open one, by which a supervisor knows of the attempts
    person: UUID | None  # whom to visit, as far as the reader sees the entry
    household: UUID | None
    employer: UUID | None
    name: str  # "" of somebody in another area
    address: str
    position: tuple[float, float] | None  # longitude and latitude of the address, WGS 84
    worker: Any
    reason: str

    @property
    def plan_label(self) -> str:
        """What lists call the plan."""
        return str(PLANS[self.plan])


@dataclass(frozen=True, slots=True)
class _Known:
    """What the rows of a page name."""

    entries: Mapping[UUID, Any]
    workers: Mapping[int, Any]
    escalated: Mapping[UUID, int]
    visits: list[_Made]
    rules: Rules


@dataclass(frozen=True, slots=True)
class DueVisits:
    """The visits due that a reader sees on a day, not read yet."""

    access: Access
    day: date
    rules: Rules
    sources: list[QuerySet[Any]]

    def narrowed(self, narrow: Narrow) -> DueVisits:
        """Those whose rows pass the filters, which are applied to each ledger's query."""
        sources = [narrow(source) for source in self.sources]
        return DueVisits(self.access, self.day, self.rules, sources)

    def named(self, keys: Iterable[UUID]) -> list[DueVisit]:
        """Those of the entries with these ids, in the order of lists. At most eleven queries."""
        wanted = list(keys)
        chosen = self.narrowed(lambda rows: rows.filter(pk__in=wanted))
        return chosen.page("", len(wanted))[0]

    def page(self, after: str, size: int) -> tuple[list[DueVisit], str]:
        """The rows after a place, "" for the beginning, and the place of the last when there are more, else "".

        At most eleven queries, however many rows. Raises ValueError for a place that is none.
        """
        rows = list(islice(self._after(after, size + 1), size + 1))
        shown, rest = rows[:size], rows[size:]
        last = f"{shown[-1].due_on}.{shown[-1].pk}" if rest else ""
        known = _known(self.access, shown, self.rules)
        return [_due_visit(row, known, self.day) for row in shown], last

    def count(self) -> int:
        """How many there are, counted no further than lists are in each ledger. One query a ledger."""
        return sum(source.order_by()[: COUNTED + 1].count() for source in self.sources)

    def by_day(self, first: date, last: date) -> dict[date, Counter[VisitPlan]]:
        """Day → how many visits of each plan are due on it. One query a ledger."""
        days: dict[date, Counter[VisitPlan]] = {}
        for source in self.sources:
            within = source.order_by().filter(due_on__range=(first, last))
            for due_on, plan, number in within.values_list("due_on", "plan").annotate(Count("pk")):
                days.setdefault(due_on, Counter())[VisitPlan(plan)] += number
        return days

    def by_worker_and_area(
        self, first: date, last: date
    ) -> Counter[tuple[int | None, str, date | None]]:
        """Worker's id, community's code and due day → how many visits; None for all days before the first. One query a ledger."""
        counts: Counter[tuple[int | None, str, date | None]] = Counter()
        day = Case(When(due_on__gte=first, then=F("due_on")), output_field=DateField())
        for source in self.sources:
            until = source.order_by().filter(due_on__lte=last).annotate(day=day)
            groups = until.values_list("worker", "area_code", "day").annotate(Count("pk"))
            for worker, area, due_on, number in groups:
                counts[worker, area, due_on] += number
        return counts

    def _after(self, after: str, size: int) -> Iterable[_Row]:
        ahead = Q()
        if after:
            day, _dot, key = after.partition(".")
            due_on, pk = date.fromisoformat(day), UUID(key)
            ahead = Q(due_on__gt=due_on) | Q(due_on=due_on, pk__gt=pk)
        pages = [
            map(
                _Row._make,
                source.filter(ahead).order_by("due_on", "pk").values_list(*FIELDS)[:size],
            )
            for source in self.sources
        ]
        return merge(*pages, key=lambda row: row.place)


def due_visits(access: Access, day: date) -> DueVisits:
    """The visits due that the reader sees, overdue ones first. One query, for the rules that were decided."""
    rules = standing_rules()
    return DueVisits(access, day, rules, due_sources(access, day, rules))


def _known(access: Access, rows: list[_Row], rules: Rules) -> _Known:
    """The entries, workers, visits and exceptions that the rows name, as far as the reader sees them."""
    people = _by_key(persons(access).select_related("household"), (row.person for row in rows))
    homes = _by_key(
        households(access).select_related("head_person"), (row.household for row in rows)
    )
    firms = _by_key(employers(access), (row.employer for row in rows))
    lived_in = {home for person in people.values() if (home := joined_key(person, "household"))}
    about = {*people, *homes}
    escalated = exceptions(access).filter(
        kind=ExceptionKind.NOT_MET, resolved_at=None, entry__in=about
    )
    to_them = Q(person__in=people) | Q(household__in=lived_in | {*homes}) | Q(employer__in=firms)
    made = visits(access).filter(to_them) if people or homes or firms else Visit.objects.none()
    workers = {row.worker for row in rows if row.worker}
    return _Known(
        {**people, **homes, **firms},
        {user.pk: user for user in colleagues(access, workers)} if workers else {},
        dict(escalated.values_list("entry", "pk")) if about else {},
        [
            _Made(person, household, employer, outcome, office_day(at))
            for person, household, employer, outcome, at in made.values_list(*_VISIT)
        ],
        rules,
    )


def _by_key(rows: QuerySet[Any], keys: Iterable[UUID | None]) -> dict[UUID, Any]:
    wanted = {key for key in keys if key}
    return {row.pk: row for row in rows.filter(pk__in=wanted)} if wanted else {}


def _due_visit(row: _Row, known: _Known, day: date) -> DueVisit:
    plan = VisitPlan(row.plan)
    subject = row.person or row.household or row.employer
    entry = known.entries.get(subject) if subject else None
    last_visit, attempts = _visited(row, entry, known.visits)
    if row.made_on is not None:
        last_visit = row.made_on
    return DueVisit(
        id=row.pk,
        ledger=LEDGER_OF[plan],
        plan=plan,
        area_code=row.area_code,
        due_on=row.due_on,
        is_overdue=row.due_on < day,
        last_visit=last_visit,
        attempts=attempts,
        exception=known.escalated.get(subject) if subject else None,
        person=row.person if entry is not None else None,
        household=row.household if entry is not None else None,
        employer=row.employer if entry is not None else None,
        name=_name(entry),
        address=_address(entry),
        position=_position(entry),
        worker=known.workers.get(row.worker) if row.worker else None,
        reason=_reason(row, plan, last_visit, attempts, day, known.rules),
    )


def _visited(row: _Row, entry: Any, made: Iterable[_Made]) -> tuple[date | None, int]:
    """The last visit that was made, and how many since then met nobody (rules.md, Visits).

    A visit to the home and to nobody in particular counts for whoever lives there, and is no
    attempt to meet one of them.
    """
    home = joined_key(entry, "household") if isinstance(entry, Person) else None
    theirs = [
        visit
        for visit in made
        if (row.person is not None and visit.person == row.person)
        or (row.household is not None and visit.household == row.household)
        or (row.employer is not None and visit.employer == row.employer)
    ]
    at_home = [visit for visit in made if home and visit.household == home and not visit.person]
    last = max(
        (visit.day for visit in (*theirs, *at_home) if visit.outcome in VISITED), default=None
    )
    attempts = [
        visit
        for visit in theirs
        if visit.outcome in _NOT_MET and (last is None or visit.day > last)
    ]
    return last, len(attempts)


def _name(entry: Any) -> str:
    if isinstance(entry, Household):
        head = joined(entry, "head_person")
        return title_of(head) if head is not None else title_of(entry)
    return title_of(entry) if entry is not None else ""


def _home(entry: Any) -> Any:
    """The household of a person, as far as the reader sees it; any other entry itself."""
    return joined(entry, "household") if isinstance(entry, Person) else entry


def _position(entry: Any) -> tuple[float, float] | None:
    place = getattr(_home(entry), "loc", None)
    return (place.x, place.y) if place else None


def _address(entry: Any) -> str:
    home = _home(entry)
    if home is None:
        return ""
    parts = [home.address, getattr(home, "building", None), getattr(home, "room", None)]
    return mask_numbers(" ".join(part for part in parts if part))


def _reason(
    row: _Row,
    plan: VisitPlan,
    last_visit: date | None,
    attempts: int,
    day: date,
    rules: Rules,
) -> str:
    """Why the visit is due on that day, in the reader's language."""
    key = RULE_OF.get(plan)
    days = rules.number(key, row.area_code, day) if key else None
    words = _OF_HOUSEHOLDS.get(plan) if row.household else None
    parts = [str(words or _REASONS[plan]).format(days=days)]
    if last_visit is None:
        parts.append(_("not visited yet"))
    else:
        parts.append(_("last visited {day}").format(day=last_visit.isoformat()))
    if days and row.since is not None and row.due_on < row.since + timedelta(days=days):
        parts.append(_("an earlier day was promised"))
    if attempts:
        parts.append(
            ngettext(
                "{n} attempt without contact", "{n} attempts without contact", attempts
            ).format(n=attempts)
        )
    return ("，" if in_chinese() else ", ").join(parts)
