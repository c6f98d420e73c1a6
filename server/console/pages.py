"""What every console page has in common: log-in, access, lists in pages."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from functools import wraps
from typing import Any, cast
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.paginator import Page
from django.forms import BoundField
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from django_filters import FilterSet
from django_htmx.http import HttpResponseClientRedirect, reswap, retarget
from django_htmx.middleware import HtmxDetails

from server.accounts.access import READERS, Access, access_of, common_prefix
from server.accounts.models import User
from server.accounts.second_factors import Duty, duty_of
from server.audit.services import record_list
from server.console.problems import RoleMissing
from server.core.paging import CappedPaginator
from server.geo.codes import code_prefix
from server.geo.filters import area_options
from server.geo.selectors import division_names

PAGE_SIZE = 50


class StaffRequest(HttpRequest):
    """A request of someone who is logged in."""

    user: User  # type: ignore[assignment]
    access: Access
    htmx: HtmxDetails


View = Callable[..., HttpResponseBase]


def staff_page(
    *methods: str, roles: Iterable[str] = READERS, cached: bool = False
) -> Callable[[View], View]:
    """A page for people who hold one of the roles anywhere; sets `request.access`.

    Somebody who is not logged in is redirected to the log-in page. Browsers keep no copy,
    unless the view is `cached` and sets its own Cache-Control. Whoever must replace a
    password or set up a second factor is led there first. Raises RoleMissing.
    """
    sufficient = frozenset(roles)

    def decorate(view: View) -> View:
        @wraps(view)
        @require_http_methods(methods or ["GET", "HEAD"])
        def page(request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return _log_in_first(request)
            if duty := duty_of(request.user, request.session):
                return _go(request, reverse(DUTIES[duty]))
            request.access = access_of(request.user)
            request.access.reads()
            if not request.access.areas(sufficient):
                raise RoleMissing
            return view(request, *args, **kwargs)

        return page if cached else never_cache(page)

    return decorate


DUTIES = {Duty.PASSWORD: "console:change-password", Duty.FACTOR: "mfa_index"}
"""What somebody must do before anything else → the page for it."""


def own_page(
    *methods: str, meets: Collection[Duty] = (), guards: bool = True
) -> Callable[[View], View]:
    """A page about the own account, for everybody who is logged in; sets `request.access`.

    `meets` names the duties that the page serves to meet; with another one the person is led
    to its page. Without `guards` the view decides by itself what methods it takes.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def page(request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return _log_in_first(request)
            duty = request.duty = duty_of(request.user, request.session)
            if duty and duty not in meets:
                return _go(request, reverse(DUTIES[duty]))
            request.access = None if duty else access_of(request.user)
            return view(request, *args, **kwargs)

        allowed = require_http_methods(methods or ["GET", "HEAD"])(page) if guards else page
        return never_cache(allowed)

    return decorate


def _go(request: Any, address: str) -> HttpResponse:
    """Lead to another page, also out of a part of a page that htmx loads."""
    return HttpResponseClientRedirect(address) if request.htmx else redirect(address)


def _log_in_first(request: Any) -> HttpResponse:
    if request.htmx:
        here = request.htmx.current_url_abs_path or reverse("console:home")
        return HttpResponseClientRedirect(
            reverse("console:login") + "?" + urlencode({"next": here})
        )
    return redirect_to_login(request.get_full_path(), "console:login")


def page_of(request: HttpRequest, rows: Any, size: int = PAGE_SIZE) -> Page:
    """The page that the address names; the nearest one when it names one that does not exist."""
    return CappedPaginator(rows, size).get_page(request.GET.get("page"))


def query_with(request: HttpRequest, **defaults: str) -> QueryDict:
    """The address's parameters, with these where the address does not name them."""
    query = request.GET.copy()
    for name, value in defaults.items():
        query.setdefault(name, value)
    return query


def query_without_page(request: HttpRequest) -> str:
    """The address's parameters for links to other pages of the same list."""
    query = request.GET.copy()
    query.pop("page", None)
    return query.urlencode()


def filter_context(filterset: FilterSet, shows: Iterable[str]) -> dict[str, Any]:
    """What `_filters.html` needs: the filters that the page `shows`, and any other that the address sets."""
    form, first = filterset.form, list(shows)
    others = [name for name in form.fields if name not in first]
    set_by_address = [name for name in others if filterset.data.get(name) or name in form.errors]
    fields: list[BoundField] = [form[name] for name in (*first, *set_by_address)]
    return {"filter": filterset, "fields": fields}


def status_of(filterset: FilterSet) -> int:
    """400 when a filter has a bad value: the page then shows it at the field, and no rows."""
    return 400 if filterset.errors else 200


def render_list(
    request: StaffRequest,
    template: str,
    filterset: FilterSet,
    page: Page,
    *,
    shows: Iterable[str],
    **context: Any,
) -> HttpResponse:
    """A filtered list: the whole page, or only its results when htmx asks for them.

    `shows` names the filters that the form has in any case. A bad value is answered with
    400 and the form; then htmx replaces the form as well, until its values are good.
    """
    context |= {
        **filter_context(filterset, shows),
        "page": page,
        "rows": page.object_list,
        "query": query_without_page(request),
        "capped": cast(CappedPaginator, page.paginator).is_capped,
        "filtered": any(value for name, value in request.GET.items() if name != "page"),
        "rows_template": template,
    }
    return render_parts(
        request, "console", filterset, context, rows=len(page), last_row=page.end_index()
    )


def render_parts(
    request: StaffRequest,
    folder: str,
    filterset: FilterSet,
    context: dict[str, Any],
    *,
    rows: int,
    last_row: int | None,
) -> HttpResponse:
    """A list as the whole page, or the part that htmx asks for; that it was read is recorded.

    `folder` has list.html, its part _list.html with the form, and _results.html without. `rows`
    and `last_row` are what `record_list` takes.
    """
    record_list(
        actor=request.user,
        of=filterset.queryset.model._meta.model_name or "",
        area=common_prefix(request.access.areas()),
        rows=rows,
        last_row=last_row,
        facts={"filters": sorted(set(filterset.filters) & set(request.GET))},
    )
    status = status_of(filterset)
    target = request.htmx.target if request.htmx and not request.htmx.boosted else None
    if target not in ("list", "results"):
        return render(request, f"{folder}/list.html", context, status=status)
    if target == "results" and status == 200:
        return render(request, f"{folder}/_results.html", context)
    response = render(request, f"{folder}/_list.html", context, status=status)
    return reswap(retarget(response, "#list"), "outerHTML")


def server_address(request: HttpRequest) -> str:
    """How people and phones call this server: RUHU_BASE_URL, else as the request does, with a slash at the end."""
    return str(settings.RUHU_BASE_URL or request.build_absolute_uri("/"))


def area_choices(access: Access) -> list[tuple[str, str]]:
    """The divisions a person may choose between, indented by level; the value is the code's prefix."""
    return [(code_prefix(code), label) for code, label in area_options(access)]


def area_names(codes: Iterable[str]) -> dict[str, str]:
    """Names of the communities a page mentions, in one query."""
    return division_names({code for code in codes if code})
