"""Field accounts: the workers of the user's areas and their phones."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from server.accounts import collect, rosters, services
from server.accounts.access import REVIEWERS, Access
from server.accounts.filters import WorkerFilters
from server.accounts.models import FieldAccount, Role, RoleGrant, User
from server.accounts.phone_settings import chosen_for, chosen_for_each
from server.accounts.selectors import manageable_workers, may_set_password
from server.accounts.services import CODES_AT_ONCE
from server.console.account_lists import workers_list
from server.console.forms import RosterForm, WorkerForm, checked
from server.console.listing import render_listing
from server.console.pages import (
    StaffRequest,
    area_choices,
    area_names,
    filter_context,
    server_address,
    staff_page,
    status_of,
)
from server.console.problems import FormFieldsWrong
from server.core.clock import now
from server.forms import selectors as forms
from server.geo.selectors import divisions_inside
from server.quarantine.selectors import count_refused

LISTS = {
    "cases.csv": gettext_lazy("Assistance cases"),
    "communities.csv": gettext_lazy("Communities"),
    "employers.csv": gettext_lazy("Employers"),
    "households.csv": gettext_lazy("Households"),
}
"""Media file of an entity list → its name in words."""


@staff_page(roles=REVIEWERS)
def field_accounts(request: StaffRequest) -> HttpResponse:
    """The workers with their areas and phones; a mark where a phone cannot hold all households of its areas."""
    return render_listing(
        request,
        workers_list(request),
        subtitle=_("the workers of your area and their phones"),
        actions=[
            (reverse("console:codes"), _("QR codes for an area")),
            (reverse("console:roster"), _("Workers from a list")),
            (reverse("console:new-field-account"), _("Add a worker")),
        ],
        empty=_("No community worker in your area yet."),
    )


def _filtered(request: StaffRequest, workers: QuerySet[User]) -> WorkerFilters:
    """The workers that the address asks for; areas to choose from are those of the user's desk."""
    return WorkerFilters(request.GET, workers, access=request.access.held_as(REVIEWERS))


@staff_page("GET", "HEAD", "POST", roles=REVIEWERS)
def new_field_account(request: StaffRequest) -> HttpResponse:
    """Make a worker and show their QR code and password, on this page only."""
    areas = area_choices(request.access.held_as(REVIEWERS))
    if request.method != "POST":
        return render(request, "console/field_accounts/new.html", {"form": WorkerForm(areas=areas)})
    form = WorkerForm(request.POST, areas=areas)
    if not form.is_valid():
        return render(request, "console/field_accounts/new.html", {"form": form}, status=400)
    given = checked(form)
    new_worker = services.add_worker(
        username=given["username"],
        name=given["name"],
        areas=[given["area"]],
        actor=request.user,
    )
    return _sheet(request, new_worker.user, new_worker.token, new_worker.password)


@staff_page("GET", "HEAD", "POST", roles=REVIEWERS)
def roster(request: StaffRequest) -> HttpResponse:
    """Make workers from a pasted list: shown line by line first, then, when confirmed, made all at once.

    Their codes and passwords are on the answer only. Raises FormFieldsWrong, RosterWrong.
    """
    context: dict[str, Any] = {"form": RosterForm(), "most": rosters.MOST}
    if request.method == "POST":
        form = RosterForm(request.POST)
        lines = rosters.read_roster(checked(form)["roster"], _places(request.access))
        problems = [line for line in lines if line.problem]
        if "confirmed" in request.POST and not problems:
            made = rosters.add_roster(lines, request.user)
            return _sheets(request, [(new.user, new.token, new.password) for new in made])
        context |= {
            "form": form,
            "lines": lines,
            "problems": problems,
            "areas": area_names(line.area.ljust(12, "0") for line in lines if line.area),
        }
    return render(request, "console/field_accounts/roster.html", context)


def _places(access: Access) -> dict[str, set[str]]:
    """Names and codes of the divisions in which the user may make workers → the prefixes of their codes."""
    places: dict[str, set[str]] = {}
    for division in divisions_inside(access.held_as(REVIEWERS)):
        for word in (division.name, division.name_en, division.code, division.prefix):
            places.setdefault(word, set()).add(division.prefix)
    places.pop("", None)
    return places


@staff_page("POST", roles=REVIEWERS)
def new_code(request: StaffRequest, user_id: int) -> HttpResponse:
    """Make one more code for a worker; the codes they have stay valid."""
    worker = get_object_or_404(manageable_workers(request.access), pk=user_id, is_active=True)
    _account, token = services.issue_token(user=worker, actor=request.user)
    return _sheet(request, worker, token)


