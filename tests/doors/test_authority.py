"""Nothing that a sender of one street sends changes another street's ledgers before its office agrees (security.md, Authority on writes)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from server.accounts.access import access_of
from server.accounts.models import RoleGrant
from server.core import clock
from server.ledgers.models import Employer, Household, Person, Visit
from server.ledgers.refolding.rebuild import rebuild
from server.quarantine import services
from server.quarantine.models import Quarantined
from server.submissions.drain import drain_now
from server.submissions.models import Submission, SubmissionVersion, Verdict
from server.submissions.selectors import submissions
from tests.factories.ledgers import Filled, id_number, member, uuid_of
from tests.factories.two_areas import (
    FIRM,
    HERE,
    HOME,
    OTHER_STREET,
    PERSON,
    THERE,
    USCC,
    TwoStreets,
    accept,
    dump,
    form_of,
    instance_named,
    make_two_streets,
    office,
    written,
)

pytestmark = pytest.mark.django_db(transaction=True)
OWN = Filled(
    household_id=uuid_of("own home"),
    household={"address": "示范路1号"},
    members=[member(key="own person", name="王三", id_no=id_number("1972-02-29", 2))],
)
PWNED = {"address": "PWNED"}
UPDATE = f'<entity dataset="households" id="{HOME}" update="1" baseVersion="1"><label>PWNED</label></entity>'
ATTACKS: dict[str, tuple[Filled, dict[str, str]]] = {
    "a correction of their record": (OWN, {"edits": instance_named("their survey")}),
    "a correction of their visit": (
        Filled(form="home_visit", person_id=uuid_of("own person"), person={"edu": "20"}),
        {"edits": instance_named("their visit")},
    ),
    "a record of their community": (replace(OWN, community=THERE), {}),
    "their household by uuid": (replace(OWN, household_id=HOME, household=PWNED), {}),
    "their person by uuid in a roster": (
        replace(OWN, members=[member(key="their person", name="PWNED")]),
        {},
    ),
    "a home visit to their person and household": (
        Filled(form="home_visit", person_id=PERSON, household_id=HOME, person={"edu": "20"}),
        {},
    ),
    "a home visit that only links their household": (
        Filled(form="home_visit", person_id=uuid_of("own person"), household_id=HOME),
        {},
    ),
    "their employer by uuid and credit code": (
        Filled(form="employer", employer_id=FIRM, household={"name": "PWNED", "uscc": USCC}),
        {},
    ),
    "their household as a person": (
        replace(OWN, members=[member(key="x") | {"person_id": HOME}]),
        {},
    ),
    "an entity update of their household": (OWN, {"block": UPDATE}),
    "an entity update with answers": (
        replace(OWN, household_id=HOME, household=PWNED),
        {"block": UPDATE},
    ),
}


@pytest.fixture
def streets(divisions, make_user) -> TwoStreets:
    return make_two_streets(make_user)


def test_their_records_are_there(streets):
    assert Household.objects.get(pk=HOME).area_code == THERE
    assert Person.objects.filter(area_code=THERE).count() == 1
    assert Employer.objects.get(pk=FIRM).area_code == THERE
    assert not Quarantined.objects.exists()


BY_NUMBER: dict[str, Filled] = {
    "a survey that lists their person by ID number": replace(
        OWN,
        members=[member(key="met here", name="李二", id_no=id_number("1970-05-01", 1), edu="20")],
    ),
    "a survey that lists their person without a uuid": replace(
        OWN, members=[member(name="李二", id_no=id_number("1970-05-01", 1), edu="20")]
    ),
    "a survey that lists their person by passport": replace(
        OWN, members=[member(name="李二", id_type="05", id_no="E44990001", edu="20")]
    ),
    "an employer survey by credit code": Filled(
        form="employer",
        household={"name": "分厂", "uscc": USCC, "n_staff": "7"},
        members=[{"title": "保安", "n_wanted": "9"}],
    ),
}
"""What is no attack but daily work: somebody known to another office is met here."""


@pytest.mark.parametrize("met", BY_NUMBER)
def test_whom_another_street_knows_counts_here_in_a_row_of_its_own(streets, met):
    """By every door, and the correction of it, too: the other street's rows stay byte-equal."""
    passport = Filled(
        community=THERE,
        household_id=uuid_of("second home there"),
        household={"address": "邻街3号"},
        members=[member(name="李二", id_type="05", id_no="E44990001", edu="70")],
    )
    streets.neighbour(written(passport, "their passport"), form_of(passport))
    drain_now()
    filled, before = BY_NUMBER[met], dump(OTHER_STREET)
    model = Employer if filled.form == "employer" else Person
    for door, send in streets.doors.items():
        for name, edits in ((f"{met} {door}", ""), (f"{met} {door} 2", f"{met} {door}")):
            document = written(filled, name, edits=instance_named(edits) if edits else "")
            assert send(document, form_of(filled)).status_code in (200, 201)
            drain_now()
            assert dump(OTHER_STREET) == before, door
    assert not Quarantined.objects.exists()
    row = model.objects.get(area_code=HERE)
    if filled.form == "employer":
        assert (row.n_staff, row.vacancies.get().n_wanted) == (7, 9)
    else:
        assert row.edu == "20"
        assert {item.household.area_code for item in row.memberships.all()} == {HERE}
    mine = dump("")
    report = rebuild(area="", keep=True, as_of=clock.today(), progress=lambda *_done: None)
    assert report.differences == []
    assert dump("") == mine


