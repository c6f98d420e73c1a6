"""Checks the HTTP method of a request."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest

from server.openrosa.problems import MethodNotAllowed

READING: Final = ("GET", "HEAD", "OPTIONS")
"""OPTIONS is answered as GET: some clients use it to find out whether an address exists."""


def only_reading(request: HttpRequest) -> None:
    """Refuse a method that changes something. Raises MethodNotAllowed."""
    if request.method not in READING:
        raise MethodNotAllowed(methods="GET, HEAD")
