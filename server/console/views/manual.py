"""The manual at the console, in the reader's language."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from server.console import manual as pages
from server.console.pages import StaffRequest, staff_page


@staff_page()
def manual(request: StaffRequest, slug: str = pages.SLUGS[0]) -> HttpResponse:
    """A page of the manual beside the list of all its pages; without a name, the tour for new clerks."""
    if slug not in pages.SLUGS:
        raise Http404(_("The manual has no such page."))
    language = get_language() or "zh-hans"
    context = {
        "shown": pages.page(slug, language),
        "menu": pages.menu(language),
    }
    return render(request, "console/manual.html", context)