@pytest.mark.parametrize("attack", ATTACKS)
def test_by_no_door_does_a_sender_change_another_streets_rows(streets, attack):
    """Every account by every door; the sender is answered alike the second time, and sees nothing of theirs."""
    filled, how = ATTACKS[attack]
    before = dump(OTHER_STREET)
    for door, send in streets.doors.items():
        document = written(filled, f"{attack} {door}", **how)
        first, again = send(document, form_of(filled)), send(document, form_of(filled))
        drain_now()
        later = send(document, form_of(filled))
        assert [first.status_code, again.status_code, later.status_code] in (
            [201] * 3,
            [200] * 3,
        ), (
            door,
            first.content,
        )
        assert "邻街".encode() not in first.content + again.content + later.content
        assert dump(OTHER_STREET) == before, door
    waiting = Quarantined.objects.filter(resolved_at=None)
    assert set(waiting.values_list("area", flat=True)) == {THERE}
    assert waiting.count() == len(streets.doors)
    for user, n_seen, n_elsewhere in (
        (streets.staff_here, 0, len(streets.doors)),
        (streets.staff_there, len(streets.doors), 0),
    ):
        client = office(user)
        assert client.get("/api/v1/quarantine/?is_settled=false").json()["count"] == n_seen
        elsewhere = client.get("/api/v1/quarantine/elsewhere/").json()
        assert len(elsewhere) == n_elsewhere
        assert all(set(row) == {"id", "reason", "received_at"} for row in elsewhere)
        assert client.get("/quarantine").status_code == 200
        page = client.get(f"/quarantine/{waiting[0].pk}")
        assert page.status_code == (200 if n_seen else 404)
    held = {
        row.version.instance_id for row in Verdict.objects.filter(decision="").exclude(reason="")
    }
    for user in (streets.staff_here, streets.staff_there):
        shown = submissions(access_of(user)).values_list("instance_id", flat=True)
        assert held.isdisjoint(shown)
    before_rebuild = dump("")
    report = rebuild(area="", keep=False, as_of=clock.today(), progress=lambda *_done: None)
    assert report.differences == []
    assert dump("") == before_rebuild


