"""Navigation, badges, and how values are written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import template
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from server.accounts.access import REVEALERS, REVIEWERS, Access
from server.accounts.models import Disclosure
from server.console.filters import FLAGS
from server.console.presentation import category_names, structured
from server.core.codes import label_of
from server.ledgers.columns import columns_of
from server.ledgers.masking import shown
from server.ledgers.models import (
    AssistanceCase,
    Employer,
    Family,
    Household,
    LedgerException,
    Person,
    Vacancy,
    Visit,
)
from server.submissions.models import ReviewState

register = template.Library()


@dataclass(frozen=True, slots=True)
class Link:
    label: str
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class Section:
    label: str
    links: list[Link]


@register.inclusion_tag("console/_navigation.html", takes_context=True)
def navigation(context: dict[str, Any]) -> dict[str, Any]:
    """The menu: the desk's queues, then the five windows (domain C-h) as far as they have pages."""
    request = context["request"]
    here = request.resolver_match.url_name if request.resolver_match else ""
    access: Access = request.access

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
                _("Desk"),
                (_("Today"), "home", ()),
                (_("Review queue"), "review", ()),
                (_("Submissions"), "submissions", ("submission",)),
                (_("Exceptions"), "exceptions", ()),
                *(
                    [(_("Set aside"), "quarantine", ("quarantine-item",))]
                    if access.areas(REVIEWERS)
                    else []
                ),
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
            ),
            section(
                _("Employment assistance"),
                (_("Assistance cases"), "cases", ("case",)),
                (_("Map"), "map", ()),
            ),
            section(
                _("Administration"),
                (_("Forms"), "forms", ("publish", "encryption", "new-key", "private-key")),
                *(
                    [(_("Field accounts"), "field-accounts", ("new-field-account",))]
                    if access.areas(REVIEWERS)
                    else []
                ),
                *([(_("Disclosure log"), "disclosures", ())] if access.areas(REVIEWERS) else []),
            ),
        ]
    }


TONES = {
    "received": "brand",
    "edited": "brand",
    "has_issues": "warn",
    "approved": "good",
    "rejected": "bad",
}


@register.inclusion_tag("console/_badge.html")
def review_badge(state: str) -> dict[str, str]:
    return {"tone": TONES.get(state, ""), "text": str(ReviewState(state).label)}


@register.filter
def coded(code: str | None, list_name: str) -> str:
    """A code's label; nothing for no code."""
    return label_of(list_name, code) if code else ""


@register.filter
def named(names: dict[Any, str], key: Any) -> Any:
    """A name looked up on the page's own dictionary, the key itself when unknown."""
    return names.get(key, key)


@register.filter
def categories(entry: Household | AssistanceCase, access: Access) -> list[str]:
    """An entry's assistance categories by name; the sensitive ones only for those who may see them."""
    codes = entry.category if isinstance(entry, AssistanceCase) else entry.assisted_categories
    return category_names(codes or [], entry.area_code, access)


@register.filter
def coded_all(codes: list[str] | None, list_name: str) -> str:
    return "、".join(label_of(list_name, code) for code in codes or [])


@register.filter
def join_numbers(numbers: Iterable[float]) -> str:
    """Numbers for a script to read, whatever the language's decimal mark."""
    return ",".join(repr(number) for number in numbers)


@register.simple_tag
def flag_label(flag: str) -> str:
    """A remark of the geotag or clock check in words."""
    return str(dict(FLAGS).get(flag, flag))


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
MODELS = {
    "person": Person,
    "household": Household,
    "employer": Employer,
    "vacancy": Vacancy,
    "visit": Visit,
    "case": AssistanceCase,
}


def label_of_column(ledger: str, column: str) -> str:
    model = MODELS.get(ledger)
    declared = columns_of(model).get(column) if model else None
    if declared is None:
        return _("Area") if column == "area_code" else column
    return str(declared.label)


