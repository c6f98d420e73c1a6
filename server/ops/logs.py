"""Keeps ID numbers, phone numbers and tokens out of log lines (security.md, Logs)."""

from __future__ import annotations

import re
from typing import Any

from server.core import personal_numbers

_TOKEN = re.compile(r"(/key/|/v1/sessions/|/v1/test/)[^/\s\"'?]+")


def mask(text: str) -> str:
    """The text with `***` for each token in an address and each personal number."""
    return personal_numbers.replace(_TOKEN.sub(r"\1***", text), lambda _number: "***")


def masked(_logger: object, _method: str, line: Any) -> Any:
    """structlog processor, last in the chain: masks the finished line, tracebacks included."""
    return mask(line) if isinstance(line, str) else line
