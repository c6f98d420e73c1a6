"""What the tests of upgrades write into the tables of an older schema, besides the rows that a file keeps."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import connection
from django.db.models import QuerySet

from tests.factories.stored import as_stored

ROWS = Path(__file__).parents[1] / "samples" / "rows_of_4cc3719.jsonl"
"""The rows of the older database (tests/factories/old_database.py)."""

DISCLOSURES = """
    insert into accounts_disclosure (at, user_id, kind, ledger, entry, columns, facts, area_code, reason)
    select '2026-11-20 08:00+08'::timestamptz + n * interval '1 minute', case when n > 1 then id end,
           'export', 'submission', 'form:' || n, '["csv"]', '{}', '440106003', 'asked by 449901199001011234'
      from accounts_user, generate_series(1, 3) n where username = 'street'
"""
NUMBER, WORD = "449901199001011234", "暗语"
WRITTEN = f"{WORD} {NUMBER}"
ENTRY = "00000000-0000-4000-8000-000000000001"
WITH_WORDS = {
    "ledgers_visit": {"id": ENTRY, "findings": WRITTEN},
    "ledgers_person": {
        "id": ENTRY,
        "name": WRITTEN,
        "skills": WRITTEN,
        "residence_addr": "路 1 号",
    },
    "ledgers_assistancecase": {"id": ENTRY, "five_clear": {"skills": WRITTEN}},
    "ledgers_contribution": {"id": 1, "entry": ENTRY, "values": {"skills": WRITTEN, "edu": "20"}},
    "submissions_comment": {"id": 900, "body": WRITTEN},
    "submissions_reviewdecision": {"id": 900, "reason": WRITTEN},
    "ledgers_deskact": {"id": 900, "reason": WRITTEN, "value": {"skills": WRITTEN}},
    "ledgers_ledgerexception": {"id": 900, "contribution": 1, "resolution": WRITTEN},
    "quarantine_quarantined": {"id": 900, "sha256": "\\x00", "settled_note": WRITTEN},
    "quarantine_repair": {"id": 900, "reason": WRITTEN},
    "quarantine_reopening": {"id": 900, "reason": WRITTEN, "dismissed_note": WRITTEN},
}
"""Table → what a further row of it holds, which is otherwise like another row."""
RENAMED = {"settled_note": "resolved_note"}


def of_old_schema(table: str) -> str:
    """The name that a table had in the older schema."""
    return table.replace("quarantine_", "submissions_")


def write_words() -> None:
    """Add the rows of WITH_WORDS to the tables of the older schema."""
    with connection.cursor() as cursor:
        for table, values in WITH_WORDS.items():
            old = of_old_schema(table)
            cursor.execute(
                f"insert into {old} select (json_populate_record(row, %s)).* from {old} row limit 1",
                [json.dumps(values)],
            )
            assert cursor.rowcount == 1, table


def write_disclosures() -> None:
    """Add three disclosures to the log of the older schema."""
    with connection.cursor() as cursor:
        cursor.execute(DISCLOSURES)
        assert cursor.rowcount == 3


def disclosures_in(path: Path) -> int:
    """How many disclosures a file of rows has."""
    with path.open(encoding="utf-8") as file:
        next(file)
        return sum(json.loads(line)["table"] == "accounts_disclosure" for line in file)


def check_words() -> None:
    """Every row of WITH_WORDS holds what was written, and no dump shows it."""
    stored = as_stored()
    assert NUMBER not in stored
    for line in stored.split("\n"):
        assert WORD not in line or line.startswith("ledgers_person "), line
    for table, values in WITH_WORDS.items():
        row = _rows_with_words(table).get()
        for name, value in values.items():
            if value is WRITTEN or isinstance(value, dict):
                today = RENAMED.get(name, name)
                assert getattr(row, today) == value, (table, name)


def delete_words() -> None:
    """Delete the rows of WITH_WORDS from today's tables."""
    for table in reversed(WITH_WORDS):
        rows = _rows_with_words(table)
        rows._raw_delete(rows.db)


def _rows_with_words(table: str) -> QuerySet[Any]:
    model = next(model for model in apps.get_models() if model._meta.db_table == table)
    return model._default_manager.filter(pk=WITH_WORDS[table]["id"])
