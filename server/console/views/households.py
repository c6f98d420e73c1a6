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

from server.console.exception_sentences import open_exceptions
from server.console.ledger_lists import render_ledger
from server.console.moves import desk_panel
from server.console.pages import StaffRequest, area_names, staff_page
from server.console.presentation import sheet
from server.ledgers.definitions.vocabulary import Family
from server.ledgers.models import Household, Membership, Person
from server.ledgers.selectors import (
    cases,
    desk_acts_on,
    histories,
    is_elsewhere,
    joined,
    memberships,
    provenance,
    resolve,
    visits,
)
from server.ledgers.selectors import households as visible

VISITS_SHOWN = 50


@staff_page()
def households(request: StaffRequest) -> HttpResponse:
    """The households of the user's areas."""
    return render_ledger(request, Household.ledger)


@staff_page()
def household(request: StaffRequest, entry: UUID) -> HttpResponse:
    """One household: every value with its source, its people, their cases and visits."""
    rows = visible(request.access).select_related("head_person")
    home = rows.filter(pk=entry).first()
    if home is None:
        return _redirect_to_survivor(request, entry)
    stays = memberships(request.access).filter(household=home).select_related("person")
    members = list(stays.order_by("to_on", "from_on", "id"))
    people = [member.person_id for member in members if not is_elsewhere(member, "person")]
    all_cases = list(
        cases(request.access)
        .filter(Q(subject_household=home) | Q(subject_person__in=people))
        .select_related("subject_person", "linked_worker")
        .order_by("closed_on", "-opened_on", "id")
    )
    recent_visits = list(
        visits(request.access)
        .filter(Q(household=home) | Q(person__in=people))
        .select_related("person", "recorded_by")
        .order_by("-visited_at", "id")[:VISITS_SHOWN]
    )
    names = area_names(
        [
            home.area_code,
            *(row.person.residence_area or "" for row in members if joined(row, "person")),
        ]
    )
    entries: dict[Any, str] = {**names}
    if head := joined(home, "head_person"):
        entries[head.pk] = head.name or ""
    context = {
        "household": home,
        "cells": sheet(
            home,
            request.access,
            origins=provenance(request.access, home),
            names=entries,
            leave_out=("photo_door",),
        ),
        "current": _by_person(row for row in members if row.to_on is None),
        "former": _by_person(row for row in members if row.to_on is not None),
        "cases": all_cases,
        "history": histories(request.access, [home]),
        "desk": desk_panel(request.access, home),
        "acts": desk_acts_on(request.access, Family.HOUSEHOLD, home.pk).select_related("user"),
        "visits": recent_visits,
        **open_exceptions(
            request.access,
            Q(family=Family.HOUSEHOLD, entry=home.pk) | Q(family=Family.PERSON, entry__in=people),
        ),
        "areas": names,
    }
    return render(request, "console/households/detail.html", context)


@dataclass(slots=True)
class Member:
    """A person's time in the household; `roles` says whether registered there, living there or both."""

    person_id: UUID
    person: Person | None
    relation: str | None
    from_on: date
    to_on: date | None
    roles: list[str]
    is_elsewhere: bool  # the person lies in another area


def _by_person(rows: Iterable[Membership]) -> list[Member]:
    """One member for each person and end of stay, though being registered and living here are two memberships; the head first."""
    members: dict[tuple[UUID, date | None], Member] = {}
    for row in rows:
        member = members.setdefault(
            (row.person_id, row.to_on),
            Member(
                row.person_id,
                joined(row, "person"),
                row.relation,
                row.from_on,
                row.to_on,
                [],
                is_elsewhere(row, "person"),
            ),
        )
        member.roles.append(row.get_role_display())
        member.from_on = min(member.from_on, row.from_on)
    return sorted(members.values(), key=lambda member: member.relation or "~")


def _redirect_to_survivor(request: StaffRequest, entry: UUID) -> HttpResponse:
    """An entry that was merged into another is survivor under its old name; anything else is 404."""
    target = resolve(Family.HOUSEHOLD, entry)
    survivor = get_object_or_404(visible(request.access), pk=target)
    return redirect("console:household", entry=survivor.pk)
