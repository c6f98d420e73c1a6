"""App users, which are workers with a phone; the forms that they are offered; and who holds which role."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest

from server.accounts import collect, services
from server.accounts.access import REVIEWERS, access_of
from server.accounts.models import Role, User
from server.accounts.phone_settings import chosen_for
from server.accounts.selectors import grants_near, manageable_workers, people
from server.central import bodies, shapes
from server.central.endpoint import Call
from server.central.reading import published_form
from server.core.request_problems import InvalidRequest, NotAllowed, NothingHere
from server.forms import selectors as forms
from server.forms.services import offer, withdraw

DONE: Final = {"success": True}
APP_USER: Final = "app-user"
_LONGEST_NAME: Final = 100
_SEARCHED: Final = 50


def app_users(call: Call) -> list[dict[str, Any]]:
    """The workers whose phones the caller may manage; their tokens are not kept, so that none is shown again."""
    if not call.access.areas(REVIEWERS):
        raise NotAllowed
    rows = manageable_workers(call.access).filter(is_active=True)
    rows = rows.prefetch_related("grants", "field_accounts")
    return [shapes.app_user(worker) for worker in rows]


def create(call: Call) -> dict[str, Any]:
    """Make a worker with a phone: `displayName`, and `area` when the caller reviews several areas.

    The answer alone has the token, the address for Collect, and the text of the QR code.
    """
    held = call.access.areas(REVIEWERS)
    if not held:
        raise NotAllowed
    body = bodies.read_json(call.request)
    name, area = bodies.text_member(body, "displayName"), bodies.text_member(body, "area")
    if not name or len(name) > _LONGEST_NAME:
        raise InvalidRequest(errors=[{"pointer": "#/displayName"}])
    if not area and (len(held) > 1 or held == ("",)):
        raise InvalidRequest(errors=[{"pointer": "#/area"}])
    new = services.add_worker(
        username=f"app-{secrets.token_hex(5)}",
        name=name,
        areas=[area or held[0]],
        label=name,
        actor=call.user,
    )
    address = collect.base_url(_server(call.request), new.token)
    code = collect.settings(
        server_url=address, project=name, person=new.user.username, chosen=chosen_for(new.user)
    )
    return shapes.app_user(new.user) | {
        "token": new.token,
        "serverUrl": address,
        "qrCode": collect.code_text(code),
    }


def remove(call: Call, actor: str) -> dict[str, Any]:
    """Shut the phones of a worker out for good. Raises NothingHere."""
    services.shut_out(user=_worker(call, actor), at=call.now, actor=call.user)
    return DONE


def roles(call: Call) -> list[dict[str, Any]]:
    """Central's roles, as far as roles here are like them."""
    return [shapes.role(number, system) for number, system in shapes.ROLES.items()]


def role(call: Call, role: str) -> dict[str, Any]:
    """One role, by its number or its name."""
    number = _role(role)
    return shapes.role(number, shapes.ROLES[number])


def assignments(call: Call) -> list[dict[str, Any]]:
    """Who holds which role in, or over, an area of the caller's."""
    rows = grants_near(call.access).exclude(role=Role.RESTRICTED).order_by("user", "role")
    held = dict.fromkeys((grant.user_id, shapes.ROLE_OF[Role(grant.role)]) for grant in rows)
    return [{"actorId": user, "roleId": number} for user, number in held]


def holders(call: Call, role: str) -> list[dict[str, Any]]:
    """The people who hold a role in, or over, an area of the caller's."""
    number = _role(role)
    own = [name for name, of in shapes.ROLE_OF.items() if of == number]
    rows = User.objects.filter(grants__in=grants_near(call.access).filter(role__in=own))
    return _people(rows.distinct().order_by("username"))


def users(call: Call) -> list[dict[str, Any]]:
    """The people whom the caller administers, whose name begins with `q`; Central's `email` is the user name."""
    rows = people(call.access)
    if begun := call.request.GET.get("q", "").strip():
        rows = rows.filter(username__istartswith=begun[:150])[:_SEARCHED]
    return [shapes.current_user(user) for user in rows]


def form_assignments(call: Call, form: str) -> list[dict[str, Any]]:
    """The workers to whom the form is offered by name."""
    return [{"actorId": user.pk, "roleId": shapes.APP_USER} for user in _offered(call, form)]


def form_holders(call: Call, form: str, role: str) -> list[dict[str, Any]]:
    """The same as people; nobody but app users is assigned to a form."""
    return _people(_offered(call, form)) if _role(role) == shapes.APP_USER else []


def assign(call: Call, form: str, role: str, actor: str) -> dict[str, Any]:
    """Offer the form to a worker. Raises NotAllowed, FormConcernsOtherAreas, AudienceTooWide."""
    chosen, worker = published_form(call, form), _assigned(call, role, actor)
    offer(form=chosen, users=[worker], actor=call.user)
    return DONE


def unassign(call: Call, form: str, role: str, actor: str) -> dict[str, Any]:
    """Offer the form to a worker no more; areas of its audience stay."""
    chosen, worker = published_form(call, form), _assigned(call, role, actor)
    withdraw(form=chosen, users=[worker], actor=call.user)
    return DONE


def _offered(call: Call, form: str) -> list[User]:
    rows = forms.audiences(call.access).filter(form=published_form(call, form))
    return [row.user for row in rows.exclude(user=None).order_by("user__username") if row.user]


def _assigned(call: Call, role: str, actor: str) -> User:
    if not access_of(call.user).areas():
        raise NothingHere
    if _role(role) != shapes.APP_USER:
        raise InvalidRequest(errors=[{"pointer": "#/roleId"}])
    return _worker(call, actor)


def _worker(call: Call, actor: str) -> User:
    """A worker whose phones the caller may manage. Raises NotAllowed, NothingHere."""
    if not call.access.areas(REVIEWERS):
        raise NotAllowed
    number = int(actor) if actor.isascii() and actor.isdigit() and len(actor) < 10 else 0
    worker = manageable_workers(call.access).filter(pk=number).first()
    if worker is None:
        raise NothingHere
    return worker


def _role(text: str) -> int:
    """The number of a role, given by its number or its name. Raises NothingHere."""
    for number, system in shapes.ROLES.items():
        if text in (str(number), system):
            return number
    raise NothingHere


def _people(rows: Iterable[User]) -> list[dict[str, Any]]:
    return [shapes.person(user) for user in rows]


def _server(request: HttpRequest) -> str:
    """The address of the server, as phones reach it."""
    known: str = settings.RUHU_BASE_URL
    return known or request.build_absolute_uri("/")
