"""Acts of the audit log in words, whatever stands in the row."""

from __future__ import annotations

import pytest
from django.utils.translation import override
from hypothesis import given, settings
from hypothesis import strategies as st

from server.accounts.access import Access
from server.audit.models import Act, AuditEntry
from server.console import acts
from server.console.account_lists import AUDIT
from server.console.tables import Reading
from tests.factories.audited_rows import ANY_ROW
from tests.factories.console import AT


@settings(deadline=None)
@given(ANY_ROW, st.sampled_from(["en", "zh-hans"]))
def test_any_row_is_written(row, language):
    row.actor = None
    reading = Reading(Access(0, ()))
    with override(language):
        cells = [(column.cell(row, reading), column.text(row, reading)) for column in AUDIT]
        words = acts.details(row)
    assert cells
    assert isinstance(words, str)


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({}, ""),
        ({"before": None, "after": {"role": "worker", "areas": ["4401"]}}, "change: — → role: worker; areas: 4401"),
        ({"before": True, "after": False}, "change: yes → no"),
        ({"rows": 3, "filters": [], "matches": 0}, "rows: 3"),
        ({"later": "x"}, "later: x"),
        (["a", "b"], ": a, b"),
    ],
)  # fmt: skip
def test_facts_in_words(facts, words):
    with override("en"):
        assert acts.details(AuditEntry(at=AT, act=Act.REVIEW, facts=facts)) == words
