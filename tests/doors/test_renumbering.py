"""A community that gets another code from a day on: previewed, given, followed by everything, undone."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from server.accounts.access import access_of
from server.accounts.models import RoleGrant
from server.core.clock import now, today
from server.geo.models import Boundary, Division, DivisionChange
from server.ledgers.entity_lists.lists import communities, community_uuid
from server.ledgers.folding.derive.rules import Rule
from server.ledgers.models import ContributionRow, Household, IdentityKey, Person, Visit
from server.ledgers.refolding.rebuild import rebuild
from server.ledgers.refolding.renumbered import follow_code
from server.ledgers.services import change_rule
from server.ledgers.storage.rules import standing_rules
from server.reports.facts.keeping import keep_up_entirely
from server.submissions.drain import drain_now
from server.submissions.models import Submission
from server.submissions.services.queueing import queue
from tests.factories.ledgers import COMMUNITY, id_number, make_versions, member, store, street

pytestmark = pytest.mark.django_db
JSON = "application/json"
NEW = "440106003011"
DAY = "2026-07-01"
BODY: dict[str, Any] = {
    "kind": "renumber", "division": COMMUNITY, "new_code": NEW, "takes_effect_on": DAY,
    "reason": "区政府批复", "evidence": "天府〔2026〕9号",
}  # fmt: skip


@pytest.fixture
def worker(make_user) -> Any:
    return make_user("zhang", role="worker", area=COMMUNITY)


@pytest.fixture
def send_record(divisions, worker) -> Any:
    """Sends a survey of the worker from a community and has it processed."""
    versions, numbers = make_versions(), iter(range(100))

    def send(order: int, community: str = COMMUNITY) -> Submission:
        number = next(numbers)
        filled = street(order, [member(f"陈{order}", id_no=id_number("1980-01-02", order))])
        filled.community = community
        submission: Submission = store(
            filled, version=versions["survey"], submitter=worker, instance_id=f"uuid:{number}"
        )
        held = [grant.area for grant in RoleGrant.objects.filter(user=worker)]
        submission.versions.update(sender_areas=held)
        queue([submission.pk], at=now())
        drain_now()
        return submission

    return send


@pytest.fixture
def chief(send_record, make_user) -> Client:
    """The administrator of the county, where two households were surveyed."""
    send_record(1)
    send_record(2)
    keep_up_entirely()
    return logged_in(make_user("chief", role="administrator", area="440106"))


def logged_in(user: Any) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


def send(client: Client, act: str = "", **changes: Any) -> Any:
    return client.post(f"/api/v1/division-changes/{act}", {**BODY, **changes}, JSON)


def followed(code: str) -> None:
    """What the worker does once a code was replaced."""
    follow_code(code, as_of=today())
    drain_now()
    keep_up_entirely()


def renumber(client: Client) -> int:
    made = send(client)
    assert made.status_code == 201, made.content
    followed(COMMUNITY)
    number: int = made.json()["id"]
    return number


def dump() -> dict[str, list[Any]]:
    """Everything that a renumbering touches, without counters and instants."""
    columns = {
        Division: ("code", "name", "valid_from", "valid_to"),
        Boundary: ("division_id", "valid_from", "valid_to"),
        RoleGrant: ("user_id", "role", "area", "since"),
        Submission: ("pk", "area_code", "flags", "review_state"),
        ContributionRow: ("pk", "entry", "area_code", "values"),
        IdentityKey: ("family", "key", "entry", "office"),
        **dict.fromkeys((Household, Person, Visit), ("pk", "area_code", "origins")),
    }
    rows = {
        model: list(model._default_manager.order_by("pk").values_list(*names))
        for model, names in columns.items()
    }
    return {model.__name__: kept for model, kept in rows.items()}


def places(client: Client, ledger: str = "households", **asked: str) -> list[str]:
    return [row["area_code"] for row in client.get(f"/api/v1/{ledger}/", asked).json()["results"]]


def test_a_code_is_previewed_given_followed_and_taken_back(chief):
    before = dump()
    preview = send(chief, "preview/").json()
    assert (preview["households"], preview["persons"], preview["submissions"]) == (2, 2, 2)
    assert (preview["accounts"], preview["waiting"]) == (1, 0)
    assert dump() == before
    made = send(chief).json()
    assert made["to_follow"] == 2
    followed(COMMUNITY)
    (listed,) = chief.get("/api/v1/division-changes/").json()["results"]
    assert (listed["kind"], listed["new_code"], listed["to_follow"]) == ("renumber", NEW, 0)
    assert places(chief) == places(chief, "persons") == [NEW, NEW]
    after = dump()
    assert [row[:2] for row in after["IdentityKey"]] == [row[:2] for row in before["IdentityKey"]]
    undone = send(chief, f"{made['id']}/undo/", reason="录错")
    assert undone.status_code == 200, undone.content
    followed(NEW)
    assert dump() == before
    assert send(chief, f"{made['id']}/undo/", reason="录错").status_code == 409


def test_a_rebuild_gives_the_same(chief):
    renumber(chief)
    report = rebuild(area="", keep=False, as_of=today(), progress=lambda _done, _of: None)
    assert report.differences == []


@pytest.mark.parametrize("asked", [COMMUNITY, NEW])
def test_lists_are_filtered_by_either_code(chief, asked):
    renumber(chief)
    assert places(chief, area=asked) == [NEW, NEW]
    assert places(chief, area="440106003002") == []


@pytest.mark.parametrize("code", [COMMUNITY, NEW])
def test_a_late_record_lands_at_the_new_code(chief, send_record, code):
    """A phone that was offline sends the former code, one with the new list the new one: the same person stays one."""
    renumber(chief)
    entries = set(Person.objects.values_list("pk", flat=True))
    record = send_record(1, code)
    record.refresh_from_db()
    assert record.area_code == NEW
    assert set(Person.objects.values_list("pk", flat=True)) == entries
    assert places(chief, "persons") == [NEW, NEW]


def test_a_record_received_before_the_change_is_not_held_after_it(chief, send_record, worker):
    record = send_record(1)
    queue([record.pk], at=now())
    renumber(chief)
    record.refresh_from_db()
    assert (record.area_code, record.versions.filter(verdicts__reason__gt="").count()) == (NEW, 0)


def test_who_holds_the_community_sees_it_before_and_after(chief, worker, make_user):
    number = renumber(chief)
    held = RoleGrant.objects.filter(user=worker).order_by("area")
    assert list(held.values_list("area", flat=True)) == [COMMUNITY, NEW]
    (listed,) = [row["__version"] and row for row in communities.rows([COMMUNITY, NEW])]
    assert listed["name"] == str(community_uuid(NEW))
    late = make_user("late", role="street", area=COMMUNITY)
    assert places(logged_in(late)) == []
    assert send(logged_in(late), f"{number}/undo/", reason="x").status_code == 403


@pytest.mark.parametrize(
    ("period", "code"),
    [
        ("2026Q2", COMMUNITY),
        ("2026-06", COMMUNITY),
        ("2026-07", NEW),
        ("2026Q3", NEW),
        ("2026", NEW),
    ],
)
def test_reports_show_the_code_of_their_last_day(chief, period, code):
    """Whichever code is asked for; numbers are the same as before the change."""
    address = "/api/v1/reports/R2/?area={}&period=" + period
    before = chief.get(address.format(COMMUNITY)).json()["rows"]
    renumber(chief)
    for asked in (COMMUNITY, NEW):
        report = chief.get(address.format(asked)).json()
        assert report["area"] == code
        assert [row["numbers"] for row in report["rows"]] == [row["numbers"] for row in before]
    street_rows = {row["row"] for row in chief.get(address.format("440106003000")).json()["rows"]}
    assert ({COMMUNITY, NEW} & street_rows) <= {code}


@pytest.mark.parametrize(
    ("day", "code"), [("06-30", NEW), ("07-01", COMMUNITY), ("07-02", COMMUNITY)]
)
def test_june_keeps_the_old_code_from_the_first_of_july_on(chief, day, code):
    assert send(chief, takes_effect_on=f"2026-{day}").status_code == 201
    assert chief.get(f"/api/v1/reports/R2/?area={NEW}&period=2026-06").json()["area"] == code


@pytest.mark.parametrize(("ahead", "status"), [(-1, 201), (0, 201), (1, 409)])
def test_a_code_is_not_given_before_its_day(chief, ahead, status):
    day = today() + timedelta(days=ahead)
    assert send(chief, takes_effect_on=day.isoformat()).status_code == status


@pytest.mark.parametrize(
    ("changes", "status", "word"),
    [
        ({"kind": "merge"}, 400, "renumber"),
        ({"new_code": ""}, 400, "new_code"),
        ({"new_code": "4401"}, 400, "new_code"),
        ({"name": "新社区"}, 400, "name"),
        ({"new_code": "440106003002"}, 409, "440106003002"),
        ({"new_code": "440106005011"}, 409, "another street"),
        ({"new_code": "440106003000"}, 409, "not the code of a community"),
        ({"division": "440106003000"}, 409, "Only a community"),
        ({"division": "440106003009"}, 404, ""),
    ],
)
def test_what_cannot_be_is_refused_in_words(chief, changes, status, word):
    before = dump()
    for act in ("", "preview/"):
        refused = send(chief, act, **changes)
        assert refused.status_code == status
        assert word in refused.content.decode()
    assert dump() == before
    assert not DivisionChange.objects.exists()


def test_what_came_later_is_undone_first(chief):
    number = renumber(chief)
    rename = {"kind": "rename", "division": NEW, "name": "新社区", "new_code": ""}
    second = send(chief, **rename, takes_effect_on="2026-08-01").json()["id"]
    assert "undo that change first" in send(chief, f"{number}/undo/", reason="x").json()["detail"]
    assert send(chief, f"{second}/undo/", reason="x").status_code == 200
    assert send(chief, f"{number}/undo/", reason="x").status_code == 200
    assert not Division.objects.filter(code=NEW).exists()
    Division.objects.filter(code=COMMUNITY).update(valid_to="2026-09-01")
    assert "ended" in send(chief).json()["detail"]


def test_a_rule_of_the_community_goes_with_its_code(chief, make_user):
    root = access_of(make_user("root", role="administrator", area=""))
    rule = Rule("older.m", COMMUNITY, date(2026, 1, 1), None, "30")
    change_rule(rule, reason="test", access=root, at=now())
    assert send(chief, "preview/").json()["rules"] == 1
    renumber(chief)
    assert standing_rules().number("older.m", NEW, today()) == 30


def test_the_page_previews_then_gives_and_undoes(chief):
    address, given = "/divisions/changes", {**BODY, "name": "", "name_en": ""}
    assert chief.post(address, {**given, "name": "x"}).status_code == 400
    seen = chief.post(address, {**given, "step": "preview"}).content.decode()
    assert NEW in seen
    assert "land at the new one" in seen
    assert chief.post(address, {**given, "step": "apply"}).status_code == 302
    assert "2 records to follow" in chief.get(address).content.decode()
    number = DivisionChange.objects.get().pk
    assert chief.post(f"{address}/{number}/undo", {"reason": "录错"}).status_code == 302
    assert "undone" in chief.get(address).content.decode()
