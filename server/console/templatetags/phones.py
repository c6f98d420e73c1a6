"""A phone's last contact, and the records it may still hold, as badges."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from operator import attrgetter

from django import template
from django.urls import reverse
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
    """Last contact, application and newest record of a phone, with badges for what needs attention."""
    is_silent = contact.is_silent(phone.last_seen_at, phone.created_at, now())
    parts = [_last_contact(phone, is_silent)]
    if phone.user_agent:
        parts.append(_soft(contact.app(phone.user_agent)))
    if phone.record_received_at is not None:
        time = f"{localtime(phone.record_received_at):%Y-%m-%d %H:%M}"
        parts.append(_soft(_("last record {time}").format(time=time)))
    if phone.clock_ahead is not None and abs(phone.clock_ahead) >= contact.CLOCK_IS_OFF:
        parts.append(_badge("bad", _clock(phone.clock_ahead)))
    if is_silent and phone.last_seen_at is not None:
        parts.append(_badge("warn", _("silent for days: it may hold unsent records")))
    if is_silent and isinstance(phone, FieldAccount) and _follows_another(phone):
        parts.append(_badge("warn", _("not scanned: the phone cannot send what it holds")))
    parts += _waited(phone)
    return SafeString(" ".join(parts))  # each part escaped by itself


@register.filter
def ended(accounts: Iterable[FieldAccount]) -> list[FieldAccount]:
    """The revoked codes, the latest first."""
    revoked = [account for account in accounts if account.revoked_at]
    return sorted(revoked, key=attrgetter("revoked_at"), reverse=True)


def _last_contact(phone: FieldAccount | User, is_silent: bool) -> SafeString:
    if phone.last_seen_at is None:
        return _badge("", _("no contact yet"))
    text = _("last contact {time}").format(time=f"{localtime(phone.last_seen_at):%Y-%m-%d %H:%M}")
    return _badge("" if is_silent else "good", text)


def _follows_another(account: FieldAccount) -> bool:
    """Whether nobody has used this code yet, while a code that was in use has been revoked."""
    others = account.user.field_accounts.all()
    return account.last_seen_at is None and any(
        other.revoked_at and other.last_seen_at for other in others
    )


def _waited(phone: FieldAccount | User) -> Iterator[SafeString]:
    """How long the newest record waited on the phone, if a day or more."""
    waited = contact.time_on_phone(phone)
    if waited is None or waited < timedelta(days=1):
        return
    text = ngettext(
        "the newest record lay {n} day on the phone",
        "the newest record lay {n} days on the phone",
        waited.days,
    )
    kind = "warn" if waited >= contact.SILENT_AFTER else ""
    yield _badge(kind, text.format(n=waited.days))


@register.simple_tag
def refused(phone: FieldAccount | User) -> SafeString:
    """How many of the phone's records are quarantined, with a link there (selectors.count_refused)."""
    count = getattr(phone, "n_refused", 0)
    if not count:
        return SafeString("")
    text = ngettext(
        "{n} record was refused and is still on the phone",
        "{n} records were refused and are still on the phone",
        count,
    )
    address = reverse("console:quarantine")
    return format_html('<a class="badge bad" href="{}">{}</a>', address, text.format(n=count))


def _clock(ahead: int) -> str:
    minutes = round(abs(ahead) / 60)
    if ahead > 0:
        text = ngettext("clock {n} minute ahead", "clock {n} minutes ahead", minutes)
    else:
        text = ngettext("clock {n} minute behind", "clock {n} minutes behind", minutes)
    return text.format(n=minutes)


def _soft(text: str) -> SafeString:
    return format_html('<span class="soft">{}</span>', text)


def _badge(kind: str, text: str) -> SafeString:
    return format_html('<span class="badge {}">{}</span>', kind, text)
