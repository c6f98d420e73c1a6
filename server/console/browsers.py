"""What a browser or program calls itself, in a few words. Pure."""

from __future__ import annotations

import re
from typing import Final

_BROWSERS: Final = (
    ("MicroMessenger", "微信"),
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS: Final = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)
"""The word in the header → the name. The order matters: Edge also calls itself Chrome and Safari."""


def named(user_agent: str) -> str:
    """Browser, version and system: "Firefox 141, Linux"; other programs as they call themselves, cut short."""
    for word, name in _BROWSERS:
        if match := re.search(rf"{word}/(\d+)", user_agent):
            system = next((name for word, name in _SYSTEMS if word in user_agent), "")
            return ", ".join(filter(None, (f"{name} {match[1]}", system)))
    return user_agent[:40]
