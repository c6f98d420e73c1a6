"""Every address of every door, from the URLconf, so that a test that walks them meets new ones by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from django.urls import URLPattern, URLResolver, get_resolver
from django.utils.regex_helper import normalize

ALTERNATIVES = {r"^(?:upload|formUpload)/?$": "upload", "^api(/|$)": "api/"}
"""Patterns with alternatives, which Django cannot write as one address."""


@dataclass(frozen=True, slots=True)
class Address:
    """An address with its parameters as `%(name)s`."""

    template: str
    parameters: tuple[str, ...]

    def filled(self, samples: Mapping[str, str]) -> str:
        """The path. A parameter's sample is that of the longest beginning of the template that has one."""
        return self.template % {name: self._sample(name, samples) for name in self.parameters}

    def _sample(self, name: str, samples: Mapping[str, str]) -> str:
        keys = [key for key in samples if key.endswith(f"%({name})s") and key in self.template]
        if not keys:
            raise LookupError(f"no sample of {name} for {self.template}")
        return samples[max(keys, key=len)]


@cache
def every_address() -> tuple[Address, ...]:
    """All of them, in the order of the URLconf."""
    return tuple(_below(get_resolver().url_patterns, "/", ()))


def _below(
    patterns: list[URLPattern | URLResolver], prefix: str, named: tuple[str, ...]
) -> Iterator[Address]:
    for pattern in patterns:
        text, names = _written(pattern.pattern.regex.pattern)
        if isinstance(pattern, URLResolver):
            yield from _below(pattern.url_patterns, prefix + text, (*named, *names))
        else:
            yield Address(prefix + text, (*named, *names))


def _written(regex: str) -> tuple[str, list[str]]:
    if regex in ALTERNATIVES:
        return ALTERNATIVES[regex], []
    [(text, names), *_others] = normalize(regex)
    assert text or regex.strip("^$").removesuffix(r"\Z") == "", f"name an address for {regex}"
    return text, names
