"""Every ledger by its declaration: the overview, lists, entries, and what office staff decide about an entry."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from server.accounts.access import RESTRICTED, REVIEWERS
from server.console.exception_sentences import open_exceptions
from server.console.forms import ReasonForm, checked
from server.console.ledger_lists import BY_PATH, render_ledger
from server.console.ledger_tables import OWN_PAGES, address_of, joined_columns, names_of
from server.console.moves import CorrectionForm, MoveForm, correctable, desk_panel
from server.console.pages import StaffRequest, area_names, staff_page
from server.console.presentation import Cell, cell_of, sheet
from server.console.settling import changes_of_effect, ready_reasons, values_of
from server.core.clock import now
from server.ledgers import services
from server.ledgers.definitions.columns import Kind
from server.ledgers.definitions.declaring import LedgerDefinition
from server.ledgers.definitions.ledgers import DEFINITIONS
from server.ledgers.models.base import LedgerEntry
from server.ledgers.selectors import (
    address_title,
    desk_acts_on,
    histories,
    preview_correction,
    provenance,
    resolve,
    rows_of,
    voids,
)

_VOIDS_SHOWN = 200


@staff_page()
def ledgers(request: StaffRequest) -> HttpResponse:
    """All ledgers that the reader may open, and the ledgers (台帐) that are parts of them."""
    shown = [
        definition
        for definition in DEFINITIONS.values()
        if not definition.is_restricted or request.access.areas(RESTRICTED)
    ]
    return render(request, "console/ledgers/index.html", {"ledgers": shown})


@staff_page()
def ledger(request: StaffRequest, path: str) -> HttpResponse:
    """The entries of a ledger in the user's areas."""
    return render_ledger(request, _definition(path))


@staff_page()
def entry(request: StaffRequest, path: str, entry: UUID) -> HttpResponse:
    """One entry: every value with its source, its states, and what may be done about it."""
    definition = _definition(path)
    row = _row(request, definition, entry)
    if row.pk != entry or definition.name in OWN_PAGES:
        return redirect(address_of(definition, row))
    about = (definition.name, row.pk)
    is_own = not definition.part_of
    acts = desk_acts_on(request.access, *about) if is_own else ()
    names = names_of(definition, [row])
    cells = sheet(row, request.access, origins=provenance(request.access, row), names=names)
    context = {
        "ledger": definition,
        "row": row,
        "about": _about(definition, cells),
        "state": _state(request, row, definition),
        "cells": cells,
        "history": histories(request.access, [row]),
        "acts": acts.select_related("user") if is_own else acts,  # type: ignore[union-attr]
        "desk": desk_panel(request.access, row),
        **open_exceptions(request.access, Q(family=definition.name, entry=row.pk)),
        "areas": names,
    }
    return render(request, "console/ledgers/entry.html", context)


@staff_page("POST")
def move(request: StaffRequest, path: str, entry: UUID, column: str, to: str) -> HttpResponse:
    """Move an entry to another state. Raises what the service raises, and FormFieldsWrong."""
    definition = _definition(path)
    row = _row(request, definition, entry)
    wanted = [
        item
        for item in services.next_moves(request.access, row)
        if (item.column, item.to) == (column, to)
    ]
    given: dict[str, Any] = {"values": {}, "evidence": [], "reason": request.POST.get("reason", "")}
    if wanted:
        form = MoveForm(wanted[0], request.access, row.area_code, request.POST)
        cleaned = checked(form)
        given = {
            "values": form.values(),
            "evidence": cleaned["evidence"],
            "reason": cleaned["reason"],
        }
    services.move(entry=row, column=column, to=to, access=request.access, at=now(), **given)
    return redirect(address_of(definition, row))


