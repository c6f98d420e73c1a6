"""Filters of the lists of people, of workers, of their phones, and of the audit log."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django_filters.constants import EMPTY_VALUES

from server.accounts.access import ADMINISTRATORS
from server.accounts.models import FieldAccount, Role, RoleGrant, User
from server.accounts.selectors import workers
from server.audit.models import Act, AuditEntry
from server.core.filters import AnyOf, Flag, ListFilters, OneOf, Ordering, Search, Since, Until
from server.geo.codes import code_prefix
from server.geo.filters import Area


def worker_options(access: Any) -> Iterable[tuple[str, str]]:
    """The community workers of the reader's areas: user name and name."""
    rows = workers(access).prefetch_related(None).order_by("name", "username")
    return [(worker.username, str(worker)) for worker in rows]


class FieldAccountFilters(ListFilters):
    """Filters of the list of field accounts (phones)."""

    user = OneOf(field_name="user__username", label=_("Worker"), options=worker_options)
    active = Flag(
        field_name="revoked_at",
        lookup_expr="isnull",
        label=_("State"),
        help_text="Not revoked.",
        yes=_("active"),
        no=_("revoked"),
    )
    search = Search(
        ("user__username", "user__name", "label"),
        label=_("User name, name or label"),
        help_text="username, name, label",
    )
    ordering = Ordering("created_at", renamed={"user__username": "username"})

    class Meta:
        model = FieldAccount
        fields = ()


class _AreaOfWork(Area):
    """Workers who serve a division or a part of it."""

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        if value in EMPTY_VALUES:
            return qs
        grants = RoleGrant.objects.filter(role=Role.WORKER, area__startswith=code_prefix(value))
        return qs.filter(pk__in=grants.values("user"))


class WorkerFilters(ListFilters):
    """Filters of the list of community workers."""

    area = _AreaOfWork()
    search = Search(("username", "name"), label=_("User name or name"))

    class Meta:
        model = User
        fields = ()


class _RolesHeld(AnyOf):
    """People who hold one of the roles in an area that the reader administers."""

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        wanted = [text for text in value or () if text]
        return qs.filter(pk__in=_administered(self, role__in=wanted)) if wanted else qs


class _AreaOfRole(Area):
    """People who hold a role in a division or a part of it, as far as the reader administers that."""

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        if value in EMPTY_VALUES:
            return qs
        return qs.filter(pk__in=_administered(self, area__startswith=code_prefix(value)))


def _administered(chosen: Any, **which: Any) -> QuerySet[Any]:
    """The users with such a role where the reader is administrator: roles elsewhere must not show by a filter."""
    inside = chosen.parent.access.within("area", ADMINISTRATORS)
    return RoleGrant.objects.filter(inside, **which).values("user")


class PersonFilters(ListFilters):
    """Filters of the list of people who log in."""

    area = _AreaOfRole()
    role = _RolesHeld(
        label=_("Role"), codes=lambda: Role.values, options=lambda _access: Role.choices
    )
    active = Flag(field_name="is_active", label=_("State"), yes=_("let in"), no=_("inactive"))
    search = Search(("username", "name"), label=_("User name or name"))

    class Meta:
        model = User
        fields = ()


class AuditFilters(ListFilters):
    """Filters of the audit log."""

    actor = OneOf(field_name="actor_name", label=_("User name"))
    act = AnyOf(
        field_name="act",
        lookup_expr="in",
        label=_("Act"),
        codes=lambda: Act.values,
        options=lambda _access: Act.choices,
    )
    object_type = OneOf(field_name="object_type", label=_("Kind of object"))
    object_id = OneOf(field_name="object_id", label=_("Object"))
    area = Area()
    at_from = Since(field_name="at", label=_("From"))
    at_to = Until(field_name="at", label=_("Until"))

    class Meta:
        model = AuditEntry
        fields = ()
