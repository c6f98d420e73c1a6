"""The page of disclosures: it shows every row that the log can hold."""

from __future__ import annotations

import uuid
from itertools import product

import pytest
from django.urls import reverse

from server.audit.models import DISCLOSURES, KEY, AuditEntry
from tests.conftest import STREET
from tests.factories.console import AT

PAGES = ("person", "household", "employer", "case")
KINDS = (*PAGES, "submission", "quarantine", "spell", "list", "", "a ledger of another day")
ENTRIES = ("form:3", "list:households", "7", str(uuid.UUID(int=7)), "", "a/b?c#<b>", "…" * 64)
FACTS = ({}, {"opened": 3}, {"form_id": "f", "opening": "automatic"}, {"opening": "by magic"})


@pytest.mark.django_db
def test_the_page_shows_any_row_of_the_log(divisions, log_in):
    combined = [
        *product(("reveal", "export"), KINDS, ENTRIES, FACTS[:1]),
        *product(DISCLOSURES, (KEY,), ENTRIES, FACTS),
    ]
    rows = [
        AuditEntry(
            at=AT,
            act=act,
            object_type=object_type,
            object_id=object_id,
            facts={**facts, "columns": ["<i>", "phone"]},
            area_code="440106003001",
            reason="because",
        )
        for act, object_type, object_id, facts in combined
    ]
    AuditEntry.objects.bulk_create(rows)
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
    """Rows of the former log name a form by its number, "form:3", which has no page."""
    AuditEntry.objects.create(
        at=AT, act="export", object_type="submission", object_id=f"form:{street.form.pk}",
        facts={"columns": [street.form.form_id, "csv", "raw"]}, area_code=STREET,
        reason="ODK Central API",
    )  # fmt: skip
    page = log_in().get(reverse("console:disclosures")).content.decode()
    assert "household_survey" in page
    assert "ODK Central API" in page
