"""Employers and their vacancies."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from server.console.exception_sentences import open_exceptions
from server.console.ledger_lists import render_ledger
from server.console.moves import desk_panel
from server.console.pages import StaffRequest, area_names, staff_page
from server.console.presentation import sheet
from server.console.views.links import links_panel
from server.ledgers.definitions.vocabulary import Family
from server.ledgers.models import Employer, Vacancy
from server.ledgers.selectors import desk_acts_on, joined, provenance, resolve, visits
from server.ledgers.selectors import employers as visible
from server.ledgers.selectors import vacancies as visible_vacancies

VISITS_SHOWN = 50


@staff_page()
def employers(request: StaffRequest) -> HttpResponse:
    """The employers of the user's areas."""
    return render_ledger(request, Employer.ledger)


@staff_page()
def employer(request: StaffRequest, entry: UUID) -> HttpResponse:
    """One employer with its vacancies and visits; the id of a merged employer redirects to the survivor."""
    rows = visible(request.access).select_related("linked_worker")
    row = rows.filter(pk=entry).first()
    if row is None:
        target = resolve(Family.EMPLOYER, entry)
        return redirect("console:employer", entry=get_object_or_404(rows, pk=target).pk)
    names: dict[Any, str] = {**area_names([row.area_code])}
    if worker := joined(row, "linked_worker"):
        names[worker.pk] = str(worker)
    context = {
        "employer": row,
        "cells": sheet(row, request.access, origins=provenance(request.access, row), names=names),
        "vacancies": visible_vacancies(request.access)
        .filter(employer=row)
        .select_related("employer")
        .order_by("state", "-expires_on", "id"),
        "visits": visits(request.access)
        .filter(employer=row)
        .select_related("person", "recorded_by")
        .order_by("-visited_at", "id")[:VISITS_SHOWN],
        **open_exceptions(request.access, Q(family=Family.EMPLOYER, entry=row.pk)),
        "acts": desk_acts_on(request.access, Family.EMPLOYER, row.pk).select_related("user"),
        "desk": desk_panel(request.access, row),
        **links_panel(request.access, Family.EMPLOYER, row.pk),
        "areas": names,
    }
    return render(request, "console/employers/detail.html", context)


@staff_page()
def vacancies(request: StaffRequest) -> HttpResponse:
    """The vacancies of the user's areas, the last to expire first."""
    return render_ledger(request, Vacancy.ledger)
