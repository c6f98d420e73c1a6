"""Reads of the disclosure room, each within the reader's access."""

from server.disclosure.alerts import recent_alerts
from server.disclosure.permits import (
    areas_of,
    check_form,
    facts_of,
    open_permits,
    permits,
    subjects,
    waiting_for,
)
from server.disclosure.unmasked import (
    feeds_no_ledger,
    form_feeds_no_ledger,
    names_nobody,
)

__all__ = [
    "areas_of",
    "check_form",
    "facts_of",
    "feeds_no_ledger",
    "form_feeds_no_ledger",
    "names_nobody",
    "open_permits",
    "permits",
    "recent_alerts",
    "subjects",
    "waiting_for",
]
