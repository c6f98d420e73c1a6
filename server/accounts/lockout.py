"""Slows down guessing of passwords: too many failures for a name from one address close the door for a while.

Kept in Django's cache. With the default cache each web process counts for itself, so
an installation with n processes allows n times as many tries; a shared cache makes it exact.
"""

from __future__ import annotations

import hashlib

from django.core.cache import cache

FAILURES = 10
SECONDS = 15 * 60


def is_locked(username: str, address: str) -> bool:
    return int(cache.get(_key(username, address), 0)) >= FAILURES


def failed(username: str, address: str) -> None:
    """Count one failure; the time runs from the latest."""
    key = _key(username, address)
    cache.set(key, int(cache.get(key, 0)) + 1, SECONDS)


def succeeded(username: str, address: str) -> None:
    cache.delete(_key(username, address))


def _key(username: str, address: str) -> str:
    name = f"{address}\0{username.strip().casefold()}"
    return "login-failures:" + hashlib.sha256(name.encode()).hexdigest()
