"""Reports that are sent in: the board of who has, a report with its acts, its correction, the sum of those below."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from server.console.forms import checked
from server.console.pages import StaffRequest, staff_page
from server.console.views.reports import (
    AskForm,
    address_of,
    as_paper,
    as_shown,
    periods_to_choose,
)
from server.core.clock import today
from server.geo.models import Level
from server.reports import filings as reading
from server.reports import selectors, services
from server.reports.annexes import names_of
from server.reports.corrections import Difference, correction_of, sum_of_children
from server.reports.course import RULES, Step
from server.reports.definitions.periods import period_named, quarter_before
from server.reports.definitions.registry import REPORTS
from server.reports.models import Filing
from server.reports.problems import NotFrozen


class BoardForm(AskForm):
    """Which division and period; all reports."""

    report = None  # type: ignore[assignment]

    def __init__(self, data: Any, *, access: Any) -> None:
        super(AskForm, self).__init__(data)
        self.offer_areas(access)


@staff_page()
def filings(request: StaffRequest) -> HttpResponse:
    """Who has sent in which report of a period, by default of the last quarter that is over."""
    data = request.GET.dict()
    if not data:
        areas = selectors.areas_to_report(request.access)
        data = {"area": areas[0].code if areas else "", "period": quarter_before(today()).name}
    form = BoardForm({"starts_on": "1", **data}, access=request.access)
    context: dict[str, Any] = {"form": form, "periods": list(periods_to_choose(today()))}
    if form.is_valid():
        asked = form.cleaned_data
        period = period_named(asked["period"], asked["starts_on"] or 1)
        rows: dict[Any, list[reading.Standing]] = {}
        for standing in reading.board(request.access, area=asked["area"], period=period):
            rows.setdefault(standing.division, []).append(standing)
        context |= {"rows": list(rows.items()), "reports": list(REPORTS.values())}
    return render(request, "console/reports/board.html", context)


@staff_page("POST")
def new_filing(request: StaffRequest) -> HttpResponse:
    """Begin a report as a draft. Raises BadPeriod, NotAllowed, AlreadyPrepared."""
    asked = checked(AskForm(request.POST, access=request.access))
    filing = services.prepare(
        code=asked["report"],
        area=asked["area"],
        period=period_named(asked["period"], asked["starts_on"] or 1),
        user=request.user,
        access=request.access,
    )
    return redirect("console:filing", filing.pk)


@staff_page()
def filing(request: StaffRequest, number: int) -> HttpResponse:
    """A report with its acts and what was done; the frozen table once it was submitted. Raises NoSuchFiling, FrozenAltered."""
    sent = reading.filing_numbered(request.access, number)
    context = _about(sent)
    steps = list(sent.steps.select_related("by").defer("content"))
    asked = {"area": sent.area_code, "period": sent.period, "starts_on": sent.starts_on}
    context |= {
        "rules": reading.steps_open_to(request.access, sent),
        "steps": steps,
        "labels": selectors.labels_of(
            context["report"],
            {row for step in steps for _balance, row in step.failed},
            reading.period_of(sent),
        ),
        "live": f"{reverse('console:reports')}?{urlencode({'report': sent.report, **asked})}",
        "board": f"{reverse('console:filings')}?{urlencode(asked)}",
        "has_below": context["division"].level != Level.COMMUNITY,
    }
    frozen = reading.last_frozen(sent)
    if frozen:
        context |= as_shown(reading.frozen_table(request.access, frozen[0])) | {"signed": frozen[1]}
    return render(request, "console/reports/filing.html", context)


@staff_page()
def paper(request: StaffRequest, number: int) -> HttpResponse:
    """The table that was submitted last as PDF, with its SHA-256. Raises NoSuchFiling, NotFrozen, FrozenAltered."""
    sent = reading.filing_numbered(request.access, number)
    frozen = reading.last_frozen(sent)
    if frozen is None:
        raise NotFrozen
    table = reading.frozen_table(request.access, frozen[0])
    return as_paper(request, table, str(frozen[1].by), frozen[1].sha256)


@staff_page("POST")
def act(request: StaffRequest, number: int) -> HttpResponse:
    """Check, submit, withdraw, return, accept or lock a report."""
    form = ActForm(request.POST)
    given = checked(form)
    services.take_step(
        number=number,
        step=Step(given["act"]),
        reason=given["reason"],
        user=request.user,
        access=request.access,
    )
    return redirect("console:filing", number)


class ActForm(forms.Form):
    """What is done with a report, and why."""

    act = forms.ChoiceField(choices=[(step.value, step.value) for step in RULES])
    reason = forms.CharField(required=False, max_length=2000)


@staff_page()
def correction(request: StaffRequest, number: int) -> HttpResponse:
    """What has come to light since a report was submitted. Raises NoSuchFiling, NotFrozen, FrozenAltered."""
    sent = reading.filing_numbered(request.access, number)
    differences = correction_of(request.access, sent).differences
    context = _about(sent) | {
        "heading": _("Correction report"),
        "left": _("as submitted"),
        "right": _("as known now"),
        "explains": True,
        "rows": _with_names(request, differences),
    }
    return render(request, "console/reports/correction.html", context)


@staff_page()
def sum_below(request: StaffRequest, number: int) -> HttpResponse:
    """The sum of the reports right below beside the division's own numbers. Raises NoSuchFiling, FrozenAltered."""
    sent = reading.filing_numbered(request.access, number)
    total = sum_of_children(request.access, sent)
    context = _about(sent) | {
        "heading": _("Sum of those below"),
        "left": _("sum of what was sent in"),
        "right": _("own numbers"),
        "missing": [str(division) for division in total.missing],
        "rows": [(item, []) for item in total.differences],
    }
    return render(request, "console/reports/correction.html", context)


def _about(sent: Filing) -> dict[str, Any]:
    return {
        "filing": sent,
        "report": selectors.report_named(sent.report),
        "division": reading.division_of(sent.area_code),
    }


def _with_names(request: StaffRequest, differences: Iterable[Difference]) -> list[Any]:
    """Each difference with its entries, what people call them, and their pages."""
    differences = list(differences)
    names = names_of(request.access, [late for item in differences for late in item.entries])
    return [
        (
            item,
            [
                (late, names.get(late.entry, late.entry[:8]), address_of(late.ledger, late.entry))
                for late in item.entries
            ],
        )
        for item in differences
    ]
