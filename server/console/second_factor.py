"""django-allauth at this console: its adapters and forms, bound to the server's own rules.

allauth leads the log-in through its steps, keeps second factors and asks again for the
password before they change. Whether a password is right, how often it may be wrong, and what
is recorded is decided by server.accounts, as at every other door.
"""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import ReauthenticateForm
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.base.forms import ReauthenticateForm as ReauthenticateByCodeForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    EditWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from server.accounts import identity_provider, second_factors, sessions
from server.accounts.collect import svg
from server.accounts.models import User
from server.accounts.passwords import Refusal, log_in
from server.accounts.sealed_factors import PURPOSE
from server.accounts.selectors import user as user_numbered
from server.accounts.services import record_log_in
from server.core.sealing import seal_text, unseal_text


def checked_user(request: HttpRequest | None, username: str, password: str) -> User | None:
    """The user with this password, None when one of the two is wrong. Raises ValidationError while log-ins must wait."""
    login = log_in(
        username, password, address=address_of(request), begins_session=True, at_console=True
    )
    match login:
        case Refusal.PAUSED:
            raise ValidationError(
                _("Too many failed attempts. Wait 15 minutes, then try again."), code="locked"
            )
        case Refusal.WRONG:
            return None
    return user_numbered(login.worker.user_id)


def address_of(request: HttpRequest | None) -> str:
    """The address that a request came from."""
    return str(request.META.get("REMOTE_ADDR", "")) if request else ""


class Account(DefaultAccountAdapter):
    """Nobody signs up; passwords are checked by the rule of all doors; a log-in is recorded once it is complete."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        return checked_user(request, credentials["username"], credentials["password"])

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """How to confirm that it is you: by the second factor once there is one, else by the password."""
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        if user.is_authenticated and second_factors.has_factor(user):
            return [method for method in methods if method["id"] != "reauthenticate"]
        return methods

    def login(self, request: HttpRequest, user: Any) -> None:
        super().login(request, user)
        came = identity_provider.came_by(request.session, user)
        by = "session" if came is None else "provider"
        record_log_in(user, by="second-factor" if second_factors.has_factor(user) else by)

    def get_client_ip(self, request: HttpRequest) -> str:
        return address_of(request)


class Factors(DefaultMFAAdapter):
    """Secrets are sealed in the database, and the QR code is drawn as all others here."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": gettext_lazy(
            "The code is wrong, or was used already. Wait for the next."
        ),
    }

    def encrypt(self, text: str) -> str:
        return seal_text(text, PURPOSE)

    def decrypt(self, encrypted_text: str) -> str:
        return unseal_text(encrypted_text, PURPOSE)

    def build_totp_svg(self, url: str) -> str:
        return svg(url)

    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        number = Authenticator.objects.filter(user=user, type=type).count() + 1
        return _("Key {number}").format(number=number)


class ConfirmForm(ReauthenticateForm):
    """The own password once more, before a second factor changes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"] = forms.CharField(
            label=_("Password"),
            strip=False,
            widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        )


class _Guarded(forms.Form):
    """A code form whose wrong codes are counted and recorded, and whose right ones are taken once."""

    user: User

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _call_it_a_code(self)

    def clean_code(self) -> str:
        address = address_of(context.request)
        if second_factors.must_wait(self.user, address):
            raise ValidationError(
                _("Too many failed attempts. Wait 15 minutes, then try again."), code="locked"
            )
        try:
            with transaction.atomic():
                code: str = super().clean_code()  # type: ignore[misc]
                if not second_factors.take_code(self.user, code):
                    raise ValidationError(Factors.error_messages["incorrect_code"])
        except ValidationError:
            second_factors.wrong_code(self.user, address)
            raise
        second_factors.right_code(self.user, address)
        return code


class NewAppForm(ActivateTOTPForm):
    """The first code of a new app."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _call_it_a_code(self)


def _call_it_a_code(form: forms.Form) -> None:
    form.fields["code"].label = _("Code of the app")
    form.fields["code"].widget.attrs = {"autocomplete": "one-time-code", "inputmode": "numeric"}


class CodeForm(_Guarded, AuthenticateForm):
    """The code of the log-in's second step."""


class ConfirmCodeForm(_Guarded, ReauthenticateByCodeForm):
    """A code in the place of the password, before a second factor changes."""


class _Careful:
    """A form for what a browser's key says; allauth lets some malformed answers through to errors of its library."""

    def clean(self) -> Any:
        try:
            return super().clean()  # type: ignore[misc]
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise _not_a_key() from error

    def clean_credential(self) -> Any:
        check = getattr(super(), "clean_credential", None)
        try:
            return check() if check else self.cleaned_data["credential"]  # type: ignore[attr-defined]
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise _not_a_key() from error


class AddKeyForm(_Careful, AddWebAuthnForm):
    """A new security key."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("Name of the key")


class NameKeyForm(EditWebAuthnForm):
    """Another name for a security key."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("Name of the key")


class KeyForm(_Careful, AuthenticateWebAuthnForm):
    """A security key in the log-in's second step."""


class ConfirmKeyForm(_Careful, ReauthenticateWebAuthnForm):
    """A security key before a second factor changes."""


def _not_a_key() -> ValidationError:
    return ValidationError(
        _("The browser did not use a key of this account."), code="incorrect_code"
    )


def when_saved(*, instance: Authenticator, created: bool, **_more: Any) -> None:
    """Record a new factor, in the transaction that stores it; sessions begun without it end."""
    request = context.request
    if created and request is not None and instance.type in second_factors.FACTORS:
        keeps = sessions.key_hash_of(request.session)
        second_factors.added(user=request.user, kind=instance.type, keeps=keeps)


def when_deleted(*, instance: Authenticator, **_more: Any) -> None:
    """Record that somebody removed an own factor; `second_factors.reset` records its act itself."""
    request = context.request
    is_own = request is not None and request.user.pk == instance.user_id
    if is_own and instance.type in second_factors.FACTORS:
        second_factors.removed(user=request.user, kind=instance.type)
