"""Badges, and how values are written."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from server.accounts.access import REVEALERS, Access
from server.console import exception_sentences
from server.console.presentation import category_names, joined_title, plain, written
from server.core import labels
from server.core.clock import today
from server.core.codes import label_of
from server.core.labels import listed
from server.core.masking import mask_numbers
from server.disclosure.models import ExportPermit
from server.ledgers.definitions.columns import columns_of
from server.ledgers.definitions.ledgers import DEFINITIONS, FOLDED
from server.ledgers.folding.derive.due import Urgency, urgency
from server.ledgers.folding.history import Why
from server.ledgers.models import AssistanceCase, Household, LedgerException
from server.ledgers.models.choices import FAMILY_CHOICES
from server.ledgers.reading.masking import dated, shown
from server.ledgers.reading.provenance import Change
from server.ledgers.selectors import joined_key, value_for
from server.submissions.filters import REMARKS
from server.submissions.models import ReviewState

register = template.Library()


@register.simple_tag
def queue_address(queue: Any, row: Any) -> str:
    """The address of a record beside the queue, which keeps the filter."""
    address: str = queue.address("review-record", row.pk)
    return address


@register.simple_tag
def queue_page(queue: Any, page: str, *args: Any) -> str:
    """The address of another page of the queue, which keeps the filter."""
    address: str = queue.address(page, *args)
    return address


@register.simple_tag
def queue_decision(queue: Any, row: Any) -> str:
    """The address that takes the decision about a record and goes on in the queue."""
    address: str = queue.address("review-decide", row.pk)
    return address


TONES = {
    "received": "brand",
    "edited": "brand",
    "has_issues": "warn",
    "approved": "good",
    "rejected": "bad",
}


@register.inclusion_tag("console/_badge.html")
def review_badge(state: str) -> dict[str, str]:
    """The badge of a review state: its colour and its label."""
    return {"tone": TONES.get(state, ""), "text": str(ReviewState(state).label)}


URGENT = {
    Urgency.OVERDUE: ("bad", gettext_lazy("overdue")),
    Urgency.DUE: ("bad", gettext_lazy("due today")),
}


@register.filter
def due_badge(due_on: date | None) -> str:
    """A badge for a visit that is overdue or due today; nothing for other days."""
    tone_and_text = URGENT.get(urgency(due_on, today()))
    return format_html('<span class="badge {}">{}</span>', *tone_and_text) if tone_and_text else ""


WHY = {
    Why.STATED: gettext_lazy("a record says so"),
    Why.DECIDED: gettext_lazy("decided by office staff"),
    Why.CONDITIONS: gettext_lazy("the conditions are met"),
    Why.NOBODY_WORKS: gettext_lazy("nobody in the household works"),
    Why.JOB: gettext_lazy("somebody took work"),
    Why.JOB_LOST: gettext_lazy("the work was lost"),
    Why.LASTED: gettext_lazy("the work has lasted"),
    Why.VISITED: gettext_lazy("found by a visit"),
    Why.FILLED: gettext_lazy("as many were hired"),
    Why.EXPIRED: gettext_lazy("its last day is over"),
    Why.ENDED: gettext_lazy("what it rested on is over"),
}
"""Why a row took a state or a value."""


@register.filter
def why(reason: str) -> str:
    """Why a step of a history was taken, in the active language."""
    return str(WHY[Why(reason)])


@register.filter
def coded(code: str | None, list_name: str) -> str:
    """A code's label in the active language; "" for no code."""
    return label_of(list_name, code) if code else ""


@register.filter
def area_named(names: dict[str, str], area: str) -> str:
    """An area's name by its leading digits, which are shown when the name is unknown."""
    return names.get(area.ljust(12, "0"), area)


@register.filter
def named(names: dict[Any, str], key: Any) -> Any:
    """The name that a dictionary of the page has for the key; the key itself when it has none."""
    return names.get(key, key)


@register.filter
def categories(entry: Household | AssistanceCase, access: Access) -> list[str]:
    """An entry's assistance categories by name; the sensitive ones only for those who may see them."""
    codes = entry.category if isinstance(entry, AssistanceCase) else entry.assisted_categories
    return category_names(codes or [], entry.area_code, access)


@register.simple_tag
def named_there(row: Any, name: str) -> str:
    """What people call what a row names there; "in another area" for what the reader does not see."""
    return joined_title(row, name)


@register.simple_tag
def link_there(row: Any, name: str, page: str) -> str:
    """The same, as a link to its page where the reader sees it."""
    title, key = joined_title(row, name), joined_key(row, name)
    if key is None:
        return title
    return format_html('<a href="{}">{}</a>', reverse(f"console:{page}", args=[key]), title)


@register.simple_tag(takes_context=True)
def shown_value(context: dict[str, Any], entry: Any, column: str) -> str:
    """A column of an entry in words, as the reader may see it in the entry's area."""
    declared = columns_of(type(entry))[column]
    value = value_for(context["request"].access, entry, declared, getattr(entry, column))
    return written(value, declared, {})


@register.filter
def coded_all(codes: list[str] | None, list_name: str) -> str:
    """The labels of several codes of a list, with commas between them."""
    return listed(label_of(list_name, code) for code in codes or [])


