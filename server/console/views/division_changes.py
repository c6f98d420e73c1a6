"""Divisions that get another name: the list, what it would change, making and undoing it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from server.accounts.access import ADMINISTRATORS
from server.console.forms import checked
from server.console.pages import StaffRequest, staff_page
from server.core.clock import today
from server.geo.filters import area_options
from server.geo.renames import Rename
from server.geo.selectors import division_changes
from server.geo.services import rename_division, undo_rename
from server.reports.renames import preview_rename

_MOST = 200
"""So many of the newest changes are shown; REST has all."""


class RenameForm(forms.Form):
    """A division's new name, its first day, and why."""

    division = forms.ChoiceField(label=gettext_lazy("Division"))
    name = forms.CharField(label=gettext_lazy("New name"), max_length=100)
    name_en = forms.CharField(
        label=gettext_lazy("New name in English"), max_length=100, required=False
    )
    takes_effect_on = forms.DateField(
        label=gettext_lazy("First day of the new name"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=gettext_lazy("Reports of periods that end before this day keep the old name."),
    )
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=500)
    evidence = forms.CharField(label=gettext_lazy("Document number"), max_length=100)

    def __init__(self, *args: Any, areas: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["division"].choices = areas  # type: ignore[attr-defined]


class ReasonForm(forms.Form):
    """Why a change is undone."""

    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=500)


@staff_page("GET", "HEAD", "POST", roles=ADMINISTRATORS)
def changes(request: StaffRequest) -> HttpResponse:
    """The divisions that got another name; by POST a new name is previewed, and given once that was seen.

    Raises FormFieldsWrong, NothingHere, NotAllowed, ChangeRefused.
    """
    areas = list(area_options(request.access.held_as(ADMINISTRATORS)))
    form = RenameForm(areas=areas, initial={"takes_effect_on": today()})
    context: dict[str, Any] = {}
    if request.method == "POST":
        form = RenameForm(request.POST, areas=areas)
        given = checked(form)
        rename = Rename(
            given["division"], given["name"], given["name_en"], given["takes_effect_on"]
        )
        if request.POST.get("step") == "apply":
            change = rename_division(
                rename,
                reason=given["reason"],
                evidence=given["evidence"],
                actor=request.access,
            )
            text = _("The division is called %(name)s now.") % {"name": change.division}
            messages.success(request, text)
            return redirect("console:division-changes")
        context["preview"] = preview_rename(rename, request.access)
    context |= {"rows": division_changes(request.access)[:_MOST], "form": form}
    return render(request, "console/division_changes.html", context)


@staff_page("POST", roles=ADMINISTRATORS)
def undo(request: StaffRequest, number: int) -> HttpResponse:
    """Give a division its former name back. Raises FormFieldsWrong, NothingHere, NotAllowed, ChangeRefused."""
    reason = checked(ReasonForm(request.POST))["reason"]
    change = undo_rename(number, reason=reason, actor=request.access)
    text = _("The division has its former name again: %(name)s.") % {"name": change.shown_before}
    messages.success(request, text)
    return redirect("console:division-changes")
