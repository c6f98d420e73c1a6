"""What the ledgers leave for a person to decide, in words: what was found, of whom, and what is there to do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from server.accounts.access import Access
from server.console.presentation import structured
from server.core.labels import comma, listed
from server.ledgers.definitions.columns import columns_of
from server.ledgers.definitions.ledgers import LEDGERS
from server.ledgers.definitions.vocabulary import ExceptionKind
from server.ledgers.models import Household, LedgerException, Visit
from server.ledgers.selectors import employers, exceptions, households, persons, visits

ENTRIES: dict[str, Callable[[Access], QuerySet[Any]]] = {
    "person": persons,
    "household": households,
    "employer": employers,
    "visit": visits,
}


@dataclass(frozen=True, slots=True)
class Concern:
    """An entry that something is wrong with."""

    title: str
    address: str  # "" when there is no page


Concerns = Mapping[UUID, Concern]


def open_doubts(access: Access, which: Q) -> dict[str, Any]:
    """What waits for a decision about some entries, as `_exceptions.html` shows it."""
    rows = list(exceptions(access).filter(which, resolved_at=None))
    return {"exceptions": rows, "concerns": concerns(access, rows)}


def concerns(access: Access, rows: Iterable[LedgerException]) -> dict[UUID, Concern]:
    """What the exceptions are about, by name and with an address; one query a ledger."""
    wanted: dict[str, set[UUID]] = {}
    for row in rows:
        wanted.setdefault(row.family, set()).update(
            entry for entry in (row.entry, row.other) if entry
        )
        if named := row.detail.get("households"):
            wanted.setdefault("household", set()).update(map(UUID, named))
    return {
        entry.pk: _concern(family, entry)
        for family, entries in wanted.items()
        if family in ENTRIES
        for entry in ENTRIES[family](access).filter(pk__in=entries)
    }


def _concern(family: str, entry: Any) -> Concern:
    if isinstance(entry, Visit):
        submission = entry.source_submission_id
        address = reverse("console:submission", args=[submission]) if submission else ""
        return Concern(date_format(localtime(entry.visited_at), "Y-m-d H:i"), address)
    if isinstance(entry, Household):
        title = " ".join(filter(None, (entry.address, entry.building, entry.room)))
        title = title or entry.hh_no or ""
    else:
        title = entry.name or entry.address or ""
    return Concern(title, reverse(f"console:{family}", args=[entry.pk]))


def linked(entry: UUID, known: Concerns) -> SafeString | str:
    """An entry by its name, as a link where it has a page; "" when it is not known or nameless."""
    concern = known.get(entry)
    if concern is None or not concern.title:
        return ""
    if not concern.address:
        return concern.title
    return format_html('<a href="{}">{}</a>', concern.address, concern.title)


def joined(parts: Iterable[SafeString | str]) -> SafeString:
    return format_html_join(comma(), "{}", ((part,) for part in parts))


def told(row: LedgerException, known: Concerns) -> SafeString | str:
    """What the fold noted, as a sentence that says what to look at; never personal data."""
    detail = row.detail
    if verdict := VERDICTS.get(detail.get("verdict", "")):
        names = [property_label(detail.get("list", ""), one) for one in detail.get("columns", ())]
        return f"{verdict} {listed(names)}".strip()
    if row.kind == ExceptionKind.TWO_HUKOU_HOUSEHOLDS and "households" in detail:
        homes = [linked(UUID(one), known) or _("one in another area") for one in detail["households"]]
        return format_html("{} {}", _("Registered with both:"), joined(homes))
    sentence = SENTENCES.get((row.kind, row.column)) or SENTENCES.get((row.kind, ""))
    if sentence is None:
        return f"{label_of_column(row.family, row.column)} {structured(detail)}".strip()
    return str(sentence).format(column=label_of_column(row.family, row.column), **_numbers(detail))


def _numbers(detail: Mapping[str, Any]) -> dict[str, Any]:
    return {name: detail.get(name, "?") for name in ("metres", "allowed")}


SENTENCES = {
    ("conflict", ""): gettext_lazy(
        "{column}: a source reports another value than the ledger has. Open the page to see the sources."
    ),
    ("name_differs", ""): gettext_lazy(
        "Reported under another name; the ledger keeps the name it had."
    ),
    ("bad_id", ""): gettext_lazy(
        "{column}: the check digit does not fit. Compare it with the document."
    ),
    ("illegal_move", ""): gettext_lazy(
        "{column}: a source reports a change that the rules do not allow; it was not applied."
    ),
    ("location_mismatch", "area_code"): gettext_lazy(
        "The visit was located outside the community that the form names."
    ),
    ("location_mismatch", "loc"): gettext_lazy(
        "The visit was located {metres} m from the dwelling; up to {allowed} m is expected."
    ),
    ("clock", ""): gettext_lazy(
        "The phone's time cannot be right; the time of receipt counts instead."
    ),
    ("possible_duplicate", ""): gettext_lazy("Name and birth or phone agree. Is it one person?"),
}
"""(kind, column) → what was found; for any column where there is none for it."""

VERDICTS = {
    "hard": gettext_lazy("Somebody else gave another value after this phone's last list:"),
    "soft": gettext_lazy("Somebody else changed it after this phone's last list:"),
    "no_uuid": gettext_lazy("The form gave no usable id."),
    "no_label": gettext_lazy("The form gave no label."),
    "unknown_id": gettext_lazy(
        "No ledger has this entry; its creation may still be on its way or wait for approval."
    ),
    "unknown_list": gettext_lazy("There is no such entity list."),
}
"""What was found of a form's entity block (ledgers.claims), for people."""

_LEDGERS = {"households": "household", "employers": "employer", "cases": "household"}
"""An entity list → the ledger most of its properties come from."""
_OTHERWISE_NAMED = {
    "community": "area_code",
    "geometry": "loc",
    "head": "head_person",
    "label": "name",
    "members": "n_members",
    "person": "case.subject_person",
    "household": "person.household",
    "person_name": "person.name",
}
"""The columns behind properties that are called otherwise."""

NO_COLUMNS = {
    "area_code": gettext_lazy("Area"),
    "document": gettext_lazy("the record as received"),
    "name": gettext_lazy("Title"),
}
"""What is told of like a column, and is none."""


def property_label(entity_list: str, name: str) -> str:
    """What a property of an entity list is called in the ledger its rows come from."""
    return label_of_column(_LEDGERS.get(entity_list, ""), _OTHERWISE_NAMED.get(name, name))


def label_of_column(ledger: str, name: str) -> str:
    """A column's label; `case.state` is a column of another ledger than the entry's own."""
    part, dot, column = name.partition(".")
    model = LEDGERS.get(part if dot else ledger)
    declared = columns_of(model).get(column if dot else name) if model else None
    if declared is not None:
        return str(declared.label)
    return str(NO_COLUMNS.get(name, name))
