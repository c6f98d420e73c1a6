"""The office that keeps the ledger of an area, by the rule table (decision 0250)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from server.geo.codes_since import CodesSince, codes_since
from server.ledgers.folding.derive.rules import rules
from server.ledgers.identity.keys import Offices
from server.ledgers.storage.identity_keys import kept_keys


def office_of(area: str) -> str:
    """The office that keeps the ledger of an area: the code of its street, or of what the rule table says."""
    return area[: _digits_of(area)]


def offices_for(shared_keys: Iterable[str], codes: CodesSince | None = None) -> Offices:
    """The offices, which of these keys an office has from the time before offices, and what codes mean: today, or as given. Two queries."""
    since = codes_since() if codes is None else codes
    return Offices(_digits_of, kept_keys(shared_keys), since.now)


def _digits_of(area: str) -> int:
    """The line in force last counts for every day: rows must not part in the middle of their history.

    Whoever changes it rebuilds the ledgers.
    """
    return rules().number("office_digits", area, date.max)
