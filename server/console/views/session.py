"""Log in and out."""

from __future__ import annotations

from django.contrib.auth.views import LoginView

from server.console.forms import LoginForm


class Login(LoginView):
    """The log-in page of the console."""

    form_class = LoginForm
    template_name = "console/login.html"
    redirect_authenticated_user = True
