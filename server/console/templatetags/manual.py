"""The link from a page to the manual."""

from __future__ import annotations

from typing import Any

from django import template
from django.urls import reverse
from django.utils.translation import get_language

from server.console import manual

register = template.Library()


@register.simple_tag(takes_context=True)
def help_address(context: dict[str, Any]) -> str:
    """The place of the manual about the page that is shown; the manual's first page where it says nothing of it."""
    match = context["request"].resolver_match
    name = match.url_name if match and match.app_name == "console" else None
    place = manual.PLACES.get(name or "")
    return manual.address(place, get_language() or "zh-hans") if place else reverse("console:help")
