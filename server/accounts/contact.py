"""Records when a phone last made contact and what its request said of the phone, at most once a minute per account."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from server.accounts.models import PhoneContact
from server.accounts.selectors import FieldLogin
from server.core.statements import run

SILENT_AFTER = timedelta(days=3)
"""A phone without contact for longer may hold records it has not sent; the server cannot know."""

CLOCK_IS_OFF = 120
"""A phone's clock is reported as wrong from so many seconds on; a smaller difference may be network delay."""

_NOTE: Final = """
update {table}
   set last_seen_at = %(at)s, user_agent = %(user_agent)s, device_id = %(device_id)s,
       clock_ahead = coalesce(%(clock_ahead)s::int, clock_ahead)
 where id = (select id from {table} where id = %(id)s for no key update skip locked)
returning id
"""
_OF_ACCOUNT: Final = _NOTE.format(table="accounts_fieldaccount")
_OF_USER: Final = _NOTE.format(table="accounts_user")
_FURTHEST = 2**31 - 1  # what the column holds: 68 years
_DATE = re.compile(r"\w{3}, (\d\d) (\w{3}) (\d{4}) (\d\d):(\d\d):(\d\d)(?: .*)?")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_APP = re.compile(r"org\.odk\.collect\.android/(\S+)")
_ANDROID = re.compile(r"Android ([\d.]+)")


def record_contact(
    login: FieldLogin, *, at: datetime, user_agent: str, device_id: str, date_header: str
) -> None:
    """Write the contact to the row of the field account or user. Skips the row if another request has locked it."""
    values = {
        "at": at,
        "user_agent": _storable(user_agent),
        "device_id": _storable(device_id),
        "clock_ahead": clock_ahead(date_header, at),
    }
    if login.field_account_id is None:
        run(_OF_USER, {**values, "id": login.worker.user_id})
    else:
        run(_OF_ACCOUNT, {**values, "id": login.field_account_id})


def clock_ahead(date_header: str, at: datetime) -> int | None:
    """How many seconds the phone's clock is ahead, from the header `Date`; None when the header cannot be read.

    Collect writes the hour on a 12-hour clock without am or pm (openrosa.md, Times and clocks),
    so the header can mean two times. The one nearer to the server's time is taken; an error of
    half a day goes unnoticed.
    """
    match = _DATE.fullmatch(date_header.strip())
    if match is None or match[2] not in _MONTHS:
        return None
    day, month, year, hour, minute, second = match.groups()
    try:
        stated = datetime(
            int(year),
            _MONTHS.index(month) + 1,
            int(day),
            int(hour),
            int(minute),
            int(second),
            tzinfo=UTC,
        )
    except ValueError:
        return None
    candidates = [stated]
    if 1 <= stated.hour <= 12:
        morning = stated.replace(hour=stated.hour % 12)
        candidates = [morning, morning + timedelta(hours=12)]
    nearest = min((candidate - at for candidate in candidates), key=abs)
    seconds = round(nearest.total_seconds())
    return max(-_FURTHEST, min(_FURTHEST, seconds))


def app(user_agent: str) -> str:
    """App and Android version, as `Collect v2026.1 · Android 14`; of another user agent the first 40 characters."""
    collect, android = _APP.search(user_agent), _ANDROID.search(user_agent)
    if collect is None:
        return user_agent[:40]
    return f"Collect {collect[1]}" + (f" · Android {android[1]}" if android else "")


def is_silent(last_seen_at: datetime | None, since: datetime, now: datetime) -> bool:
    """Whether the phone has made no contact for so long that it may hold unsent records."""
    return now - (last_seen_at or since) > SILENT_AFTER


def time_on_phone(phone: PhoneContact) -> timedelta | None:
    """How long the newest record lay finished on the phone before it arrived; None without an audit log.

    Corrected by the known error of the phone's clock. Records that are still on the phone may
    wait as long; the server cannot know how many there are.
    """
    if phone.record_received_at is None or phone.record_finished_at is None:
        return None
    finished_at = phone.record_finished_at - timedelta(seconds=phone.clock_ahead or 0)
    return max(phone.record_received_at - finished_at, timedelta(0))


def _storable(text: str) -> str:
    return text.replace("\0", "")[:200]
