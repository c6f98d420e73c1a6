"""Views of the console's lists that people save under a name, for themselves or for their office."""

from __future__ import annotations

from typing import Final

from django.db import transaction
from django.db.models import Q, QuerySet

from server.accounts.access import Access, common_prefix
from server.accounts.models import SavedView, User
from server.accounts.problems import NoSuchView, TooManyViews
from server.audit.models import Act
from server.audit.services import record
from server.core import clock

MOST: Final = 50
"""Views of a person."""


def views_of(access: Access, ledger: str) -> QuerySet[SavedView]:
    """The reader's own views of a ledger's list, and those shared by whoever shares an area with the reader."""
    over = {area[:length] for area in access.areas() for length in range(len(area) + 1)}
    near = Q(area__in=over)
    for area in access.areas():
        near |= Q(area__startswith=area)
    return SavedView.objects.filter(
        Q(user_id=access.user_id) | Q(is_shared=True) & near, ledger=ledger
    ).select_related("user")


@transaction.atomic
def save_view(
    *, user: User, access: Access, ledger: str, title: str, query: str, is_shared: bool
) -> SavedView:
    """Save a view, in the place of the user's own one of this title. Locks the user's row. Raises TooManyViews."""
    User.objects.select_for_update().get(pk=user.pk)
    own = SavedView.objects.filter(user=user)
    if own.exclude(ledger=ledger, title=title).count() >= MOST:
        raise TooManyViews(most=MOST)
    view, _is_new = SavedView.objects.update_or_create(
        user=user,
        ledger=ledger,
        title=title,
        defaults={
            "query": query,
            "area": common_prefix(access.areas()),
            "is_shared": is_shared,
            "created_at": clock.now(),
        },
    )
    _record(Act.VIEW_SAVED, view, user)
    return view


@transaction.atomic
def delete_view(*, number: int, user: User) -> SavedView:
    """Delete a view of the user's own. Raises NoSuchView."""
    view = SavedView.objects.filter(pk=number, user=user).first()
    if view is None:
        raise NoSuchView
    _record(Act.VIEW_DELETED, view, user)
    view.delete()
    return view


def _record(act: Act, view: SavedView, user: User) -> None:
    record(
        act,
        actor=user,
        object_type="savedview",
        object_id=view.pk,
        area=view.area,
        facts={"ledger": view.ledger, "title": view.title, "is_shared": view.is_shared},
    )
