"""The front page: the day's numbers, each with a link to its list, and the latest submissions."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from server.accounts.access import REVIEWERS, Access
from server.accounts.models import Role
from server.console.pages import StaffRequest, area_names, staff_page
from server.core.backups import backup_state
from server.core.clock import today
from server.core.paging import COUNTED
from server.disclosure.selectors import recent_alerts, waiting_for
from server.ledgers.selectors import (
    assisted,
    cases,
    counted_once,
    exceptions,
    households,
    links,
    persons,
)
from server.ledgers.storage.fragments import IS_OPEN, visit_overdue
from server.quarantine.selectors import quarantined
from server.submissions.models import TO_REVIEW
from server.submissions.selectors import submissions, waiting_count

LATEST = 8
ALERTS = 5


@dataclass(frozen=True, slots=True)
class Number:
    """One figure on the front page; counted no further than lists are."""

    label: str
    count: int
    url: str
    alert: bool = False

    @property
    def capped(self) -> bool:
        return self.count >= COUNTED


@staff_page()
def home(request: StaffRequest) -> HttpResponse:
    """The front page of the console."""
    access = request.access
    overdue = cases(access).filter(visit_overdue(today())).order_by()[:COUNTED].count()
    latest = list(submissions(access).select_related("form", "submitter")[:LATEST])
    numbers = [
        Number(
            _("To review"),
            submissions(access).filter(review_state__in=TO_REVIEW).order_by()[:COUNTED].count(),
            reverse("console:review"),
        ),
        Number(
            _("Open cases"),
            cases(access).filter(IS_OPEN).order_by()[:COUNTED].count(),
            reverse("console:cases"),
        ),
        Number(
            _("Overdue visits"),
            overdue,
            reverse("console:cases") + "?due=overdue",
            alert=overdue > 0,
        ),
        Number(
            _("Open exceptions"),
            exceptions(access).filter(resolved_at=None).order_by()[:COUNTED].count(),
            reverse("console:exceptions"),
        ),
        *_links(access),
        *_quarantine(access),
        Number(
            _("Persons"),
            counted_once(persons(access), access).order_by()[:COUNTED].count(),
            reverse("console:persons"),
        ),
        Number(
            _("Assisted households"),
            households(access).filter(assisted(access)).order_by()[:COUNTED].count(),
            reverse("console:map"),
        ),
    ]
    context = {
        "numbers": numbers,
        "latest": latest,
        "areas": area_names(row.area_code for row in latest),
        "waiting": waiting_count(),
        "alerts": list(recent_alerts(access)[:ALERTS]),
        "permits": waiting_for(access, request.user.pk).count(),
        "day": today(),
        "administers": bool(access.areas({Role.ADMINISTRATOR})),
        "backups": backup_state(),
    }
    return render(request, "console/home.html", context)


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
