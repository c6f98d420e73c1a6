"""Writes of the submissions room: receiving, and deciding about what was received."""

from server.submissions.services.files import IncomingFile
from server.submissions.services.receiving import Outcome, Receipt, Sender, receive
from server.submissions.services.reviewing import review

__all__ = ["IncomingFile", "Outcome", "Receipt", "Sender", "receive", "review"]
