"""The visits due by days and by workers, as the pages show them: a month, a week, a board, the communities of this week."""

from __future__ import annotations

from calendar import Calendar
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from typing import Any, Final

from django.http import QueryDict
from django.utils.translation import gettext as _

from server.accounts.access import Access
from server.accounts.selectors import colleagues
from server.console.pages import area_names
from server.ledgers.desk.bulk import MOST
from server.ledgers.selectors import PLANS, DueVisit, DueVisits

COLUMNS: Final = 30
"""Workers on a board; a list narrowed to a community has fewer."""
CHIPS: Final = 24
"""Communities above the list."""


def with_values(query: QueryDict, **values: str) -> str:
    """The query with these values, an empty one left out."""
    changed = query.copy()
    for name, value in values.items():
        changed[name] = value
        if not value:
            del changed[name]
    return changed.urlencode()


def monday_of(day: date) -> date:
    """The day with which the week begins."""
    return day - timedelta(days=day.weekday())


@dataclass(frozen=True, slots=True)
class Cell:
    """A day of the month with what is due on it."""

    day: date
    is_inside: bool
    is_today: bool
    is_overdue: bool
    number: int
    plans: list[tuple[Any, int]]  # label and number, the most first
    query: str  # of the day's list


@dataclass(frozen=True, slots=True)
class Month:
    """A month as the page shows it."""

    first: date
    weeks: list[list[Cell]]
    before: str  # the queries of the months before and after
    after: str


def month_of(visits: DueVisits, first: date, query: QueryDict, today: date) -> Month:
    """Count the visits of each day that the month's weeks show. One query a ledger."""
    weeks = Calendar().monthdatescalendar(first.year, first.month)
    counts = visits.by_day(weeks[0][0], weeks[-1][-1])

    def cell(day: date) -> Cell:
        plans = counts.get(day, Counter())
        return Cell(
            day, day.month == first.month, day == today, day < today, plans.total(),
            [(PLANS[plan], number) for plan, number in plans.most_common()],
            with_values(query, due_from=f"{day}", due_to=f"{day}"),
        )  # fmt: skip

    return Month(
        first,
        [[cell(day) for day in week] for week in weeks],
        with_values(query, month=f"{first - timedelta(days=1):%Y-%m}"),
        with_values(query, month=f"{first + timedelta(days=31):%Y-%m}"),
    )


@dataclass(frozen=True, slots=True)
class Line:
    """A worker's or a community's week: numbers with the queries of their lists."""

    name: str
    before: tuple[int, str]  # due before the week
    days: list[tuple[int, str]]
    total: tuple[int, str]


@dataclass(frozen=True, slots=True)
class Week:
    """A week as the page shows it."""

    days: list[date]
    today: date
    workers: list[Line]
    communities: list[Line]
    before: str
    after: str

    @property
    def last(self) -> date:
        return self.days[-1]


def week_of(visits: DueVisits, first: date, query: QueryDict, access: Access, today: date) -> Week:
    """Count the visits of each worker and community on each day of the week that begins then. One query a ledger, and two."""
    days = [first + timedelta(days=number) for number in range(7)]
    counts = visits.by_worker_and_area(first, days[-1])
    names = {
        user.pk: str(user)
        for user in colleagues(access, {worker for worker, _area, _day in counts if worker})
    }
    areas = area_names(area for _worker, area, _day in counts)
    of_workers: dict[Any, Counter[date | None]] = defaultdict(Counter)
    of_areas: dict[Any, Counter[date | None]] = defaultdict(Counter)
    for (worker, area, day), number in counts.items():
        of_workers[worker if worker in names else None][day] += number
        of_areas[area][day] += number

    def narrowed_to(worker: int | None) -> dict[str, str]:
        if worker is None:
            return {"worker": "", "unassigned": "true"}
        return {"worker": str(worker), "unassigned": ""}

    return Week(
        days,
        today,
        _lines(of_workers, days, query, narrowed_to, lambda key: names.get(key, _("nobody"))),
        _lines(of_areas, days, query, lambda key: {"area": key}, lambda key: areas.get(key, key)),
        with_values(query, week=f"{first - timedelta(days=7)}"),
        with_values(query, week=f"{first + timedelta(days=7)}"),
    )


def _lines(
    counts: Mapping[Any, Counter[date | None]],
    days: list[date],
    query: QueryDict,
    narrowed_to: Callable[[Any], dict[str, str]],
    name: Callable[[Any], str],
) -> list[Line]:
    """The lines, the one with most visits first."""
    lines = []
    before = f"{days[0] - timedelta(days=1)}"
    for key, numbers in counts.items():
        to = narrowed_to(key)
        lines.append(
            Line(
                name(key),
                (numbers[None], with_values(query, **to, due_from="", due_to=before)),
                [
                    (numbers[day], with_values(query, **to, due_from=f"{day}", due_to=f"{day}"))
                    for day in days
                ],
                (numbers.total(), with_values(query, **to, due_from="", due_to=f"{days[-1]}")),
            )
        )
    return sorted(lines, key=lambda line: (-line.total[0], line.name))


@dataclass(frozen=True, slots=True)
class Column:
    """A worker with the visits that are theirs; the worker is None for the visits of nobody."""

    worker: Any
    visits: list[DueVisit]


@dataclass(frozen=True, slots=True)
class Board:
    """The visits due as cards in columns of workers."""

    columns: list[Column]
    number: int
    is_cut: bool  # more are due than the board shows
    communities: dict[str, str]


def board_of(visits: DueVisits, staff: Iterable[Any]) -> Board:
    """The visits that are due first, by worker: those of nobody first, then the workers by name. One query more than a page."""
    rows, after = visits.page("", MOST)
    held: dict[Any, list[DueVisit]] = defaultdict(list)
    people: dict[Any, Any] = {}
    for row in rows:
        key = row.worker.pk if row.worker else None
        held[key].append(row)
        people[key] = row.worker
    for worker in islice(staff, COLUMNS):
        people.setdefault(worker.pk, worker)
    people.pop(None, None)
    named = sorted(people.items(), key=lambda item: (not held[item[0]], str(item[1])))
    columns = [Column(None, held[None])]
    columns += [Column(worker, held[key]) for key, worker in named]
    return Board(columns, len(rows), bool(after), area_names(row.area_code for row in rows))


@dataclass(frozen=True, slots=True)
class Chip:
    """A community with the number of its visits until the week's end, and the query of their list."""

    name: str
    number: int
    query: str


def chips_of(visits: DueVisits, today: date) -> list[Chip]:
    """The communities with visits until the end of this week, the most first; none of a single one. One query a ledger, and one."""
    sunday = monday_of(today) + timedelta(days=6)
    counts: Counter[str] = Counter()
    for (_worker, area, _day), number in visits.by_worker_and_area(sunday, sunday).items():
        counts[area] += number
    if len(counts) < 2:
        return []
    first = counts.most_common(CHIPS)
    names = area_names(area for area, _number in first)

    def chip(area: str, number: int) -> Chip:
        query = QueryDict(mutable=True)
        query.update({"area": area, "due_to": f"{sunday}"})
        return Chip(names.get(area, area), number, query.urlencode())

    return [chip(area, number) for area, number in first]
