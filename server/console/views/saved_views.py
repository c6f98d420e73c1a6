"""Saved views of lists, of ledgers, records and accounts: what the menu of a list loads, saving, deleting."""

from __future__ import annotations

from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render

from server.accounts.saved_views import delete_view, save_view, views_of
from server.console.all_lists import address_named, listing_named
from server.console.forms import ViewForm, checked
from server.console.pages import StaffRequest, staff_page
from server.console.tables import PLACES

_LONGEST = 1500
_LEFT_OUT = (*PLACES, "search")
"""Parameters that a view does not keep: the place of a page, and words that may be a name."""


@staff_page("GET", "HEAD", "POST")
def saved_views(request: StaffRequest, path: str) -> HttpResponse:
    """The views of a list that the reader may open; by POST the present one is saved. Raises FormFieldsWrong, RoleMissing, TooManyViews."""
    shown = listing_named(request, path)
    query = _kept(request.GET)
    if request.method == "POST":
        given = checked(ViewForm(request.POST))
        save_view(
            user=request.user,
            access=request.access,
            ledger=shown.name,
            title=given["title"],
            query=query,
            is_shared=given["is_shared"],
        )
        return redirect(f"{shown.address}?{query}")
    context = {
        "listing": shown,
        "saved": views_of(request.access, shown.name),
        "query": query,
        "form": ViewForm(),
    }
    return render(request, "console/listing/_saved_views.html", context)


@staff_page("POST")
def delete(request: StaffRequest, number: int) -> HttpResponse:
    """Delete a view of one's own. Raises NoSuchView."""
    view = delete_view(number=number, user=request.user)
    return redirect(address_named(view.ledger))


def _kept(address: QueryDict) -> str:
    query = address.copy()
    for name in _LEFT_OUT:
        query.pop(name, None)
    text = query.urlencode()
    return text if len(text) <= _LONGEST else ""
