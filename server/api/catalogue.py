"""Every problem that the server can answer with, as the page api_docs/problems.md."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec

from django.apps import apps
from django.utils.translation import override

from server.core.problems import Problem, catalogue

HEAD = """# Problems

Written by `./ruhu problems`; do not edit. What can go wrong on the caller's side, once for all doors:
Collect reads the detail in an OpenRosa message, REST clients get RFC 9457 `application/problem+json`
whose `type` is `urn:ruhu:problem:` and the type below, the console shows a page. The status is the same
at every door. An unforeseen error is a 500 with nothing but the id of the request.

| type | status | title | meaning |
| --- | --- | --- | --- |
"""


def all_problems() -> list[type[Problem]]:
    """The problems of all rooms and doors, by type; every `problems` module is imported first."""
    for config in apps.get_app_configs():
        if config.name.startswith("server.") and find_spec(f"{config.name}.problems"):
            import_module(f"{config.name}.problems")
    problems = [kind for kind in catalogue() if kind.__module__.startswith("server.")]
    return sorted(problems, key=lambda kind: (kind.type, kind.__module__))


def page() -> str:
    """The text of api_docs/problems.md."""
    with override("en"):
        return HEAD + "".join(_rows())


def _rows() -> Iterator[str]:
    for kind in all_problems():
        meaning = " ".join((vars(kind)["__doc__"] or "").split("\n\n")[0].split())
        yield f"| `{kind.type}` | {kind.status} | {kind.title} | {meaning} |\n"
