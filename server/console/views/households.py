"""Households: the list, and one household with its people, cases and visits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from server.console.doubts import open_doubts
from server.console.pages import StaffRequest, area_names, page_of, render_list, staff_page
from server.console.presentation import sheet
from server.ledgers.definitions.vocabulary import Family
from server.ledgers.filters import HouseholdFilters
from server.ledgers.models import Membership, Person
from server.ledgers.selectors import cases, provenance, resolve, visits
from server.ledgers.selectors import households as visible

VISITS_SHOWN = 50


@staff_page()
def households(request: StaffRequest) -> HttpResponse:
    rows = (
        visible(request.access).select_related("head_person").order_by("area_code", "hh_no", "id")
    )
    filterset = HouseholdFilters(request.GET, rows, access=request.access)
    page = page_of(request, filterset.qs)
    return render_list(
        request,
        "console/households/_rows.html",
        filterset,
        page,
        shows=("area", "search", "assisted", "due"),
        title=_("Households"),
        areas=area_names(row.area_code for row in page),
    )


@staff_page()
def household(request: StaffRequest, entry: UUID) -> HttpResponse:
    """Everything known of a household, each value with where it came from."""
    rows = visible(request.access).select_related("head_person")
    found = rows.filter(pk=entry).first()
    if found is None:
        return _now_called(request, entry)
    members = list(found.memberships.select_related("person").order_by("to_on", "from_on", "id"))
    people = [member.person_id for member in members]
    theirs = list(
        cases(request.access)
        .filter(Q(subject_household=found) | Q(subject_person__in=people))
        .select_related("subject_person", "linked_worker")
        .order_by("closed_on", "-opened_on")
    )
    seen = list(
        visits(request.access)
        .filter(Q(household=found) | Q(person__in=people))
        .select_related("person", "recorded_by")
        .order_by("-visited_at")[:VISITS_SHOWN]
    )
    names = area_names(
        [found.area_code, *(row.person.residence_area or "" for row in members if row.person)]
    )
    entries: dict[Any, str] = {**names}
    if found.head_person:
        entries[found.head_person_id] = found.head_person.name or ""
    context = {
        "household": found,
        "cells": sheet(
            found,
            request.access,
            origins=provenance(found),
            names=entries,
            leave_out=("photo_door",),
        ),
        "current": _by_person(row for row in members if row.to_on is None),
        "former": _by_person(row for row in members if row.to_on is not None),
        "cases": theirs,
        "visits": seen,
        **open_doubts(
            request.access,
            Q(family=Family.HOUSEHOLD, entry=found.pk) | Q(family=Family.PERSON, entry__in=people),
        ),
        "areas": names,
    }
    return render(request, "console/households/detail.html", context)


@dataclass(slots=True)
class Member:
    """A person of the household, once, in whatever roles."""

    person_id: UUID
    person: Person | None
    relation: str | None
    from_on: date
    to_on: date | None
    roles: list[str]


def _by_person(rows: Iterable[Membership]) -> list[Member]:
    """Registered here and living here is two memberships of one person; the head comes first."""
    found: dict[tuple[UUID, date | None], Member] = {}
    for row in rows:
        member = found.setdefault(
            (row.person_id, row.to_on),
            Member(row.person_id, row.person, row.relation, row.from_on, row.to_on, []),
        )
        member.roles.append(row.get_role_display())
        member.from_on = min(member.from_on, row.from_on)
    return sorted(found.values(), key=lambda member: member.relation or "~")


def _now_called(request: StaffRequest, entry: UUID) -> HttpResponse:
    """An entry that was merged into another is found under its old name; anything else is 404."""
    target = resolve(Family.HOUSEHOLD, entry)
    found = get_object_or_404(visible(request.access), pk=target)
    return redirect("console:household", entry=found.pk)
