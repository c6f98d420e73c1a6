"""The page of disclosures: it shows every row that the log can hold."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from django.urls import reverse

from server.accounts.models import KEY, Disclosure
from tests.conftest import STREET

PAGES = ("person", "household", "employer", "case")
LEDGERS = (*PAGES, "submission", "quarantine", "spell", "list", "", "a ledger of another day")
ENTRIES = ("form:3", "list:households", "7", str(uuid.UUID(int=7)), "", "a/b?c#<b>", "…" * 64)
FACTS = ({}, {"opened": 3}, {"form_id": "f", "opening": "automatic"}, {"opening": "by magic"})


KINDS = (*Disclosure.Kind.values, "another kind")


@pytest.mark.django_db
def test_the_page_shows_any_row_of_the_log(divisions, log_in):
    combined = [
        *product(("reveal", "another kind"), LEDGERS, ENTRIES, FACTS[:1]),
        *product(KINDS, (KEY,), ENTRIES, FACTS),
    ]
    rows = [
        Disclosure(
            kind=kind,
            ledger=ledger,
            entry=entry,
            facts=facts,
            columns=["<i>", "phone"],
            area_code="440106003001",
            reason="because",
        )
        for kind, ledger, entry, facts in combined
    ]
    Disclosure.objects.bulk_create(rows)
    start = datetime(2026, 11, 1, tzinfo=UTC)
    for number, row in enumerate(rows):
        row.at = start + timedelta(seconds=number)
    Disclosure.objects.bulk_update(rows, ["at"])
    client = log_in("administrator", STREET)
    seen = set()
    for page in range(1, len(rows) // 50 + 2):
        answer = client.get(reverse("console:disclosures"), {"page": page})
        assert answer.status_code == 200
        text = answer.content.decode()
        assert "<b>" not in text
        assert "<i>" not in text
        seen |= {row.pk for row in answer.context["page"]}
    assert len(seen) == len(rows)


@pytest.mark.django_db
def test_an_export_at_v1_is_shown_with_its_form(street, log_in):
    Disclosure.objects.create(
        kind="export", ledger="submission", entry=f"form:{street.form.pk}",
        columns=[street.form.form_id, "csv", "raw"], area_code=STREET, reason="ODK Central API",
    )  # fmt: skip
    page = log_in().get(reverse("console:disclosures")).content.decode()
    assert "household_survey" in page
    assert "ODK Central API" in page
