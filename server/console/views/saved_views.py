"""Saved views of the ledgers' lists: what the menu of a list loads, saving, deleting."""

from __future__ import annotations

from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse

from server.accounts.saved_views import delete_view, save_view, views_of
from server.console.forms import ViewForm, checked
from server.console.pages import StaffRequest, staff_page
from server.console.tables import PLACES
from server.console.views.ledgers import BY_PATH

_LONGEST = 1500
_LEFT_OUT = (*PLACES, "search")
"""Parameters that a view does not keep: the place of a page, and words that may be a name."""


@staff_page("GET", "HEAD", "POST")
def saved_views(request: StaffRequest, path: str) -> HttpResponse:
    """The views of a list that the reader may open; by POST the present one is saved. Raises FormFieldsWrong, TooManyViews."""
    definition = BY_PATH.get(path)
    if definition is None:
        raise Http404
    query = _kept(request.GET)
    if request.method == "POST":
        given = checked(ViewForm(request.POST))
        save_view(
            user=request.user,
            access=request.access,
            ledger=definition.name,
            title=given["title"],
            query=query,
            is_shared=given["is_shared"],
        )
        return redirect(f"{reverse('console:ledger', args=[path])}?{query}")
    context = {
        "ledger": definition,
        "saved": views_of(request.access, definition.name),
        "query": query,
        "form": ViewForm(),
    }
    return render(request, "console/ledgers/_saved_views.html", context)


@staff_page("POST")
def delete(request: StaffRequest, number: int) -> HttpResponse:
    """Delete a view of one's own. Raises NoSuchView."""
    view = delete_view(number=number, user=request.user)
    path = next(item.path for item in BY_PATH.values() if item.name == view.ledger)
    return redirect("console:ledger", path=path)


def _kept(address: QueryDict) -> str:
    query = address.copy()
    for name in _LEFT_OUT:
        query.pop(name, None)
    text = query.urlencode()
    return text if len(text) <= _LONGEST else ""
