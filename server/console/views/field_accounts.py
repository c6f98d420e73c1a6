"""Field accounts: the workers of my area and their phones."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _

from server.accounts import collect, services
from server.accounts.access import REVIEWERS, Access
from server.accounts.models import FieldAccount, Role, RoleGrant, User
from server.accounts.selectors import workers
from server.console.filters import area_choices
from server.console.forms import WorkerForm, checked
from server.console.pages import StaffRequest, area_names, page_of, staff_page
from server.core.clock import now


@staff_page(roles=REVIEWERS)
def field_accounts(request: StaffRequest) -> HttpResponse:
    page = page_of(request, _manageable(request.access))
    areas = area_names(
        grant.area.ljust(12, "0") for worker in page for grant in worker.grants.all()
    )
    context = {"page": page, "areas": areas}
    return render(request, "console/field_accounts/list.html", context)


@staff_page("GET", "HEAD", "POST", roles=REVIEWERS)
def new_field_account(request: StaffRequest) -> HttpResponse:
    """Make a worker and show, this once, the QR code their phone scans."""
    areas = _choices(request.access)
    if request.method != "POST":
        return render(request, "console/field_accounts/new.html", {"form": WorkerForm(areas=areas)})
    form = WorkerForm(request.POST, areas=areas)
    if not form.is_valid():
        return render(request, "console/field_accounts/new.html", {"form": form}, status=400)
    given = checked(form)
    made = services.add_worker(
        username=given["username"], name=given["name"], areas=[given["area"]]
    )
    return _sheet(request, made.user, made.token, made.password)


@staff_page("POST", roles=REVIEWERS)
def new_code(request: StaffRequest, user_id: int) -> HttpResponse:
    """A further phone for a worker: another code, the old ones stay valid."""
    worker = get_object_or_404(_manageable(request.access), pk=user_id)
    _account, token = services.issue_token(user=worker)
    return _sheet(request, worker, token)


@staff_page("POST", roles=REVIEWERS)
def revoke(request: StaffRequest, number: int) -> HttpResponse:
    """Shut a phone out from its next request on."""
    account = get_object_or_404(
        FieldAccount.objects.filter(user__in=_manageable(request.access)), pk=number
    )
    services.revoke(accounts=[account], at=now())
    messages.success(
        request,
        _("The phone of {name} is shut out. Records it has not sent stay on it.").format(
            name=account.user
        ),
    )
    return redirect("console:field-accounts")


def _manageable(access: Access) -> QuerySet[User]:
    """Workers with no area outside those where the user is street staff or administrator.

    A code for a worker opens everything that worker may see, so one foreign area is enough to keep hands off.
    """
    mine = Access(access.user_id, tuple(grant for grant in access.grants if grant[0] in REVIEWERS))
    elsewhere = RoleGrant.objects.filter(role=Role.WORKER).exclude(mine.within("area"))
    return workers(mine).exclude(pk__in=elsewhere.values("user")).order_by("username")


def _choices(access: Access) -> list[tuple[str, str]]:
    return [choice for choice in area_choices(access) if access.may(REVIEWERS, choice[0])]


def _sheet(request: StaffRequest, worker: User, token: str, password: str = "") -> HttpResponse:
    server = settings.RUHU_BASE_URL or request.build_absolute_uri("/")
    address = collect.base_url(server, token)
    code = collect.code_text(collect.settings(server_url=address, project=_("Ruhu")))
    grants = worker.grants.filter(role=Role.WORKER)
    context = {
        "worker": worker,
        "password": password,
        "address": address,
        "code": mark_safe(collect.svg(code)),  # noqa: S308 drawn by segno from our own text
        "grants": grants,
        "areas": area_names(grant.area.ljust(12, "0") for grant in grants),
    }
    return render(request, "console/field_accounts/code.html", context)
