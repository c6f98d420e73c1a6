"""Log in and out."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

from allauth.account.utils import perform_login
from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse

from server.accounts.services import record_log_out
from server.console.forms import LoginForm


class Login(LoginView):
    """The log-in page of the console."""

    form_class = LoginForm
    template_name = "console/login.html"
    redirect_authenticated_user = True

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        return super().get_context_data(
            **context,
            in_the_open=is_in_the_open(self.request),
            browsers_only=self.request.is_secure() and settings.RUHU_TLS_AUTHORITY == "own",
        )

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Log in; whoever has a second factor is asked for it first."""
        user, target = form.get_user(), self.get_success_url()
        return perform_login(self.request, user, redirect_url=target)


class Logout(LogoutView):
    """Ends the session."""

    def post(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if request.user.is_authenticated:
            record_log_out(request.user, by="session")
        return super().post(request, *args, **kwargs)


def is_in_the_open(request: HttpRequest) -> bool:
    """Whether the password crosses a network without encryption: neither TLS, nor a browser on this machine."""
    if request.is_secure():
        return False
    try:
        return not ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:  # a socket of this machine
        return False
