"""Sign-in through the office's identity provider by OpenID Connect (decision 0305).

An administrator links an account to a subject, the name by which the provider knows a person
for good. Signing in opens the linked account and makes none. The links are django-allauth's
(its table `socialaccount_socialaccount`), each with the issuer that the subject belongs to.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import jwt
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, transaction

from server.accounts import lockout
from server.accounts.lockout import FAILURES
from server.accounts.models import Session, User
from server.accounts.problems import BadSubject, NoProvider, NotLinked, SignInFailed, SubjectTaken
from server.accounts.recording import area_of, record_about
from server.accounts.services import require_over
from server.audit.models import Act
from server.audit.services import record
from server.core import clock
from server.core.masking import mask_numbers

ALGORITHMS: Final = frozenset(
    f"{family}{bits}" for family in ("RS", "PS", "ES") for bits in (256, 384, 512)
) | {"EdDSA"}
"""Signatures that only the provider can make; none that the client's secret makes."""
LEEWAY: Final = 60
"""Seconds by which the provider's clock and this one may differ."""
_SUBJECT: Final = re.compile(r"[\x21-\x7e]{1,191}")
_CAME_BY: Final = "came_by_provider"
_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Proof:
    """What a verified ID token says."""

    subject: str
    has_second_factor: bool  # the provider asked for one (RUHU_OIDC_SECOND_FACTOR)


def is_configured() -> bool:
    """Whether this office signs in through an identity provider."""
    return bool(settings.RUHU_OIDC_ISSUER)


def check_settings() -> None:
    """Raises ImproperlyConfigured when the settings of the provider are incomplete, or its address is not safe."""
    if not is_configured():
        return
    if not (settings.RUHU_OIDC_CLIENT_ID and settings.RUHU_OIDC_CLIENT_SECRET):
        raise ImproperlyConfigured(
            "RUHU_OIDC_ISSUER needs RUHU_OIDC_CLIENT_ID and RUHU_OIDC_CLIENT_SECRET, which the identity provider gives."
        )
    if not is_safe(settings.RUHU_OIDC_ISSUER) or len(settings.RUHU_OIDC_ISSUER) > 200:
        raise ImproperlyConfigured(
            "RUHU_OIDC_ISSUER must be an https address of at most 200 characters."
        )


def is_safe(address: str) -> bool:
    """Whether an address of the provider is https, or on this machine."""
    parts = urlsplit(address)
    is_local = parts.scheme == "http" and parts.hostname in _LOOPBACK
    return bool(parts.hostname) and (parts.scheme == "https" or is_local)


def longest_age() -> int:
    """Seconds for which a log-in at the provider is good enough: the idle limit of a session here."""
    return int(settings.RUHU_SESSION_IDLE_MINUTES) * 60


def proof_of(id_token: str, key: jwt.PyJWK, *, issuer: str, nonce: str) -> Proof:
    """What the ID token proves (OpenID Connect Core 1.0, 3.1.3.7). Raises SignInFailed."""
    client_id = settings.RUHU_OIDC_CLIENT_ID
    try:
        claims = jwt.decode(
            id_token,
            key,
            algorithms=sorted(ALGORITHMS),
            issuer=issuer,
            audience=client_id,
            leeway=LEEWAY,
            options={"require": ["iss", "sub", "aud", "exp", "iat"]},
        )
    except jwt.PyJWTError as error:
        raise SignInFailed(why=type(error).__name__) from None
    audiences = claims["aud"]
    if isinstance(audiences, list) and len(audiences) > 1 and claims.get("azp") != client_id:
        raise SignInFailed(why="WrongParty")
    if not nonce or not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
        raise SignInFailed(why="WrongNonce")
    if _is_old(claims.get("auth_time")):
        raise SignInFailed(why="LogInTooOld")
    methods = claims.get("amr")
    shown = {str(method) for method in methods} if isinstance(methods, list) else set()
    shown.add(str(claims.get("acr", "")))
    return Proof(claims["sub"], not shown.isdisjoint(settings.RUHU_OIDC_SECOND_FACTOR))


def _is_old(auth_time: object) -> bool:
    """Whether the person logged in at the provider longer ago than was asked for; a provider that does not say decides itself."""
    if not isinstance(auth_time, int):
        return False
    return auth_time < clock.now().timestamp() - longest_age() - LEEWAY


def subject_of(user: User) -> str:
    """The subject that the account is linked to, "" when it is not."""
    row = SocialAccount.objects.filter(user=user, provider=settings.RUHU_OIDC_ISSUER).first()
    return row.uid if row is not None else ""


@transaction.atomic
def link(*, user: User, subject: str, actor: User | None) -> None:
    """Let whoever is this subject at the provider sign in as the user; replaces another link of the user.

    Raises NoProvider, BadSubject, SubjectTaken; NotAllowed unless the actor administers all
    areas of the user, OwnAccount.
    """
    require_over(user, actor)
    if not is_configured():
        raise NoProvider
    subject = subject.strip()
    if not _SUBJECT.fullmatch(subject) or mask_numbers(subject) != subject:
        raise BadSubject
    before = subject_of(user)
    if before == subject:
        return
    rows = SocialAccount.objects.filter(provider=settings.RUHU_OIDC_ISSUER)
    rows.filter(user=user).delete()
    try:
        with transaction.atomic():
            rows.create(user=user, provider=settings.RUHU_OIDC_ISSUER, uid=subject)
    except IntegrityError:
        raise SubjectTaken from None
    record_about(Act.SIGN_IN_LINKED, user, actor, before=before or None, after=subject)


@transaction.atomic
def unlink(*, user: User, actor: User | None) -> None:
    """Take the link away; all sessions of the user end.

    Raises NotLinked; NotAllowed unless the actor administers all areas of the user, OwnAccount.
    """
    require_over(user, actor)
    before = subject_of(user)
    if not before:
        raise NotLinked(username=user.username)
    SocialAccount.objects.filter(user=user, provider=settings.RUHU_OIDC_ISSUER).delete()
    Session.objects.filter(user=user).delete()
    record_about(Act.SIGN_IN_UNLINKED, user, actor, before=before, after=None)


def record_refusal(why: str, *, address: str, user: User | None = None) -> None:
    """Record a refused sign-in; of those that concern no account, the first FAILURES from an address."""
    failures = lockout.tally(user.username if user else "", address, "unknown")
    if failures > FAILURES:
        return
    record(
        Act.LOG_IN_FAILED,
        actor=None,
        object_type="user" if user else "",
        object_id=user.username if user else "",
        area=area_of(user) if user else "",
        facts={"by": "provider", "cause": why, "failures": failures},
    )


def remember(session: MutableMapping[str, Any], user: User, *, has_second_factor: bool) -> None:
    """Write into the browser's session that the user came through the provider."""
    session[_CAME_BY] = {"user": user.pk, "factor": has_second_factor}


def forget(session: MutableMapping[str, Any]) -> None:
    """Take back what `remember` wrote, before a log-in by password."""
    session.pop(_CAME_BY, None)


def came_by(session: MutableMapping[str, Any], user: User) -> bool | None:
    """Whether the provider asked for a second factor when the user's session began; None when it began by password."""
    came: dict[str, Any] = session.get(_CAME_BY) or {}
    return bool(came["factor"]) if came.get("user") == user.pk else None
