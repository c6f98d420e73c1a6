"""A sender's areas are those held on the visit's day or at receipt; who was shut out gains nothing by a day (decision 0310)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from server.accounts import services as accounts
from server.accounts.models import FormerGrant, RoleGrant, User
from server.core import clock
from server.core.sealing import seal_document
from server.geo.models import Division
from server.ledgers.models import Household
from server.ledgers.refolding.rebuild import rebuild
from server.quarantine.models import Quarantined
from server.submissions.drain import drain_now
from server.submissions.models import SubmissionVersion, Verdict
from tests.factories.ledgers import Filled, uuid_of
from tests.factories.two_areas import (
    HERE,
    HOME,
    THERE,
    TwoStreets,
    by_token,
    dump,
    form_of,
    instance_named,
    make_two_streets,
    written,
)

pytestmark = pytest.mark.django_db(transaction=True)
FIRST, LAST = "2026-03-01", "2026-03-31"
DAYS = {"2026-02-28": False, FIRST: True, LAST: True, "2026-04-01": False}
"""The day before, the first and the last day in the other street, the day after → whether a visit counts there."""


@pytest.fixture
def streets(divisions, make_user) -> TwoStreets:
    return make_two_streets(make_user)


def works_there(*more: str) -> None:
    role("add", THERE, "--since", FIRST)
    role("remove", THERE, "--until", LAST, *more)


def role(act: str, area: str, *words: str) -> None:
    call_command("role", act, "worker-here", "--role", "worker", "--area", area, *words)


def visit(day: str, **how: Any) -> Filled:
    """A survey of the other street at the last minute of the day at the offices."""
    home = how.pop("household_id", uuid_of(f"home {day}"))
    filled = Filled(community=THERE, household_id=home, visited_at=f"{day}T23:59:00+08:00", **how)
    filled.household = {"address": f"访 {day}"}
    return filled


def send(streets: TwoStreets, filled: Filled, name: str, door: str = "", **how: str) -> None:
    sending = streets.doors[door or "token of a worker"]
    response = sending(written(filled, name, **how), form_of(filled))
    assert response.status_code in (200, 201), response.content
    drain_now()


def counting(names: Any) -> dict[str, bool]:
    reasons = dict(
        Verdict.objects.values_list("version__instance_id", "reason").order_by("judged_at", "id")
    )
    return {name: reasons[instance_named(name)] == "" for name in names}


def test_visits_of_the_days_on_which_the_worker_was_there_count(streets):
    works_there()
    by_workers = [door for door in streets.doors if door.endswith("of a worker")]
    for door in by_workers:
        for day in DAYS:
            send(streets, visit(day, household_id=uuid_of(f"{door} {day}")), f"{door} {day}", door)
        names = {day: f"{door} {day}" for day in DAYS}
        assert counting(names.values()) == {names[day]: DAYS[day] for day in DAYS}
    assert len(by_workers) == 4
    assert {item.area for item in Quarantined.objects.all()} == {THERE}
    addresses = Household.objects.filter(address__startswith="访").values_list("address", flat=True)
    assert sorted(addresses) == sorted([f"访 {FIRST}", f"访 {LAST}"] * 4)


def test_entries_and_corrections_go_by_the_visits_day_too(streets):
    works_there()
    for day in DAYS:
        named = visit(day, household_id=HOME)
        send(streets, named, f"entry {day}")
    assert counting([f"entry {day}" for day in DAYS]) == {
        f"entry {day}": counts for day, counts in DAYS.items()
    }
    bare = replace(visit(FIRST, household_id=HOME), community="")
    send(streets, bare, "without a community, so that it stands here")
    assert counting(["without a community, so that it stands here"]).popitem()[1] is False
    taken = replace(visit(FIRST, household_id=HOME), community=HERE)
    send(streets, taken, "taken along")
    assert counting(["taken along"]) == {"taken along": False}
    send(streets, visit("2026-03-02"), "correction", edits=instance_named("their survey"))
    assert counting(["correction"]) == {"correction": True}


def test_a_correction_goes_by_the_day_of_the_visit_that_it_corrects(streets):
    """The phone's own day of the correction opens no visit that somebody else made before or after."""
    role("add", THERE, "--since", "2026-03-03")
    role("remove", THERE, "--until", LAST)
    send(streets, visit("2026-03-10"), "correction", edits=instance_named("their survey"))
    (item,) = Quarantined.objects.all()
    assert (item.reason, item.area) == ("original-outside", THERE)


def shut_out() -> None:
    worker = User.objects.get(username="worker-here")
    accounts.shut_out(user=worker, at=clock.now(), actor=None)


def closed_and_opened() -> None:
    worker = User.objects.get(username="worker-here")
    for is_active in (False, True):
        accounts.set_active(user=worker, is_active=is_active, actor=None)