def test_own_records_count_and_nothing_is_held(streets):
    for door, send in streets.doors.items():
        filled = replace(
            OWN,
            household_id=uuid_of(f"home {door}"),
            members=[member(key=f"person {door}", name="王三")],
        )
        assert send(written(filled, door), form_of(filled)).status_code in (200, 201)
        drain_now()
        edit = replace(filled, household={"address": "示范路2号"})
        again = send(written(edit, f"{door} 2", edits=instance_named(door)), form_of(filled))
        assert again.status_code in (200, 201)
    drain_now()
    assert not Quarantined.objects.exists()
    assert Household.objects.filter(area_code=HERE, address="示范路2号").count() == len(
        streets.doors
    )
    assert set(Verdict.objects.values_list("reason", flat=True)) == {""}


def test_an_office_accepts_what_was_held_for_it(streets):
    send = streets.doors["token of a worker"]
    moved = replace(OWN, household_id=HOME, household={"address": "示范路9号"}, members=[])
    send(written(moved, "moved"), form_of(moved))
    drain_now()
    (item,) = Quarantined.objects.all()
    assert (item.reason, item.area, item.sender_area) == ("entry-outside", THERE, HERE)
    assert accept(streets.staff_here, item).status_code == 404
    answer = accept(streets.staff_there, item)
    assert answer.status_code == 200, answer.content
    drain_now()
    verdict = Verdict.objects.get(reason="entry-outside")
    assert (verdict.decision, verdict.decided_by) == ("accepted", streets.staff_there)
    assert Household.objects.get(pk=HOME).address == "示范路9号"
    assert Submission.objects.get(instance_id=instance_named("moved")).area_code == HERE


def test_a_dismissed_record_stays_out_and_can_be_reopened(streets):
    send, before = streets.doors["token of a worker"], dump(OTHER_STREET)
    named = replace(OWN, community=THERE)
    send(written(named, "named"), form_of(named))
    drain_now()
    (item,) = Quarantined.objects.all()
    path, client = f"/api/v1/quarantine/{item.pk}", office(streets.staff_there)
    decide = {"reason": "不是本街道的"}
    assert (
        client.post(f"{path}/dismiss/", decide, content_type="application/json").status_code == 200
    )
    drain_now()
    assert dump(OTHER_STREET) == before
    assert Verdict.objects.get(reason="area-outside").decision == "dismissed"
    assert (
        client.post(f"{path}/reopen/", decide, content_type="application/json").status_code == 200
    )
    assert Verdict.objects.get(reason="area-outside").decision == ""
    repair = {"act": "new_instance", "reason": "x"}
    assert (
        client.post(f"{path}/repair/", repair, content_type="application/json").status_code == 409
    )
    assert accept(streets.staff_there, item).status_code == 200
    drain_now()
    assert Household.objects.get(pk=uuid_of("own home")).area_code == THERE


def test_a_record_that_two_offices_must_accept_waits_for_each_in_turn(streets):
    """Their community is named, and an entry of ours: the sender is theirs, so ours decides, too."""
    ours = streets.doors["token of a worker"]
    ours(written(OWN, "own"), form_of(OWN))
    drain_now()
    mine = dump(HERE[:9])
    third = replace(OWN, household={"address": "PWNED"}, members=[])
    streets.neighbour(written(third, "third"), form_of(third))
    drain_now()
    (item,) = Quarantined.objects.filter(resolved_at=None)
    assert (item.reason, item.area) == ("area-outside", HERE)
    assert dump(HERE[:9]) == mine
    accept(streets.staff_here, item)
    drain_now()
    assert Household.objects.get(pk=uuid_of("own home")).address == "PWNED"


