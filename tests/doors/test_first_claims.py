"""Two first claims on one uuid from two areas: neither counts for the other until a desk decides (security.md, Authority on writes)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from server.core import clock
from server.ledgers.refolding.rebuild import rebuild
from server.quarantine.models import Quarantined
from server.submissions.drain import drain_now
from server.submissions.models import Submission
from tests.factories.ledgers import Filled, member, uuid_of
from tests.factories.two_areas import (
    HERE,
    OTHER_STREET,
    THERE,
    TwoStreets,
    accept,
    dump,
    form_of,
    make_two_streets,
    office,
    written,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def streets(divisions, make_user) -> TwoStreets:
    return make_two_streets(make_user)


def claims(kind: str) -> Filled:
    """A record that is the first to name a uuid, in this street."""
    claimed = f"claimed {kind}"
    home = {"household_id": uuid_of(f"home {kind}"), "household": {"address": "认领1号"}}
    return {
        "household": Filled(household_id=uuid_of(claimed), household={"address": "认领1号"}),
        "person": Filled(**home, members=[member(key=claimed, name="认领")]),
        "employer": Filled(
            form="employer", employer_id=uuid_of(claimed), household={"name": "认领"}
        ),
        "visited": Filled(
            form="home_visit", person_id=uuid_of(claimed), person={"edu": "20", "name": "认领"}
        ),
    }[kind]


@pytest.mark.parametrize("at_once", [True, False], ids=["in one batch", "one after the other"])
def test_of_two_first_claims_on_one_uuid_neither_counts_for_the_other(streets, at_once):
    """The first received has it at its own office; the other waits there, and does not count at its own either."""
    mine = dump(HERE[:9])
    for kind in ("household", "person", "employer", "visited"):
        ours = claims(kind)
        theirs = replace(ours, community=THERE)
        if kind == "person":
            ours = replace(ours, household_id=uuid_of("another home"))
        sent = streets.neighbour(written(theirs, f"first {kind}"), form_of(theirs))
        assert sent.status_code == 201
        if not at_once:
            drain_now()
        answer = streets.doors["token of a worker"](written(ours, f"second {kind}"), form_of(ours))
        assert (answer.status_code, "认领".encode() in answer.content) == (201, False)
        drain_now()
    claimed = dump(OTHER_STREET)
    assert dump(HERE[:9]) == mine
    items = list(Quarantined.objects.order_by("received_at"))
    assert [(item.reason, item.area, item.sender_area) for item in items] == [
        ("entry-outside", THERE, HERE)
    ] * 4
    waiting = office(streets.staff_here).get("/api/v1/quarantine/elsewhere/").json()
    assert [set(waits) for waits in waiting] == [{"id", "reason", "received_at"}] * 4
    for item in items:
        assert accept(streets.staff_here, item).status_code == 404
        assert dump(OTHER_STREET) == claimed
    for item in items:
        assert accept(streets.staff_there, item).status_code == 200
        drain_now()
        assert Submission.objects.filter(instance_id=item.instance_id, area_code=HERE).exists()
    report = rebuild(area="", keep=False, as_of=clock.today(), progress=lambda *_done: None)
    assert report.differences == []
