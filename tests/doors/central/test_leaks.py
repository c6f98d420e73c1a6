"""No answer of this door holds anything of another area, a restricted fact, or a full number (security.md, What is tested where)."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Final

import pytest

from tests.factories import asked, leaks

DOOR: Final = "/v1"
DRAFTS: Final = {
    *(
        f"/v1/projects/1/forms/%(form)s/draft{end}"
        for end in (
            ".xml", "/fields", "/submissions", "/submissions/%(instance)s",
            "/submissions/%(instance)s.xml", "/submissions/%(instance)s/attachments",
            "/submissions/%(instance)s/attachments/%(name)s",
        )
    ),
    *(
        f"/v1/test/%(token)s/projects/1/forms/%(form)s/draft{end}"
        for end in (
            ".xml", "/formList", "/manifest", "/attachments/%(filename)s", "/submission",
            "/entities/integrity",
        )
    ),
}  # fmt: skip
"""Those of drafts: only administrators of the form and who has the token see one (tests/doors/test_drafts_tried.py)."""
SHOWS_NOTHING: Final = frozenset(
    {
        "/v1/projects/1/forms/%(form)s.xlsx",
        "/v1/projects/1/forms/%(form)s/attachments/%(name)s",
        "/v1/projects/1/forms/%(form)s/draft",
        "/v1/projects/1/forms/%(form)s/draft/attachments",
        "/v1/projects/1/forms/%(form)s/draft/attachments/%(name)s",
        "/v1/projects/1/forms/%(form)s/draft/publish",
        *DRAFTS,
        "/v1/projects/1/forms/%(form)s/submissions/%(instance)s/restore",
        "/v1/projects/1/app-users/%(actor)s",
        "/v1/projects/1/datasets/%(name)s/properties",
        "/v1/projects/1/forms/%(form)s/assignments/%(role)s/%(actor)s",
        "/v1/projects/1/datasets/%(name)s/entities/%(entity)s/restore",
        "/v1/projects/1/datasets/%(name)s/entities/bulk-delete",
        "/v1/projects/1/datasets/%(name)s/entities/bulk-restore",
        "/v1/",
        "/v1",
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
        "remark",
        "member",
        "comment",
        "reason",
        "tree",
        "species",
    ):
        assert f"qnorthq {word}".encode() in seen.shown, word


def test_no_answer_tells_a_restricted_fact(worlds):
    assert leaks.unlike(worlds, DOOR) == []
