"""Gives a community another code from a day on, and takes it back (decision 0358)."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from django.conf import settings
from django.db import transaction
from django.utils.functional import Promise
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from server.audit.models import Act
from server.core import clock
from server.geo.codes import level_of
from server.geo.models import PREFIX_LENGTH, Boundary, ChangeKind, Division, DivisionChange, Level
from server.geo.problems import ChangeRefused
from server.geo.renames import division_to_change, last_change, record_change

if TYPE_CHECKING:
    from server.accounts.access import Access


class Renumbering(NamedTuple):
    """A community's new code, and its first day."""

    code: str  # whole
    new_code: str  # whole
    takes_effect_on: date


def check_renumbering(asked: Renumbering, access: Access) -> Division:
    """The community of a new code that could be given now. Raises NothingHere, NotAllowed, ChangeRefused."""
    division = division_to_change(asked.code, access)
    if reason := _fault(asked, division):
        raise ChangeRefused(reason=reason)
    return division


def _fault(asked: Renumbering, division: Division) -> str | Promise | None:
    """Why the division cannot get the code; None if it can."""
    day = asked.takes_effect_on
    if division.level != Level.COMMUNITY:
        return _("Only a community gets another code here; streets and counties do not yet.")
    if level_of(asked.new_code) != Level.COMMUNITY:
        return _("{code} is not the code of a community.").format(code=asked.new_code)
    street = PREFIX_LENGTH[Level.STREET]
    if asked.new_code[:street] != asked.code[:street]:
        return _("{code} lies in another street; a community keeps its street here.").format(
            code=asked.new_code
        )
    if taken := Division.objects.filter(pk=asked.new_code).first():
        return _("{code} is the code of {name} already.").format(code=taken.code, name=taken)
    if day > clock.today():
        return _("The day lies ahead; enter the change on {day}.").format(day=day)
    if division.valid_to:
        return _("The division ended on {day}.").format(day=division.valid_to)
    if division.valid_from and day <= division.valid_from:
        return _("The division exists since {day} only.").format(day=division.valid_from)
    last = last_change(division)
    if last is not None and day <= last.takes_effect_on:
        return _(
            "The division was renamed on {day}; give a later day, or undo that change."
        ).format(day=last.takes_effect_on)
    if division.boundaries.filter(valid_from__gte=day).exists():
        return _("The division has an outline that begins on {day} or later.").format(day=day)
    return None


@transaction.atomic
def renumber_division(
    asked: Renumbering, *, reason: str, evidence: str, actor: Access
) -> DivisionChange:
    """Give a community another code from a day on: it ends, and a division with the new code follows it.

    What follows the code is done by the steps of settings.AFTER_RENUMBERING; the worker brings
    the ledgers in step afterwards. Locks the division. Raises NothingHere, NotAllowed, ChangeRefused.
    """
    Division.objects.select_for_update().filter(code=asked.code).first()
    division = check_renumbering(asked, actor)
    day = asked.takes_effect_on
    follower = Division.objects.create(
        code=asked.new_code,
        level=division.level,
        parent_id=division.parent_id,
        name=division.name,
        name_en=division.name_en,
        valid_from=day,
    )
    division.valid_to = day
    division.save(update_fields=("valid_to",))
    division.successors.add(follower)
    for outline in division.boundaries.filter(valid_to=None):
        Boundary.objects.create(
            division=follower, outline=outline.outline, valid_from=day, source=outline.source
        )
    division.boundaries.filter(valid_to=None).update(valid_to=day)
    change = DivisionChange.objects.create(
        kind=ChangeKind.RENUMBER,
        division=division,
        takes_effect_on=day,
        name_before=division.name,
        name_en_before=division.name_en,
        name=division.name,
        name_en=division.name_en,
        new_code=asked.new_code,
        reason=reason,
        evidence=evidence,
        made_at=clock.now(),
        made_by_id=actor.user_id,
    )
    _record(Act.DIVISION_RENUMBERED, change, actor, reason)
    _follow(asked.code, asked.new_code, is_undone=False)
    return change


def undo_renumbering(change: DivisionChange, *, reason: str, actor: Access) -> DivisionChange:
    """Take the new code back: the division with it is gone, and the former one goes on as before.

    Part of the caller's transaction, which holds the division. Raises ChangeRefused if either division changed since.
    """
    follower = Division.objects.select_for_update().get(pk=change.new_code)
    if follower.changes.filter(undone_at=None).exists():
        raise ChangeRefused(
            reason=_("{code} was renamed or renumbered since; undo that change first.").format(
                code=follower.code
            )
        )
    division = change.division
    same = (follower.name, follower.name_en, follower.valid_to, division.valid_to) == (
        change.name,
        change.name_en,
        None,
        change.takes_effect_on,
    )
    outlines = follower.boundaries.order_by("pk").values_list("valid_from", "valid_to")
    if not same or any(row != (change.takes_effect_on, None) for row in outlines):
        raise ChangeRefused(reason=_("A divisions file has changed one of the two since."))
    change.undone_at, change.undone_by_id = clock.now(), actor.user_id
    change.save(update_fields=("undone_at", "undone_by"))
    follower.changes.update(division=division)  # undone ones are kept
    follower.delete()
    division.boundaries.filter(valid_to=change.takes_effect_on).update(valid_to=None)
    division.valid_to = None
    division.save(update_fields=("valid_to",))
    _record(Act.DIVISION_RENUMBER_UNDONE, change, actor, reason)
    _follow(change.new_code, change.division_id, is_undone=True)
    return change


def _follow(old: str, new: str, *, is_undone: bool) -> None:
    for path in settings.AFTER_RENUMBERING:
        import_string(path)(old=old, new=new, is_undone=is_undone)


def _record(act: Act, change: DivisionChange, actor: Access, reason: str) -> None:
    codes = {"before": change.division_id, "after": change.new_code}
    record_change(act, change, **codes, actor=actor, reason=reason)
