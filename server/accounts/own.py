"""What people do about their own account: choose a password, end sessions."""

from __future__ import annotations

from typing import Final

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from server.accounts import hashing
from server.accounts.models import Session, User
from server.accounts.problems import WeakPassword
from server.accounts.recording import record_about
from server.accounts.sessions import sessions_of
from server.audit.models import Act
from server.core.statements import is_storable

_FAULTS: Final = {
    "password_too_short": _("It is too short."),
    "password_too_similar": _("It is too much like your name or user name."),
    "password_too_common": _("Too many people use it."),
    "password_entirely_numeric": _("It has only digits."),
    "same": _("Choose another one than the present one."),
}
"""Code of a fault → the sentence; Django's own sentences lack their Chinese."""


@transaction.atomic
def choose_password(*, user: User, current: str, password: str, keeps: bytes) -> None:
    """Set the password that the user chose; all sessions end but the one with the key hash `keeps`.

    `current` is the password until now, which the caller has checked. Raises WeakPassword,
    and LogInsBusy when too many passwords wait to be hashed.
    """
    try:
        validate_password(password, user)
    except ValidationError as error:
        faults = [
            str(_FAULTS.get(fault.code or "", fault.messages[0])) for fault in error.error_list
        ]
        raise WeakPassword(faults=" ".join(faults)) from None
    if password == current or not is_storable(password):
        raise WeakPassword(faults=_FAULTS["same"])
    hashing.done(user.set_password, password)
    user.must_choose_password = False
    user.save(update_fields=["password", "device_secret", "must_choose_password"])
    Session.objects.filter(user=user).exclude(key_hash=keeps).delete()
    record_about(Act.PASSWORD_CHOSEN, user, user)


@transaction.atomic
def end_session(*, user: User, number: int) -> bool:
    """End one of the user's sessions. Returns whether there is one of this number."""
    ended, _rows = sessions_of(user).filter(pk=number).delete()
    if ended:
        record_about(Act.SESSIONS_ENDED, user, user, rows=ended)
    return ended > 0


@transaction.atomic
def end_other_sessions(*, user: User, keeps: bytes) -> int:
    """End all sessions of the user but the one with this key hash. Returns how many."""
    ended, _rows = Session.objects.filter(user=user).exclude(key_hash=keeps).delete()
    record_about(Act.SESSIONS_ENDED, user, user, rows=ended)
    return ended
