"""The office's identity provider at this console: django-allauth's OpenID Connect, bound to the server's own rules.

allauth keeps state and PKCE verifier in the browser's session, builds the addresses, exchanges
the code, and leads the log-in on to the second factor. This module adds the nonce, verifies
the ID token's signature, keeps what the provider publishes for an hour, and lets nobody in
but by a link (server.accounts.identity_provider).
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Final

import jwt
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from requests import RequestException

from server.accounts import identity_provider
from server.accounts.identity_provider import is_safe, proof_of
from server.accounts.problems import (
    AccountClosed,
    LogInsBusy,
    ProviderAway,
    SignInFailed,
    SubjectUnknown,
)
from server.console.pages import server_address
from server.console.second_factor import address_of
from server.core.masking import mask_numbers

AT_ONCE: Final = 4
"""Threads of a web process that may wait for the provider, so that a slow one stops only sign-ins."""
_KEPT: Final = 3600.0
"""Seconds for which what the provider publishes is kept."""
_ENDPOINTS: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_places: Final = threading.BoundedSemaphore(AT_ONCE)
_published: dict[str, tuple[float, dict[str, Any]]] = {}


def name() -> str:
    """What people call the office's sign-in; "" where there is none."""
    if not identity_provider.is_configured():
        return ""
    return settings.RUHU_OIDC_NAME or _("office account")


@contextmanager
def asking() -> Iterator[None]:
    """A place among the requests that wait for the provider. Raises LogInsBusy."""
    if not _places.acquire(blocking=False):
        raise LogInsBusy
    try:
        yield
    finally:
        _places.release()


@contextmanager
def reading() -> Iterator[None]:
    """Raises ProviderAway when the provider does not answer, or not with what OpenID Connect says."""
    try:
        yield
    except (RequestException, jwt.PyJWKClientError, KeyError, TypeError, ValueError):
        raise ProviderAway from None


class Exchange(OpenIDConnectOAuth2Adapter):
    """Exchanges a code for an ID token, and verifies that."""

    state: dict[str, Any]

    @property
    def openid_config(self) -> dict[str, Any]:
        """What the provider publishes about itself."""
        issuer = settings.RUHU_OIDC_ISSUER
        kept_at, config = _published.get(issuer, (0.0, {}))
        if not config or time.monotonic() > kept_at + _KEPT:
            with reading():
                config = super().openid_config
                is_its_own = str(config["issuer"]).rstrip("/") == issuer.rstrip("/")
                if not (is_its_own and all(is_safe(config[name]) for name in _ENDPOINTS)):
                    raise ProviderAway
            _published[issuer] = (time.monotonic(), config)
        return config

    def get_access_token_data(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        with reading():
            data: dict[str, Any] = super().get_access_token_data(*args, **kwargs)
            return {**data, "expires_in": None}  # the access token is not used

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        return server_address(request).rstrip("/") + reverse("account_office_callback")

    def complete_login(
        self, request: HttpRequest, app: SocialApp, token: Any, **kwargs: Any
    ) -> SocialLogin:
        """Whom the ID token names. Raises SignInFailed, SubjectUnknown, AccountClosed."""
        id_token = str(kwargs["response"].get("id_token", ""))
        with reading():
            try:
                key = _keys(self.openid_config["jwks_uri"]).get_signing_key_from_jwt(id_token)
            except jwt.DecodeError:
                raise SignInFailed(why="Unreadable") from None
        issuer, nonce = self.openid_config["issuer"], str(self.state.get("nonce", ""))
        proof = proof_of(id_token, key, issuer=issuer, nonce=nonce)
        provider = self.get_provider()
        account = SocialAccount(provider=provider.sub_id, uid=proof.subject)
        login = SocialLogin(account=account, provider=provider)
        login.has_second_factor = proof.has_second_factor
        return login


class Provider(OpenIDConnectProvider):
    """The identity provider. It is asked for the subject alone: no name, no e-mail address."""

    oauth2_adapter_class = Exchange
    pkce_enabled_default = True

    @property
    def sub_id(self) -> str:
        """The issuer, under which links are kept: another provider's subjects open nothing."""
        return str(settings.RUHU_OIDC_ISSUER)

    def get_scope(self) -> list[str]:
        return ["openid"]


class Office(DefaultSocialAccountAdapter):
    """One provider, from the settings; allauth's table of providers is not read."""

    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        if not identity_provider.is_configured():
            return []
        app = SocialApp(
            provider=OpenIDConnectProvider.id,
            provider_id=OpenIDConnectProvider.id,
            name=name(),
            client_id=settings.RUHU_OIDC_CLIENT_ID,
            secret=settings.RUHU_OIDC_CLIENT_SECRET,
            settings={"server_url": settings.RUHU_OIDC_ISSUER.rstrip("/")},
        )
        return [app]

    def get_provider(
        self, request: HttpRequest, provider: str, client_id: str | None = None
    ) -> Provider:
        return Provider(request, app=self.get_app(request, provider=provider))

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Let in the linked account. Raises SubjectUnknown, AccountClosed."""
        user, address = sociallogin.user, address_of(request)
        if user is None or user.pk is None:
            identity_provider.record_refusal("SubjectUnknown", address=address)
            raise SubjectUnknown(subject=mask_numbers(sociallogin.account.uid))
        if not user.is_active:
            identity_provider.record_refusal("AccountClosed", address=address, user=user)
            raise AccountClosed
        has_second_factor = sociallogin.has_second_factor
        identity_provider.remember(request.session, user, has_second_factor=has_second_factor)

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Exception | None = None,
        extra_context: dict[str, Any] | None = None,
    ) -> None:
        """An unknown state, a refusal of the provider, or a code that it does not take. Raises SignInFailed."""
        raise SignInFailed(why=type(exception).__name__ if exception else str(error))


class _Callback(OAuth2CallbackView):
    """allauth's view; the exchange learns the nonce from the state."""

    def _get_state(self, request: HttpRequest, provider: Any) -> Any:
        state, response = super()._get_state(request, provider)
        self.adapter.state = state or {}
        return state, response


def way_to_provider(request: HttpRequest, next_url: str) -> str:
    """The address at the provider to which the browser goes. Raises LogInsBusy, ProviderAway."""
    provider = Office(request).get_provider(request, OpenIDConnectProvider.id)
    nonce = secrets.token_urlsafe(24)
    asked = {"nonce": nonce, "max_age": identity_provider.longest_age()}
    with asking():
        response = provider.redirect(request, "login", next_url, auth_params=asked, nonce=nonce)
    return str(response.url)


def way_back(request: HttpRequest) -> HttpResponseBase:
    """Log in whoever comes back from the provider. Raises SignInFailed, SubjectUnknown, AccountClosed, LogInsBusy, ProviderAway."""
    try:
        with asking():
            exchange = Exchange(request, OpenIDConnectProvider.id)
            response: HttpResponseBase = _Callback.adapter_view(exchange)(request)
            return response
    except SignInFailed as refusal:
        identity_provider.record_refusal(refusal.data["why"], address=address_of(request))
        raise


@lru_cache(maxsize=4)
def _keys(address: str) -> jwt.PyJWKClient:
    """The provider's public keys, fetched again after an hour or for an unknown one."""
    return jwt.PyJWKClient(address, lifespan=int(_KEPT), timeout=5)
