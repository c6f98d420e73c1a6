"""The lines of the disclosure log in words."""

from __future__ import annotations

from django import template
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from server.accounts.models import KEY, Disclosure
from server.console.exception_sentences import label_of_column
from server.console.templatetags.console import WITH_PAGE, label_of_ledger
from server.core.labels import facts, listed
from server.forms.models import EncryptionKey

register = template.Library()


@register.simple_tag
def disclosed_what(row: Disclosure) -> str:
    """What was done, and with which columns, files or records."""
    if row.ledger == KEY:
        details = _act_on_key(row)
    else:
        details = listed(label_of_column(row.ledger, column) for column in row.columns)
    return facts([(row.get_kind_display(), details)])


def _act_on_key(row: Disclosure) -> str:
    """How many records a key opened, or for which form and how it was kept; a row of another release may not say."""
    if row.kind == Disclosure.Kind.KEY_USED:
        return str(row.facts.get("opened", ""))
    labels = dict(EncryptionKey.Opening.choices)
    opening = row.facts.get("opening", "")
    made_for = row.facts.get("form_id", "") if row.kind == Disclosure.Kind.KEY_MADE else ""
    return listed(filter(None, (made_for, labels.get(opening, opening))))


@register.simple_tag
def disclosed_entry(row: Disclosure) -> str:
    """The entry, record or key that was disclosed, as a link where it has a page. Shows any row."""
    if row.ledger in WITH_PAGE:
        return _linked(row.ledger, row.entry, label_of_ledger(row.ledger))
    if row.ledger == "submission":
        return _linked("submission", row.entry, _("submission"))
    if row.ledger == "quarantine":
        return _linked("quarantine-item", row.entry, _("Quarantine"))
    if row.ledger == KEY:
        name = row.entry[:8]
        address = reverse("console:encryption") + f"#key-{name}"
        return format_html('{} <a class="code" href="{}">{}</a>', _("key"), address, name)
    return row.ledger


def _linked(page: str, entry: str, text: str) -> str:
    """A link to the entry's page; the text alone when the entry is no key of such a page, as of an export."""
    try:
        address = reverse(f"console:{page}", args=[entry])
    except NoReverseMatch:
        return text
    return format_html('<a href="{}">{}</a>', address, text)
