"""The search box of the page's head. What is searched for is posted, so that no address holds a name or a number."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from server.accounts.access import RESTRICTED, REVEALERS
from server.console import search as searching
from server.console.pages import StaffRequest, staff_page
from server.ledgers.definitions.ledgers import DEFINITIONS


@staff_page("GET", "HEAD", "POST")
def search(request: StaffRequest) -> HttpResponse:
    """Entries of all ledgers by words: those most looked for as somebody types, all of them as a page."""
    text = request.POST.get("words", "").strip()[:100]
    is_part = bool(request.htmx)
    context: dict[str, object] = {"words": text}
    if number := searching.personal_number(text):
        column, whole = number
        context |= {
            "column": column,
            "number": whole,
            "may_find": bool(request.access.areas(REVEALERS)),
        }
    elif len(text) >= searching.SHORTEST:
        may_restricted = bool(request.access.areas(RESTRICTED))
        every = (
            name for name, item in DEFINITIONS.items() if may_restricted or not item.is_restricted
        )
        ledgers = searching.AT_ONCE if is_part else dict.fromkeys((*searching.AT_ONCE, *every))
        context["groups"] = list(searching.search(request.access, text, ledgers))
    page = "console/search/_results.html" if is_part else "console/search/page.html"
    return render(request, page, context)
