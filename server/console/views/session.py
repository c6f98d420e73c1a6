"""Log in and out."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

from allauth.account.utils import perform_login
from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from server.accounts import identity_provider
from server.accounts.services import record_log_out
from server.console import office_sign_in
from server.console.forms import LoginForm
from server.core.problems import Problem


class Login(LoginView):
    """The log-in page of the console."""

    form_class = LoginForm
    template_name = "console/login.html"
    redirect_authenticated_user = True

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        return super().get_context_data(
            **context,
            in_the_open=is_in_the_open(self.request),
            office_name=office_sign_in.name(),
            browsers_only=self.request.is_secure() and settings.RUHU_TLS_AUTHORITY == "own",
        )

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Log in; whoever has a second factor is asked for it first."""
        user, target = form.get_user(), self.get_success_url()
        identity_provider.forget(self.request.session)
        return perform_login(self.request, user, redirect_url=target)


class Logout(LogoutView):
    """Ends the session."""

    def post(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if request.user.is_authenticated:
            record_log_out(request.user, by="session")
        return super().post(request, *args, **kwargs)


@never_cache
@require_POST
def to_office(request: HttpRequest) -> HttpResponse:
    """Lead the browser to the office's identity provider.

    By a page, because the policy of pages lets no form end at another server.
    """
    if not identity_provider.is_configured():
        raise Http404
    if request.user.is_authenticated:
        return redirect("console:home")
    target = request.POST.get("next", "")
    hosts, is_secure = {request.get_host()}, request.is_secure()
    if not url_has_allowed_host_and_scheme(target, hosts, require_https=is_secure):
        target = reverse("console:home")
    try:
        way = office_sign_in.way_to_provider(request, target)
    except Problem as problem:
        return _refusal(request, problem)
    context = {"way": way, "office_name": office_sign_in.name()}
    return render(request, "console/to_office.html", context)


@never_cache
@require_GET
def from_office(request: HttpRequest) -> HttpResponseBase:
    """Take back who signed in at the provider."""
    if not identity_provider.is_configured():
        raise Http404
    if request.user.is_authenticated:
        return redirect("console:home")
    try:
        return office_sign_in.way_back(request)
    except Problem as problem:
        return _refusal(request, problem)


def _refusal(request: HttpRequest, problem: Problem) -> HttpResponse:
    """The log-in page's frame with what went wrong."""
    response = render(
        request, "console/not_let_in.html", {"problem": problem}, status=problem.status
    )
    if problem.retry_after is not None:
        response.headers["Retry-After"] = str(problem.retry_after)
    return response


def is_in_the_open(request: HttpRequest) -> bool:
    """Whether the password crosses a network without encryption: neither TLS, nor a browser on this machine."""
    if request.is_secure():
        return False
    try:
        return not ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:  # a socket of this machine
        return False
