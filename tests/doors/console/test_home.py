"""The front page by role, and the search in the head of each page."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from server.audit.models import AuditEntry
from server.core.clock import today
from tests.conftest import COMMUNITY, OTHER_COMMUNITY, STREET
from tests.factories.console import AT, ID_NO, PHONE, entry

pytestmark = pytest.mark.django_db
HTMX = {"hx-request": "true", "hx-target": "search-results"}


@pytest.fixture
def busy(street, make_user):
    """Two communities with cases: one visit overdue and one due, one of them nobody's."""
    from server.ledgers.models import AssistanceCase, Household, Person

    for number, (area, days) in enumerate(((COMMUNITY, -1), (OTHER_COMMUNITY, 3))):
        person = Person.objects.create(**entry(area, name=f"甲{number}"))
        AssistanceCase.objects.create(
            **entry(area, case_no=f"c{number}", subject_person=person, state="6",
                    next_due=today() + timedelta(days=days), linked_worker=street.worker)
        )  # fmt: skip
        Household.objects.create(**entry(area, hh_no=f"h{number}", last_confirmed_on=AT.date()))
    return street


def line(text: str, name: str) -> list[str]:
    """The figures of a line of the table by area."""
    row = re.search(rf"<tr>\s*<th scope=\"row\">[^/]*{name}.*?</tr>", text, re.DOTALL).group()
    return [
        re.sub(r"<[^>]+>|\s+", " ", cell).strip()
        for cell in re.findall(r"<td.*?</td>", row, re.DOTALL)
    ]


def test_a_clerk_sees_each_community_and_each_number_leads_to_its_list(
    busy, log_in, django_assert_max_num_queries
):
    client = log_in()
    with django_assert_max_num_queries(16):
        text = client.get("/").content.decode()
    overdue = f"/cases?area={COMMUNITY}&amp;due=overdue"
    assert overdue in text
    shown = client.get(overdue.replace("&amp;", "&")).content.decode()
    number = re.search(rf'href="{re.escape(overdue)}">(\d+)<', text).group(1)
    assert shown.count("<tr data-href=") == int(number)
    assert f"/households?area={OTHER_COMMUNITY}&amp;last_confirmed_on_to=" in text
    with django_assert_max_num_queries(19):
        queues = client.get("/home/queues").content.decode()
    assert f"linked_worker={busy.worker.pk}" in queues
    address = re.search(r'href="(/cases\?[^"]*due=overdue&amp;linked_worker[^"]*)"', queues).group(
        1
    )
    assert "甲0" in client.get(address.replace("&amp;", "&")).content.decode()
    assert "/ledgers/petitions?area=" in queues


def test_a_county_sees_streets_and_opens_one(busy, log_in):
    client = log_in("county", "440106")
    text = client.get("/").content.decode()
    assert f'href="?area={STREET}"' in text
    below = client.get(f"/?area={STREET}").content.decode()
    assert f"/cases?area={OTHER_COMMUNITY}" in below
    assert f"/cases?area={OTHER_COMMUNITY}" not in text
    outside = log_in("street", STREET).get("/?area=440106005").content.decode()
    assert "area=440106005&amp;" not in outside


def test_the_head_searches_all_ledgers_and_stays_within_the_area(
    busy, log_in, django_assert_max_num_queries
):
    client = log_in()
    with django_assert_max_num_queries(10):
        text = client.post("/search", {"words": "陈大文"}, headers=HTMX).content.decode()
    assert f"/persons/{busy.person.pk}" in text
    assert f"/households/{busy.household.pk}" in text
    assert str(busy.foreign_person.pk) not in text
    assert ID_NO not in text
    assert f"/persons/{busy.person.pk}" in client.post("/search", {"words": "cdw"}).content.decode()
    assert "Nothing of that name" in client.post("/search", {"words": "无此人"}).content.decode()
    assert client.get("/search").status_code == 200


def test_a_number_is_searched_for_with_a_reason_alone(busy, log_in):
    client = log_in()
    before = AuditEntry.objects.filter(act="find").count()
    for number, column in ((ID_NO, "person.id_no"), (PHONE, "person.phone")):
        text = client.post("/search", {"words": number}, headers=HTMX).content.decode()
        assert f'name="column" value="{column}"' in text
        assert str(busy.person.pk) not in text
    assert AuditEntry.objects.filter(act="find").count() == before
    given = {"column": "person.id_no", "number": ID_NO, "reason": "窗口来访核对"}
    assert client.post("/find", given).status_code == 200
    assert AuditEntry.objects.filter(act="find").count() == before + 1
    worker = log_in("worker", COMMUNITY)
    assert "Only street staff" in worker.post("/search", {"words": PHONE}).content.decode()
