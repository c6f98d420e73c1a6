"""Settings of the QR codes per area: who keeps them, and which hold for a worker (openrosa.md, Field accounts)."""

from __future__ import annotations

from collections.abc import Collection
from itertools import chain
from typing import Any, Final

from django.db import transaction
from django.db.models import QuerySet

from server.accounts.access import ADMINISTRATORS, Access, common_prefix
from server.accounts.collect import PROTECTED, AreaSettings
from server.accounts.models import PhoneSettings, RoleGrant, User
from server.accounts.problems import BadPhoneSetting, NoPhoneSettings
from server.accounts.roles import area_prefix
from server.audit.models import Act
from server.audit.services import record
from server.core import clock
from server.core.request_problems import NotAllowed
from server.core.sealing import seal, unseal

_PURPOSE: Final = "admin password of phones"
_LONGEST: Final = 64


def settings_of(access: Access) -> QuerySet[PhoneSettings]:
    """The settings of the areas in which the reader is administrator."""
    return PhoneSettings.objects.filter(access.within("area", ADMINISTRATORS))


def chosen_for(user: User) -> AreaSettings:
    """The settings for a worker's phone: those of the narrowest area that contains all areas the worker sends from."""
    return chosen_for_each([user])[user.pk]


def chosen_for_each(users: Collection[User]) -> dict[int, AreaSettings]:
    """The settings for the phones of many workers by their ids, in two queries: the areas' own, those around, or the defaults."""
    held: dict[int, list[tuple[str, str]]] = {user.pk: [] for user in users}
    grants = RoleGrant.objects.filter(user__in=held, user__is_active=True)
    for user_id, role, area in grants.values_list("user_id", "role", "area"):
        held[user_id].append((role, area))
    areas = {
        user_id: common_prefix(Access(user_id=user_id, grants=tuple(grants)).sends_from())
        for user_id, grants in held.items()
    }
    around = {
        area: [area[:length] for length in range(len(area), -1, -1)] for area in areas.values()
    }
    rows = PhoneSettings.objects.filter(area__in=set(chain.from_iterable(around.values())))
    kept = {row.area: _chosen(row) for row in rows}
    return {
        user_id: next((kept[code] for code in around[area] if code in kept), AreaSettings())
        for user_id, area in areas.items()
    }


def _chosen(nearest: PhoneSettings) -> AreaSettings:
    sealed = bytes(nearest.admin_password)
    return AreaSettings(
        deletes_sent=nearest.deletes_sent,
        names_worker=nearest.names_worker,
        may_change=tuple(nearest.may_change),
        admin_password=unseal(sealed, _PURPOSE).decode() if sealed else "",
    )


@transaction.atomic
def keep_settings(
    *,
    area: str,
    admin_password: str | None,
    deletes_sent: bool,
    names_worker: bool,
    may_change: Collection[str],
    user: User,
    access: Access,
) -> PhoneSettings:
    """Make an area's settings what is given; codes made from now on have them.

    `admin_password`: None keeps the present one, "" removes it. Locks the settings.
    Raises BadArea, NotAllowed, BadPhoneSetting.
    """
    area = _administered(area, access)
    for key in may_change:
        if key not in PROTECTED:
            raise BadPhoneSetting(setting=key[:40], known=", ".join(PROTECTED))
    if admin_password and len(admin_password) > _LONGEST:
        raise BadPhoneSetting(setting="admin_password", known=f"1–{_LONGEST}")
    kept = PhoneSettings.objects.select_for_update().filter(area=area).first()
    before = _facts(kept) if kept else None
    row = kept or PhoneSettings(area=area)
    row.deletes_sent, row.names_worker = deletes_sent, names_worker
    row.may_change = [key for key in PROTECTED if key in may_change]
    if admin_password is not None:
        row.admin_password = seal(admin_password.encode(), _PURPOSE) if admin_password else b""
    row.changed_at, row.changed_by = clock.now(), user
    row.save()
    facts = {"new_password": bool(admin_password)}
    _record(row, user, before=before, after=_facts(row), facts=facts)
    return row


@transaction.atomic
def remove_settings(*, area: str, user: User, access: Access) -> None:
    """Remove an area's settings, so that those of the area around it hold. Raises BadArea, NotAllowed, NoPhoneSettings."""
    area = _administered(area, access)
    row = PhoneSettings.objects.select_for_update().filter(area=area).first()
    if row is None:
        raise NoPhoneSettings(area=area)
    _record(row, user, before=_facts(row), after=None, facts={})
    row.delete()


def _administered(area: str, access: Access) -> str:
    prefix = area_prefix(area)
    if not access.may(ADMINISTRATORS, prefix):
        raise NotAllowed
    return prefix


def _facts(row: PhoneSettings) -> dict[str, Any]:
    """What the audit log keeps: whether there is a password, never the password."""
    return {
        "has_admin_password": bool(row.admin_password),
        "deletes_sent": row.deletes_sent,
        "names_worker": row.names_worker,
        "may_change": row.may_change,
    }


def _record(row: PhoneSettings, user: User, *, before: Any, after: Any, facts: Any) -> None:
    record(
        Act.PHONE_SETTINGS,
        actor=user,
        object_type="phonesettings",
        object_id=row.pk,
        area=row.area,
        before=before,
        after=after,
        facts=facts,
    )
