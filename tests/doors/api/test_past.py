"""What an entry was on a day, as known at an instant, and the states it went through, over REST."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from django.test import Client

from server.core import clock
from tests.conftest import STREET
from tests.factories.ledgers import id_number, make_versions, member, store, street
from tests.factories.permits import permitted

SEEKING = {
    "emp_status": "21",
    "work_capacity": "1",
    "job_willing": "1",
    "hukou_type": "10",
    "spell.unemp_date": "2026-02-01",
}
NOW = datetime(2026, 10, 20, 8, tzinfo=UTC)


@pytest.fixture
def surveyed(divisions, make_user, asking, monkeypatch):
    """Surveyed on 10 March without work, on 10 May at work; the second record arrived in June."""
    from server.submissions.drain import drain_now
    from server.submissions.services.queueing import queue

    monkeypatch.setattr(clock, "now", lambda: NOW)
    worker = make_user("xie", role="worker", area="440106003001")
    versions = make_versions()
    for number, (day, received, answers) in enumerate(
        [
            ("2026-03-10", datetime(2026, 3, 10, 12, tzinfo=UTC), SEEKING),
            ("2026-05-10", datetime(2026, 6, 1, 12, tzinfo=UTC),
             {"emp_status": "10", "spell.start_on": "2026-05-02"}),
        ]
    ):  # fmt: skip
        filled = street(1, [member("陈一", id_no=id_number("1970-05-01", 1), **answers)])
        filled.visited_at = f"{day}T09:00:00+08:00"
        submission = store(
            filled, version=versions["survey"], submitter=worker,
            instance_id=f"uuid:{number}", received_at=received,
        )  # fmt: skip
        queue([submission.pk], at=submission.received_at)
        drain_now()
    client = asking("street")
    (person,) = client.get("/api/v1/persons/").json()["results"]
    return client, person["id"]


@pytest.mark.django_db(transaction=True)
def test_an_entry_is_shown_as_it_was(surveyed):
    client, person = surveyed
    address = f"/api/v1/persons/{person}/"
    assert client.get(address).json()["emp_status"] == "10"
    assert client.get(address, {"as_of": "2026-03-09"}).status_code == 404
    for asked, status in [
        ({"as_of": "2026-03-10"}, "21"),
        ({"as_of": "2026-05-09"}, "21"),
        ({"as_of": "2026-05-10"}, "10"),
        ({"as_of": "2026-05-20", "known_by": "2026-05-20T23:59:00+08:00"}, "21"),
        ({"known_by": "2026-05-31T00:00:00+08:00"}, "21"),
        ({"known_by": "2026-06-02T00:00:00+08:00"}, "10"),
        ({"as_of": "2026-10-20"}, "10"),
    ]:
        shown = client.get(address, asked).json()
        assert (shown["id"], shown["emp_status"]) == (person, status), asked
        assert shown["id_no"].startswith("4499")
        assert "*" in shown["id_no"]
    assert client.get(address, {"as_of": "2026-10-20"}).json() == {
        name: value for name, value in client.get(address).json().items() if name != "row_version"
    }


@pytest.mark.django_db(transaction=True)
def test_the_case_and_the_spells_are_shown_as_they_were(surveyed):
    client, person = surveyed
    permitted(f"street-{STREET}", "case", kind="ledger")  # a 4050 case's day of opening is masked
    (case,) = client.get(f"/api/v1/cases/?subject_person={person}").json()["results"]
    assert case["state"] == "7"
    then = client.get(f"/api/v1/cases/{case['id']}/", {"as_of": "2026-04-01"}).json()
    assert (then["state"], then["opened_on"], then["placed_on"]) == ("1", "2026-03-10", None)
    spells = client.get(f"/api/v1/spells/?person={person}").json()["results"]
    (first,) = [spell for spell in spells if spell["spell_kind"] == "2"]
    then = client.get(f"/api/v1/spells/{first['id']}/", {"as_of": "2026-04-01"}).json()
    assert then["end_on"] is None
    steps = client.get(f"/api/v1/cases/{case['id']}/history/").json()
    assert [
        (
            step["value"],
            step["from_on"],
            step["to_on"],
            step["why"],
            step["by"],
            step["instance_id"],
        )
        for step in steps
        if step["column"] == "state"
    ] == [
        ("7", "2026-05-10", None, "job", "xie", "uuid:1"),
        ("1", "2026-03-10", "2026-05-10", "conditions", "xie", "uuid:0"),
    ]
    assert {step["label"] for step in steps} == {"state of the case", "assistance categories"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "asked",
    [{"as_of": "2026-10-21"}, {"as_of": "tomorrow"}, {"known_by": "yesterday"}],
)
def test_a_day_that_cannot_be_asked_for_is_refused(surveyed, asked):
    client, person = surveyed
    answer = client.get(f"/api/v1/persons/{person}/", asked)
    assert answer.status_code == 400
    assert next(iter(asked)) in answer.content.decode()


@pytest.mark.django_db(transaction=True)
def test_another_areas_past_is_not_shown(surveyed, asking):
    _client, person = surveyed
    other = asking("street", area="440106004")
    assert other.get(f"/api/v1/persons/{person}/", {"as_of": "2026-04-01"}).status_code == 404
    assert other.get(f"/api/v1/persons/{person}/history/").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_pages_show_the_history(surveyed, make_user):
    client, person = surveyed
    (case,) = client.get(f"/api/v1/cases/?subject_person={person}").json()["results"]
    desk = Client(headers={"accept-language": "en"})
    desk.force_login(make_user("zhang", role="street", area="440106003"))
    page = desk.get(f"/cases/{case['id']}").content.decode()
    assert "History" in page
    assert "somebody took work" in page
    page = desk.get(f"/persons/{person}").content.decode()
    steps = re.findall(r"<strong>([^<]*)</strong>[^<]*<span[^>]*>employment status", page)
    assert steps == ["employed in unit", "unregistered unemployed"]
