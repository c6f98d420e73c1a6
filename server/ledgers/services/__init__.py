"""Writes of the ledgers room: merging submissions, desk acts, refolding, revealing."""

from server.ledgers.services.desk import correct, mark_not_same, mark_same, undo, void
from server.ledgers.services.disclosing import reveal
from server.ledgers.services.exceptions import resolve_exception
from server.ledgers.services.merging import merge_submissions, refold_due

__all__ = [
    "correct",
    "mark_not_same",
    "mark_same",
    "merge_submissions",
    "refold_due",
    "resolve_exception",
    "reveal",
    "undo",
    "void",
]
