"""Writes of the submissions room: receiving, and deciding about what was received."""

from server.submissions.services.approving import set_approval
from server.submissions.services.approving_many import MOST, UNDECIDED, approve_many, undo_approvals
from server.submissions.services.deciding_many import decide_many, take_back_rejections
from server.submissions.services.deleting import delete, restore
from server.submissions.services.disclosing import disclose_record
from server.submissions.services.files import IncomingFile
from server.submissions.services.noting import note_opening
from server.submissions.services.receiving import receive
from server.submissions.services.reviewing import NEEDS_REASON, comment, review
from server.submissions.services.uploads import Outcome, Receipt, Sender

__all__ = [
    "MOST",
    "NEEDS_REASON",
    "UNDECIDED",
    "IncomingFile",
    "Outcome",
    "Receipt",
    "Sender",
    "approve_many",
    "comment",
    "decide_many",
    "delete",
    "disclose_record",
    "note_opening",
    "receive",
    "restore",
    "review",
    "set_approval",
    "take_back_rejections",
    "undo_approvals",
]
