"""The map of assisted households: the page, its tiles, the search beside it and the list of what is in view."""

from __future__ import annotations

import hashlib
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render

from server.accounts.access import RESTRICTED, Access, common_prefix
from server.audit.services import record_list
from server.console.pages import StaffRequest, area_names, staff_page
from server.core.clock import today
from server.core.codes import code_lists
from server.geo.codes import code_prefix, whole_code
from server.geo.selectors import division_tile, extent
from server.ledgers.definitions.sensitivity import unrestricted_codes
from server.ledgers.filters import HOUSEHOLD_SEARCH, HouseholdFilters
from server.ledgers.models import Household
from server.ledgers.reading.tiles import assisted_tile
from server.ledgers.selectors import assisted as with_known_case
from server.ledgers.selectors import households

SHOWS = ("area", "due", "case_worker")
"""The filters beside the map."""
IN_VIEW = 40
"""The households in view that the list has at most."""
RESULTS = 12
"""The households that the search and the list beside the map show at most."""
TILE_SECONDS = 60


@staff_page()
def map_page(request: StaffRequest) -> HttpResponse:
    """The map, with a list of households for browsers that cannot draw it."""
    listed = _on_the_map(request.access)
    filterset = HouseholdFilters(request.GET, listed, access=request.access)
    chosen = {} if filterset.errors else filterset.form.cleaned_data
    area = whole_code(request.GET.get("area", "")) or ""
    codes = _categories_present(request)
    labels = code_lists()["AC"].codes
    context = {
        "fields": [filterset.form[name] for name in SHOWS],
        "chosen": set(request.GET.get("assisted_categories", "").split(",")),
        "place": area_names([area]).get(area, ""),
        "is_narrowed": bool(chosen and any(chosen[name] for name in SHOWS)),
        "day": today(),
        "bounds": extent(request.access, code_prefix(area)) or extent(request.access),
        "chips": [(code, str(labels.get(code, code))) for code in codes],
        "listed": listed.select_related("head_person").order_by("area_code", "hh_no", "id")[
            :RESULTS
        ],
    }
    return render(request, "console/map/page.html", context)


def _on_the_map(access: Access) -> QuerySet[Household]:
    """The assisted households that the tiles show: without the restricted role, not those with restricted categories alone."""
    return households(access).filter(with_known_case(access))


def _categories_present(request: StaffRequest) -> list[str]:
    """The categories that occur in the user's area; sensitive ones only for the restricted role."""
    codes: set[str] = set()
    rows = households(request.access).exclude(assisted_categories=[]).order_by()
    known = request.access.within(roles=RESTRICTED)
    for here, is_known in ((known, True), (~known, False)):
        combinations = rows.filter(here).values_list("assisted_categories", flat=True).distinct()
        present = {code for combination in combinations for code in combination}
        codes |= present if is_known else set(unrestricted_codes("AC", present))
    return sorted(codes)


@staff_page()
def search(request: StaffRequest) -> HttpResponse:
    """Assisted households by name, address or number, from which the map moves to the one chosen."""
    text = request.GET.get("q", "").strip()
    located = _on_the_map(request.access).filter(loc__isnull=False)
    rows = (
        list(
            located.filter(HOUSEHOLD_SEARCH.condition(text, request.access))
            .select_related("head_person")
            .order_by("area_code", "hh_no", "id")[:RESULTS]
        )
        if text
        else []
    )
    context = {
        "text": text,
        "rows": rows,
        "areas": area_names(row.area_code for row in rows),
        "full": len(rows) == RESULTS,
    }
    return render(request, "console/map/_results.html", context)


@staff_page()
def in_view(request: StaffRequest) -> HttpResponse:
    """The households of a part of the map (`in_bbox`) and of its filters as a list, for the keyboard and screen readers."""
    access = request.access
    located = _on_the_map(access).filter(loc__isnull=False)
    filterset = HouseholdFilters(request.GET, located, access=access)
    rows = (
        []
        if filterset.errors
        else list(
            filterset.qs.select_related("head_person").order_by("area_code", "hh_no", "id")[
                : IN_VIEW + 1
            ]
        )
    )
    shown = rows[:IN_VIEW]
    record_list(
        actor=request.user,
        of="household",
        area=common_prefix(access.areas()),
        rows=len(shown),
        last_row=len(shown),
        facts={"filters": sorted(set(filterset.filters) & set(request.GET))},
    )
    context = {
        "rows": shown,
        "areas": area_names(row.area_code for row in shown),
        "more": len(rows) > IN_VIEW,
        "most": IN_VIEW,
        "is_bad": bool(filterset.errors),
    }
    return render(
        request, "console/map/_in_view.html", context, status=400 if filterset.errors else 200
    )


@staff_page()
def popup(request: StaffRequest, entry: UUID) -> HttpResponse:
    """What a click on a household shows."""
    row = get_object_or_404(households(request.access).select_related("head_person"), pk=entry)
    context = {"household": row, "areas": area_names([row.area_code])}
    return render(request, "console/map/_popup.html", context)


@staff_page(cached=True)
def divisions(request: StaffRequest, z: int, x: int, y: int) -> HttpResponse:
    """A tile of division outlines."""
    return _tile(request, division_tile(request.access, z, x, y))


@staff_page(cached=True)
def assisted(request: StaffRequest, z: int, x: int, y: int) -> HttpResponse:
    """A tile of assisted households: those of some categories, a division, a worker, or with a visit due, when the address names them."""
    asked = request.GET
    codes = asked.get("categories") or asked.get("assisted_categories", "")
    worker = asked.get("case_worker", "")
    mvt = assisted_tile(
        request.access,
        z,
        x,
        y,
        categories=[code for code in codes.split(",") if code],
        area=asked.get("area", ""),
        due=asked.get("due", ""),
        worker=int(worker) if worker.isdecimal() and len(worker) < 10 else None,
    )
    return _tile(request, mvt)


def _tile(request: StaffRequest, mvt: bytes) -> HttpResponse:
    """A tile that this browser alone caches, for a minute; 304 when it has not changed."""
    tag = '"' + hashlib.md5(mvt, usedforsecurity=False).hexdigest() + '"'
    if request.headers.get("If-None-Match") == tag:
        response = HttpResponse(status=304)
    else:
        response = HttpResponse(mvt, content_type="application/vnd.mapbox-vector-tile")
    response.headers["ETag"] = tag
    response.headers["Cache-Control"] = f"private, max-age={TILE_SECONDS}"
    response.headers["Vary"] = "Cookie"
    return response
