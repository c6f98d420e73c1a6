"""Writes of the submissions room: receiving, and deciding about what was received."""

from server.submissions.services.files import IncomingFile
from server.submissions.services.receiving import (
    MAX_DOCUMENT_MB,
    Outcome,
    Receipt,
    Sender,
    receive,
)
from server.submissions.services.reviewing import review

__all__ = ["MAX_DOCUMENT_MB", "IncomingFile", "Outcome", "Receipt", "Sender", "receive", "review"]
