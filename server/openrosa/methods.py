"""Which methods an address takes."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest

from server.openrosa.problems import MethodNotAllowed

READING: Final = ("GET", "HEAD", "OPTIONS")
"""OPTIONS is answered as GET is: some clients ask so whether an address is there at all."""


def only_reading(request: HttpRequest) -> None:
    """Raises MethodNotAllowed for whatever would change something."""
    if request.method not in READING:
        raise MethodNotAllowed(methods="GET, HEAD")
