"""Which division may get which name from a day on, and who gives it (decision 0382)."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from server.audit.models import Act
from server.audit.services import record
from server.core import clock
from server.core.request_problems import NotAllowed, NothingHere
from server.geo.models import PREFIX_LENGTH, Division, DivisionChange, Level
from server.geo.problems import ChangeRefused
from server.geo.selectors import divisions

if TYPE_CHECKING:
    from server.accounts.access import Access


class Rename(NamedTuple):
    """A division's new name and its first day."""

    code: str  # whole
    name: str
    name_en: str
    takes_effect_on: date


def may_rename(access: Access, division: Division) -> bool:
    """Whether the user administers the county of a street or community, or what lies above a county or city."""
    if division.level > Level.COUNTY:
        return access.administers([division.code[: PREFIX_LENGTH[Level.COUNTY]].removesuffix("00")])
    return access.administers([division.parent.prefix if division.parent else ""])


def division_to_change(code: str, access: Access) -> Division:
    """The division whose name or code the user may change. Raises NothingHere, NotAllowed."""
    division = divisions(access).select_related("parent").filter(code=code).first()
    if division is None:
        raise NothingHere
    if not may_rename(access, division):
        raise NotAllowed
    return division


def record_change(
    act: Act, change: DivisionChange, *, before: str, after: str, actor: Access, reason: str
) -> None:
    """Log that a division got another name or code, or got the former one back."""
    record(
        act,
        actor=actor,
        object_type="division",
        object_id=change.division_id,
        area=change.division_id,
        reason=reason,
        facts={
            "before": before,
            "after": after,
            "day": change.takes_effect_on.isoformat(),
            "evidence": change.evidence,
        },
    )


def check_rename(rename: Rename, access: Access) -> Division:
    """The division of a rename that could be made now. Raises NothingHere, NotAllowed, ChangeRefused."""
    division = division_to_change(rename.code, access)
    if reason := _fault(rename, division):
        raise ChangeRefused(reason=reason)
    return division


def _fault(rename: Rename, division: Division) -> str | Promise | None:
    """Why the division cannot be renamed so; None if it can."""
    day = rename.takes_effect_on
    if (rename.name, rename.name_en) == (division.name, division.name_en):
        return _("The division has this name already.")
    if day > clock.today():
        return _("The day lies ahead; enter the change on {day}.").format(day=day)
    if division.valid_from and day <= division.valid_from:
        return _("The division exists since {day} only.").format(day=division.valid_from)
    if division.valid_to and day >= division.valid_to:
        return _("The division ended on {day}.").format(day=division.valid_to)
    last = last_change(division)
    if last is not None and day <= last.takes_effect_on:
        return _(
            "The division was renamed on {day}; give a later day, or undo that change."
        ).format(day=last.takes_effect_on)
    beside = Division.objects.filter(parent=division.parent_id, name=rename.name, valid_to=None)
    if other := beside.exclude(pk=division.pk).first():
        return _("{code} beside it has this name.").format(code=other.code)
    return None


def last_change(division: Division) -> DivisionChange | None:
    """The change of name that stands and took effect last."""
    return division.changes.filter(undone_at=None).order_by("-takes_effect_on").first()
