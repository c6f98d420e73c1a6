"""The day sheet: a worker's visits due in a suggested order, in large type for paper."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from server.accounts.access import common_prefix
from server.accounts.selectors import workers
from server.audit.services import record_list
from server.console.pages import StaffRequest, area_names, staff_page
from server.core.clock import today
from server.geo.nearest import by_nearest
from server.ledgers import selectors
from server.ledgers.selectors import DueVisit

DOORS = 40
"""The most visits on a sheet: what a worker can do in a day, and more."""


@staff_page()
def day_sheet(request: StaffRequest, user_id: int) -> HttpResponse:
    """The visits of a worker due until `due_to`, today by default: those due first, by nearest neighbour.

    A day that is none is answered with 400 and a sentence. That the sheet was read is recorded.
    Raises Http404 for a worker outside the user's areas.
    """
    access = request.access
    worker = workers(access).filter(pk=user_id).first()
    if worker is None:
        raise Http404
    day = _day(request.GET.get("due_to", ""))
    if day is None:
        problem = _("The day is not valid. Write due_to as year, month, day: 2026-11-30.")
        return render(
            request, "console/due/sheet.html", {"problems": [problem], "doors": []}, status=400
        )
    rows = _first_due(selectors.due_visits(access, today()), worker.pk, day)
    shown = rows[:DOORS]
    record_list(
        actor=request.user,
        of="visit",
        area=common_prefix(access.areas()),
        rows=len(shown),
        last_row=len(shown),
        facts={"filters": ["due_to", "worker"]},
    )
    context = {
        "worker": worker,
        "day": day,
        "doors": by_nearest(shown, lambda row: row.position, lambda row: row.address),
        "more": len(rows) > DOORS,
        "most": DOORS,
        "areas": area_names(row.area_code for row in shown),
    }
    return render(request, "console/due/sheet.html", context)


def _first_due(visits: selectors.DueVisits, worker: int, day: date) -> list[DueVisit]:
    """The worker's visits due until the day, the longest overdue first, one more than a sheet has at most."""

    def of_worker(rows: Any) -> Any:
        return rows.filter(worker=worker, due_on__lte=day)

    rows, _after = visits.narrowed(of_worker).page("", DOORS + 1)
    return rows


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else today()
    except ValueError:
        return None
