"""The own account: password, language, second factor, sessions, tokens for programs."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from server.accounts import identity_provider, own, second_factors, tokens
from server.accounts.problems import WeakPassword
from server.accounts.second_factors import Duty
from server.accounts.sessions import key_hash_of, sessions_of
from server.console import office_sign_in
from server.console.browsers import named
from server.console.forms import PasswordForm, TokenForm, checked
from server.console.pages import StaffRequest, area_names, own_page
from server.core.clock import now


@own_page()
def account(request: StaffRequest) -> HttpResponse:
    """The user's own account."""
    here = key_hash_of(request.session)
    grants = list(request.user.grants.all())
    former = list(request.user.former_grants.all())
    context = {
        "grants": grants,
        "former": former,
        "areas": area_names(
            area.ljust(12, "0")
            for area in {*(held.area for held in grants), *(was.area for was in former)} - {""}
        ),
        "sessions": [
            (row, named(row.device), bytes(row.key_hash) == here)
            for row in sessions_of(request.user)
        ],
        "tokens": tokens.tokens_of(request.user),
        "token_form": TokenForm(),
        "factors": list(second_factors.factors_of(request.user)),
        "office_name": office_sign_in.name(),
        "is_linked": identity_provider.subject_of(request.user) != "",
        "is_asked": second_factors.is_asked_of(request.user),
    }
    return render(request, "console/account/account.html", context)


@own_page("GET", "HEAD", "POST", meets=(Duty.PASSWORD, Duty.FACTOR))
def change_password(request: StaffRequest) -> HttpResponse:
    """Choose another password; all other sessions end. Whoever was handed a password sees nothing else before."""
    form = PasswordForm(request.POST or None, request=request)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            own.choose_password(
                user=request.user,
                current=given["current"],
                password=given["password"],
                keeps=key_hash_of(request.session),
            )
        except WeakPassword as problem:
            form.add_error("password", problem.detail)
        else:
            update_session_auth_hash(request, request.user)
            messages.success(request, _("Your password is changed. All other sessions have ended."))
            return redirect("console:account")
    context = {"form": form, "is_handed_out": request.user.must_choose_password}
    status = 400 if form.errors else 200
    return render(request, "console/account/password.html", context, status=status)


@own_page("POST")
def end_session(request: StaffRequest, number: int) -> HttpResponse:
    """End one of the user's sessions."""
    if not own.end_session(user=request.user, number=number):
        raise Http404
    messages.success(request, _("The session has ended."))
    return redirect("console:account")


@own_page("POST")
def end_other_sessions(request: StaffRequest) -> HttpResponse:
    """End all sessions of the user but this one."""
    ended = own.end_other_sessions(user=request.user, keeps=key_hash_of(request.session))
    text = ngettext("{n} session ended.", "{n} sessions ended.", ended)
    messages.success(request, text.format(n=ended))
    return redirect("console:account")


@own_page("POST")
def new_token(request: StaffRequest) -> HttpResponse:
    """Make a token for a program, and show it, on this page only."""
    given = checked(TokenForm(request.POST))
    token = tokens.make(user=request.user, at=now(), **given)
    context = {"token": token, "label": given["label"]}
    return render(request, "console/account/token.html", context)


@own_page("POST")
def revoke_token(request: StaffRequest, number: int) -> HttpResponse:
    """End a token."""
    if not tokens.revoke(user=request.user, number=number, at=now()):
        raise Http404
    messages.success(
        request, _("The token is revoked: programs that use it are refused from now on.")
    )
    return redirect("console:account")
