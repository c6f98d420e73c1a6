"""The addresses of django-allauth's pages that this console uses, under the names that allauth knows them by.

Sign-up, e-mail and allauth's own password pages are left out.
"""

from __future__ import annotations

from typing import Any

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from django.urls import path

from server.accounts.second_factors import Duty
from server.console.pages import own_page
from server.console.views.session import Login, Logout, from_office, to_office


def _own(address: str, view: Any, name: str) -> Any:
    """A page of somebody who is logged in."""
    return path(f"account/{address}", own_page(meets=(Duty.FACTOR,), guards=False)(view), name=name)


urlpatterns = [
    path("login", Login.as_view(), name="account_login"),
    path("logout", Logout.as_view(), name="account_logout"),
    path("login/office", to_office, name="account_office"),
    path("login/office/callback", from_office, name="account_office_callback"),
    path("login/second-factor", mfa.authenticate, name="mfa_authenticate"),
    _own("confirm", account.reauthenticate, "account_reauthenticate"),
    _own("confirm/code", mfa.reauthenticate, "mfa_reauthenticate"),
    _own("confirm/key", webauthn.reauthenticate_webauthn, "mfa_reauthenticate_webauthn"),
    _own("second-factor", mfa.index, "mfa_index"),
    _own("second-factor/app/add", totp.activate_totp, "mfa_activate_totp"),
    _own("second-factor/app/remove", totp.deactivate_totp, "mfa_deactivate_totp"),
    _own("second-factor/codes", recovery_codes.view_recovery_codes, "mfa_view_recovery_codes"),
    _own(
        "second-factor/codes/new",
        recovery_codes.generate_recovery_codes,
        "mfa_generate_recovery_codes",
    ),
    _own("second-factor/keys", webauthn.list_webauthn, "mfa_list_webauthn"),
    _own("second-factor/keys/add", webauthn.add_webauthn, "mfa_add_webauthn"),
    _own("second-factor/keys/<int:pk>/name", webauthn.edit_webauthn, "mfa_edit_webauthn"),
    _own("second-factor/keys/<int:pk>/remove", webauthn.remove_webauthn, "mfa_remove_webauthn"),
]
