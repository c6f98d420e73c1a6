"""The page of the database says what the models say."""

from __future__ import annotations

from server.ops.database_page import page


def test_the_page_is_the_same_every_time():
    assert page() == page()


def test_every_ledger_column_has_its_label():
    assert "| `edu` | varchar(10) | yes |  | 文化程度 education |" in page()
