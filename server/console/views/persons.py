"""Persons and their assistance cases."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from server.accounts.access import REVIEWERS
from server.console.exception_sentences import open_exceptions
from server.console.ledger_lists import render_ledger
from server.console.moves import desk_panel
from server.console.pages import StaffRequest, area_names, staff_page
from server.console.presentation import joined_title, sheet
from server.console.views.links import links_panel
from server.core.clock import today
from server.erasure.models import Erasure
from server.erasure.selectors import may_ask, open_erasure
from server.ledgers.definitions.vocabulary import Family
from server.ledgers.models import AssistanceCase, DeskAct, Person
from server.ledgers.selectors import cases as visible_cases
from server.ledgers.selectors import (
    desk_acts_on,
    histories,
    joined_key,
    memberships_of,
    provenance,
    reasons,
    resolve,
    spells,
    visits,
)
from server.ledgers.selectors import persons as visible

VISITS_SHOWN = 50


@staff_page()
def persons(request: StaffRequest) -> HttpResponse:
    """The persons of the user's areas."""
    return render_ledger(request, Person.ledger)


@staff_page()
def person(request: StaffRequest, entry: UUID) -> HttpResponse:
    """One person: every value with its source, sealed columns masked. A merged person's id redirects to the survivor."""
    rows = visible(request.access).select_related("household", "linked_worker")
    row = rows.filter(pk=entry).first()
    if row is None:
        target = resolve(Family.PERSON, entry)
        return redirect("console:person", entry=get_object_or_404(rows, pk=target).pk)
    names = _names(row, row.area_code, row.hukou_area, row.residence_area)
    context = {
        "person": row,
        "cells": sheet(
            row,
            request.access,
            origins=provenance(request.access, row),
            names=names,
            why=reasons(request.access, row, today()),
        ),
        "memberships": memberships_of(request.access, row)
        .select_related("household")
        .order_by("-from_on", "id"),
        "spells": spells(request.access).filter(person=row).order_by("-start_on", "id"),
        "cases": visible_cases(request.access)
        .filter(subject_person=row)
        .select_related("subject_person", "linked_worker")
        .order_by("closed_on", "-opened_on", "id"),
        "history": histories(request.access, [row]),
        "desk": desk_panel(request.access, row),
        "visits": visits(request.access)
        .filter(_visits_to(row.pk, row.household_id))
        .select_related("person", "recorded_by")
        .order_by("-visited_at", "id")[:VISITS_SHOWN],
        **open_exceptions(request.access, Q(family=Family.PERSON, entry=row.pk)),
        **links_panel(request.access, Family.PERSON, row.pk),
        "acts": desk_acts_on(request.access, Family.PERSON, row.pk).select_related("user"),
        "may_undo": request.access.may(REVIEWERS, row.area_code),
        "may_erase": may_ask(request.access, row.area_code),
        "causes": Erasure.Cause.choices,
        "erasure": open_erasure(person=row.pk),
        "areas": names,
    }
    return render(request, "console/persons/detail.html", context)


@staff_page()
def cases(request: StaffRequest) -> HttpResponse:
    """The assistance cases of the user's areas: open ones first, by when the next visit is due."""
    return render_ledger(request, AssistanceCase.ledger)


@staff_page()
def case(request: StaffRequest, entry: UUID) -> HttpResponse:
    """One assistance case with the visits to its person or household."""
    rows = visible_cases(request.access).select_related(
        "subject_person", "subject_household", "linked_worker"
    )
    row = get_object_or_404(rows, pk=entry)
    names = _names(row, row.area_code)
    home = row.subject_household_id
    if row.subject_person_id:
        home = (
            visible(request.access)
            .filter(pk=row.subject_person_id)
            .values_list("household", flat=True)
            .first()
        )
    context = {
        "case": row,
        "cells": sheet(row, request.access, origins=provenance(request.access, row), names=names),
        "history": histories(request.access, [row]),
        "acts": _acts_on(request, row),
        "may_undo": request.access.may(REVIEWERS, row.area_code),
        "desk": desk_panel(request.access, row),
        "visits": visits(request.access)
        .filter(
            _visits_to(row.subject_person_id, home) if row.subject_person_id else Q(household=home)
        )
        .select_related("person", "recorded_by")
        .order_by("-visited_at", "id")[:VISITS_SHOWN],
        "areas": names,
    }
    return render(request, "console/cases/detail.html", context)


def _visits_to(person: UUID, household: UUID | None) -> Q:
    """The visits to a person, and those to the household that name nobody of it."""
    to_person = Q(person=person)
    return to_person | Q(person=None, household=household) if household else to_person


def _acts_on(request: StaffRequest, case: AssistanceCase) -> QuerySet[DeskAct]:
    """What office staff decided about the person or household of a case."""
    family, subject = Family.PERSON, case.subject_person_id
    if subject is None:
        family, subject = Family.HOUSEHOLD, case.subject_household_id
    if subject is None:
        return DeskAct.objects.none()
    return desk_acts_on(request.access, family, subject).select_related("user")


def _names(entry: Person | AssistanceCase, *areas: str | None) -> dict[Any, str]:
    """Code or id → name, for the areas, entries and users that the entry's columns name."""
    names: dict[Any, str] = {**area_names(area or "" for area in areas)}
    for name in ("linked_worker", "household", "subject_person", "subject_household"):
        if hasattr(entry, name) and (key := joined_key(entry, name)) is not None:
            names[key] = joined_title(entry, name)
    return names
