"""Writes of the submissions room: receiving, and deciding about what was received."""

from server.submissions.services.approving import set_approval
from server.submissions.services.deleting import delete, restore
from server.submissions.services.disclosing import disclose_record
from server.submissions.services.files import IncomingFile
from server.submissions.services.receiving import receive
from server.submissions.services.reviewing import NEEDS_REASON, comment, review
from server.submissions.services.uploads import Outcome, Receipt, Sender

__all__ = [
    "NEEDS_REASON",
    "IncomingFile",
    "Outcome",
    "Receipt",
    "Sender",
    "comment",
    "delete",
    "disclose_record",
    "receive",
    "restore",
    "review",
    "set_approval",
]
