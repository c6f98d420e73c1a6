"""Writes of the submissions room: receiving, deciding about what was received, and the quarantine."""

from server.submissions.services.approving import set_approval
from server.submissions.services.arriving import Outcome, Receipt, Sender
from server.submissions.services.disclosing import disclose_quarantined, disclose_record
from server.submissions.services.dropping import Dropped, drop
from server.submissions.services.files import IncomingFile
from server.submissions.services.receiving import receive
from server.submissions.services.repairing import repair
from server.submissions.services.replaying import (
    Replayed,
    replay,
    replay_many,
    replay_ready,
)
from server.submissions.services.reviewing import NEEDS_REASON, comment, review
from server.submissions.services.settling import dismiss, reopen

__all__ = [
    "NEEDS_REASON",
    "Dropped",
    "IncomingFile",
    "Outcome",
    "Receipt",
    "Replayed",
    "Sender",
    "comment",
    "disclose_quarantined",
    "disclose_record",
    "dismiss",
    "drop",
    "receive",
    "reopen",
    "repair",
    "replay",
    "replay_many",
    "replay_ready",
    "review",
    "set_approval",
]
