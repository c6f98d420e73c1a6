"""Administrators choose what the QR codes of an area's workers carry."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from server.accounts.access import ADMINISTRATORS
from server.accounts.collect import PROTECTED
from server.accounts.models import PhoneSettings
from server.accounts.phone_settings import keep_settings, remove_settings, settings_of
from server.console.forms import checked
from server.console.pages import StaffRequest, area_choices, area_names, staff_page
from server.console.phone_forms import PhoneSettingsForm


@staff_page("GET", "HEAD", "POST", roles=ADMINISTRATORS)
def kept(request: StaffRequest) -> HttpResponse:
    """The settings of the user's areas; by POST an area's are chosen or removed.

    Raises FormFieldsWrong, BadArea, NotAllowed, BadPhoneSetting, NoPhoneSettings.
    """
    choices = area_choices(request.access.held_as(ADMINISTRATORS))
    if request.access.may(ADMINISTRATORS, "") and "" not in dict(choices):
        choices.insert(0, ("", _("everywhere")))
    rows = list(settings_of(request.access))
    offered = [*choices, *((row.area, row.area) for row in rows)]
    if request.method == "POST":
        given = checked(PhoneSettingsForm(request.POST, areas=offered))
        if "remove" in request.POST:
            remove_settings(area=given["area"], user=request.user, access=request.access)
            messages.success(request, _("The area has no settings of its own any more."))
            return redirect("console:phone-settings")
        password = "" if given.pop("no_password") else given["admin_password"] or None
        keep_settings(
            **{**given, "admin_password": password}, user=request.user, access=request.access
        )
        messages.success(request, _("Codes made from now on carry these settings."))
        return redirect("console:phone-settings")
    kept_areas = {row.area for row in rows}
    others = [choice for choice in choices if choice[0] not in kept_areas]
    context = {
        "rows": [
            (row, PhoneSettingsForm(initial=_initial(row), areas=offered, auto_id=f"p{row.pk}-%s"))
            for row in rows
        ],
        "areas": area_names(row.area.ljust(12, "0") for row in rows),
        "form": others
        and PhoneSettingsForm(
            areas=others,
            initial={"deletes_sent": True, "names_worker": True, "may_change": PROTECTED},
        ),
    }
    return render(request, "console/field_accounts/settings.html", context)


def _initial(row: PhoneSettings) -> dict[str, Any]:
    return {
        "area": row.area,
        "deletes_sent": row.deletes_sent,
        "names_worker": row.names_worker,
        "may_change": row.may_change,
    }
