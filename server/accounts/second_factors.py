"""Second factors: who has one, who must have one, and what becomes of them (decision 0267).

django-allauth keeps and checks them (its table `mfa_authenticator`); their secrets are sealed.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from enum import Enum
from typing import Any, Final

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.crypto import salted_hmac

from server.accounts import identity_provider, lockout
from server.accounts.lockout import FAILURES
from server.accounts.models import ApiToken, RoleGrant, Session, User
from server.accounts.recording import record_about
from server.accounts.services import require_over
from server.audit.models import Act
from server.core import clock

FACTORS: Final = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
"""What counts as a second factor; recovery codes only stand in for a lost one."""
_USED: Final = "used"
_USABLE: Final = 120.0
"""Seconds for which an accepted code is remembered; longer than allauth takes it for."""


class Duty(Enum):
    """What somebody who is logged in must do before anything else."""

    PASSWORD = "password"  # noqa: S105 replace the password that was handed out
    FACTOR = "factor"  # set up a second factor


def duty_of(user: User, session: MutableMapping[str, Any]) -> Duty | None:
    """What this person must do first in this session. No SQL unless the office asks roles for a second factor.

    Whoever came through the identity provider has not used the password; a second factor that
    the provider asked for is one.
    """
    shown = identity_provider.came_by(session, user)
    if user.must_choose_password and shown is None:
        return Duty.PASSWORD
    if shown:
        return None
    return Duty.FACTOR if is_asked_of(user) and not has_factor(user) else None


def is_asked_of(user: User) -> bool:
    """Whether a role of the user asks for a second factor (RUHU_SECOND_FACTOR)."""
    roles = settings.RUHU_SECOND_FACTOR
    return bool(roles) and RoleGrant.objects.filter(user=user, role__in=roles).exists()


def factors_of(user: User) -> QuerySet[Authenticator]:
    """The user's second factors, without recovery codes."""
    rows: QuerySet[Authenticator] = Authenticator.objects.filter(user=user, type__in=FACTORS)
    return rows


def has_factor(user: User) -> bool:
    """Whether the user has set up a second factor."""
    return factors_of(user).exists()


@transaction.atomic
def added(*, user: User, kind: str, keeps: bytes) -> None:
    """Record that the user set up a factor; all other sessions, which were begun without it, end."""
    Session.objects.filter(user=user).exclude(key_hash=keeps).delete()
    record_about(Act.FACTOR_ADDED, user, user, kind=kind)


@transaction.atomic
def removed(*, user: User, kind: str) -> None:
    """Record that the user removed a factor."""
    record_about(Act.FACTOR_REMOVED, user, user, kind=kind)


@transaction.atomic
def reset(*, user: User, actor: User | None) -> int:
    """Remove all second factors of somebody who has lost them; all sessions and tokens end. Returns how many there were.

    Whoever must have one sets up a new one at the next log-in. Raises NotAllowed unless the
    actor administers all areas of the user, OwnAccount.
    """
    require_over(user, actor)
    n_factors = factors_of(user).count()
    Authenticator.objects.filter(user=user).delete()
    Session.objects.filter(user=user).delete()
    ApiToken.objects.filter(user=user, revoked_at=None).update(revoked_at=clock.now())
    record_about(Act.FACTORS_RESET, user, actor, rows=n_factors)
    return n_factors


def must_wait(user: User, address: str) -> bool:
    """Whether so many codes from there were wrong that no further one is checked for a while."""
    return lockout.is_locked(lockout.caller(user.username, address, "code"))


@transaction.atomic
def wrong_code(user: User, address: str) -> None:
    """Count and record a wrong code."""
    failures = lockout.failed(lockout.caller(user.username, address, "code"))
    is_paused = failures >= FAILURES
    record_about(Act.LOG_IN_FAILED, user, None, by="code", failures=failures, paused=is_paused)


def right_code(user: User, address: str) -> None:
    """Forget the wrong codes."""
    lockout.succeeded(lockout.caller(user.username, address, "code"))


def take_code(user: User, code: str) -> bool:
    """Whether this code was not accepted before; call in a transaction, before the code is checked.

    allauth remembers accepted codes in the memory of one web process; this is for all of them.
    """
    row = (
        Authenticator.objects.select_for_update()
        .filter(user=user, type=Authenticator.Type.TOTP)
        .first()
    )
    if row is None:
        return True
    at = clock.now().timestamp()
    proof = salted_hmac("code of a second factor", "".join(code.split())).hexdigest()
    used = {key: then for key, then in row.data.get(_USED, {}).items() if then > at - _USABLE}
    if proof in used:
        return False
    Authenticator.objects.filter(pk=row.pk).update(data={**row.data, _USED: {**used, proof: at}})
    return True
