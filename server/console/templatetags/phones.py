"""How a phone's last contact is shown."""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from server.accounts import contact
from server.accounts.models import FieldAccount, User
from server.core.clock import now

register = template.Library()


@register.simple_tag
def phone_contact(phone: FieldAccount | User) -> SafeString:
    """Last contact, application, and what is odd about it."""
    is_silent = contact.is_silent(phone.last_seen_at, phone.created_at, now())
    parts = [_seen(phone, "" if is_silent else "good")]
    if phone.user_agent:
        parts.append(format_html('<span class="soft">{}</span>', contact.app(phone.user_agent)))
    if phone.clock_ahead is not None and abs(phone.clock_ahead) >= contact.CLOCK_IS_OFF:
        parts.append(_badge("bad", _clock(phone.clock_ahead)))
    if is_silent:
        parts.append(_badge("warn", _("silent for days: it may hold unsent records")))
    return SafeString(" ".join(parts))  # each part escaped by itself


@register.filter
def ended(accounts: Iterable[FieldAccount]) -> list[FieldAccount]:
    """The codes that have ended, the latest first."""
    gone = [account for account in accounts if account.revoked_at]
    return sorted(gone, key=attrgetter("revoked_at"), reverse=True)


def _seen(phone: FieldAccount | User, kind: str) -> SafeString:
    if phone.last_seen_at is None:
        return _badge("", _("no contact yet"))
    said = _("last contact {time}").format(time=f"{localtime(phone.last_seen_at):%Y-%m-%d %H:%M}")
    return _badge(kind, said)


def _clock(ahead: int) -> str:
    minutes = round(abs(ahead) / 60)
    if ahead > 0:
        said = ngettext("clock {n} minute ahead", "clock {n} minutes ahead", minutes)
    else:
        said = ngettext("clock {n} minute behind", "clock {n} minutes behind", minutes)
    return said.format(n=minutes)


def _badge(kind: str, text: str) -> SafeString:
    return format_html('<span class="badge {}">{}</span>', kind, text)
