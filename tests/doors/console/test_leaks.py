"""No answer of this door holds anything of another area, a restricted fact, or a full number (security.md, What is tested where)."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Final

import pytest

from tests.factories import asked, leaks

DOOR: Final = ""
SHOWS_NOTHING: Final = frozenset(
    {
        "/lists/%(name)s/set-up",
        *(f"/lists/%(name)s/%(uuid)s/{act}" for act in ("change", "delete", "restore")),
        "/ledgers/%(path)s/%(entry)s/move/%(column)s/%(to)s",
        "/ledgers/%(path)s/%(entry)s/void",
        "/desk-acts/undo",
        "/visits/due/hand-over",
        "/exceptions/%(number)s/reopen",
        "/saved-views/%(number)s/delete",
        "/review/batches/%(batch)s/undo",
        "/divisions/changes/%(number)s/undo",  # for administrators of the county
        "/quarantine/replay",
        "/permits/%(number)s",
        "/permits/new",
        "/reports/filings/new",
        "/reports/filings/%(number)s/act",
        "/links/%(side)s/decision",
        "/people/%(user_id)s/end-sessions",
        "/people/%(user_id)s/give-role",
        "/people/%(user_id)s/link",
        "/people/%(user_id)s/unlink",
        "/people/%(user_id)s/password",
        "/people/%(user_id)s/reset-factors",
        "/people/%(user_id)s/roles/%(number)s/take",
        "/people/%(user_id)s/state",
        "/review/%(number)s/decision",
        "/submissions/%(number)s/erase",
        "/submissions/%(number)s/delete",
        "/deletions/%(number)s/restore",
        "/erasures/%(number)s/decision",
        "/persons/%(entry)s/erase",
        "/persons/%(entry)s/suggest",
        "/forms/%(form_id)s/state",
        "/forms/%(form_id)s/approval",
        "/forms/%(form_id)s/audience",
        "/field-accounts/%(number)s/revoke",
        "/forms/%(form_id)s/draft",  # for administrators of both streets alone
        "/forms/%(form_id)s/draft/delete",
        "/forms/%(form_id)s/draft/file",
        "/forms/%(form_id)s/draft/publish",
        "/submissions/%(number)s/send-back",
        "/submissions/%(number)s/send-back/withdraw",
        "/imports/%(number)s/act",
        "/enter/%(form_id)s/send",
        "/jobs/%(area)s",
        "/jobs/%(area)s/feed.xml",
        "/jobs/%(area)s/poster",
    }
)
"""Addresses of acts, and those at which these readers get nothing."""


@pytest.fixture
def worlds(divisions, make_user) -> Iterator[leaks.Worlds]:
    logging.disable(logging.CRITICAL)
    yield leaks.make(make_user)
    logging.disable(logging.NOTSET)


def test_no_answer_holds_what_is_anothers(worlds):
    seen = leaks.crawl(worlds, DOOR)
    assert seen.faults == []
    there = {address.template for address in asked.addresses(DOOR)}
    assert there - seen.open_addresses == SHOWS_NOTHING, "ask so that it answers, or say why not"
    assert seen.typed == set(), "numbers in free text are masked"
    for word in (
        "act",
        "remark",
        "comment",
        "repair",
        "reopening",
        "logged",
        "phone",
        "worker",
        "resolution",
    ):
        assert f"qnorthq {word}".encode() in seen.shown, word


def test_no_answer_tells_a_restricted_fact(worlds):
    assert leaks.unlike(worlds, DOOR) == []
