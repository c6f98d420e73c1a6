"""Handing visits due to another worker: at REST, in the console's list, and back."""

from __future__ import annotations

import re

import pytest

from server.core.clock import today
from tests.conftest import COMMUNITY, OTHER_STREET_COMMUNITY, STREET
from tests.doors.api.conftest import assert_problem
from tests.doors.test_visits_due import ADDRESS, rows


def hand_over(client, visits, worker, **more):
    body = {"visits": visits, "worker": worker, "reason": "分片包干", **more}
    return client.post(f"{ADDRESS}hand-over/", body, content_type="application/json")


@pytest.fixture
def folded(divisions, make_user):
    """A surveyed household of two persons seeking work, whose cases are due, and two workers."""
    from server.ledgers.models import AssistanceCase, Person
    from tests.factories.seekers import survey_two_seekers

    xie = make_user("xie", role="worker", area=STREET)
    lin = make_user("lin", role="worker", area=COMMUNITY)
    survey_two_seekers(xie, today())

    def linked() -> set[int | None]:
        held = (AssistanceCase.objects.filter(next_due__isnull=False), Person.objects.exclude(visit_due=None))  # fmt: skip
        return {worker for rows in held for worker in rows.values_list("linked_worker", flat=True)}

    return xie, lin, linked


def test_visits_are_handed_over_at_rest_after_a_preview_that_changes_nothing(folded, asking):
    from server.ledgers.models import DeskAct

    _xie, lin, linked = folded
    client = asking("street")
    visits = [row["id"] for row in rows(client)]
    assert len(visits) > 1
    before = linked()
    seen = hand_over(client, visits, "lin", preview=True).json()
    assert (set(seen["changing"]), seen["acts"]) == (set(visits), [])
    assert linked() == before != {lin.pk}
    done = hand_over(client, visits, "lin").json()
    assert (len(done["acts"]), done["refused"], linked()) == (len(visits), [], {lin.pk})
    again = hand_over(client, visits, "lin").json()
    assert (again["changing"], set(again["unchanged"]), again["acts"]) == ([], set(visits), [])
    assert_problem(hand_over(client, visits, "nobody"), "no-such-worker", 422)
    assert_problem(hand_over(client, [], "lin"), "invalid-request", 400)
    stranger = asking("street", area=OTHER_STREET_COMMUNITY[:9])
    assert_problem(hand_over(stranger, visits, "lin"), "no-such-worker", 422)
    assert hand_over(asking("worker", area=COMMUNITY), visits, "lin").status_code == 403
    assert DeskAct.objects.count() == len(visits)


def test_a_workers_visits_are_handed_over_in_the_console_and_taken_back_as_one(folded, log_in):
    from server.ledgers.models import DeskAct

    _xie, lin, linked = folded
    client = log_in()
    text = client.get("/visits/due").content.decode()
    assert f'<option value="{lin.pk}">' in text
    before = linked()
    chosen = re.findall(r'name="entry" value="([^"]+)"', text)
    filters = f"area={COMMUNITY[:9]}000&unassigned={'true' if before == {None} else 'false'}"
    given = {"all": "1", "query": filters, "worker": lin.pk, "reason": "休假"}
    address = "/visits/due/hand-over"
    seen = client.post(address, {**given, "step": "preview"}).content.decode()
    assert re.findall(r'name="entry" value="([^"]+)"', seen) == chosen
    assert DeskAct.objects.count() == 0
    answer = client.post(address, given, follow=True)
    assert answer.redirect_chain[-1][0] == f"/visits/due?{filters}"
    assert linked() == {lin.pk}
    number = DeskAct.objects.filter(undone_at=None).count()
    assert number == len(chosen)
    acts = DeskAct.objects.values_list("pk", flat=True)
    client.post("/desk-acts/undo", {"act": list(acts)})
    assert linked() == before
    for bad in ({"worker": ""}, {"reason": ""}, {"all": "", "entry": []}, {"query": "overdue=x"}):
        assert client.post(address, {**given, **bad}).status_code == 400, bad
    assert client.post(address, {**given, "all": "", "entry": ["x"]}).status_code == 404
    one = {"all": "", "entry": chosen[0], "worker": lin.pk, "reason": "越区"}
    assert log_in("worker", COMMUNITY).post(address, one).status_code == 403
    assert log_in("street", OTHER_STREET_COMMUNITY[:9]).post(address, one).status_code == 400
    assert DeskAct.objects.filter(undone_at=None).count() == 0
