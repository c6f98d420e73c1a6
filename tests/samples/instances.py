"""Instance documents as ODK clients write them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from xml.sax.saxutils import escape

Answers = Mapping[str, "str | Answers | Iterable[Answers]"]


def instance(
    form_id: str,
    version: str,
    answers: Answers,
    *,
    instance_id: str = "uuid:0b7c2b9a-7a52-4c3c-9a3e-2f6d1a5b8c01",
    instance_name: str = "",
) -> bytes:
    """The document: strings are answers, mappings groups, lists repeats."""
    meta = f"<orx:instanceID>{instance_id}</orx:instanceID>"
    if instance_name:
        meta += f"<orx:instanceName>{escape(instance_name)}</orx:instanceName>"
    return (
        "<?xml version='1.0' ?>"
        f'<data id="{form_id}" version="{version}" xmlns:orx="http://openrosa.org/xforms">'
        f"{_children(answers)}<orx:meta>{meta}</orx:meta></data>"
    ).encode()


def _children(answers: Mapping[str, Any]) -> str:
    return "".join(_element(name, value) for name, value in answers.items())


def _element(name: str, value: Any) -> str:
    if isinstance(value, str):
        return f"<{name}>{escape(value)}</{name}>"
    if isinstance(value, Mapping):
        return f"<{name}>{_children(value)}</{name}>"
    return "".join(_element(name, child) for child in value)
