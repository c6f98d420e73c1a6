"""Says what a user may see and do, and in which areas. Every selector of every room filters through this.

An area is a prefix of the 12-digit division code; "" is everywhere (security.md, Areas and access).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Q

from server.accounts.models import Role, RoleGrant, User
from server.core import row_security
from server.geo.codes import lies_in
from server.geo.models import PREFIX_LENGTH

READERS = frozenset({Role.WORKER, Role.STREET, Role.COUNTY, Role.ADMINISTRATOR})
REVIEWERS = frozenset({Role.STREET, Role.ADMINISTRATOR})
REVEALERS = frozenset({Role.STREET, Role.ADMINISTRATOR})
SENDERS = frozenset({Role.WORKER, Role.STREET, Role.ADMINISTRATOR})
PUBLISHERS = frozenset({Role.ADMINISTRATOR})
ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})
RESTRICTED = frozenset({Role.RESTRICTED})


@dataclass(frozen=True, slots=True)
class Access:
    """A user's role grants, loaded once per request."""

    user_id: int
    grants: tuple[tuple[str, str], ...]  # (role, area prefix)

    def areas(self, roles: Iterable[str] = READERS) -> tuple[str, ...]:
        """The area prefixes in which the user holds one of the roles; no prefix covers another."""
        wanted = set(roles)
        prefixes = sorted({area for role, area in self.grants if role in wanted})
        return tuple(
            area
            for area in prefixes
            if not any(area != wider and area.startswith(wider) for wider in prefixes)
        )

    def held_as(self, roles: Iterable[str]) -> Access:
        """The access that the user has by these roles alone."""
        wanted = set(roles)
        return Access(self.user_id, tuple(grant for grant in self.grants if grant[0] in wanted))

    def sends_from(self) -> tuple[str, ...]:
        """The areas whose records the user sends: those of the worker role, or else those of the office roles."""
        return self.areas({Role.WORKER}) or self.areas(SENDERS)

    def may(self, roles: Iterable[str], area_code: str) -> bool:
        """Whether the user holds one of the roles in this division."""
        return any(area_code.startswith(prefix) for prefix in self.areas(roles))

    def may_give(self, grants: Iterable[tuple[str, str]]) -> bool:
        """Whether the user may issue or replace credentials that open all these grants (role, area prefix).

        A password opens every role of its owner: whoever could set a colleague's password
        would hold the colleague's roles. Who holds no role may be given any next, so that only
        an administrator of everywhere sets that password.
        """
        return all(
            self.may(REVIEWERS if role == Role.WORKER else ADMINISTRATORS, area)
            for role, area in set(grants) or {(Role.ADMINISTRATOR, "")}
        )

    def administers(self, areas: Iterable[str]) -> bool:
        """Whether the user is administrator of all these areas; of no area at all, administrator of everywhere."""
        return all(self.may(ADMINISTRATORS, area) for area in set(areas) or {""})

    def reads(self) -> None:
        """From here on the request sees the rows of the user's areas in the database (core/row_security.py)."""
        row_security.read_as(self.areas(READERS), self.user_id)

    def within(self, field: str = "area_code", roles: Iterable[str] = READERS) -> Q:
        """A filter for the rows of the user's areas; without a grant it matches no row."""
        return within(self.areas(roles), field)


def read_as_everybody(area: str) -> None:
    """From here to the end of the request, see the rows of one area: for what an office shows without a log-in."""
    row_security.read_as((area,), None)


@dataclass(frozen=True, slots=True)
class Worker:
    """The worker behind a phone's request, and the areas whose forms and people the phone may hold."""

    user_id: int
    areas: tuple[str, ...]
    history: tuple[str, ...] = ()  # authority.HeldArea; empty for who never left an area


def access_of(user: User) -> Access:
    """The user's access, read in one query; an inactive or anonymous user has none."""
    if not user.is_active or user.pk is None:
        return Access(user_id=0, grants=())
    return Access(
        user_id=user.pk,
        grants=tuple(RoleGrant.objects.filter(user=user).values_list("role", "area")),
    )


def within(areas: Iterable[str], field: str = "area_code") -> Q:
    """A filter for rows whose area begins with one of the prefixes.

    For "" (everywhere) it is a condition that every row meets and that adds nothing to the
    SQL. An empty Q() would not do: Django drops it from an "or" and from an exclusion, and
    the filter would match no row.
    """
    no_row = condition = Q(pk__in=())
    for area in areas:
        if area == "":
            return ~no_row
        condition |= lies_in(area, field)
    return condition


def common_prefix(codes: Sequence[str]) -> str:
    """The prefix of the narrowest division that contains all the areas; "" when only the whole country does."""
    first, last = min(codes, default=""), max(codes, default="")
    length = next(
        (place for place, pair in enumerate(zip(first, last, strict=False)) if len(set(pair)) > 1),
        len(first),
    )
    return first[: max(level for level in (0, *PREFIX_LENGTH.values()) if level <= length)]
