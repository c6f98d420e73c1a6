"""Links between offices: the list, what a desk states, and the panel on the pages of persons and employers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from server.accounts.access import REVIEWERS, Access
from server.accounts.models import Role
from server.console.exception_sentences import ENTRIES
from server.console.forms import StatementForm, checked
from server.console.pages import StaffRequest, area_names, page_of, render_list, staff_page
from server.console.presentation import written
from server.core.clock import now
from server.core.masking import mask_numbers
from server.ledgers import selectors, services
from server.ledgers.definitions.columns import Kind
from server.ledgers.definitions.vocabulary import ActKind, Family
from server.ledgers.filters import LinkFilters
from server.ledgers.models import EntryLink

BUTTONS = {
    ActKind.TWO_PLACES: gettext_lazy("Lives at one, hukou at the other"),
    ActKind.MOVE: gettext_lazy("Has moved to us"),
    ActKind.DIFFERENT: gettext_lazy("Not the same"),
    ActKind.AGREE: gettext_lazy("Agree"),
    ActKind.REFUSE: gettext_lazy("Refuse"),
}
AT_BOTH = gettext_lazy("Has premises at both")
"""What "two places" is called of an employer."""
PAGES = {"person": "console:person", "employer": "console:employer"}


@dataclass(frozen=True, slots=True)
class Row:
    """A side of a link as pages show it."""

    link: EntryLink
    title: str  # of the office's own entry
    page: str  # name of the entry's address
    other_office: str
    moved_here: bool
    buttons: list[tuple[ActKind, str]]
    facts: list[tuple[str, str]]  # label and value of what the other office states


@staff_page()
def links(request: StaffRequest) -> HttpResponse:
    """The links of the user's offices: first those that wait for this desk's answer."""
    rows = selectors.links(request.access).order_by("-awaits_us", "-opened_at", "pk")
    filterset = LinkFilters(request.GET, rows, access=request.access)
    page = page_of(request, filterset.qs)
    return render_list(
        request,
        "console/links/_rows.html",
        filterset,
        page,
        shows=("area", "ledger", "state", "awaits_us"),
        title=_("Known to other offices"),
        subtitle=_("another street has recorded the same number; each keeps its own row"),
        empty=gettext_lazy("No other office knows anybody of this list."),
        links=rows_of(request.access, page),
    )


@staff_page("POST", roles=REVIEWERS | {Role.COUNTY})
def state(request: StaffRequest, side: UUID) -> HttpResponse:
    """State what holds between the two entries, with a reason."""
    link = get_object_or_404(selectors.links(request.access), pk=side)
    form = checked(StatementForm(request.POST))
    services.state_of_link(
        link=link,
        kind=ActKind(form["kind"]),
        reason=form["reason"],
        access=request.access,
        at=now(),
    )
    (row,) = rows_of(request.access, [selectors.links(request.access).get(pk=side)])
    return render(request, "console/links/_link.html", {"row": row, "is_stated": True})


def rows_of(access: Access, sides: Iterable[EntryLink]) -> list[Row]:
    """The sides as pages show them, with the titles of the entries that the reader sees; one query a ledger."""
    shown = list(sides)
    offices = area_names(side.other_office.ljust(12, "0") for side in shown)
    titles: dict[Any, str] = {}
    for family in {side.family for side in shown}:
        wanted = [side.entry for side in shown if side.family == family]
        titles |= dict(ENTRIES[family](access).filter(pk__in=wanted).values_list("pk", "name"))
    return [
        Row(
            link=side,
            title=mask_numbers(titles.get(side.entry) or "") or "—",
            page=PAGES[side.family],
            other_office=offices.get(side.other_office.ljust(12, "0"), side.other_office),
            moved_here=side.moved_to == side.area_code,
            buttons=[(kind, _label(kind, side)) for kind in services.acts_for(access, side)],
            facts=[],
        )
        for side in shown
    ]


def _label(kind: ActKind, side: EntryLink) -> str:
    is_employers = kind == ActKind.TWO_PLACES and side.family == Family.EMPLOYER
    return str(AT_BOTH if is_employers else BUTTONS[kind])


def links_panel(access: Access, family: str, entry: UUID) -> dict[str, Any]:
    """The context of `_panel.html`: the links of an entry that the reader sees, with what other offices state."""
    rows = rows_of(access, selectors.links_on(family, entry))
    return {"links": [replace(row, facts=_facts(row.link)) for row in rows]}


def _facts(link: EntryLink) -> list[tuple[str, str]]:
    declared = selectors.declared_facts(link)
    names = area_names(fact.value for fact in declared if fact.column.kind is Kind.AREA)
    return [(str(fact.column.label), written(fact.value, fact.column, names)) for fact in declared]
