"""The rule of writing: what a sender with these areas may contribute to (security.md, Authority on writes). Pure.

Reading is bound to areas by `accounts/access.py`. Writing is bound by `may_contribute`, which
every door and the worker ask: the community that a record names, the original that an edit
corrects, and every entry that the record names by its uuid must lie in the sender's areas.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

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


def may_contribute(
    areas: Collection[str],
    *,
    community: str = "",
    original: str | None = None,
    entries: Iterable[str] = (),
) -> Outside | None:
    """Judge a record of a sender who holds `areas`; None: it may count.

    `community` is the division that the record names, "" when it names none. `original` is the
    area of the record that an edit corrects, None when it is no edit. `entries` are the areas
    of the ledger entries that the record names by uuid and that others made before. The
    original is judged first, then the community, then the entries in the order of their codes,
    so that the verdict does not depend on the order of the answers.
    """
    if original is not None and not holds(areas, original):
        return Outside(Reason.ORIGINAL, original)
    if community and not covers(areas, community):
        return Outside(Reason.AREA, community)
    for entry in sorted(set(entries)):
        if not holds(areas, entry):
            return Outside(Reason.ENTRY, entry)
    return None


def covers(areas: Iterable[str], code: str) -> bool:
    """Whether one of the areas contains the division; "" contains everything."""
    return any(code.startswith(area) for area in areas)


def holds(areas: Collection[str], code: str) -> bool:
    """Whether a row that stands at this division is the sender's to change.

    A record that names no community stands at the narrowest division that contains all of its
    sender's areas; what stands exactly there is the sender's, too, unless that is the whole country.
    """
    return covers(areas, code) or (code != "" and code == common_prefix(sorted(areas)))
