"""No answer of this door holds anything of another area, a restricted fact, or a full number (security.md, What is tested where)."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from typing import Final

import pytest

from server.ledgers.definitions.ledgers import COLUMNS
from tests.factories import asked, leaks

DOOR: Final = "/api"
DECIDES: Final = re.compile(
    r"%\(id\)s/(correct|void|same|not-same|suggest|acts/%\(act\)s/undo)/$|/visits/due/hand-over/$|/petitions/(%\(id\)s/reveal|find)/$"
)
"""What office staff decide about an entry answers with the decision alone (tests/doors/api/test_moves.py); a restricted
ledger opens its numbers to nobody who posts here."""
SHOWS_NOTHING: Final = frozenset(
    {
        "/api/v1/forms/%(form_id)s/audience/",
        "/api/v1/forms/%(form_id)s/workbook/",
        "/api/v1/field-accounts/%(id)s/",
        "/api/v1/bulletins/%(area_code)s/",
        "/api/v1/rules/preview/",  # these rows have no contributions to fold
        "/api/v1/division-changes/preview/",  # for administrators of the county
        "/api/v1/division-changes/%(id)s/undo/",
        "/api/v1/imports/%(id)s/undo/",
        "/api/v1/imports/%(id)s/restore/",
        "/api/v1/links/%(id)s/acts/%(act)s/undo/",
        "/api/v1/users/%(username)s/end-sessions/",
        "/api/v1/users/%(username)s/reset-second-factors/",
        "/api/v1/users/%(username)s/revoke/",
        "/api/v1/users/%(username)s/grant/",
        "/api/v1/users/%(username)s/password/",
        "/api/v1/erasures/%(id)s/refuse/",
        "/api/v1/export-permits/%(id)s/consent/",
        "/api/v1/export-permits/%(id)s/refuse/",
        "/api/v1/export-permits/%(id)s/withdraw/",
        "/api/v1/erasures/%(id)s/consent/",
        "/api/v1/exceptions/%(id)s/undo/",
        "/api/v1/reports/filings/%(id)s/acts/",
        "/api/v1/",
        "/api/",
    }
)
"""Addresses of acts, and those at which these readers get nothing."""

OF_OWN_LISTS: Final = ("species", "tree")
"""Words of entities of the office's own lists, which stand at /v1, on phones and in the console, not here."""


@pytest.fixture
def worlds(divisions, make_user) -> Iterator[leaks.Worlds]:
    logging.disable(logging.CRITICAL)
    yield leaks.make(make_user)
    logging.disable(logging.NOTSET)


def test_no_answer_holds_what_is_anothers(worlds):
    seen = leaks.crawl(worlds, DOOR)
    assert seen.faults == []
    there = {address.template for address in asked.addresses(DOOR)}
    silent = {
        template
        for template in there - seen.open_addresses
        if template in SHOWS_NOTHING or not DECIDES.search(template)
    }
    assert silent == SHOWS_NOTHING, "ask so that it answers, or say why not"
    assert seen.typed == set(), "numbers in free text are masked"
    shown_elsewhere = {f"{worlds.sides['north'].tag} {word}".encode() for word in OF_OWN_LISTS}
    unseen = leaks.marks(worlds.sides["north"]) - seen.shown - shown_elsewhere
    assert unseen == set(), "each column, file and text is shown to somebody, so that it could leak"
    assert set(asked.PATHS.values()) == set(COLUMNS), "each ledger has a list here"
    assert leaks.tables_without_rows() == []


def test_no_answer_tells_a_restricted_fact(worlds):
    assert leaks.unlike(worlds, DOOR, leaks.by_restricted_codes()) == []


def test_no_filter_finds_a_row_by_what_it_names_elsewhere(worlds):
    client = worlds.reader("north", "street", "north").clients["/api"]
    for path in asked.PATHS:
        for narrowed in leaks.narrowed(path, worlds.sides["south"]):
            assert client.get(narrowed).json()["count"] == 0, narrowed
        assert client.get(f"/api/v1/{path}/").json()["count"] == 2
