"""Acts of the audit log in words. Whatever stands in a row, it is written: what is not known here, as it is stored."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from server.audit.models import KEY, AuditEntry
from server.console.exception_sentences import label_of_column
from server.core.labels import facts, listed
from server.disclosure.problems import BudgetSpent, SearchesSpent
from server.forms.models import EncryptionKey, Form
from server.ledgers.models.choices import FAMILY_CHOICES
from server.submissions.models import ReviewState

_KINDS: Final[dict[str, Any]] = {
    **dict(FAMILY_CHOICES),
    "case": gettext_lazy("assistance case"),
    "submission": gettext_lazy("submission"),
    "review": gettext_lazy("review of several records"),
    "quarantine": gettext_lazy("quarantined record"),
    "form": gettext_lazy("form"),
    "user": gettext_lazy("user"),
    "entity-list": gettext_lazy("entity list"),
    "division": gettext_lazy("division"),
    "audit": gettext_lazy("audit log"),
    "permit": gettext_lazy("export permit"),
    "phonesettings": gettext_lazy("phone settings"),
    "savedview": gettext_lazy("saved view"),
    BudgetSpent.type: gettext_lazy("reveals of a day"),
    SearchesSpent.type: gettext_lazy("searches of an hour"),
    KEY: gettext_lazy("key"),
}
"""The kinds of objects, as people call them."""

_PAGES: Final[dict[str, str]] = {
    "person": "person",
    "household": "household",
    "employer": "employer",
    "case": "case",
    "submission": "submission",
    "quarantine": "quarantine-item",
}
"""Kind of object → the page of one, whose address takes the object's id."""

_FACTS: Final[dict[str, Any]] = {
    "active": gettext_lazy("let in"),
    "altered": gettext_lazy("altered"),
    "areas": gettext_lazy("areas"),
    "area": gettext_lazy("area"),
    "by": gettext_lazy("by"),
    "cause": gettext_lazy("cause"),
    "code": gettext_lazy("code"),
    "column": gettext_lazy("column"),
    "columns": gettext_lazy("columns or files"),
    "created": gettext_lazy("created"),
    "days": gettext_lazy("days"),
    "doors": gettext_lazy("opens"),
    "differences": gettext_lazy("differences"),
    "failures": gettext_lazy("failures in a row"),
    "file": gettext_lazy("file"),
    "files": gettext_lazy("files"),
    "filtered": gettext_lazy("with a filter"),
    "filters": gettext_lazy("filters"),
    "form_id": gettext_lazy("form"),
    "format": gettext_lazy("kind of file"),
    "is_shared": gettext_lazy("shared"),
    "items": gettext_lazy("records"),
    "key": gettext_lazy("key"),
    "kind": gettext_lazy("kind"),
    "label": gettext_lazy("label"),
    "ledger": gettext_lazy("ledger"),
    "limit": gettext_lazy("limit"),
    "may_write": gettext_lazy("may change"),
    "matches": gettext_lazy("matches"),
    "name": gettext_lazy("name"),
    "opened": gettext_lazy("opened"),
    "opening": gettext_lazy("private key"),
    "other": gettext_lazy("other entry"),
    "paused": gettext_lazy("must wait now"),
    "permit": gettext_lazy("export permit"),
    "queued": gettext_lazy("records queued"),
    "repair": gettext_lazy("repair"),
    "restricted": gettext_lazy("restricted columns"),
    "role": gettext_lazy("role"),
    "rows": gettext_lazy("rows"),
    "submissions": gettext_lazy("submissions"),
    "title": gettext_lazy("title"),
    "updated": gettext_lazy("updated"),
    "users": gettext_lazy("workers"),
    "version": gettext_lazy("version"),
    "waiting": gettext_lazy("waiting"),
}
"""What the facts of acts are called."""


def kind_of_object(name: str) -> str:
    """What an object of this kind is called."""
    return str(_KINDS.get(name, name))


def name_of_object(row: AuditEntry) -> str:
    """What the object is called on the page: a form and a user by name, other things by kind."""
    if row.object_type in ("form", "user", "entity-list"):
        return row.object_id
    return row.object_id[:8] if row.object_type == KEY else ""


def address_of_object(row: AuditEntry) -> str:
    """The address of the object's page; "" when it has none."""
    if row.object_type == KEY:
        return reverse("console:encryption") + f"#key-{row.object_id[:8]}"
    page = _PAGES.get(row.object_type)
    if page is None:
        return ""
    key: object = row.object_id
    if page in ("submission", "quarantine-item"):
        if not (row.object_id.isascii() and row.object_id.isdigit()):
            return ""
        key = int(row.object_id)
    try:
        return reverse(f"console:{page}", args=[key])
    except NoReverseMatch:
        return ""


def details(row: AuditEntry) -> str:
    """The facts of a row, in words."""
    values = row.facts if isinstance(row.facts, Mapping) else {"": row.facts}
    pairs: list[tuple[object, str]] = []
    if "before" in values or "after" in values:
        before, after = (_text(row, "", values.get(name)) for name in ("before", "after"))
        pairs.append((_("change"), f"{before} → {after}"))
    pairs += [
        (_FACTS.get(name, name), _text(row, name, value))
        for name, value in values.items()
        if name not in ("before", "after") and value not in (None, "", [], 0)
    ]
    return facts(pairs)


def _text(row: AuditEntry, name: str, value: object) -> str:
    """A fact's value in words."""
    if value is None:
        return "—"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, Mapping):
        return facts((_FACTS.get(key, key), _text(row, key, item)) for key, item in value.items())
    if isinstance(value, list):
        return listed(_text(row, name, item) for item in value) or "—"
    return _WORDS.get(name, _as_stored)(row, str(value))


def _as_stored(_row: AuditEntry, text: str) -> str:
    return text


def _area(_row: AuditEntry, text: str) -> str:
    return text or "*"  # everywhere


def _column(row: AuditEntry, text: str) -> str:
    return label_of_column(row.object_type, text)


def _choice(choices: Mapping[str, Any]) -> Callable[[AuditEntry, str], str]:
    return lambda _row, text: str(choices.get(text, text))


_WORDS: Final[dict[str, Callable[[AuditEntry, str], str]]] = {
    "area": _area,
    "areas": _area,
    "column": _column,
    "columns": _column,
    "opening": _choice(dict(EncryptionKey.Opening.choices)),
    "": _choice({**dict(ReviewState.choices), **dict(Form.State.choices)}),
}
"""Fact → its value in words; "" is the value of a setting before and after."""