def test_an_edit_that_is_held_leaves_the_version_before_it(streets):
    send, before = streets.doors["token of a worker"], dump(OTHER_STREET)
    send(written(OWN, "own"), form_of(OWN))
    drain_now()
    gone = replace(OWN, community=THERE, household={"address": "搬走"})
    send(written(gone, "own 2", edits=instance_named("own")), form_of(gone))
    drain_now()
    assert dump(OTHER_STREET) == before
    submission = Submission.objects.get(instance_id=instance_named("own"))
    assert submission.current_version.instance_id == instance_named("own")
    assert (submission.review_state, submission.area_code) == ("received", HERE)
    assert Household.objects.get(pk=uuid_of("own home")).address == "示范路1号"
    detail = office(streets.staff_here).get(f"/api/v1/submissions/{submission.instance_id}/").json()
    assert [version["instance_id"] for version in detail["versions"]] == [instance_named("own")]
    # A correction of the held correction waits at the same office.
    again = send(written(gone, "own 3", edits=instance_named("own 2")), form_of(gone))
    assert again.status_code == 201
    (first,) = Quarantined.objects.filter(reason="area-outside")
    (second,) = Quarantined.objects.filter(reason="original-outside")
    assert first.area == second.area == THERE
    for item in (first, second):
        assert accept(streets.staff_there, item).status_code == 200
        drain_now()
    submission.refresh_from_db()
    assert submission.current_version.instance_id == instance_named("own 3")
    assert Household.objects.get(pk=uuid_of("own home")).area_code == THERE


def test_staff_of_another_area_cannot_repair_a_record_into_one_of_theirs(streets):
    """W12 and W13: a corrected XML that corrects their record, or that names their community."""
    send, before = streets.doors["token of a worker"], dump(OTHER_STREET)
    client = office(streets.staff_here)
    unknown = written(OWN, "unknown").replace(b'version="1"', b'version="9"', 1)
    assert send(unknown, form_of(OWN)).status_code == 404
    (item,) = Quarantined.objects.all()
    path = f"/api/v1/quarantine/{item.pk}"

    def repair(document: bytes) -> Any:
        body = {"act": "corrected", "reason": "x", "xml": document.decode()}
        assert (
            client.post(f"{path}/repair/", body, content_type="application/json").status_code == 201
        )
        return accept(streets.staff_here, item)

    edit = written(OWN, "repaired", edits=instance_named("their survey"))
    assert repair(edit).status_code == 403
    drain_now()
    assert dump(OTHER_STREET) == before
    assert repair(written(replace(OWN, community=THERE), "repaired")).status_code == 200
    drain_now()
    assert dump(OTHER_STREET) == before
    assert Quarantined.objects.get(verdict__isnull=False).area == THERE


def test_an_edit_that_came_before_its_original_waits_at_the_originals_office(streets):
    send = streets.doors["token of a worker"]
    late = replace(OWN, community=THERE)
    edit = written(OWN, "early", edits=instance_named("late"))
    assert send(edit, form_of(OWN)).status_code == 404
    assert Quarantined.objects.get().area == HERE
    streets.neighbour(written(late, "late"), form_of(late))
    drain_now()
    before = dump(OTHER_STREET)
    services.replay_ready(at=clock.now())
    drain_now()
    assert dump(OTHER_STREET) == before
    item = Quarantined.objects.get()
    assert (item.reason, item.area, item.sender_area) == ("original-outside", THERE, HERE)


def test_stored_verdicts_are_replayed_whatever_grants_are_by_then(streets):
    send = streets.doors["token of a worker"]
    send(written(OWN, "own"), form_of(OWN))
    held = replace(OWN, household_id=HOME, household=PWNED)
    send(written(held, "held"), form_of(held))
    drain_now()
    before = dump("")
    worker = SubmissionVersion.objects.get(instance_id=instance_named("own")).submitter
    for grants in ([THERE], [HERE, THERE], []):
        RoleGrant.objects.filter(user=worker).delete()
        for area in grants:
            RoleGrant.objects.create(user=worker, role="worker", area=area)
        report = rebuild(area="", keep=True, as_of=clock.today(), progress=lambda *_done: None)
        assert report.differences == []
        assert dump("") == before


def test_a_code_whose_worker_has_no_area_any_more_writes_nowhere(streets):
    before = dump("44")
    RoleGrant.objects.filter(user__username="worker-here").delete()
    send = streets.doors["token of a worker"]
    assert send(written(OWN, "own"), form_of(OWN)).status_code == 201
    drain_now()
    assert dump("44") == before
    assert Quarantined.objects.get().area == HERE
    assert Visit.objects.filter(area_code=HERE).count() == 0
