"""Writes of the quarantine: receiving what may be refused, repairing, replaying and resolving it."""

from server.quarantine.services.disclosing import disclose_quarantined
from server.quarantine.services.dropping import Dropped, drop, forget_documents, is_named
from server.quarantine.services.receiving import receive_or_quarantine
from server.quarantine.services.repairing import repair
from server.quarantine.services.replaying import Replayed, replay, replay_many, replay_ready
from server.quarantine.services.resolving import dismiss, reopen

__all__ = [
    "Dropped",
    "Replayed",
    "disclose_quarantined",
    "dismiss",
    "drop",
    "forget_documents",
    "is_named",
    "receive_or_quarantine",
    "reopen",
    "repair",
    "replay",
    "replay_many",
    "replay_ready",
]
