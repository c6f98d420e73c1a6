"""Whole lists of ledgers as files at REST: the rows, columns and masks of the JSON lists."""

from __future__ import annotations

import csv
import io

import openpyxl
import pytest

from server.audit.models import Act, AuditEntry
from server.ledgers.definitions.ledgers import DEFINITIONS
from tests.conftest import STREET
from tests.factories.declared import make_declared

pytestmark = pytest.mark.django_db


def lines_of(response):
    assert response.status_code == 200, response.content
    text = b"".join(response).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("ledger", DEFINITIONS)
def test_a_csv_file_holds_what_the_json_list_shows(street, asking, ledger):
    make_declared(street.person.area_code, person=street.person, employer=street.employer)
    client, path = asking(), f"/api/v1/{DEFINITIONS[ledger].path}/"
    shown = client.get(path, {"page_size": 1000}).json()["results"]
    lines = lines_of(client.get(path, {"format": "csv"}))
    assert [line["id"] for line in lines] == sorted(row["id"] for row in shown)
    by_id = {row["id"]: row for row in shown}
    for line in lines:
        for name, text in line.items():
            value = by_id[line["id"]][name]
            if value is None or (isinstance(value, str | int) and not isinstance(value, bool)):
                assert text.lstrip("'") == ("" if value is None else str(value)).lstrip("'"), name
    assert AuditEntry.objects.filter(act=Act.EXPORT).count() == 1


def test_filters_narrow_the_file_and_bad_ones_are_refused(street, asking):
    client = asking()
    assert lines_of(client.get("/api/v1/persons/", {"format": "csv", "sex": "2"})) == []
    answer = client.get("/api/v1/persons/", {"format": "csv", "sexx": "2"})
    assert answer.status_code == 400
    assert answer.headers["Content-Type"].startswith("application/problem+json")


def test_an_excel_file_has_the_same_rows_under_a_head(street, asking):
    client = asking()
    answer = client.get("/api/v1/persons/", {"format": "xlsx"})
    rows = list(
        openpyxl.load_workbook(io.BytesIO(b"".join(answer))).active.iter_rows(values_only=True)
    )
    csv_rows = lines_of(client.get("/api/v1/persons/", {"format": "csv"}))
    assert list(rows[0]) == list(csv_rows[0])
    assert len(rows) == 1 + len(csv_rows)
    empty = client.get("/api/v1/persons/", {"format": "xlsx", "sex": "2"})
    assert openpyxl.load_workbook(io.BytesIO(b"".join(empty))).active.max_row == 1


def test_a_browser_session_gets_no_file_by_a_link(street, log_in):
    client = log_in("street", STREET)
    assert client.get("/api/v1/persons/", {"format": "csv"}).status_code == 403


def test_a_text_that_would_run_is_made_text(street, asking):
    type(street.person).objects.filter(pk=street.person.pk).update(name="=1+1")
    (line,) = lines_of(asking().get("/api/v1/persons/", {"format": "csv"}))
    assert line["name"] == "'=1+1"


def test_the_file_is_read_in_few_statements(street, asking, django_assert_max_num_queries):
    client = asking()
    with django_assert_max_num_queries(12):
        lines_of(client.get("/api/v1/persons/", {"format": "csv"}))
