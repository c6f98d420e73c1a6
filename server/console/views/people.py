"""People who log in: who holds which role where, for administrators of their areas."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from server.accounts import identity_provider, second_factors, selectors, services
from server.accounts.access import ADMINISTRATORS, Access
from server.accounts.models import FormerGrant, Role, RoleGrant, User
from server.accounts.problems import BadName, BadUserName, NameTaken
from server.accounts.sessions import sessions_of
from server.console import office_sign_in
from server.console.account_lists import people_list
from server.console.forms import GiveRoleForm, NewUserForm, TakeRoleForm, checked
from server.console.listing import render_listing
from server.console.pages import StaffRequest, area_choices, area_names, staff_page
from server.core import clock


@staff_page(roles=ADMINISTRATORS)
def people(request: StaffRequest) -> HttpResponse:
    """The people who hold a role in the areas that the user administers."""
    return render_listing(
        request,
        people_list(request),
        subtitle=_("who may do what in the areas that you administer"),
        actions=[(reverse("console:new-user"), _("Add a person"))],
        empty=_("Nobody yet. Add a person."),
    )


@staff_page("GET", "HEAD", "POST", roles=ADMINISTRATORS)
def new_user(request: StaffRequest) -> HttpResponse:
    """Make a user and show the password, on this page only; or give the role to whoever has the user name already."""
    form = NewUserForm(request.POST or None, areas=_choices(request.access))
    if request.method != "POST" or not form.is_valid():
        status = 200 if request.method != "POST" else 400
        return render(request, "console/people/new.html", {"form": form}, status=status)
    given = form.cleaned_data
    if "existing" in request.POST:
        user = selectors.user_named(given["username"])
        services.grant(user=user, role=given["role"], area=given["area"], actor=request.user)
        return _done(request, user, _("{name} holds the role now.").format(name=user))
    try:
        new = services.create_user(
            username=given["username"],
            name=given["name"],
            role=given["role"],
            areas=[given["area"]],
            actor=request.user,
        )
    except (NameTaken, BadUserName, BadName) as problem:
        form.add_error("name" if isinstance(problem, BadName) else "username", str(problem))
        context = {"form": form, "is_taken": isinstance(problem, NameTaken)}
        return render(request, "console/people/new.html", context, status=problem.status)
    return _password(request, new.user, new.password)


@staff_page(roles=ADMINISTRATORS)
def user(request: StaffRequest, user_id: int) -> HttpResponse:
    """A person's roles in the user's areas, and what can be done about the account."""
    person = _person(request, user_id)
    grants = selectors.administered_grants(request.access, person)
    former = selectors.administered_former_grants(request.access, person)
    is_own = person.pk == request.user.pk
    context = {
        "person": person,
        "grants": grants,
        "former": former,
        "today": clock.today(),
        "areas": _names([*grants, *former]),
        "is_own": is_own,
        "is_whole": selectors.is_administered(request.access, person) and not is_own,
        "may_set_password": selectors.may_set_password(request.access, person) and not is_own,
        "factors": list(second_factors.factors_of(person)),
        "office_name": office_sign_in.name(),
        "subject": identity_provider.subject_of(person),
        "n_sessions": sessions_of(person).count(),
        "n_phones": sum(account.revoked_at is None for account in person.field_accounts.all()),
        "is_worker": any(grant.role == Role.WORKER for grant in grants),
        "form": GiveRoleForm(areas=_choices(request.access)),
    }
    return render(request, "console/people/user.html", context)


@staff_page("POST", roles=ADMINISTRATORS)
def give_role(request: StaffRequest, user_id: int) -> HttpResponse:
    """Give a role in an area."""
    person = _person(request, user_id)
    given = checked(GiveRoleForm(request.POST, areas=_choices(request.access)))
    services.grant(user=person, **given, actor=request.user)
    return _done(request, person, _("{name} holds the role now.").format(name=person))


@staff_page("POST", roles=ADMINISTRATORS)
def take_role(request: StaffRequest, user_id: int, number: int) -> HttpResponse:
    """Take one role away."""
    person = _person(request, user_id)
    held = get_object_or_404(person.grants.all(), pk=number)
    taken = checked(TakeRoleForm(request.POST))
    services.take_role(user=person, role=held.role, area=held.area, **taken, actor=request.user)
    messages.success(request, _("{name} no longer holds the role.").format(name=person))
    if selectors.people(request.access).filter(pk=person.pk).exists():
        return redirect("console:user", person.pk)
    return redirect("console:people")


@staff_page("POST", roles=ADMINISTRATORS)
def hand_out_password(request: StaffRequest, user_id: int) -> HttpResponse:
    """Replace the password and show the new one, on this page only."""
    person = _person(request, user_id)
    return _password(request, person, services.replace_password(user=person, actor=request.user))


@staff_page("POST", roles=ADMINISTRATORS)
def set_user_state(request: StaffRequest, user_id: int) -> HttpResponse:
    """Let the person in again, or shut the person out of every door."""
    person = _person(request, user_id)
    services.set_active(
        user=person, is_active=request.POST.get("active") == "yes", actor=request.user
    )
    text = _("{name} is let in again.") if person.is_active else _("{name} is shut out.")
    return _done(request, person, text.format(name=person))


@staff_page("POST", roles=ADMINISTRATORS)
def reset_factors(request: StaffRequest, user_id: int) -> HttpResponse:
    """Remove the second factors of somebody who has lost them."""
    person = _person(request, user_id)
    second_factors.reset(user=person, actor=request.user)
    text = _("{name} logs in with the password alone now, and can set up a new second factor.")
    return _done(request, person, text.format(name=person))


@staff_page("POST", roles=ADMINISTRATORS)
def link_to_office(request: StaffRequest, user_id: int) -> HttpResponse:
    """Link the account to a subject of the identity provider."""
    person = _person(request, user_id)
    subject = request.POST.get("subject", "")
    identity_provider.link(user=person, subject=subject, actor=request.user)
    text = _("{name} can sign in with the office account now.")
    return _done(request, person, text.format(name=person))


@staff_page("POST", roles=ADMINISTRATORS)
def unlink_from_office(request: StaffRequest, user_id: int) -> HttpResponse:
    """Take the link away."""
    person = _person(request, user_id)
    identity_provider.unlink(user=person, actor=request.user)
    text = _("{name} logs in with the password alone now; all sessions have ended.")
    return _done(request, person, text.format(name=person))


@staff_page("POST", roles=ADMINISTRATORS)
def end_sessions(request: StaffRequest, user_id: int) -> HttpResponse:
    """End all sessions of the person."""
    person = _person(request, user_id)
    ended = services.end_sessions(user=person, actor=request.user)
    text = ngettext("{n} session ended.", "{n} sessions ended.", ended)
    return _done(request, person, text.format(n=ended))


def _person(request: StaffRequest, user_id: int) -> User:
    return get_object_or_404(selectors.people(request.access), pk=user_id)


def _done(request: StaffRequest, person: User, message: str) -> HttpResponse:
    messages.success(request, message)
    return redirect("console:user", person.pk)


def _password(request: StaffRequest, person: User, password: str) -> HttpResponse:
    context = {"person": person, "password": password}
    return render(request, "console/people/password.html", context)


def _choices(access: Access) -> list[tuple[str, str]]:
    """The areas that the user may give roles in; everywhere only for an administrator of everywhere."""
    everywhere = [("", _("everywhere"))] if access.administers([""]) else []
    mine = area_choices(access.held_as(ADMINISTRATORS))
    return [*everywhere, *(choice for choice in mine if access.may(ADMINISTRATORS, choice[0]))]


def _names(grants: Iterable[RoleGrant | FormerGrant]) -> dict[str, str]:
    return area_names(grant.area.ljust(12, "0") for grant in grants if grant.area)
