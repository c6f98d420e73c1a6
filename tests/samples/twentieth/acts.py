"""The made-up ledger at its doors: a form that is published, a record, a count, a move, its undo, a rebuild, the pages."""

from __future__ import annotations

import uuid

import pytest

from server.core import clock
from server.ledgers.refolding.rebuild import rebuild
from tests.doors.conftest import asking, log_in  # noqa: F401 fixtures
from tests.doors.field.conftest import people  # noqa: F401
from tests.factories.field import instance

pytestmark = pytest.mark.django_db

SHEETS = {
    "survey": """
type|name|label|bind::ruhu:saveto
text|person_id|P|person.id
text|person_name|N|person.name
text|workshop_id|W|workshop.id
text|workshop_name|N|workshop.name
date|began_on|D|workshop_place.began_on
""",
    "settings": """
form_id|version|form_title|namespaces
workshops|1|Workshops|ruhu="urn:ruhu:xforms"
""",
    "ledgers": """
ledger|at|key|link
person||id|
workshop||id|
workshop_place||person+workshop+began_on|person workshop
""",
}


def test_the_ledger_is_filled_counted_moved_and_shown(people, log_in):  # noqa: F811
    desk = log_in("street")
    answer = people.publish(SHEETS)
    assert answer.status_code == 201, answer.content
    workshop = str(uuid.uuid4())
    for name in ("陈一", "陈二"):
        people.taken(
            instance(
                "workshops",
                f"<person_id>{uuid.uuid4()}</person_id><person_name>{name}</person_name>"
                f"<workshop_id>{workshop}</workshop_id><workshop_name>糖水坊</workshop_name>"
                "<began_on>2026-03-10</began_on>",
            )
        )
    shown = desk.get(f"/api/v1/workshops/{workshop}/").json()
    assert (shown["name"], shown["n_people"], shown["state"]) == ("糖水坊", 2, "1")
    place = desk.get("/api/v1/workshop-places/").json()["results"][0]
    assert place["workshop"] == workshop
    assert place["person"] is not None

    moving = {"to": "2", "values": {"closed_on": "2026-06-30"}, "reason": "已关闭"}
    path = f"/api/v1/workshops/{workshop}/moves/"
    act = desk.post(path, moving, content_type="application/json")
    assert act.status_code == 201, act.content
    shown = desk.get(f"/api/v1/workshops/{workshop}/").json()
    assert (shown["state"], shown["closed_on"]) == ("2", "2026-06-30")
    report = rebuild(area="", keep=False, as_of=clock.today(), progress=lambda *_: None)
    assert report.differences == []

    assert desk.post(f"/desk-acts/{act.json()['id']}/undo").status_code == 200
    assert desk.get(f"/api/v1/workshops/{workshop}/").json()["state"] == "1"
    assert "糖水坊" in desk.get("/ledgers/workshops?search=糖水").content.decode()
    assert "Workshops" in desk.get("/ledgers").content.decode()
    page = desk.get(f"/ledgers/workshops/{workshop}").content.decode()
    assert "糖水坊" in page
