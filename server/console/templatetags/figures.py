"""Numbers that lead to their lists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template
from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.html import format_html

register = template.Library()


@register.filter
def words(text: str) -> list[str]:
    """The words of a text."""
    return text.split()


@register.simple_tag
def figure_of(counts: Any, urls: Mapping[str, str], name: str) -> str:
    """A number as a link to its list; a zero, or one without a list, as it is."""
    number = getattr(counts, name)
    url = urls.get(name)
    if not number or not url:
        return format_html('<span class="soft">{}</span>', intcomma(number))
    kind = "bad" if name == "overdue" else ""
    return format_html('<a class="{}" href="{}">{}</a>', kind, url, intcomma(number))


@register.simple_tag
def figure(line: Any, name: str) -> str:
    """A number of a line that knows its lists."""
    return figure_of(line.counts, line.urls, name)
