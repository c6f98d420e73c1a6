"""Writes of the disclosure room."""

from server.disclosure.budgets import check_reveals
from server.disclosure.dossiers import give_dossier
from server.disclosure.finding import find
from server.disclosure.permits import consent, refuse, request_permit, withdraw
from server.disclosure.records import let_out, let_out_quarantined
from server.disclosure.revealing import check_reason, reveal, reveal_each

__all__ = [
    "check_reason",
    "check_reveals",
    "consent",
    "find",
    "give_dossier",
    "let_out",
    "let_out_quarantined",
    "refuse",
    "request_permit",
    "reveal",
    "reveal_each",
    "withdraw",
]
