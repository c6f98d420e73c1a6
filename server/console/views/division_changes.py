"""Divisions that get another name or code: the list, what it would change, making and undoing it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from server.accounts.access import ADMINISTRATORS, Access
from server.console.forms import checked
from server.console.pages import StaffRequest, staff_page
from server.core.clock import today
from server.geo.filters import area_options
from server.geo.renames import Rename
from server.geo.renumbering import Renumbering, renumber_division
from server.geo.selectors import division_changes
from server.geo.services import rename_division, undo_change
from server.reports.division_changes import (
    preview_rename,
    preview_renumbering,
    still_to_follow,
)

_MOST = 200
"""So many of the newest changes are shown; REST has all."""


class ChangeForm(forms.Form):
    """A division's new name or code, its first day, and why."""

    division = forms.ChoiceField(label=gettext_lazy("Division"))
    name = forms.CharField(label=gettext_lazy("New name"), max_length=100, required=False)
    name_en = forms.CharField(
        label=gettext_lazy("New name in English"), max_length=100, required=False
    )
    new_code = forms.RegexField(
        r"\A\d{12}\Z",
        label=gettext_lazy("New code"),
        required=False,
        help_text=gettext_lazy(
            "Twelve digits, in place of a new name; for communities, within their street."
        ),
    )
    takes_effect_on = forms.DateField(
        label=gettext_lazy("First day of the new name or code"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=gettext_lazy(
            "Reports of periods that end before this day keep the old name and code."
        ),
    )
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=500)
    evidence = forms.CharField(label=gettext_lazy("Document number"), max_length=100)

    def __init__(self, *args: Any, areas: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["division"].choices = areas  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if not self.errors and bool(given["name"]) is bool(given["new_code"]):
            self.add_error("name", gettext_lazy("Give either a new name or a new code."))
        return given


class ReasonForm(forms.Form):
    """Why a change is undone."""

    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=500)


@staff_page("GET", "HEAD", "POST", roles=ADMINISTRATORS)
def changes(request: StaffRequest) -> HttpResponse:
    """The divisions that got another name or code; by POST one is previewed, and given once that was seen.

    Raises FormFieldsWrong, NothingHere, NotAllowed, ChangeRefused.
    """
    areas = list(area_options(request.access.held_as(ADMINISTRATORS)))
    form = ChangeForm(areas=areas, initial={"takes_effect_on": today()})
    context: dict[str, Any] = {}
    if request.method == "POST":
        form = ChangeForm(request.POST, areas=areas)
        given = checked(form)
        if request.POST.get("step") == "apply":
            messages.success(request, _make(given, request.access))
            return redirect("console:division-changes")
        if given["new_code"]:
            context["preview"] = preview_renumbering(_renumbering(given), request.access)
        else:
            context["preview"] = preview_rename(_rename(given), request.access)
    rows = [(row, still_to_follow(row)) for row in division_changes(request.access)[:_MOST]]
    context |= {"rows": rows, "form": form}
    return render(request, "console/division_changes.html", context)


def _make(given: dict[str, Any], access: Access) -> str:
    """Make the change, and say so."""
    why = {"reason": given["reason"], "evidence": given["evidence"], "actor": access}
    if given["new_code"]:
        change = renumber_division(_renumbering(given), **why)
        return _("%(name)s has the code %(code)s now; its entries follow in the background.") % {
            "name": change.division,
            "code": change.new_code,
        }
    change = rename_division(_rename(given), **why)
    return _("The division is called %(name)s now.") % {"name": change.division}


def _rename(given: dict[str, Any]) -> Rename:
    return Rename(given["division"], given["name"], given["name_en"], given["takes_effect_on"])


def _renumbering(given: dict[str, Any]) -> Renumbering:
    return Renumbering(given["division"], given["new_code"], given["takes_effect_on"])


@staff_page("POST", roles=ADMINISTRATORS)
def undo(request: StaffRequest, number: int) -> HttpResponse:
    """Give a division its former name or code back. Raises FormFieldsWrong, NothingHere, NotAllowed, ChangeRefused."""
    reason = checked(ReasonForm(request.POST))["reason"]
    change = undo_change(number, reason=reason, actor=request.access)
    text = _("The division has its former name again: %(name)s.") % {"name": change.shown_before}
    if change.new_code:
        text = _("The division has its former code again: %(code)s.") % {"code": change.division_id}
    messages.success(request, text)
    return redirect("console:division-changes")
