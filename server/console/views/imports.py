"""Old ledgers from Excel: the list with the upload, one file with its headings, remarks and acts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from server.accounts.access import REVIEWERS
from server.console.forms import checked
from server.console.pages import (
    StaffRequest,
    area_choices,
    area_names,
    filter_context,
    page_of,
    query_without_page,
    staff_page,
    status_of,
)
from server.core.spreadsheets import XLSX_TYPE
from server.geo.codes import code_prefix
from server.imports import selectors, services
from server.imports.filters import ImportFilters
from server.imports.models import Import
from server.imports.sheets import remarks_sheet
from server.ledgers.definitions.ledgers import DEFINITIONS
from server.ledgers.intake.old_columns import LEDGERS

_REMARKS_SHOWN = 100
_HEADING = "heading:"
"""Begins the name of the field that says what a heading means."""


class OldLedgerForm(forms.Form):
    """An old ledger to check: where and when its rows were true."""

    ledger = forms.ChoiceField(label=gettext_lazy("What a row is"))
    area = forms.ChoiceField(
        label=gettext_lazy("Area"),
        help_text=gettext_lazy("A community, or a street whose rows name their community."),
    )
    as_of = forms.DateField(
        label=gettext_lazy("Rows were true on"),
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=gettext_lazy("The day of the old ledger; a column with days counts before it."),
    )
    file = forms.FileField(
        label=gettext_lazy("Old ledger (.xlsx, .csv)"),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv"}),
    )

    def __init__(self, *args: Any, areas: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["area"].choices = areas  # type: ignore[attr-defined]
        self.fields["ledger"].choices = [(name, DEFINITIONS[name].label) for name in LEDGERS]  # type: ignore[attr-defined]


@staff_page("GET", "HEAD", "POST", roles=REVIEWERS)
def imports(request: StaffRequest) -> HttpResponse:
    """The old ledgers of the user's areas; by POST a file is checked.

    Raises FormFieldsWrong, MayNotImport, DayNotCome, OldLedgerUnreadable, OldLedgerTooLarge.
    """
    areas = area_choices(request.access.held_as(REVIEWERS))
    if request.method == "POST":
        given = checked(OldLedgerForm(request.POST, request.FILES, areas=areas))
        imported = services.check_file(
            content=given["file"].read(),
            filename=given["file"].name,
            ledger=given["ledger"],
            area=given["area"].ljust(12, "0"),
            as_of=given["as_of"],
            user=request.user,
            access=request.access,
        )
        return redirect("console:import", imported.pk)
    filterset = ImportFilters(request.GET, selectors.imports(request.access), access=request.access)
    page = page_of(request, filterset.qs)
    rows = list(page.object_list)
    progress = selectors.progress_of([row.pk for row in rows])
    context = {
        **filter_context(filterset, ("ledger", "state")),
        "page": page,
        "query": query_without_page(request),
        "rows": [(row, _label(row), progress[row.pk]) for row in rows],
        "areas": area_names(row.area_code for row in rows),
        "upload": OldLedgerForm(areas=areas),
    }
    return render(request, "console/imports/list.html", context, status=status_of(filterset))


@staff_page("GET", "HEAD", "POST", roles=REVIEWERS)
def imported(request: StaffRequest, number: int) -> HttpResponse:
    """One old ledger; by POST it is checked again with other meanings of its headings.

    Raises NoSuchImport, WrongImportState, UnknownMeaning.
    """
    row = selectors.import_numbered(request.access, number)
    if request.method == "POST":
        meanings = {
            name.removeprefix(_HEADING): str(column)
            for name, column in request.POST.items()
            if name.startswith(_HEADING)
        }
        services.check_again(
            number=number,
            meanings=meanings,
            area=row.area_code,
            as_of=row.as_of,
            user=request.user,
            access=request.access,
        )
        messages.success(request, _("The file was checked again."))
        return redirect("console:import", number)
    labels = selectors.labels_of(row.ledger)
    context = {
        **_standing(row),
        "headings": [
            (
                sheet,
                [(heading, column, labels.get(column, "")) for heading, column in pairs.items()],
            )
            for sheet, pairs in row.headings.items()
            if pairs
        ],
        "columns": sorted(labels.items(), key=lambda pair: pair[1]),
        "prefix": _HEADING,
        "remarks": row.remarks[:_REMARKS_SHOWN],
        "more": max(0, len(row.remarks) - _REMARKS_SHOWN),
        "preview": selectors.preview_of(row) if row.state == Import.State.CHECKED else [],
        "areas": area_names([row.area_code]),
    }
    return render(request, "console/imports/detail.html", context)


@staff_page(roles=REVIEWERS)
def progress(request: StaffRequest, number: int) -> HttpResponse:
    """The part of the page that says how far an import is, with the acts that are possible now."""
    row = selectors.import_numbered(request.access, number)
    return render(request, "console/imports/_standing.html", _standing(row))


@staff_page(roles=REVIEWERS)
def remarks(request: StaffRequest, number: int) -> HttpResponse:
    """Every row that stays out and why, as a workbook."""
    row = selectors.import_numbered(request.access, number)
    response = HttpResponse(remarks_sheet(row.remarks), content_type=XLSX_TYPE)
    response["Content-Disposition"] = f'attachment; filename="remarks-{row.pk}.xlsx"'
    return response


@staff_page("POST", roles=REVIEWERS)
def act(request: StaffRequest, number: int) -> HttpResponse:
    """Start, undo, restore or discard an import, as `step` says. Raises NoSuchImport, WrongImportState, NothingToImport."""
    step = request.POST.get("step", "")
    if step == "discard":
        services.discard(number=number, user=request.user, access=request.access)
        messages.success(request, _("The file was discarded; no ledger has changed."))
        return redirect("console:imports")
    if step not in _ACTS:
        raise Http404
    _ACTS[step](number=number, user=request.user, access=request.access)
    return redirect("console:import", number)


_ACTS: dict[str, Callable[..., Any]] = {
    "start": services.start,
    "undo": services.undo,
    "restore": services.restore,
}


def _standing(row: Import) -> dict[str, Any]:
    """How far an import is. While it is being taken out or back, the rows to go are not counted."""
    return {
        "row": row,
        "label": _label(row),
        "progress": selectors.progress_of([row.pk])[row.pk],
        "prefix_of_area": code_prefix(row.area_code),
    }


def _label(row: Import) -> str:
    return str(DEFINITIONS[row.ledger].label)