@staff_page("POST", roles=REVIEWERS)
def revoke(request: StaffRequest, number: int) -> HttpResponse:
    """Revoke a phone's code: the server refuses the phone from its next request on."""
    account = get_object_or_404(
        FieldAccount.objects.filter(user__in=manageable_workers(request.access)), pk=number
    )
    services.revoke(accounts=[account], at=now(), actor=request.user)
    messages.success(
        request,
        _("The phone of {name} is blocked. Records it has not sent stay on it.").format(
            name=account.user
        ),
    )
    return redirect("console:field-accounts")


@staff_page("GET", "HEAD", "POST", roles=REVIEWERS)
def lost(request: StaffRequest, user_id: int) -> HttpResponse:
    """Show what a lost phone may hold; when confirmed, revoke the worker's codes and password and show new ones.

    A worker who also has a role at the office keeps the password, unless the user may set it.
    """
    worker = get_object_or_404(manageable_workers(request.access), pk=user_id)
    keeps_password = not may_set_password(request.access, worker)
    if request.method == "POST":
        replacement = services.replace_phone(
            user=worker, at=now(), keeps_password=keeps_password, actor=request.user
        )
        return _sheet(request, replacement.user, replacement.token, replacement.password)
    count_refused([worker])
    grants = [grant for grant in worker.grants.all() if grant.role == Role.WORKER]
    held = [grant.area for grant in grants]
    context = {
        "worker": worker,
        "keeps_password": keeps_password,
        "grants": grants,
        "areas": _names(grants),
        "accounts": worker.field_accounts.all(),
        "forms": [form.title for form in forms.forms_offered(worker.pk, held)],
        "lists": [LISTS.get(name, name) for name in forms.lists_offered(worker.pk, held)],
    }
    return render(request, "console/field_accounts/lost.html", context)


@staff_page("GET", "HEAD", "POST", roles=REVIEWERS)
def codes(request: StaffRequest) -> HttpResponse:
    """Replace the codes of the chosen workers of an area, and show the new ones on a sheet to print."""
    filterset = _filtered(request, manageable_workers(request.access).filter(is_active=True))
    workers = filterset.qs
    if request.method != "POST":
        context = {
            **filter_context(filterset, ("area", "search")),
            "workers": workers[:CODES_AT_ONCE],
            "limit": CODES_AT_ONCE,
        }
        status = status_of(filterset)
        return render(request, "console/field_accounts/choose.html", context, status=status)
    chosen_ids = [int(number) for number in request.POST.getlist("worker") if number.isdecimal()]
    chosen = list(workers.filter(pk__in=chosen_ids)[:CODES_AT_ONCE])
    if not chosen or "confirmed" not in request.POST:
        raise FormFieldsWrong(field=_("Workers"), message=_("Choose workers, and confirm."))
    made = services.replace_codes(users=chosen, at=now(), actor=request.user)
    return _sheets(request, [(account.user, token, "") for account, token in made])


def _sheets(request: StaffRequest, issued: list[tuple[User, str, str]]) -> HttpResponse:
    """The codes of several workers on one page to print: each worker with the token, and the password where there is a new one."""
    grants = [grant for worker, *_secrets in issued for grant in worker.grants.all()]
    settings = chosen_for_each([worker for worker, *_secrets in issued])
    context = {
        "areas": _names(grants),
        "sheets": [
            {
                "worker": worker,
                "password": password,
                "code": _drawn(worker, _address(request, token), settings[worker.pk]),
            }
            for worker, token, password in issued
        ],
        "unreachable": _unreachable(request),
    }
    return render(request, "console/field_accounts/codes.html", context)


def _names(grants: Iterable[RoleGrant]) -> dict[str, str]:
    return area_names(grant.area.ljust(12, "0") for grant in grants)


def _sheet(request: StaffRequest, worker: User, token: str, password: str = "") -> HttpResponse:
    address = _address(request, token)
    grants = worker.grants.filter(role=Role.WORKER)
    context = {
        "worker": worker,
        "password": password,
        "address": address,
        "unreachable": _unreachable(request),
        "code": _drawn(worker, address, chosen_for(worker)),
        "grants": grants,
        "areas": _names(grants),
    }
    return render(request, "console/field_accounts/code.html", context)


def _address(request: StaffRequest, token: str) -> str:
    return collect.base_url(server_address(request), token)


def _unreachable(request: StaffRequest) -> str:
    """The server's address in the codes where no phone can reach it; else ""."""
    server = server_address(request)
    return server if collect.unreachable_host(server) else ""


def _drawn(worker: User, address: str, chosen: collect.AreaSettings) -> SafeString:
    """The QR code as SVG; Collect calls the project by the worker's name, because two workers may share a phone."""
    code = collect.code_text(
        collect.settings(
            server_url=address,
            project=worker.name,
            person=worker.username,
            chosen=chosen,
        )
    )
    return mark_safe(collect.svg(code))  # noqa: S308 drawn by segno from our own text