@register.simple_tag
def comma() -> str:
    """What stands between the parts of an enumeration, in the active language."""
    return labels.comma()


@register.filter(name="listed")
def listed_filter(parts: Iterable[Any]) -> str:
    """The parts with commas between them."""
    return listed(parts)


@register.filter
def join_numbers(numbers: Iterable[float]) -> str:
    """Numbers for a script to read, whatever the language's decimal mark."""
    return ",".join(repr(number) for number in numbers)


@register.simple_tag
def flag_label(flag: str) -> str:
    """A remark of the geotag or clock check in words."""
    return str(dict(REMARKS).get(flag, flag))


@register.simple_tag
def visit_tone(outcome: str | None) -> str:
    """Done, to be repeated, or ended badly (code list VO)."""
    if outcome in ("1", "2"):
        return "good"
    return "bad" if outcome in ("4", "9") else "warn"


@register.simple_tag
def masked(entry: Any, column: str) -> str:
    """A sealed column as screens show it."""
    return shown(entry, column) or "—"


@register.filter
def text(value: str | None) -> str:
    """A text that people typed, with the personal numbers in it masked; "" for none."""
    return mask_numbers(value) if value else ""


@register.simple_tag(takes_context=True)
def day_of(context: dict[str, Any], entry: Any, column: str) -> str:
    """A date as the reader may see it: of a birth the year alone without the right to reveal."""
    if entry is None:
        return ""
    access: Access = context["request"].access
    declared = columns_of(type(entry))[column]
    value = dated(entry, declared, sees_days=access.may(REVEALERS, entry.area_code))
    return "" if value is None else plain(value)


@register.simple_tag
def permit_subject(permit: ExportPermit, subjects: dict[str, str]) -> str:
    """What an export permit is for, by its title; by its name when it has none any more."""
    return subjects.get(f"{permit.kind}:{permit.name}", permit.name)


@register.simple_tag(takes_context=True)
def may_reveal(context: dict[str, Any], entry: Any) -> bool:
    """Whether the user may look behind the mask of this entry."""
    access: Access = context["request"].access
    return access.may(REVEALERS, entry.area_code)


@register.simple_tag
def area_label(prefix: str, names: dict[str, str]) -> str:
    """The name of the division an area prefix stands for."""
    return names.get(prefix.ljust(12, "0"), prefix) if prefix else _("everywhere")


WITH_PAGE = frozenset({"person", "household", "employer", "case"})


@register.simple_tag
def exception_detail(row: LedgerException, subjects: exception_sentences.Subjects) -> str:
    """What an exception says, in words; never personal data."""
    return exception_sentences.sentence_of(row, subjects)


@register.simple_tag
def entry_link(row: LedgerException, subjects: exception_sentences.Subjects) -> str:
    """The entries that an exception is about: their ledger, and their titles with a link where there is a page."""
    links = [
        exception_sentences.linked(entry, subjects) for entry in (row.entry, row.other) if entry
    ]
    kind = label_of_ledger(row.family)
    return format_html("{} {}", kind, exception_sentences.joined(link for link in links if link))


_FAMILY_LABELS = dict(FAMILY_CHOICES)


def label_of_ledger(ledger: str) -> str:
    """What a ledger's entry is called on pages."""
    if ledger == "case":
        return _("assistance case")
    if ledger == "spell":
        return _("employment spell")
    return str(_FAMILY_LABELS.get(ledger, ledger))


LEVELS = {
    0: gettext_lazy("imported"),
    1: gettext_lazy("reported by someone else"),
    2: gettext_lazy("reported by the person in a visit"),
    3: gettext_lazy("reviewed by the street office"),
    4: gettext_lazy("proved by a document"),
}
RULES = {
    "M0": gettext_lazy("set once, or computed"),
    "M1": gettext_lazy("the latest observation counts"),
    "M2": gettext_lazy("the better verified counts, then the latest"),
    "M3": gettext_lazy("a new value ends the period of the old one"),
    "M4": gettext_lazy("values are collected, none is dropped"),
    "M5": gettext_lazy("identity: never overwritten automatically"),
    "M6": gettext_lazy("moves from state to state as the rules allow"),
}


@register.simple_tag
def level_label(level: int) -> str:
    """How well a value is verified (rules.md, Verification levels V0–V4)."""
    return str(LEVELS.get(level, ""))


@register.simple_tag
def rule_label(rule: str) -> str:
    """How a value was chosen among the contributions (rules.md, Merge rules M0–M6)."""
    return str(RULES.get(rule, ""))


@register.simple_tag
def entry_page(change: Change) -> str:
    """The entry that a record changed by its title, as a link where it has a page."""
    ledger, entry, title, exists = change.ledger, change.entry, change.title, change.exists
    if change.is_elsewhere:
        return _("in another area")
    label = mask_numbers(title) if title and ledger != "visit" else label_of_ledger(ledger)
    if not exists:
        return _("no longer in the ledger")
    if ledger in WITH_PAGE:
        return format_html('<a href="{}">{}</a>', reverse(f"console:{ledger}", args=[entry]), label)
    if ledger in FOLDED:
        address = reverse("console:entry", args=[DEFINITIONS[ledger].path, entry])
        return format_html('<a href="{}">{}</a>', address, label)
    return label
