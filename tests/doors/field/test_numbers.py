"""Numbers that are no numbers, on the way to JSON, SQL and geometries."""

from __future__ import annotations

import contextlib
import json
import uuid
from datetime import date

import pytest
from django.core.management import call_command

from server.ledgers.models.contributions import ContributionRow
from server.ledgers.refolding.rebuild import rebuild
from server.submissions.drain import drain_now
from server.submissions.models import Submission
from tests.factories.field import Field, id_of, instance

pytestmark = pytest.mark.django_db(transaction=True)

fails: set[int] = set()


def failing_step(ids) -> None:
    """A step that fails on some submissions, as a defect would."""
    if fails & set(ids):
        raise ValueError("a defect")


@pytest.fixture
def broken(settings) -> set[int]:
    """Submissions on which the step before the ledgers fails."""
    settings.AFTER_SUBMISSION = [
        *settings.AFTER_SUBMISSION[:2],
        f"{__name__}.failing_step",
        *settings.AFTER_SUBMISSION[2:],
    ]
    fails.clear()
    return fails


@pytest.fixture
def form(people: Field) -> str:
    return people.ledger_form(
        f"hh_{uuid.uuid4().hex[:6]}",
        [
            ["dateTime", "at", "When", "head.observed_at visit.visited_at"],
            ["text", "code", "Code", "head.area_code"],
            ["text", "hid", "H", "household.id"],
            ["geopoint", "loc", "L", "head.loc household.loc"],
            ["text", "address", "Address", "household.address"],
            ["decimal", "d", "D", ""],
        ],
        [["household", "", "id", ""], ["visit", "", "instance", "household"]],
    )


def filled(
    form: str, household: str, *, loc: str = "23.1 113.3 5 5", address: str = "A", **more: str
) -> bytes:
    return instance(
        form,
        "<at>2026-11-20T10:00:00+08:00</at><code>440106003001</code>"
        f"<hid>{household}</hid><loc>{loc}</loc><address>{address}</address><d>1</d>",
        **more,
    )


def differences() -> list[object]:
    return rebuild(
        area="", keep=False, as_of=date(2026, 11, 27), progress=lambda *_: None
    ).differences


@pytest.mark.parametrize(
    "accuracy", ["Infinity", "inf", "-Infinity", "1e999", "NaN", "-1", "1_0", "٥", "9e307"]
)
def test_an_accuracy_that_is_no_number_is_as_if_there_were_none(
    people: Field, form: str, accuracy: str
) -> None:
    household = str(uuid.uuid4())

    iid = people.taken(filled(form, household, loc=f"23.1163 113.3530 12 {accuracy}"))

    seen = people.record(iid, people.street).json()
    assert (seen["area_code"], seen["flags"]) == ("440106003001", seen["flags"])
    assert "unprocessed" not in seen["flags"]
    assert people.administrator.get(f"/api/v1/households/{household}/").status_code == 200
    for path in ("/api/v1/submissions/", "/api/v1/submissions/?format=geojson"):
        json.loads(people.administrator.get(path).getvalue(), parse_constant=pytest.fail)


@pytest.mark.parametrize("text", ["999999999999.999", "1e999", "-Infinity", "NaN", "1e-400", "1_0"])
def test_a_decimal_at_the_edge_stops_no_record(text: str) -> None:
    from server.ledgers.intake.conversions import CONVERSIONS, BadAnswer

    with contextlib.suppress(BadAnswer):
        assert len(CONVERSIONS["decimal"](text, "")) <= 15


def test_a_record_on_which_a_step_fails_is_seen_by_its_office_and_tried_again(
    people: Field, form: str, broken: set[int]
) -> None:
    household = str(uuid.uuid4())
    document = filled(form, household)
    assert people.send(document).status_code == 201
    record = Submission.objects.get(instance_id=id_of(document))
    broken.add(record.pk)
    drain_now()

    seen = people.record(record.instance_id, people.street).json()
    assert (seen["area_code"], seen["flags"]) == ("440106003001", ["unprocessed"])
    assert differences() == []
    assert people.administrator.get(f"/api/v1/households/{household}/").status_code == 404

    broken.clear()
    call_command("retry")
    drain_now()

    assert people.record(record.instance_id, people.street).json()["flags"] == []
    assert people.administrator.get(f"/api/v1/households/{household}/").status_code == 200
    assert differences() == []


def test_what_cannot_even_be_placed_has_its_senders_area(
    people: Field, form: str, monkeypatch
) -> None:
    from server.submissions import steps

    document = filled(form, str(uuid.uuid4()), address="poison")
    assert people.send(document).status_code == 201
    usual = steps._head

    def head(row, record):
        raise ValueError("a defect")

    monkeypatch.setattr(steps, "_head", head)
    drain_now()
    seen = people.record(id_of(document), people.street).json()
    assert (seen["area_code"], seen["flags"]) == ("440106003001", ["unprocessed"])
    assert differences() == []

    monkeypatch.setattr(steps, "_head", usual)
    call_command("retry")
    drain_now()
    assert people.record(id_of(document), people.street).json()["flags"] == []
    assert differences() == []


def test_an_edit_on_which_a_step_fails_leaves_what_stood_before(
    people: Field, form: str, broken: set[int]
) -> None:
    household = str(uuid.uuid4())
    first = filled(form, household, address="before")
    iid = people.taken(first)
    record = Submission.objects.get(instance_id=iid)
    broken.add(record.pk)
    people.taken(
        filled(form, household, address="after", meta=f"<deprecatedID>{iid}</deprecatedID>")
    )

    shown = people.administrator.get(f"/api/v1/households/{household}/").json()
    assert shown["address"] == "before"
    assert differences() == []
    report = rebuild(area="", keep=True, as_of=date(2026, 11, 27), progress=lambda *_: None)
    assert report.differences == []
    assert ContributionRow.objects.filter(submission=record).exists()
    record.refresh_from_db()
    assert record.flags == ["unprocessed"]

    broken.clear()
    call_command("retry")
    drain_now()
    shown = people.administrator.get(f"/api/v1/households/{household}/").json()
    assert shown["address"] == "after"
    assert differences() == []
