"""Exceptions in sentences: what is wrong, with which entry, and what office staff should look at."""

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
from server.core.masking import mask_all, mask_numbers
from server.ledgers.definitions.columns import columns_of
from server.ledgers.definitions.ledgers import DEFINITIONS, FOLDED, LEDGERS
from server.ledgers.definitions.vocabulary import ExceptionKind
from server.ledgers.models import Household, LedgerException, Visit
from server.ledgers.models.choices import REASON_CHOICES
from server.ledgers.reading.provenance import title_of
from server.ledgers.selectors import (
    employers,
    exceptions,
    households,
    persons,
    rows_of,
    visits,
)

ENTRIES: dict[str, Callable[[Access], QuerySet[Any]]] = {
    "person": persons,
    "household": households,
    "employer": employers,
    "visit": visits,
}


@dataclass(frozen=True, slots=True)
class Subject:
    """A ledger entry that an exception is about."""

    title: str
    address: str  # "" when there is no page


Subjects = Mapping[UUID, Subject]
_REASONS = dict(REASON_CHOICES)


def open_exceptions(access: Access, which: Q) -> dict[str, Any]:
    """The context that `_exceptions.html` needs to show the unresolved exceptions about some entries."""
    rows = list(exceptions(access).filter(which, resolved_at=None))
    return {"exceptions": rows, "subjects": subjects_of(access, rows)}


def subjects_of(access: Access, rows: Iterable[LedgerException]) -> dict[UUID, Subject]:
    """The entries that the exceptions are about, as far as the reader sees them; one query a ledger."""
    wanted: dict[str, set[UUID]] = {}
    for row in rows:
        wanted.setdefault(row.family, set()).update(
            entry for entry in (row.entry, row.other) if entry
        )
        if named := row.detail.get("households"):
            wanted.setdefault("household", set()).update(map(UUID, named))
    return {
        entry.pk: _subject(family, entry)
        for family, entries in wanted.items()
        for entry in _rows(access, family).filter(pk__in=entries)
    }


def _rows(access: Access, family: str) -> QuerySet[Any]:
    return ENTRIES[family](access) if family in ENTRIES else rows_of(access, family)


def _subject(family: str, entry: Any) -> Subject:
    if isinstance(entry, Visit):
        submission = entry.source_submission_id
        address = reverse("console:submission", args=[submission]) if submission else ""
        return Subject(date_format(localtime(entry.visited_at), "Y-m-d H:i"), address)
    if family in FOLDED:
        address = reverse("console:entry", args=[DEFINITIONS[family].path, entry.pk])
        return Subject(title_of(entry), address)
    if isinstance(entry, Household):
        title = " ".join(filter(None, (entry.address, entry.building, entry.room)))
        title = title or entry.hh_no or ""
    else:
        title = entry.name or entry.address or ""
    return Subject(mask_numbers(title), reverse(f"console:{family}", args=[entry.pk]))


def linked(entry: UUID, subjects: Subjects) -> SafeString | str:
    """An entry's title, as a link where it has a page; "" when the reader does not see it or it has no title."""
    subject = subjects.get(entry)
    if subject is None or not subject.title:
        return ""
    if not subject.address:
        return subject.title
    return format_html('<a href="{}">{}</a>', subject.address, subject.title)


def joined(parts: Iterable[SafeString | str]) -> SafeString:
    """The parts with commas between them, escaped where they are plain text."""
    return format_html_join(comma(), "{}", ((part,) for part in parts))


def sentence_of(row: LedgerException, subjects: Subjects) -> SafeString | str:
    """What an exception says, as a sentence that names what to look at; never personal data."""
    detail = row.detail
    if verdict := VERDICTS.get(detail.get("verdict", "")):
        names = [property_label(detail.get("list", ""), name) for name in detail.get("columns", ())]
        return f"{verdict} {listed(names)}".strip()
    if row.kind == ExceptionKind.TWO_HUKOU_HOUSEHOLDS and "households" in detail:
        homes = [
            linked(UUID(household), subjects) or _("one in another area")
            for household in detail["households"]
        ]
        return format_html("{} {}", _("Registered with both:"), joined(homes))
    if row.kind == ExceptionKind.POSSIBLE_DUPLICATE and (reasons := detail.get("reasons")):
        common = listed(_REASONS[reason] for reason in reasons if reason in _REASONS)
        return _("In common: {reasons}. Are they the same?").format(reasons=common)
    sentence = SENTENCES.get((row.kind, row.column)) or SENTENCES.get((row.kind, ""))
    if sentence is None:  # every kind has one: tests/contracts/test_vocabulary.py
        return f"{label_of_column(row.family, row.column)} {structured(mask_all(detail))}".strip()
    facts = mask_all(detail)
    return str(sentence).format_map(_Facts(facts, column=label_of_column(row.family, row.column)))


