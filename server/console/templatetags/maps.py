"""What the map's own controls say, in the page's language."""

from __future__ import annotations

from django import template
from django.utils.translation import gettext as _

from server.core.plain import dumps

register = template.Library()


@register.simple_tag
def map_words() -> str:
    """The words of MapLibre's controls by its names for them, as JSON (MapOptions.locale)."""
    return dumps(
        {
            "Map.Title": _("Map"),
            "Marker.Title": _("Location on the map"),
            "NavigationControl.ZoomIn": _("Zoom in"),
            "NavigationControl.ZoomOut": _("Zoom out"),
            "Popup.Close": _("Close"),
            "ScaleControl.Meters": _("m"),
            "ScaleControl.Kilometers": _("km"),
        }
    )
