"""The front page by role: the day's numbers by area and by worker, the windows' queues, each number a link to its list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from server.accounts.access import REVIEWERS, Access, common_prefix
from server.accounts.models import Role
from server.console.pages import StaffRequest, area_names, staff_page
from server.core.backups import backup_state
from server.core.clock import first_of_quarter, today
from server.core.paging import COUNTED
from server.disclosure.selectors import recent_alerts, waiting_for
from server.ledgers.filters import FILTERS
from server.ledgers.selectors import (
    Counts,
    counted_once,
    counts_by_area,
    counts_by_worker,
    links,
    persons,
    rows_of,
)
from server.quarantine.selectors import quarantined
from server.submissions.selectors import submissions, waiting_count

LATEST = 8
ALERTS = 5
STREET, COUNTY, COMMUNITY = 9, 6, 12
"""Digits of a division's code that name it."""


@dataclass(frozen=True, slots=True)
class Number:
    """One figure on the front page."""

    label: str
    count: int
    url: str
    alert: bool = False
    note: str = ""
    is_capped: bool = False


@staff_page()
def home(request: StaffRequest) -> HttpResponse:
    """The front page: numbers of the reader's areas, or of one below them that `area` names."""
    access, day = request.access, today()
    base, length = _level(access, request.GET.get("area", ""))
    by_area = counts_by_area(access, base, length, day)
    total = Counts()
    for counts in by_area.values():
        total.add(counts)
    latest = list(submissions(access).select_related("form", "submitter")[:LATEST])
    codes = [area.ljust(COMMUNITY, "0") for area in (*by_area, base) if area]
    names = area_names([*codes, *(row.area_code for row in latest)])
    context = {
        "numbers": [
            *_numbers(total, base, day),
            _persons(access, base),
            *_links(access),
            *_quarantine(access),
        ],
        "areas_of": [
            _Line(_name(names, area), area, counts, _addresses(area, day), opens=length < COMMUNITY)
            for area, counts in sorted(by_area.items())
        ],
        "base": base,
        "base_name": _name(names, base) if base else "",
        "is_below": base != common_prefix(access.areas()),
        "length": length,
        "latest": latest,
        "areas": names,
        "waiting": waiting_count(),
        "alerts": list(recent_alerts(access)[:ALERTS]),
        "permits": waiting_for(access, request.user.pk).count(),
        "day": day,
        "administers": bool(access.areas({Role.ADMINISTRATOR})),
        "backups": backup_state(),
    }
    return render(request, "console/home.html", context)


@staff_page()
def queues(request: StaffRequest) -> HttpResponse:
    """What the front page loads after itself: the queues of the five windows, and the numbers of each worker."""
    access, day = request.access, today()
    base, _length = _level(access, request.GET.get("area", ""))
    context = {
        "windows": [
            (label, [_queue(access, base, *queue) for queue in waiting])
            for label, waiting in _windows()
        ],
        "workers": [
            (person, counts, _worker_addresses(person, base, day))
            for person, counts in counts_by_worker(access, base, day)
        ],
    }
    return render(request, "console/home/_queues.html", context)


@dataclass(frozen=True, slots=True)
class _Line:
    """An area with its numbers and the lists behind them."""

    name: str
    area: str
    counts: Counts
    urls: dict[str, str]
    opens: bool  # whether it has areas below that the page can show


def _level(access: Access, wanted: str) -> tuple[str, int]:
    """The area that the page is about, and the digits of the areas it lists: streets of a county, communities of a street."""
    own = common_prefix(access.areas())
    is_below = wanted.isascii() and wanted.isdigit() and len(wanted) in (COUNTY, STREET, COMMUNITY)
    base = wanted if is_below and wanted.startswith(own) else own
    if len(base) in (0, COUNTY):
        return base, STREET
    return base, COUNTY if len(base) < COUNTY else COMMUNITY


def _name(names: dict[str, str], area: str) -> str:
    return names.get(area.ljust(COMMUNITY, "0"), area) or _("without an area")


def _list(name: str, area: str, **query: str) -> str:
    query = {**({"area": area} if area else {}), **query}
    return reverse(f"console:{name}") + (f"?{urlencode(query)}" if query else "")


def _addresses(area: str, day: date) -> dict[str, str]:
    """The list behind each number of an area."""
    before = first_of_quarter(day) - timedelta(days=1)
    return {
        "arrived": _list("submissions", area, received_from=day.isoformat()),
        "to_review": _list("review", area),
        "exceptions": _list("exceptions", area),
        "open_cases": _list("cases", area),
        "due": _list("cases", area, due="week"),
        "overdue": _list("cases", area, due="overdue"),
        "homes": _list("households", area, last_confirmed_on_to=before.isoformat()),
    }


