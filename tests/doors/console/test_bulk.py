"""Rows that are chosen in a list are decided about together, and the decision is undone as one."""

from __future__ import annotations

import json
import re
from datetime import date
from html import unescape
from typing import Any

import pytest

from server.ledgers.models import AssistanceCase, DeskAct, Person
from tests.conftest import COMMUNITY, STREET
from tests.factories.seekers import survey_two_seekers

pytestmark = pytest.mark.django_db


@pytest.fixture
def worker(divisions, make_user) -> Any:
    """A worker, and a household of two persons seeking work, each with a case that the survey opens."""
    user = make_user("xie", role="worker", area=STREET)
    survey_two_seekers(user, date(2026, 11, 23))
    return user


def toast_of(text: str) -> Any:
    """What the page says was done, with its undo."""
    return json.loads(unescape(re.search(r'data-toast="([^"]*)"', text).group(1)))


def test_chosen_cases_are_assigned_to_a_worker_and_taken_back_together(worker, make_user, log_in):
    client, other = log_in(), make_user("lin", role="worker", area=COMMUNITY)
    cases = list(AssistanceCase.objects.order_by("pk"))
    fields = client.get("/ledgers/cases/bulk").content.decode()
    assert f'<option value="{other.pk}">' in fields
    assert 'id="bulk"' in client.get("/cases").content.decode()
    given = {"entry": [case.pk for case in cases], "act": "assign", "worker": other.pk}
    refused = client.post("/ledgers/cases/bulk", {**given, "reason": ""})
    assert refused.status_code == 400
    answer = client.post("/ledgers/cases/bulk", {**given, "reason": "分片包干"}, follow=True,
                         headers={"referer": "http://testserver/cases?due=overdue"})  # fmt: skip
    assert answer.redirect_chain[-1][0] == "/cases?due=overdue"
    assert set(AssistanceCase.objects.values_list("linked_worker", flat=True)) == {other.pk}
    toast = toast_of(answer.content.decode())
    assert toast["text"] == f"{len(cases)} entries decided."
    assert DeskAct.objects.filter(undone_at=None).count() == len(cases) > 1
    client.post(toast["undo"]["url"], toast["undo"]["values"])
    assert DeskAct.objects.filter(undone_at=None).count() == 0
    assert set(AssistanceCase.objects.values_list("linked_worker", flat=True)) != {other.pk}


def test_what_is_refused_is_named_and_holds_up_nothing(worker, log_in):
    client = log_in()
    person = Person.objects.get(name="陈一")
    to = "2"
    everybody = list(Person.objects.values_list("pk", flat=True))
    given = {"act": f"move:person_status:{to}", "reason": "核对", "entry": everybody}
    client.post(f"/ledgers/persons/{person.pk}/move/person_status/{to}", {"reason": "先行"})
    text = client.post("/ledgers/persons/bulk", given, follow=True).content.decode()
    assert toast_of(text)["text"] == "1 entry decided."
    refused = re.search(r'<div class="notice warning">(.*?)</div>', text, re.DOTALL).group(1)
    assert "陈一" in refused
    assert "陈二" not in refused
    assert DeskAct.objects.filter(undone_at=None).count() == 2
    assert client.post("/ledgers/persons/bulk", {**given, "entry": []}).status_code == 400
    assert client.post("/ledgers/persons/bulk", {**given, "act": "x"}).status_code == 400
    assert client.post("/ledgers/persons/bulk", {**given, "entry": ["x"]}).status_code == 404


def test_only_the_office_of_the_area_decides(worker, log_in):
    case = AssistanceCase.objects.first()
    given = {"entry": [case.pk], "act": "assign", "worker": worker.pk, "reason": "越区"}
    assert log_in("worker", COMMUNITY).post("/ledgers/cases/bulk", given).status_code == 403
    outside = log_in("street", "440106005")
    assert outside.post("/ledgers/cases/bulk", given).status_code == 400
    assert DeskAct.objects.count() == 0
