"""Central's addresses that Ruhu does not offer, and what to use instead: 501 with a hint, not 404. Pure."""

from __future__ import annotations

import re
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from server.central.problems import NotAtThisDoor

_LINKS: Final = _(
    "Records come from people who are known: make app users, on the page “Field accounts” or at /v1/projects/1/app-users, and give them the forms."
)
_ROLES: Final = _(
    "Roles hold for areas: give them at /api/v1/users/ or with “ruhu role”. Who gets a form is said at /api/v1/forms/FORM/audience/."
)
_LEDGERS: Final = _(
    "This list is read from the ledgers, which change by forms and on the office's pages, each value with its source. Where a value came from is at /api/v1/households/ID/origins/, and so for employers, persons and cases. Lists of your own can be changed here."
)
_STAYS: Final = _(
    "Lists and properties stay, because phones may hold them; entities are deleted and restored, alone or many at once, and nothing purges them."
)
_EDITING: Final = _(
    "Records are corrected with PUT, or on the phone that sent them; there is no form on the web."
)
_DRAFTS: Final = _(
    "Of a draft there are its XForm, fields, files and test records: draft.xml, draft/fields, draft/attachments, draft/submissions. Tables and exports are made of published forms."
)
_CONSOLE: Final = _("It is on the pages of the console, or among the commands of “ruhu”.")

_CHANGES: Final = ("POST", "PUT", "PATCH", "DELETE")
_ALL: Final = ("GET", *_CHANGES)
_PLACES: Final[tuple[tuple[str, tuple[str, ...], str, Any], ...]] = (
    (r"projects/1/(forms/[^/]+/)?public-links(/.*)?", _ALL, "public-links", _LINKS),
    (r"(projects/1/(forms/[^/]+/)?)?assignments(/.*)?", _ALL, "assignments", _ROLES),
    (r"(roles|users)(/.*)?", _ALL, "users", _ROLES),
    (r"projects/1/datasets(/.*)?", _CHANGES, "datasets", _STAYS),
    (r"projects/1/forms/[^/]+/submissions/[^/]+/edits?(/.*)?", _ALL, "edit", _EDITING),
    (r"projects/1/forms/[^/]+/draft[./].*", _ALL, "draft", _DRAFTS),
    (r"projects(/1(/key)?)?", _CHANGES, "projects", _CONSOLE),
    (r"projects/1/forms/[^/]+", ("DELETE",), "forms", _CONSOLE),
    (r"(audits|config|backup|user-preferences)(/.*)?", _ALL, "audits", _CONSOLE),
)  # fmt: skip


def of_ledgers(method: str) -> NotAtThisDoor:
    """The problem for a change to a list that is read from the ledgers, and for the history of its entries."""
    return NotAtThisDoor(feature=f"{method} datasets", instead=_LEDGERS)


def not_offered(method: str, path: str) -> NotAtThisDoor | None:
    """The problem for an address of Central, given relative to /v1/; None when Central has no such address."""
    for pattern, methods, feature, instead in _PLACES:
        if method in methods and re.fullmatch(pattern, path):
            return NotAtThisDoor(feature=f"{method} {feature}", instead=instead)
    return None