def _worker_addresses(person: Any, area: str, day: date) -> dict[str, str]:
    if person is None:
        return {}
    linked = {"linked_worker": str(person.pk)}
    return {
        "arrived": _list(
            "submissions", area, received_from=day.isoformat(), submitter=person.username
        ),
        "to_review": _list("review", area, submitter=person.username),
        "open_cases": _list("cases", area, **linked),
        "due": _list("cases", area, due="week", **linked),
        "overdue": _list("cases", area, due="overdue", **linked),
    }


def _numbers(total: Counts, base: str, day: date) -> list[Number]:
    urls = _addresses(base, day)
    coverage = "—" if total.coverage is None else f"{total.coverage} %"
    return [
        Number(_("Arrived today"), total.arrived, urls["arrived"]),
        Number(_("To review"), total.to_review, urls["to_review"]),
        Number(_("Open exceptions"), total.exceptions, urls["exceptions"]),
        Number(_("Visits due within 7 days"), total.due, urls["due"]),
        Number(_("Overdue visits"), total.overdue, urls["overdue"], alert=total.overdue > 0),
        Number(_("Open cases"), total.open_cases, urls["open_cases"]),
        Number(
            _("Homes not yet confirmed this quarter"),
            total.homes - total.confirmed,
            urls["homes"],
            note=_("coverage {share}").format(share=coverage),
        ),
    ]


def _persons(access: Access, base: str) -> Number:
    """The persons of the area, each once however many offices list them, counted no further than lists are."""
    rows = persons(access).filter(area_code__startswith=base)
    number = counted_once(rows, access).order_by()[: COUNTED + 1].count()
    is_capped = number > COUNTED
    return Number(_("Persons"), min(number, COUNTED), _list("persons", base), is_capped=is_capped)


def _windows() -> list[tuple[str, list[tuple[str, str, dict[str, str]]]]]:
    """The five windows (五个窗口), each with its queues: label, ledger, and the filters that make the queue."""
    return [
        (
            _("Registration of work and unemployment"),
            [
                (_("Unemployed persons"), "person", {"view": "unemployed"}),
                (_("New entrants to the labour force"), "person", {"view": "new-entrants"}),
            ],
        ),
        (
            _("Employment services"),
            [
                (_("Vacancies reported, not yet open"), "vacancy", {"state": "1,2"}),
                (_("Offers not yet answered"), "offer", {"state": "1,4,5"}),
                (_("Trainings applied for"), "training", {"state": "1,2"}),
            ],
        ),
        (
            _("Employment assistance"),
            [
                (_("Candidates"), "case", {"state": "1"}),
                (_("Overdue visits"), "case", {"due": "overdue"}),
            ],
        ),
        (_("Retired persons"), [(_("Retired persons in care"), "retiree", {"state": "1"})]),
        (
            _("Petitions"),
            [
                (_("Petitions received"), "petition", {"state": "1,2,3,7"}),
                (_("Inspections to check"), "inspection", {"state": "1,2,3"}),
            ],
        ),
    ]


_PAGES = {"person": "persons", "case": "cases", "vacancy": "vacancies"}


def _queue(access: Access, base: str, label: str, ledger: str, query: dict[str, str]) -> Number:
    """A queue with the number of its entries, counted no further than lists are. One query."""
    query = {**({"area": base} if base else {}), **query}
    rows = FILTERS[ledger](query, rows_of(access, ledger), access=access).qs
    number = rows.order_by()[: COUNTED + 1].count()
    page = _PAGES.get(ledger)
    address = (
        reverse(f"console:{page}") if page else reverse("console:ledger", args=[_path(ledger)])
    )
    is_capped = number > COUNTED
    return Number(label, min(number, COUNTED), f"{address}?{urlencode(query)}", is_capped=is_capped)


def _path(ledger: str) -> str:
    return FILTERS[ledger]._meta.model.ledger.path


def _links(access: Access) -> list[Number]:
    """What other offices wait for this one to answer, where there is anything."""
    waiting = links(access).filter(awaits_us=True).order_by()[:COUNTED].count()
    if not waiting:
        return []
    address = reverse("console:links") + "?awaits_us=true"
    return [Number(_("Other offices ask"), waiting, address, alert=True)]


def _quarantine(access: Access) -> list[Number]:
    """The number of quarantined records that wait for a decision; none for those who may not see them."""
    if not access.areas(REVIEWERS):
        return []
    waiting = quarantined(access).filter(resolved_at=None).order_by()[:COUNTED].count()
    if not waiting:
        return []
    return [Number(_("Quarantine"), waiting, reverse("console:quarantine"), alert=True)]
