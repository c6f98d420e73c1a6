"""Gives and takes roles in areas, with their days (decisions 0266, 0310)."""

from __future__ import annotations

import re
from datetime import date

from django.db import transaction

from server.accounts.access import ADMINISTRATORS, access_of
from server.accounts.models import FormerGrant, Role, RoleGrant, User
from server.accounts.problems import BadArea, BadDay, NoSuchRole, OwnAccount
from server.audit.models import Act
from server.audit.services import record
from server.core import clock
from server.core.request_problems import NotAllowed
from server.geo.codes import code_prefix
from server.geo.models import Division


@transaction.atomic
def grant(
    *, user: User, role: str, area: str, since: date | None = None, actor: User | None = None
) -> RoleGrant:
    """Give a role in an area: a division's code or its leading digits, "" for everywhere.

    It opens the area from the next request on. `since` is the first day, today if None: a
    worker who was sent there last week says so, and the day counts for visits once the role has ended.

    A 12-digit code is cut to the digits of the division's level, so that a street's code
    covers its communities. A role that the user holds there already is returned. Without an
    actor it is given from the command line.
    Raises BadArea, BadDay; NotAllowed unless the actor is administrator of that area, OwnAccount.
    """
    prefix, first = area_prefix(area), _past_day(since)
    _require_administrator(user, prefix, actor)
    role_grant, is_new = RoleGrant.objects.get_or_create(
        user=user, role=Role(role), area=prefix, defaults={"since": first}
    )
    if is_new:
        _record_role(Act.ROLE_GRANTED, role_grant, actor)
    return role_grant


@transaction.atomic
def take_role(
    *,
    user: User,
    role: str,
    area: str,
    until: date | None = None,
    is_revoked: bool = False,
    actor: User | None,
) -> FormerGrant:
    """Take away a role that the user holds in exactly this area, from the next request on.

    `until` is the last day, today if None. Records of visits up to that day still count when
    the worker, who works elsewhere now, sends them later; with `is_revoked` they do not
    (decision 0310). Raises NoSuchRole, BadDay; NotAllowed unless the actor is administrator of that area, OwnAccount.
    """
    prefixes = {area, code_prefix(area)} if len(area) == 12 else {area}
    held = user.grants.filter(role=role, area__in=prefixes).select_for_update().first()
    if held is None:
        raise NoSuchRole(username=user.username)
    last = _past_day(until)
    if last < held.since:
        raise BadDay(day=last)
    _require_administrator(user, held.area, actor)
    former = FormerGrant.objects.create(
        user=user,
        role=held.role,
        area=held.area,
        since=held.since,
        until=last,
        is_revoked=is_revoked,
    )
    if is_revoked:
        user.former_grants.filter(role=held.role, area=held.area).update(is_revoked=True)
    _record_role(Act.ROLE_TAKEN, held, actor, until=str(last), is_revoked=is_revoked)
    held.delete()
    return former


def _past_day(day: date | None) -> date:
    """The day that was stated, or today. Raises BadDay for a day to come."""
    today = clock.today()
    if day is not None and day > today:
        raise BadDay(day=day)
    return day or today


def follow_code(*, old: str, new: str, is_undone: bool) -> None:
    """Let whoever holds a community hold it under its new code, too (decision 0358).

    The former code stays held, so that its old reports and records stay seen. Once a new code
    is taken back, nobody holds it. Part of the caller's transaction.
    """
    held = RoleGrant.objects.filter(area=old)
    RoleGrant.objects.bulk_create(
        (RoleGrant(user_id=row.user_id, role=row.role, area=new, since=row.since) for row in held),
        ignore_conflicts=True,
    )
    if is_undone:
        held.delete()


def distrust(user: User) -> None:
    """Let no visit count any more in the areas that the user has left."""
    FormerGrant.objects.filter(user=user).update(is_revoked=True)


def _record_role(act: Act, held: RoleGrant, actor: User | None, **facts: object) -> None:
    """Record that a role was given or taken, in the role's area."""
    role = {"role": held.role, "area": held.area, "since": str(held.since)}
    before, after = (None, role) if act == Act.ROLE_GRANTED else (role, None)
    record(
        act,
        actor=actor,
        object_type="user",
        object_id=held.user.username,
        area=held.area,
        before=before,
        after=after,
        facts=facts,
    )


def _require_administrator(user: User, area: str, actor: User | None) -> None:
    """Refuse unless the actor may give and take roles of this person in the area. Raises NotAllowed, OwnAccount."""
    if actor is None:
        return
    if actor.pk == user.pk:
        raise OwnAccount
    if not access_of(actor).may(ADMINISTRATORS, area):
        raise NotAllowed


def area_prefix(area: str) -> str:
    """The leading digits that all codes of an area share. Raises BadArea."""
    if area == "":
        return area
    if not re.fullmatch(r"\d{1,12}", area):
        raise BadArea(area=area[:40])
    if len(area) == 12:
        division = Division.objects.filter(code=area).first()
        if division is None:
            raise BadArea(area=area)
        return division.prefix
    if not Division.objects.filter(code__startswith=area).exists():
        raise BadArea(area=area)
    return area
