"""What must not reach a log line: ID numbers, phone numbers, tokens in addresses."""

from __future__ import annotations

import re
from typing import Any

_TOKEN = re.compile(r"(/key/|/v1/sessions/)[^/\s\"'?]+")
_PERSONAL = re.compile(
    r"(?<![0-9A-Za-z])(?:\d{17}[\dXx]|\d{15}|1[3-9]\d{9}|0\d{2,3}-?\d{7,8})(?![0-9A-Za-z])"
)
"""Citizen IDs of 18 and 15 digits, mobile and landline numbers."""


def mask(words: str) -> str:
    """The text without tokens, ID numbers and phone numbers."""
    return _PERSONAL.sub("***", _TOKEN.sub(r"\1***", words))


def masked(_logger: object, _method: str, line: Any) -> Any:
    """structlog processor, last in the chain: masks the finished line, tracebacks included."""
    return mask(line) if isinstance(line, str) else line
