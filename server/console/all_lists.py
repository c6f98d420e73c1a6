"""Every list of the console by the name in the addresses of its files and saved views: those of ledgers, and those of records and accounts."""

from __future__ import annotations

from collections.abc import Callable

from django.http import Http404
from django.urls import reverse

from server.accounts.access import ADMINISTRATORS, READERS, REVIEWERS
from server.console import account_lists, record_lists
from server.console.ledger_lists import BY_PATH, list_of
from server.console.listing import Listing
from server.console.pages import StaffRequest
from server.console.problems import RoleMissing

_LISTS: dict[str, tuple[frozenset[str], Callable[[StaffRequest], Listing]]] = {
    "submissions": (READERS, record_lists.submissions_list),
    "exceptions": (READERS, record_lists.exceptions_list),
    "people": (ADMINISTRATORS, account_lists.people_list),
    "field-accounts": (REVIEWERS, account_lists.workers_list),
    "audit": (READERS, account_lists.audit_list),
    "disclosures": (REVIEWERS, account_lists.disclosures_list),
}
"""List → who reads it, and how an address makes it; a test compares the roles with those of the pages."""


def listing_named(request: StaffRequest, path: str) -> Listing:
    """The list of this name as the request's address describes it. Raises Http404, RoleMissing."""
    if path in BY_PATH:
        return list_of(request, BY_PATH[path])
    if path not in _LISTS:
        raise Http404
    roles, make = _LISTS[path]
    if not request.access.areas(roles):
        raise RoleMissing
    return make(request)


def address_named(name: str) -> str:
    """The page of the list with this name of saved views. Raises Http404 for a name that no list has any more."""
    for definition in BY_PATH.values():
        if definition.name == name:
            return reverse("console:ledger", args=[definition.path])
    if name not in _LISTS:
        raise Http404
    return reverse(f"console:{name}")
