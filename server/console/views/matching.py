"""Which seekers suit a vacancy, which vacancies suit a person, and suggesting one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from server.accounts.access import REVIEWERS
from server.console.forms import ReasonForm, checked
from server.console.pages import StaffRequest, area_names, staff_page
from server.core.clock import now, today
from server.core.codes import code_lists
from server.core.labels import comma, listed
from server.ledgers import services
from server.ledgers.desk.acts import may_decide
from server.ledgers.models import Vacancy
from server.ledgers.selectors import (
    Matched,
    Matches,
    persons,
    seekers_for,
    title_of,
    vacancies,
    vacancies_for,
)

_REASONS_IN_BRIEF = 3


@staff_page()
def seekers(request: StaffRequest, entry: UUID) -> HttpResponse:
    """The seekers that suit a vacancy, as a page of its own or as the part of the vacancy's page that htmx loads."""
    rows = vacancies(request.access).select_related("employer")
    vacancy = get_object_or_404(rows, pk=entry)
    lines = _lines(request, matches := seekers_for(request.access, vacancy, today()), vacancy)
    return _rendered(
        request,
        matches,
        lines,
        title=_("Seekers who suit"),
        about=title_of(vacancy),
        back=reverse("console:entry", args=["vacancies", vacancy.pk]),
        here="vacancy",
    )


@staff_page()
def suited(request: StaffRequest, entry: UUID) -> HttpResponse:
    """The vacancies that suit a person, as a page of its own or as the part of the person's page that htmx loads."""
    person = get_object_or_404(persons(request.access), pk=entry)
    lines = _lines(request, matches := vacancies_for(request.access, person, today()), person)
    return _rendered(
        request,
        matches,
        lines,
        title=_("Vacancies that suit"),
        about=title_of(person),
        back=reverse("console:person", args=[person.pk]),
        here="person",
    )


@staff_page("POST", roles=REVIEWERS)
def suggest(request: StaffRequest, entry: UUID) -> HttpResponse:
    """Suggest a vacancy to the person, and go back to the list that it came from. Raises what the service raises, and FormFieldsWrong."""
    given = checked(SuggestionForm(request.POST))
    person = get_object_or_404(persons(request.access), pk=entry)
    services.suggest(
        person=person.pk,
        vacancy=given["vacancy"],
        channel=given["channel"],
        reason=given["reason"],
        access=request.access,
        at=now(),
    )
    messages.success(
        request,
        _("Suggested: an offer has begun. Its page follows it to the job, and can undo it."),
    )
    if given["here"] == "vacancy":
        return redirect("console:seekers", given["vacancy"])
    return redirect("console:suited", person.pk)


class SuggestionForm(ReasonForm):
    """Which vacancy, how the person learns of it, why, and on whose page the button stood."""

    vacancy = forms.UUIDField()
    channel = forms.ChoiceField(
        choices=[(code, code) for code in code_lists()["CH"].codes], required=False
    )
    here = forms.ChoiceField(choices=[("person", "person"), ("vacancy", "vacancy")])


def _lines(request: StaffRequest, matches: Matches, about: Any) -> list[dict[str, Any]]:
    """Each match with the two entries that a suggestion names, and whether the user may make it."""
    lines = []
    for row in matches.rows:
        person, vacancy = (row.entry, about) if isinstance(about, Vacancy) else (about, row.entry)
        lines.append(
            {
                "row": row,
                "person": person,
                "vacancy": vacancy,
                "may_suggest": row.offer is None
                and may_decide(request.access, "offer", person.area_code),
                "reason": _in_brief(row),
            }
        )
    return lines


def _in_brief(row: Matched) -> str:
    """What speaks most for the match, as the reason that the form begins with."""
    best = sorted(row.reasons, key=lambda reason: -reason.points)[:_REASONS_IN_BRIEF]
    return comma().join(reason.text for reason in best if reason.points)


def _rendered(
    request: StaffRequest, matches: Matches, lines: list[dict[str, Any]], **texts: str
) -> HttpResponse:
    context = {
        **texts,
        "matches": matches,
        "lines": lines,
        "hindrances": listed(matches.hindrances),
        "channels": code_lists()["CH"].codes.items(),
        "areas": area_names(row.entry.area_code for row in matches.rows),
    }
    template = "console/matching/_rows.html" if request.htmx else "console/matching/list.html"
    return render(request, template, context)