@staff_page("GET", "HEAD", "POST")
def correct(request: StaffRequest, path: str, entry: UUID, column: str) -> HttpResponse:
    """Correct a column of an entry: the values with their sources, what the correction would change, and the act.

    htmx gets the field alone, and for `preview` what would change.
    """
    definition = _definition(path)
    row = _row(request, definition, entry)
    declared = next(
        (item for item in correctable(request.access, row) if item.name == column), None
    )
    if declared is None or definition.part_of:
        raise Http404
    if request.method != "POST":
        form = CorrectionForm(declared, request.access, row.area_code)
        context = {"ledger": definition, "row": row, "form": form, "column": declared}
        if request.htmx:
            return render(request, "console/ledgers/_correct.html", context)
        context |= {
            "title": address_title(row),
            "back": address_of(definition, row),
            "values": values_of(request.access, row, declared),
            "reasons": ready_reasons(),
        }
        return render(request, "console/ledgers/correct.html", context)
    about = {
        "family": definition.name,
        "entry": row.pk,
        "column": column,
        "access": request.access,
        "at": now(),
    }
    if "preview" in request.POST:
        draft = CorrectionForm(declared, request.access, row.area_code, request.POST)
        draft.fields["reason"].required = False
        effect = preview_correction(value=checked(draft)["value"], **about)
        context = {"changes": changes_of_effect(request.access, effect), "gone": not effect.after}
        return render(request, "console/ledgers/_preview.html", context)
    chosen = request.POST.get("contribution", "")
    if chosen.isascii() and chosen.removeprefix("-").isdecimal():
        reason = checked(ReasonForm(request.POST))["reason"]
        services.choose(contribution=int(chosen), reason=reason, **about)
    else:
        given = checked(CorrectionForm(declared, request.access, row.area_code, request.POST))
        services.correct(value=given["value"], reason=given["reason"], **about)
    messages.success(
        request, _("Corrected. The button under “Decisions of office staff” takes it back.")
    )
    return redirect(address_of(definition, row))


@staff_page("POST")
def void(request: StaffRequest, path: str, entry: UUID) -> HttpResponse:
    """Take an entry out of its ledger, and show where that can be undone."""
    definition = _definition(path)
    row = _row(request, definition, entry)
    if definition.part_of:
        raise Http404
    services.void(
        family=definition.name,
        entry=row.pk,
        reason=checked(ReasonForm(request.POST))["reason"],
        access=request.access,
        at=now(),
    )
    return redirect("console:voids", path=definition.path)


@staff_page()
def voided(request: StaffRequest, path: str) -> HttpResponse:
    """The entries that office staff took out of a ledger, each with the button that takes it back in."""
    definition = _definition(path)
    acts = list(voids(request.access, definition.name).select_related("user")[:_VOIDS_SHOWN])
    decides = request.access.may
    context = {
        "ledger": definition,
        "acts": [(act, decides(REVIEWERS, act.area_code)) for act in acts],
        "is_cut": len(acts) == _VOIDS_SHOWN,
        "areas": area_names(act.area_code for act in acts),
    }
    return render(request, "console/ledgers/voids.html", context)


def _definition(path: str) -> LedgerDefinition:
    definition = BY_PATH.get(path)
    if definition is None:
        raise Http404
    return definition


def _rows(request: StaffRequest, definition: LedgerDefinition) -> QuerySet[Any]:
    return rows_of(request.access, definition.name).select_related(*joined_columns(definition))


def _row(request: StaffRequest, definition: LedgerDefinition, entry: UUID) -> Any:
    """The entry with this id, or the one that it was merged into."""
    rows = _rows(request, definition)
    row = rows.filter(pk=entry).first()
    if row is None and not definition.part_of:
        row = get_object_or_404(rows, pk=resolve(definition.name, entry))
    if row is None:
        raise Http404
    return row


def _about(definition: LedgerDefinition, cells: list[Cell]) -> list[str]:
    """What the head of an entry's page says it is about: its number and the entries that it must name."""
    naming = [
        column.name
        for column in definition.columns.values()
        if column.name == definition.numbered or (column.kind is Kind.ENTRY and column.required)
    ]
    return [cell.text for cell in cells if cell.name in naming]


def _state(request: StaffRequest, row: LedgerEntry, definition: LedgerDefinition) -> str:
    if not definition.machines:
        return ""
    column = definition.columns[definition.machines[0].column]
    cell = cell_of(row, column, request.access, {}, {})
    return cell.text if cell else ""
