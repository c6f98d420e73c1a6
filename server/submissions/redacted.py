"""Copies of documents that were given out without their restricted facts, and why they are not taken back. Pure."""

from __future__ import annotations

from typing import Final

from server.core.xml import BadXml, parse
from server.submissions.problems import AnswersLeftOut

WITHHELD: Final = "{urn:ruhu:xforms}withheld"
"""The attribute of the root of a copy from which answers were left out (security.md, Restricted facts)."""


def refuse_redacted(document: bytes) -> None:
    """Refuse a copy that was given out without some of its answers: taking it would delete them. Raises AnswersLeftOut."""
    if b"withheld" not in document:
        return
    try:
        root = parse(document)
    except BadXml:
        return
    if root.get(WITHHELD) is not None:
        raise AnswersLeftOut
