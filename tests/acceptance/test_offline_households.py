"""A household is registered and visited offline; the ledgers are the same whichever form arrives first."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from lxml import etree

from server.forms.services import publish
from server.ledgers.definitions.ledgers import LEDGERS
from server.ledgers.models import ContributionRow
from server.submissions.drain import drain_now
from tests.acceptance.engine import Engine, Filled, Hints
from tests.acceptance.engine.households import survey
from tests.acceptance.engine.lists import HERE, MEDIA
from tests.acceptance.office import FORMS
from tests.acceptance.test_household_survey import member
from tests.factories.submissions import Phone, make_phone

pytestmark = [pytest.mark.django_db, pytest.mark.engine]
APART = frozenset({"row_version", "web_point", "origins", "source_submission_id"})
"""Columns with numbers of rows, which are other ones in the other order."""
DERIVED = (
    "listedentity",
    "entityclaim",
    "ledgerexception",
    "contribution",
    "identitykey",
    "withdrawnkey",
    "entrylink",
)


@pytest.fixture
def phone(divisions) -> Phone:
    for form in FORMS:
        publish(workbook=form.read_bytes(), filename=form.name, publisher=None, validate=False)
    return make_phone("wang")


def filled_offline(engine: Engine, xforms: dict[str, bytes]) -> tuple[Filled, Filled, str]:
    """The survey, the visit to the household that it registered, and that household's id."""
    registered = engine.fill(
        xforms["household_survey"], MEDIA, 10, survey([member(50, id_no="")], HERE)
    )
    entity = next(etree.fromstring(registered.instance_xml).iter("{*}entity"))
    home = entity.get("id")
    table = list(csv.DictReader(io.StringIO(MEDIA["households.csv"].decode())))
    local = dict.fromkeys(table[0], "") | {
        "name": home,
        "label": entity[0].text,
        "__version": "1",
        "community": "440106003001",
    }
    text = io.StringIO()
    writer = csv.DictWriter(text, table[0])
    writer.writeheader()
    writer.writerow(local)
    answers = {**HERE, "subject_kind": "household", "outcome": "1", "consent": "1"}
    media = {**MEDIA, "households.csv": text.getvalue().encode()}
    visited = engine.fill(xforms["home_visit"], media, 12, Hints({**answers, "household": home}))
    assert visited.texts("household_id") == [home]
    return registered, visited, home


def send(phone: Phone, filled: Filled) -> None:
    files = {name: SimpleUploadedFile(name, data) for name, data in filled.attachments.items()}
    document = SimpleUploadedFile("form.xml", filled.instance_xml, "text/xml")
    response = Client().post(f"{phone.base}/submission", {"xml_submission_file": document, **files})
    assert response.status_code == 201, response.content
    drain_now()


def ledgers() -> dict[str, list[Any]]:
    contributions = dict(ContributionRow.objects.values_list("pk", "submission__instance_id"))
    rows_by_ledger = {}
    for name, model in LEDGERS.items():
        names = [
            field.attname for field in model._meta.concrete_fields if field.attname not in APART
        ]
        rows_by_ledger[name] = sorted(
            repr({name: plain(name, value, contributions) for name, value in row.items()})
            for row in model._default_manager.values(*names)
        )
    return rows_by_ledger


def plain(name: str, value: Any, contributions: dict[int, str]) -> Any:
    """The value as it is in any order: a history names records by instanceID, not by numbers of rows."""
    if name != "history":
        return getattr(value, "wkt", value)
    return {
        column: [
            (day, of_day, number and contributions[number], why)
            for day, of_day, number, why in steps
        ]
        for column, steps in sorted(value.items())
    }


def forget() -> None:
    with connection.cursor() as cursor:
        for model in LEDGERS.values():
            cursor.execute(f"delete from {model._meta.db_table}")
        for name in (*DERIVED, "membership"):
            cursor.execute(f"delete from ledgers_{name}")
        for name in ("verdict", "attachment", "waiting", "submissionversion", "submission"):
            cursor.execute(f"delete from submissions_{name}")


def test_a_household_made_offline_is_visited_before_either_form_arrives(engine, xforms, phone):
    registered, visited, home = filled_offline(engine, xforms)
    results = []
    for order in ((registered, visited), (visited, registered)):
        forget()
        for record in order:
            send(phone, record)
        results.append(ledgers())
        (household,) = LEDGERS["household"]._default_manager.all()
        assert str(household.pk) == home
        visits = LEDGERS["visit"]._default_manager.values_list("household_id", flat=True)
        assert [str(household_id) for household_id in visits] == [home, home]
    assert results[0] == results[1]