@pytest.mark.parametrize("then", ["revoked", "shut out", "closed", "no area"])
def test_whoever_was_shut_out_gains_nothing_by_the_day_of_a_visit(streets, then):
    works_there(*(["--revoked"] if then == "revoked" else []))
    if then == "closed":
        closed_and_opened()
    elif then == "shut out":
        shut_out()
        worker = User.objects.get(username="worker-here")
        _account, token = accounts.issue_token(user=worker, actor=None)
        streets.doors["token of a worker"] = by_token(token)
    elif then == "no area":
        role("remove", HERE)
    before = dump(THERE[:9])
    for day in DAYS:
        send(streets, visit(day), day)
    assert counting(DAYS) == dict.fromkeys(DAYS, False)
    assert dump(THERE[:9]) == before


def test_a_visit_counts_at_receipt_whatever_its_day(streets):
    """Also while the phone's clock is wrong, or the role began later than the visit."""
    role("add", THERE, "--since", "2026-11-01")
    for day in DAYS:
        send(streets, visit(day), day)
    assert counting(DAYS) == dict.fromkeys(DAYS, True)


def test_no_later_change_of_roles_changes_what_was_judged(streets):
    works_there()
    for day in DAYS:
        send(streets, visit(day), day)
    before = dump("")
    for change in (
        lambda: FormerGrant.objects.update(is_revoked=True),
        lambda: FormerGrant.objects.update(since=date(2020, 1, 1), until=date(2026, 10, 1)),
        lambda: RoleGrant.objects.filter(user__username="worker-here").delete(),
    ):
        change()
        report = rebuild(area="", keep=True, as_of=clock.today(), progress=lambda *_done: None)
        assert report.differences == []
        assert dump("") == before
    assert counting(DAYS) == DAYS


def test_a_replay_goes_by_the_areas_of_receipt_and_a_repair_by_its_desk_alone(streets):
    works_there()
    send_ = streets.doors["token of a worker"]
    for name in ("replayed", "repaired"):
        unknown = written(visit(FIRST), name).replace(b'version="1"', b'version="9"', 1)
        assert send_(unknown, "ledger_survey").status_code == 404
    FormerGrant.objects.update(is_revoked=True)
    desk = Client()
    desk.force_login(streets.staff_here)

    def post(item: Quarantined, to: str, **body: str) -> Any:
        path = f"/api/v1/quarantine/{item.pk}/{to}/"
        return desk.post(path, body, content_type="application/json")

    items = {item.instance_id: item for item in Quarantined.objects.all()}
    for name in ("replayed", "repaired"):
        item = items[instance_named(name)]
        corrected = written(visit(FIRST), name).decode()
        if name == "repaired":
            body = {"act": "corrected", "reason": "x", "xml": corrected}
            assert post(item, "repair", **body).status_code == 201
        else:
            item.document = seal_document(corrected.encode())
            item.save()
        assert post(item, "replay").status_code == 200
        drain_now()
    assert counting(["replayed", "repaired"]) == {"replayed": True, "repaired": False}
    held = SubmissionVersion.objects.get(instance_id=instance_named("repaired"))
    assert (held.sender_areas, held.sender_history) == ([HERE[:9]], [])


def test_ground_keeps_its_worker_when_it_gets_another_code(streets):
    """Dated by the divisions themselves: whole ground only, and no neighbour that was there before."""

    def division(code: str, began: str | None = None) -> Division:
        return Division.objects.create(
            code=code, level=5, parent_id="440106005000", name=code, valid_from=began
        )

    old = Division.objects.get(code=THERE)
    renamed, merged_into = division("440106005091", "2026-03-01"), division("440106005092")
    gone, half = division("440106005093"), division("440106005094", "2026-03-01")
    Division.objects.filter(code__in=[old.code, gone.code]).update(valid_to="2026-03-01")
    old.successors.set([renamed])
    gone.successors.set([merged_into, half])
    role("add", gone.code)
    role("add", renamed.code)
    for day in ("2026-02-28", "2026-03-01", "2026-03-02"):
        send(streets, visit(day), f"old code {day}")
        send(streets, replace(visit(day), community=half.code), f"half {day}")
        send(streets, replace(visit(day), community=merged_into.code), f"merged {day}")
    for day in ("2026-02-28", "2026-03-01", "2026-03-02"):
        assert counting([f"old code {day}", f"half {day}", f"merged {day}"]) == {
            f"old code {day}": True,
            f"half {day}": True,
            f"merged {day}": False,
        }


def test_a_role_neither_begins_nor_ends_in_the_future_nor_before_its_beginning(divisions, capsys):
    accounts.add_worker(username="worker-here", areas=[HERE], actor=None)
    role("add", THERE, "--since", FIRST)
    for act, area, day in (
        ("add", THERE[:9], ["--since", "2999-01-01"]),
        ("remove", THERE, ["--until", "2999-01-01"]),
        ("remove", THERE, ["--until", "2026-02-28"]),
    ):
        with pytest.raises(CommandError, match=day[1]):
            role(act, area, *day)
    assert set(RoleGrant.objects.values_list("area", flat=True)) == {HERE, THERE}
    role("remove", THERE, "--until", LAST, "--json")
    former = json.loads(capsys.readouterr().out.splitlines()[-1])["former_roles"]
    assert [(row["since"], row["until"]) for row in former] == [(FIRST, LAST)]