@register.simple_tag
def column_label(row: LedgerException) -> str:
    """The column an exception is about."""
    return label_of_column(row.family, row.column) if row.column else ""


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
LIST_LEDGERS = {"households": "household", "cases": "household", "employers": "employer"}
PROPERTIES = {
    "community": "area_code",
    "geometry": "loc",
    "head": "head_person",
    "label": "name",
    "members": "n_members",
    "person": "case.subject_person",
    "household": "person.household",
    "person_name": "person.name",
}
"""The columns behind list properties that are called otherwise."""


def label_of_property(list_name: str, name: str) -> str:
    """What a property of an entity list is called."""
    ledger, _dot, column = PROPERTIES.get(name, name).rpartition(".")
    return label_of_column(ledger or LIST_LEDGERS.get(list_name, ""), column)


@register.simple_tag
def exception_detail(row: LedgerException) -> str:
    """What the fold noted, in words; never personal data."""
    verdict = VERDICTS.get(row.detail.get("verdict", ""))
    if verdict is None:
        return structured(row.detail)
    names = (
        label_of_property(row.detail.get("list", ""), name)
        for name in row.detail.get("columns", ())
    )
    return " ".join((str(verdict), "、".join(names))).strip()


@register.simple_tag
def entry_link(row: LedgerException, concerns: dict[Any, Any]) -> str:
    """What an exception concerns: its ledger, and its name with a link where it has a page."""
    links = [
        format_html('<a href="{}">{}</a>', concern.address, concern.title)
        if concern.address
        else concern.title
        for entry in (row.entry, row.other)
        if entry is not None and (concern := concerns.get(entry)) is not None and concern.title
    ]
    kind = str(Family(row.family).label)
    return format_html("{} {}", kind, format_html_join("、", "{}", ((link,) for link in links)))


@register.simple_tag
def disclosed_columns(row: Disclosure) -> str:
    return "、".join(label_of_column(row.ledger, column) for column in row.columns)


@register.simple_tag
def disclosed_entry(row: Disclosure) -> str:
    """What was looked at, as a link where it has a page."""
    if row.ledger in WITH_PAGE:
        address = reverse(f"console:{row.ledger}", args=[row.entry])
        return format_html('<a href="{}">{}</a>', address, label_of_ledger(row.ledger))
    if row.ledger == "submission":
        address = reverse("console:submission", args=[row.entry])
        return format_html('<a href="{}">{}</a>', address, _("submission"))
    if row.ledger == "quarantine":
        address = reverse("console:quarantine-item", args=[row.entry])
        return format_html('<a href="{}">{}</a>', address, _("Set aside"))
    return row.ledger


def label_of_ledger(ledger: str) -> str:
    if ledger == "case":
        return _("assistance case")
    if ledger == "spell":
        return _("employment spell")
    return str(Family(ledger).label) if ledger in Family.values else ledger


LEVELS = {
    0: gettext_lazy("imported"),
    1: gettext_lazy("told by someone else"),
    2: gettext_lazy("told by the person in a visit"),
    3: gettext_lazy("reviewed by the street office"),
    4: gettext_lazy("proved by a document"),
}
RULES = {
    "M0": gettext_lazy("set once, or computed"),
    "M1": gettext_lazy("the latest observation counts"),
    "M2": gettext_lazy("the better verified counts, then the latest"),
    "M3": gettext_lazy("a new value closes the old one's time"),
    "M4": gettext_lazy("values add up, none is dropped"),
    "M5": gettext_lazy("identity: never overwritten by itself"),
    "M6": gettext_lazy("moves from state to state as the rules allow"),
}


@register.simple_tag
def level_label(level: int) -> str:
    """How sure a value is (V0–V4)."""
    return str(LEVELS.get(level, ""))


@register.simple_tag
def rule_label(rule: str) -> str:
    """How a value was chosen among what was said (M0–M6)."""
    return str(RULES.get(rule, ""))


@register.simple_tag
def entry_page(ledger: str, entry: Any, title: str, exists: bool) -> str:
    """An entry by its title, as a link where it has a page."""
    text = title if title and ledger != "visit" else label_of_ledger(ledger)
    if not exists:
        return _("no longer in the ledger")
    if ledger in WITH_PAGE:
        return format_html('<a href="{}">{}</a>', reverse(f"console:{ledger}", args=[entry]), text)
    return text
