"""The menu."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import template
from django.urls import reverse
from django.utils.translation import gettext as _

from server.accounts.access import ADMINISTRATORS, REVEALERS, REVIEWERS, SENDERS, Access

register = template.Library()


@dataclass(frozen=True, slots=True)
class Link:
    """One link of the navigation."""

    label: str
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class Section:
    """Links of the navigation under one heading."""

    label: str
    links: list[Link]


@register.inclusion_tag("console/_navigation.html", takes_context=True)
def navigation(context: dict[str, Any]) -> dict[str, Any]:
    """The menu: what waits for office staff, then the areas of casework that have pages."""
    request = context["request"]
    here = request.resolver_match.url_name if request.resolver_match else ""
    access: Access = request.access

    quarantine = (_("Quarantine"), "quarantine", ("quarantine-item",))
    rules = (_("Rules"), "rules", ("change-rule", "withdraw-rule"))
    accounts = (_("Field accounts"), "field-accounts", ("new-field-account",))
    office = [
        (_("Phone settings"), "phone-settings", ()),
        (_("Changes of divisions"), "division-changes", ()),
    ]

    def section(label: str, *links: tuple[str, str, tuple[str, ...]]) -> Section:
        return Section(
            label,
            [
                Link(text, reverse(f"console:{name}"), here in (name, *inside))
                for text, name, inside in links
            ],
        )

    return {
        "sections": [
            section(
                _("To do"),
                (_("Today"), "home", ()),
                *(
                    [(_("At the window"), "enter", ("enter-form",))]
                    if access.areas(SENDERS)
                    else []
                ),
                (_("Review queue"), "review", ("review-record", "approve-many")),
                (_("Visits due"), "due-visits", ()),
                (_("Submissions"), "submissions", ("submission", "deleted")),
                (_("Exceptions"), "exceptions", ("settle",)),
                (_("Known to other offices"), "links", ()),
                *([quarantine] if access.areas(REVIEWERS) else []),
            ),
            section(
                _("Employment registration"),
                (_("Households"), "households", ("household",)),
                (_("Persons"), "persons", ("person",)),
            ),
            section(
                _("Employment services"),
                (_("Employers"), "employers", ("employer",)),
                (_("Vacancies"), "vacancies", ()),
                *([(_("Public bulletin"), "bulletins", ())] if access.areas(REVIEWERS) else []),
            ),
            section(
                _("Employment assistance"),
                (_("Assistance cases"), "cases", ("case",)),
                (_("Map"), "map", ()),
            ),
            section(
                _("Ledgers"),
                (_("All ledgers"), "ledgers", ("ledger", "entry")),
                (
                    _("Reports"),
                    "reports",
                    ("report-entries", "filings", "filing", "filing-correction", "filing-sum"),
                ),
                (_("Entity lists"), "entity-lists", ("entity-list", "entity", "upload-entities")),
                *([(_("Old ledgers"), "imports", ("import",))] if access.areas(REVIEWERS) else []),
            ),
            section(
                _("Administration"),
                (
                    _("Forms"),
                    "forms",
                    ("publish", "audience", "encryption", "new-key", "private-key"),
                ),
                *(
                    [(_("People and roles"), "people", ("new-user", "user"))]
                    if access.areas(ADMINISTRATORS)
                    else []
                ),
                *([accounts] if access.areas(REVIEWERS) else []),
                *(office if access.areas(ADMINISTRATORS) else []),
                *(
                    [
                        (_("Search by number"), "find", ()),
                        (_("Export permits"), "permits", ("new-permit",)),
                    ]
                    if access.areas(REVEALERS)
                    else []
                ),
                *(
                    [(_("Disclosure log"), "disclosures", ()), rules]
                    if access.areas(REVIEWERS)
                    else []
                ),
                (_("Audit log"), "audit", ()),
                *([(_("Erasures"), "erasures", ())] if access.areas(ADMINISTRATORS) else []),
            ),
        ]
    }
