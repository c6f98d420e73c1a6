"""Tags of the pages of the rule table."""

from __future__ import annotations

from django import template
from django.urls import reverse
from django.utils.html import format_html

from server.console.templatetags.console import WITH_PAGE, label_of_ledger
from server.ledgers.definitions.ledgers import DEFINITIONS, FOLDED
from server.ledgers.definitions.rule_keys import RULE_KEYS
from server.ledgers.models import RuleValue

register = template.Library()


@register.filter
def rule_words(value: RuleValue) -> str:
    """A decided value with its unit, or what the word means."""
    return RULE_KEYS[value.key].in_words(value.value)


@register.simple_tag
def entry_link(ledger: str, entry: str) -> str:
    """An entry that a rule would change, by its ledger and the beginning of its uuid, as a link where it has a page."""
    label = f"{label_of_ledger(ledger)} {entry[:8]}"
    if ledger in WITH_PAGE:
        return format_html('<a href="{}">{}</a>', reverse(f"console:{ledger}", args=[entry]), label)
    if ledger in FOLDED:
        address = reverse("console:entry", args=[DEFINITIONS[ledger].path, entry])
        return format_html('<a href="{}">{}</a>', address, label)
    return label
