"""Says who may administer a form: an administrator of every area that the form concerns (decision 0241).

A form concerns its home, which are the areas of the administrator who was the first to use
its form_id, and everybody it is offered to: the areas of its audience, and each area in which
a worker of its audience serves. Whoever lacks one of them changes nothing of the form:
neither its versions, files and drafts, nor its audience, state, approval and keys.

The services of this room ask here, so that every door and command follows the one rule. They
take the user who acts; None is a command on the server, which may do everything.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from operator import attrgetter
from typing import Final

from server.accounts.access import PUBLISHERS, Access, access_of, common_prefix
from server.accounts.models import Role, RoleGrant, User
from server.core.request_problems import NotAllowed
from server.forms.models import EncryptionKey, Form, FormAudience, FormDraft, FormHome
from server.forms.problems import AudienceTooWide, FormConcernsOtherAreas

EVERYWHERE: Final = ("",)


def require(actor: User | None, form_id: str) -> None:
    """Refuse an actor who is not an administrator of every area that the form concerns.

    Raises NotAllowed for users who administer no area, FormConcernsOtherAreas for others.
    """
    areas = administered(actor)
    if not areas:
        raise NotAllowed
    if areas == EVERYWHERE:
        return
    if outside := _outside(areas, concerned([form_id]).get(form_id, EVERYWHERE)):
        raise FormConcernsOtherAreas(form_id=form_id[:100], areas=outside)


def claim(actor: User | None, form_id: str) -> None:
    """`require`; the first to use a form_id gives the form its home. In the caller's transaction."""
    home = administered(actor)
    if not home:
        raise NotAllowed
    if not _is_used(form_id):
        FormHome.objects.get_or_create(form_id=form_id, defaults={"areas": list(home)})
    require(actor, form_id)


def release(form_id: str) -> None:
    """Forget the home of a form_id that nothing uses any more, so that others may use it."""
    if not _is_used(form_id):
        FormHome.objects.filter(form_id=form_id).delete()


def require_audience(
    actor: User | None, *, areas: Iterable[str] = (), users: Collection[User] = ()
) -> None:
    """Refuse areas, and workers who serve in an area, that the actor does not administer. Raises AudienceTooWide."""
    served = RoleGrant.objects.filter(user__in=users, role=Role.WORKER).values_list("area")
    wanted = {*areas, *(area for (area,) in served)}
    if outside := _outside(administered(actor), wanted):
        raise AudienceTooWide(areas=outside)


def require_key(actor: User | None, key: EncryptionKey) -> None:
    """`require` for the form that the key was made for, or that was the first to carry it.

    A public key can be copied into any workbook; a form that carries it later is not asked
    for. Raises NotAllowed, FormConcernsOtherAreas.
    """
    if form_id := form_of_key(key):
        require(actor, form_id)
    elif not administered(actor):
        raise NotAllowed


def form_of_key(key: EncryptionKey) -> str:
    """The form_id of the form that `require_key` asks for; "" when no form carries the key."""
    if key.form_id:
        return key.form_id
    first = min(key.form_versions.all(), key=attrgetter("published_at", "pk"), default=None)
    return first.form.form_id if first else ""


def may_administer(access: Access, form_ids: Collection[str]) -> set[str]:
    """Those of the forms whose every area the user administers. At most three queries."""
    areas = access.areas(PUBLISHERS)
    if not areas:
        return set()
    if areas == EVERYWHERE:
        return set(form_ids)
    by_form = concerned(form_ids)
    return {
        form_id for form_id in form_ids if not _outside(areas, by_form.get(form_id, EVERYWHERE))
    }


def concerned(form_ids: Collection[str]) -> dict[str, set[str]]:
    """The areas that each form concerns; a form without a home is at home everywhere."""
    homes = dict(FormHome.objects.filter(form_id__in=form_ids).values_list("form_id", "areas"))
    areas = {form_id: set(homes.get(form_id, EVERYWHERE)) for form_id in form_ids}
    audience = FormAudience.objects.filter(form__form_id__in=form_ids)
    offered = audience.filter(user=None).values_list("form__form_id", "area")
    served = audience.filter(user__grants__role=Role.WORKER)
    for form_id, area in (*offered, *served.values_list("form__form_id", "user__grants__area")):
        areas[form_id].add(area)
    return areas


def area_of(form_id: str) -> str:
    """The narrowest area that contains all areas that the form concerns."""
    return common_prefix(sorted(concerned([form_id])[form_id]))


def area_of_key(key: EncryptionKey) -> str:
    """`area_of` for the form that `require_key` asks for; "" when no form carries the key."""
    form_id = form_of_key(key)
    return area_of(form_id) if form_id else ""


def administered(actor: User | None) -> tuple[str, ...]:
    """The areas that the actor administers."""
    return EVERYWHERE if actor is None else access_of(actor).areas(PUBLISHERS)


def _outside(areas: Collection[str], wanted: Iterable[str]) -> list[str]:
    """Those of the wanted areas that do not lie within the areas."""
    return sorted(area for area in wanted if not area.startswith(tuple(areas)))


def _is_used(form_id: str) -> bool:
    return any(
        model._default_manager.filter(form_id=form_id).exists()
        for model in (Form, FormDraft, EncryptionKey)
    )