class _Facts(dict[str, Any]):
    """The facts that a sentence names; "?" for one that the exception lacks, as those of older versions may."""

    def __missing__(self, name: str) -> str:
        return "?"


SENTENCES: dict[tuple[str, str], Any] = {
    (ExceptionKind.CONFLICT, ""): gettext_lazy(
        "{column}: a source reports another value than the ledger has. Open the page to see the sources."
    ),
    (ExceptionKind.NAME_DIFFERS, ""): gettext_lazy(
        "Reported under another name; the ledger keeps the name it had."
    ),
    (ExceptionKind.BAD_ID, ""): gettext_lazy(
        "{column}: the check digit does not fit. Compare it with the document."
    ),
    (ExceptionKind.ILLEGAL_MOVE, ""): gettext_lazy(
        "{column}: a source reports a change that the rules do not allow; it was not applied."
    ),
    (ExceptionKind.LOCATION_MISMATCH, "area_code"): gettext_lazy(
        "The visit was located outside the community that the form names."
    ),
    (ExceptionKind.LOCATION_MISMATCH, "loc"): gettext_lazy(
        "The visit was located {metres} m from the dwelling; up to {allowed} m is expected."
    ),
    (ExceptionKind.CLOCK, ""): gettext_lazy(
        "The phone's time cannot be right; the time of receipt counts instead."
    ),
    (ExceptionKind.DEATH_REPORTED, "person_status"): gettext_lazy(
        "A visit found that this person has died. Ask for the proof and enter the date of death, or correct the status."
    ),
    (ExceptionKind.DEATH_REPORTED, ""): gettext_lazy(
        "A visit found a death in this household and does not say whose."
    ),
    (ExceptionKind.MOVE_REPORTED, ""): gettext_lazy(
        "The last visit found that they have moved away. Find out where to, and set the status."
    ),
    (ExceptionKind.NOT_MET, ""): gettext_lazy(
        "Visited {attempts} times in a row without meeting anybody. Somebody else may try, or by telephone."
    ),
    (ExceptionKind.VISIT_REFUSED, ""): gettext_lazy(
        "The last visit was refused. Somebody else may ask again."
    ),
    (ExceptionKind.OFF_THE_ROSTER, ""): gettext_lazy(
        "The last survey of the household does not name this person any more, and no other does."
    ),
    (ExceptionKind.ARITHMETIC, ""): gettext_lazy(
        "{column}: {part} of {whole} cannot be. Ask for both numbers again."
    ),
    (ExceptionKind.STALE, ""): gettext_lazy(
        "In need of help, and nobody has confirmed anything since {since}. Have somebody go there."
    ),
    (ExceptionKind.POSSIBLE_DUPLICATE, ""): gettext_lazy(
        "Name and birth or phone agree. Is it one person?"
    ),
    (ExceptionKind.TWO_HUKOU_HOUSEHOLDS, ""): gettext_lazy(
        "Two households list this person as registered with them."
    ),
    (ExceptionKind.MOVED_WITHIN, ""): gettext_lazy(
        "A record of another community of the street took this person over. If that is wrong, reject the record: the person is then back where it was."
    ),
    (ExceptionKind.ENTITY_CONFLICT, ""): gettext_lazy(
        "A form changed this entry without knowing its latest state."
    ),
    (ExceptionKind.ENTITY_FAULT, ""): gettext_lazy(
        "A form's entity block cannot be used; its answers were kept."
    ),
    (ExceptionKind.CORRECTION_FAULT, ""): gettext_lazy(
        "A correction replaces nothing; what it says was kept. Reject it to ask the worker again."
    ),
}
"""(kind, column) → the sentence; the one for column "" serves every column that has none of its own."""

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
"""Verdict on the entity block of a form → the sentence (openrosa.md, Entities in forms)."""

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
    "relation": "person.relation",
    "sex": "person.sex",
    "birth_year": "person.birth_date",
}
"""Property of an entity list → the column it shows, where the two have different names."""

PSEUDO_COLUMNS = {
    "area_code": gettext_lazy("Area"),
    "document": gettext_lazy("the record as received"),
    "name": gettext_lazy("Title"),
}
"""Pseudo-columns that exceptions and disclosures may name."""


def property_label(entity_list: str, name: str) -> str:
    """The label of the ledger column that a property of an entity list shows."""
    return label_of_column(_LEDGERS.get(entity_list, ""), _OTHERWISE_NAMED.get(name, name))


def label_of_column(ledger: str, name: str) -> str:
    """A column's label; `case.state` is a column of another ledger than the entry's own."""
    part, dot, column = name.partition(".")
    model = LEDGERS.get(part if dot else ledger)
    declared = columns_of(model).get(column if dot else name) if model else None
    if declared is not None:
        return str(declared.label)
    return str(PSEUDO_COLUMNS.get(name, name))
