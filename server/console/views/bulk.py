"""Deciding about the rows chosen in a ledger's list: a worker for all of them, or their next state; undone as one."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from server.accounts.access import REVIEWERS
from server.accounts.selectors import workers
from server.console.forms import ReasonForm, checked
from server.console.ledger_lists import BY_PATH
from server.console.ledger_tables import joined_columns
from server.console.pages import StaffRequest, staff_page
from server.console.problems import FormFieldsWrong
from server.core.clock import now
from server.core.codes import label_of
from server.ledgers.definitions.declaring import LedgerDefinition
from server.ledgers.desk import bulk as desk
from server.ledgers.reading.provenance import title_of
from server.ledgers.selectors import desk_acts, rows_of

WORKER = "linked_worker"
_SHOWN = 5
"""Refusals that are shown with their reason."""


@staff_page("GET", "HEAD", "POST", roles=REVIEWERS)
def bulk(request: StaffRequest, path: str) -> HttpResponse:
    """The choice of acts, which the list loads with its first chosen row; by POST the act. Raises FormFieldsWrong."""
    definition = BY_PATH.get(path)
    if definition is None:
        raise Http404
    offered = dict(_offered(definition))
    if request.method != "POST":
        people = workers(request.access) if WORKER in definition.columns else ()
        context = {"acts": offered.items(), "people": people, "most": desk.MOST}
        return render(request, "console/ledgers/_bulk_fields.html", context)
    act, reason = request.POST.get("act", ""), checked(ReasonForm(request.POST))["reason"]
    chosen = request.POST.getlist("entry")
    if act not in offered:
        raise FormFieldsWrong(field=_("What to do"), message=_("Choose one."))
    if not 0 < len(chosen) <= desk.MOST:
        raise FormFieldsWrong(
            field=_("Rows"), message=_("Choose from 1 to {most}.").format(most=desk.MOST)
        )
    rows = _chosen(request, definition, chosen)
    common: dict[str, Any] = {"reason": reason, "access": request.access, "at": now()}
    if act == "assign":
        worker = request.POST.get("worker", "")
        if not worker.isdecimal() or not workers(request.access).filter(pk=worker).exists():
            raise FormFieldsWrong(field=_("Worker"), message=_("Choose one."))
        outcome = desk.correct_each(rows, column=WORKER, value=worker, **common)
    else:
        _move, column, to = act.split(":")
        outcome = desk.move_each(rows, column=column, to=to, **common)
    tell(request, outcome)
    return redirect(_back(request, reverse("console:ledger", args=[path])))


@staff_page("POST", roles=REVIEWERS)
def undo_acts(request: StaffRequest) -> HttpResponse:
    """Undo the desk acts that one decision made."""
    numbers = [number for number in request.POST.getlist("act") if number.isdecimal()]
    if not 0 < len(numbers) <= desk.MOST:
        raise Http404
    within = request.access.within(roles=REVIEWERS)
    acts = desk_acts(request.access).filter(within, pk__in=numbers).order_by("pk")
    outcome = desk.undo_each(acts, access=request.access, at=now())
    count = len(outcome.acts)
    messages.success(
        request, ngettext("{n} decision undone.", "{n} decisions undone.", count).format(n=count)
    )
    return redirect(_back(request, reverse("console:home")))


def _offered(definition: LedgerDefinition) -> list[tuple[str, str]]:
    """What may be done with many entries of the ledger: act → label. A move that needs documents is made one by one."""
    acts = [("assign", _("Assign to a worker"))] if WORKER in definition.columns else []
    for machine in definition.machines:
        codes = definition.columns[machine.column].codes
        reached = dict.fromkeys(
            state for start in machine.states for state in machine.following(start)
        )
        acts += [
            (f"move:{machine.column}:{state}", f"{_('Move to')}: {label_of(codes, state)}")
            for state in reached
            if not machine.into(state).evidence
        ]
    return acts


def _chosen(request: StaffRequest, definition: LedgerDefinition, keys: list[str]) -> list[Any]:
    rows = rows_of(request.access, definition.name).select_related(*joined_columns(definition))
    try:
        return list(rows.filter(pk__in=[UUID(key) for key in keys]).order_by("pk"))
    except ValueError:
        raise Http404 from None


def tell(request: StaffRequest, outcome: desk.Outcome) -> None:
    """Say in a toast what was done, with its undo, and above the list what was refused."""
    done = len(outcome.acts)
    if done:
        text = ngettext("{n} entry decided.", "{n} entries decided.", done).format(n=done)
        undo = {
            "url": reverse("console:undo-acts"),
            "values": {"act": [str(act.pk) for act in outcome.acts]},
        }
        messages.info(request, json.dumps({"text": text, "undo": undo}), extra_tags="toast")
    if outcome.refused:
        count = len(outcome.refused)
        lead = ngettext("{n} entry was left as it is:", "{n} entries were left as they are:", count)
        parts = [f"{title_of(row)}: {problem.detail}" for row, problem in outcome.refused[:_SHOWN]]
        more = " …" if count > _SHOWN else ""
        messages.warning(request, f"{lead.format(n=count)} {' '.join(parts)}{more}")


def _back(request: StaffRequest, otherwise: str) -> str:
    """The list that the act came from, on this server."""
    here = request.headers.get("referer", "")
    if url_has_allowed_host_and_scheme(here, {request.get_host()}):
        parts = urlsplit(here)
        return f"{parts.path}?{parts.query}" if parts.query else parts.path
    return otherwise
