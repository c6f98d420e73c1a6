"""Opening, changing and closing a bulletin."""

from __future__ import annotations

from typing import Final

from django.db import transaction

from server.accounts.access import REVIEWERS, Access
from server.accounts.models import User
from server.audit.models import Act
from server.audit.services import record
from server.bulletin.models import Bulletin
from server.bulletin.problems import ContactMissing, ContactPrivate, NoSuchBulletin
from server.core import clock, personal_numbers
from server.geo.codes import code_prefix
from server.geo.models import Division

_LONGEST_LANDLINE: Final = 14
"""Digits, with 86 and the area code."""


@transaction.atomic
def keep_bulletin(
    *, area: str, contact: str, shows_employers: bool, is_open: bool, user: User, access: Access
) -> Bulletin:
    """Make a division's bulletin what is given: open or closed, with the office's contact.

    `area` is the whole code of a division in which the user is street staff or administrator.
    Locks the bulletin. Raises NoSuchBulletin, ContactMissing, ContactPrivate.
    """
    may = access.may(REVIEWERS, code_prefix(area))
    if not may or not Division.objects.filter(pk=area).exists():
        raise NoSuchBulletin
    contact = contact.strip()
    if is_open and not contact:
        raise ContactMissing
    if not all(map(_is_landline, personal_numbers.find(contact))):
        raise ContactPrivate
    kept = Bulletin.objects.select_for_update().filter(area_code=area).first()
    before = _setting(kept) if kept else None
    bulletin = kept or Bulletin(area_code=area)
    bulletin.contact, bulletin.shows_employers = contact, shows_employers
    bulletin.is_open = is_open
    bulletin.changed_at, bulletin.changed_by = clock.now(), user
    bulletin.save()
    record(
        Act.BULLETIN,
        actor=user,
        object_type="bulletin",
        object_id=bulletin.pk,
        area=area,
        before=before,
        after=_setting(bulletin),
    )
    return bulletin


def follow_code(*, old: str, new: str, is_undone: bool) -> None:
    """Let a community's bulletin go on under its other code. Part of the caller's transaction."""
    Bulletin.objects.filter(area_code=old).update(area_code=new)


def _is_landline(number: str) -> bool:
    """Whether a number has an area code, as an office's telephone has and mobile phones have not."""
    digits = "".join(filter(str.isdecimal, number))
    return digits.removeprefix("86").startswith("0") and len(digits) <= _LONGEST_LANDLINE


def _setting(bulletin: Bulletin) -> dict[str, object]:
    return {
        "contact": bulletin.contact,
        "shows_employers": bulletin.shows_employers,
        "is_open": bulletin.is_open,
    }
