"""Reads of erasures, within the areas where the reader is an administrator."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from server.accounts.access import ADMINISTRATORS, Access
from server.erasure.models import Erasure
from server.erasure.problems import NoSuchErasure


def erasures(access: Access) -> QuerySet[Erasure]:
    """The erasures of the areas that the reader administers, the latest first."""
    rows = Erasure.objects.filter(access.within(roles=ADMINISTRATORS))
    return rows.select_related("submission__form", "asked_by", "decided_by")


def erasure(access: Access, number: int) -> Erasure:
    """One of `erasures`. Raises NoSuchErasure."""
    row = erasures(access).filter(pk=number).first()
    if row is None:
        raise NoSuchErasure
    return row


def may_ask(access: Access, area_code: str) -> bool:
    """Whether the reader may ask for the erasure of data of this area."""
    return access.may(ADMINISTRATORS, area_code)


def open_erasure(*, submission: int | None = None, person: UUID | None = None) -> Erasure | None:
    """The erasure of the record or person that waits for its decision."""
    return Erasure.objects.filter(
        submission=submission, person=person, state=Erasure.State.ASKED
    ).first()
