"""The bulletin of vacancies: what staff decide about it, and the pages that everybody may read."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from server.accounts import collect
from server.accounts.access import REVIEWERS, read_as_everybody
from server.bulletin.models import Bulletin
from server.bulletin.selectors import MOST, Post, bulletins, n_posts, open_bulletin, posts
from server.bulletin.services import keep_bulletin
from server.console.forms import BulletinForm, checked
from server.console.pages import (
    StaffRequest,
    area_choices,
    area_names,
    server_address,
    staff_page,
)
from server.core.clock import today
from server.geo.codes import code_prefix, whole_code
from server.geo.selectors import division_names

_ON_A_POSTER = 12
_LONGEST = 40
"""Characters of the words that are searched for."""


@staff_page("GET", "HEAD", "POST", roles=REVIEWERS)
def kept(request: StaffRequest) -> HttpResponse:
    """The bulletins of the user's areas; by POST a division's is opened, changed or closed.

    Raises FormFieldsWrong, NoSuchBulletin, ContactMissing, ContactPrivate.
    """
    choices = area_choices(request.access.held_as(REVIEWERS))
    if request.method == "POST":
        given = checked(BulletinForm(request.POST, areas=choices))
        bulletin = keep_bulletin(
            area=given["area"].ljust(12, "0"),
            contact=given["contact"],
            shows_employers=given["shows_employers"],
            is_open=given["is_open"],
            user=request.user,
            access=request.access,
        )
        text = (
            _("Everybody can read the bulletin now.")
            if bulletin.is_open
            else _("Nobody outside can read the bulletin now.")
        )
        messages.success(request, text)
        return redirect("console:bulletins")
    rows = list(bulletins(request.access))
    counts = n_posts(rows)
    context = {
        "rows": [
            (
                row,
                counts[row.area_code],
                BulletinForm(initial=_initial(row), areas=choices, auto_id=f"b{row.pk}-%s"),
            )
            for row in rows
        ],
        "areas": area_names(row.area_code for row in rows),
        "form": BulletinForm(areas=choices, initial={"is_open": True, "shows_employers": True}),
        "server": server_address(request).rstrip("/"),
    }
    return render(request, "console/bulletins/kept.html", context)


def _initial(row: Bulletin) -> dict[str, Any]:
    return {
        "area": code_prefix(row.area_code),
        "contact": row.contact,
        "shows_employers": row.shows_employers,
        "is_open": row.is_open,
    }


@require_safe
def jobs(request: HttpRequest, area: str) -> HttpResponse:
    """A division's bulletin, for everybody; 404 while it is closed."""
    bulletin = _opened(area)
    words = request.GET.get("q", "").strip()[:_LONGEST].replace("\0", "")
    shown, total = posts(bulletin, words)
    context = {
        "bulletin": bulletin,
        "place": _place(bulletin),
        "posts": shown,
        "total": total,
        "most": MOST,
        "words": words,
        "today": today(),
    }
    return render(request, "console/bulletins/jobs.html", context)


@require_safe
def feed(request: HttpRequest, area: str) -> HttpResponse:
    """The bulletin as an Atom feed."""
    bulletin = _opened(area)
    address = _address(request, area)
    title = _("Vacancies of %(place)s") % {"place": _place(bulletin)}
    atom = Atom1Feed(title=title, link=address, description=bulletin.contact)
    for post in posts(bulletin)[0]:
        atom.add_item(
            title=post.title,
            link=f"{address}#{post.number}",
            description=_summary(post),
            unique_id=f"{address}#{post.number}",
        )
    return HttpResponse(
        atom.writeString("utf-8"), content_type="application/atom+xml; charset=utf-8"
    )


@require_safe
def poster(request: HttpRequest, area: str) -> HttpResponse:
    """The newest posts on one sheet of paper, with a QR code of the bulletin's address."""
    bulletin = _opened(area)
    address = _address(request, area)
    shown, total = posts(bulletin)
    context = {
        "bulletin": bulletin,
        "place": _place(bulletin),
        "posts": shown[:_ON_A_POSTER],
        "total": total,
        "address": address,
        "unreachable": collect.unreachable_host(address),
        "code": mark_safe(collect.svg(address)),  # noqa: S308 drawn by segno from our own text
        "today": today(),
    }
    return render(request, "console/bulletins/poster.html", context)


def _opened(area: str) -> Bulletin:
    """The open bulletin of the address. Everything that follows is read as its area. Raises Http404."""
    code = whole_code(area)
    if code is None or code != area:
        raise Http404
    read_as_everybody(code_prefix(code))
    bulletin = open_bulletin(code)
    if bulletin is None:
        raise Http404
    return bulletin


def _place(bulletin: Bulletin) -> str:
    return division_names({bulletin.area_code}).get(bulletin.area_code, bulletin.area_code)


def _summary(post: Post) -> str:
    parts = [post.employer, _("%(n)s wanted") % {"n": post.n_open}, _wage(post)]
    return " · ".join(part for part in parts if part)


def _wage(post: Post) -> str:
    low, high = (f"{amount:.0f}" if amount is not None else "" for amount in post.wage)
    return "–".join(part for part in (low, high) if part)


def _address(request: HttpRequest, area: str) -> str:
    """The whole address of a division's bulletin."""
    return server_address(request).rstrip("/") + reverse("console:jobs", args=[area])
