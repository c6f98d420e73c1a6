"""Acts of the audit log on pages."""

from __future__ import annotations

from django import template
from django.utils.html import format_html

from server.audit.models import AuditEntry
from server.console import acts
from server.core.labels import facts

register = template.Library()


@register.simple_tag
def act_in_words(row: AuditEntry) -> str:
    """What was done, with its details."""
    return facts([(row.act_label, acts.details(row))])


@register.simple_tag
def object_in_words(row: AuditEntry) -> str:
    """What the act was about, as a link where it has a page."""
    kind, name = acts.kind_of_object(row.object_type), acts.name_of_object(row)
    address = acts.address_of_object(row)
    if address and name:
        return format_html('{} <a class="code" href="{}">{}</a>', kind, address, name)
    if address:
        return format_html('<a href="{}">{}</a>', address, kind)
    return format_html('{} <span class="code">{}</span>', kind, name) if name else kind
