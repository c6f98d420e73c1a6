"""The rule of writing: what a sender with these areas may contribute to (security.md, Authority on writes). Pure.

Reading is bound to areas by `accounts/access.py`. Writing is bound by `may_contribute`, which
every door and the worker ask: the community that a record names, the original that an edit
corrects, and every entry that the record names by its uuid must lie in the sender's areas.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from typing import NamedTuple, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from server.accounts.access import common_prefix


class Reason(models.TextChoices):
    """Why a record must wait for another office; also the type of the problem that says so."""

    AREA = "area-outside", _("names a community outside the sender's areas")
    ORIGINAL = "original-outside", _("corrects a record outside the sender's areas")
    ENTRY = "entry-outside", _("names an entry outside the sender's areas")


class Outside(NamedTuple):
    """The verdict on a record that must not count yet: why, and the area whose office may decide."""

    reason: Reason
    area: str


class HeldArea(NamedTuple):
    """An area that a sender holds or held, with its first and last day."""

    area: str
    since: date
    until: date | None  # None: held still

    def __str__(self) -> str:
        """As it is stored with a record: 440106003001 2026-01-01 2026-03-31; without the last day while it is held."""
        return f"{self.area} {self.since} {self.until or ''}"

    @classmethod
    def read(cls, text: str) -> Self:
        """What `str` writes."""
        area, since, until = text.split(" ")
        last = date.fromisoformat(until) if until else None
        return cls(area, date.fromisoformat(since), last)

    def includes(self, day: date) -> bool:
        """Whether the day is one of its days; the first and the last are."""
        return self.since <= day and (self.until is None or day <= self.until)


def held_on(day: date, history: Iterable[str]) -> tuple[str, ...]:
    """The areas that a sender with this history (HeldArea, as text) held on the day."""
    return tuple(sorted({held.area for held in map(HeldArea.read, history) if held.includes(day)}))


def may_contribute(
    areas: Collection[str],
    *,
    more: Collection[str] = (),
    community: str = "",
    original: str | None = None,
    entries: Iterable[str] = (),
) -> Outside | None:
    """Judge a record of a sender who holds `areas`; None: it may count.

    `more` are areas that count besides, but say nothing about where the sender stands: those
    of staff who accepted the record.
    `community` is the division that the record names, "" when it names none. `original` is the
    area of the record that an edit corrects, None when it is no edit. `entries` are the areas
    of the ledger entries that the record names by uuid and that others made before. The
    original is judged first, then the community, then the entries in the order of their codes,
    so that the verdict does not depend on the order of the answers.
    """
    if original is not None and not holds(areas, original, more):
        return Outside(Reason.ORIGINAL, original)
    if community and not covers((*areas, *more), community):
        return Outside(Reason.AREA, community)
    for entry in sorted(set(entries)):
        if not holds(areas, entry, more):
            return Outside(Reason.ENTRY, entry)
    return None


def covers(areas: Iterable[str], code: str) -> bool:
    """Whether one of the areas contains the division; "" contains everything."""
    return any(code.startswith(area) for area in areas)


def holds(areas: Collection[str], code: str, more: Collection[str] = ()) -> bool:
    """Whether a row that stands at this division is the sender's to change; `more` as for `may_contribute`.

    A record that names no community stands at the narrowest division that contains all of its
    sender's areas; what stands exactly there is the sender's, too, unless that is the whole country.
    """
    return covers((*areas, *more), code) or (code != "" and code == common_prefix(sorted(areas)))
