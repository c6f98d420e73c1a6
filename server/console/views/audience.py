"""The audience of a form: areas, and single workers."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from server.accounts.access import PUBLISHERS
from server.accounts.selectors import manageable_workers
from server.console.forms import AudienceForm, checked
from server.console.pages import StaffRequest, area_choices, staff_page
from server.forms import selectors, services
from server.forms.authority import require


@staff_page("GET", "HEAD", "POST", roles=PUBLISHERS)
def audience(request: StaffRequest, form_id: str) -> HttpResponse:
    """Choose the areas and workers that are offered the form, within those that the user administers.

    What the page does not list is kept as it is.
    """
    form = get_object_or_404(selectors.forms(request.access), form_id=form_id)
    require(request.user, form_id)
    mine = manageable_workers(request.access, PUBLISHERS).order_by("name", "username")
    selectable = {str(user.pk): user for user in mine}
    places = [
        (area, name)
        for area, name in (("", _("everyone")), *area_choices(request.access))
        if request.access.may(PUBLISHERS, area)
    ]
    offered = list(selectors.audience(form))
    areas = {row.area for row in offered if row.area is not None}
    users = {str(row.user.pk): row.user for row in offered if row.user}
    people = [(pk, f"{user.name} {user.username}") for pk, user in selectable.items()]
    if request.method != "POST":
        chosen = {"areas": sorted(areas), "users": sorted(users)}
        audience_form = AudienceForm(initial=chosen, areas=places, users=people)
        context = {"form": form, "audience_form": audience_form}
        return render(request, "console/forms/audience.html", context)
    given = checked(AudienceForm(request.POST, areas=places, users=people))
    elsewhere = areas - {code for code, _name in places}
    services.offer_only(
        form=form,
        areas=elsewhere.union(given["areas"]),
        users=[
            *(user for pk, user in users.items() if pk not in selectable),
            *(selectable[pk] for pk in given["users"]),
        ],
        actor=request.user,
    )
    message = _("{title}: phones get the change at their next update.").format(title=form.title)
    messages.success(request, message)
    return redirect("console:forms")
