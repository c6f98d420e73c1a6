"""Divisions that get another name from a day on: previewed, made, shown in reports of its time, undone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from server.accounts.access import Worker
from server.audit.models import Act, AuditEntry
from server.core.clock import today
from server.geo.models import Division, DivisionChange
from server.ledgers.entity_lists import lists as entities
from server.reports.definitions.periods import period_named
from server.reports.selectors import labels_of, report_named
from tests.factories.console import make_street

pytestmark = pytest.mark.django_db
JSON = "application/json"
CODE = "440106003001"
DAY = "2026-07-01"
BODY: dict[str, Any] = {
    "division": CODE, "name": "棠荫社区", "name_en": "Tangyin", "takes_effect_on": DAY,
    "reason": "区政府批复", "evidence": "天府〔2026〕7号",
}  # fmt: skip


@pytest.fixture
def street(divisions, make_user) -> Any:
    return make_street(make_user)


@pytest.fixture
def chief(street, make_user) -> Client:
    """The administrator of the county."""
    return logged_in(make_user("chief", role="administrator", area="440106"))


def logged_in(user: Any) -> Client:
    client = Client(headers={"accept-language": "zh-Hans"})
    client.force_login(user)
    return client


def send(client: Client, act: str = "", **changes: Any) -> Any:
    return client.post(f"/api/v1/division-changes/{act}", {**BODY, **changes}, JSON)


def names() -> list[tuple[str, str, str]]:
    return list(Division.objects.values_list("code", "name", "name_en"))


def reported(client: Client, period: str) -> set[str]:
    """The names of the community as a report's area and as a row of it."""
    report = client.get(f"/api/v1/reports/R2/?area={CODE}&period={period}").json()
    with translation.override("zh-hans"):
        rows = labels_of(report_named("R2"), [CODE], period_named(period))
    return {report["area_name"], *rows.values()}


def test_a_name_is_previewed_given_and_taken_back(chief, street):
    before = names()
    preview = send(chief, "preview/").json()
    assert (preview["name_before"], preview["name"]) == ("示范一社区", "棠荫社区")
    assert (preview["households"], preview["persons"], preview["cases"]) == (1, 1, 1)
    assert names() == before
    made = send(chief)
    assert made.status_code == 201, made.content
    assert chief.get(f"/api/v1/divisions/{CODE}/").json()["name"] == "棠荫社区"
    (listed,) = chief.get("/api/v1/division-changes/").json()["results"]
    assert (listed["division"], listed["made_by"], listed["undone_at"]) == (CODE, "chief", None)
    undo = f"{listed['id']}/undo/"
    assert send(chief, undo, reason="").status_code == 400
    undone = send(chief, undo, reason="录错")
    assert (undone.status_code, undone.json()["undone_by"]) == (200, "chief")
    assert names() == before
    assert send(chief, undo, reason="录错").status_code == 409
    acts = AuditEntry.objects.filter(area_code=CODE).order_by("id").values_list("act", "reason")
    assert list(acts) == [
        (Act.DIVISION_RENAMED, BODY["reason"]),
        (Act.DIVISION_RENAME_UNDONE, "录错"),
    ]


def test_reports_show_the_name_of_their_last_day(chief):
    send(chief)
    old, new = "示范一社区", "棠荫社区"
    assert reported(chief, "2026Q2") == {old}
    assert reported(chief, "2026Q3") == {new}
    board = "/api/v1/reports/filings/?area=440106003000&period="
    assert old in chief.get(f"{board}2026Q2").content.decode()
    assert old not in chief.get(f"{board}2026Q3").content.decode()
    send(chief, name="棠荫新社区", takes_effect_on="2026-10-01")
    assert reported(chief, "2026Q2") == {old}
    assert reported(chief, "2026Q3") == {new}
    assert reported(chief, "2026") == {"棠荫新社区"}


@pytest.mark.parametrize(("day", "is_new"), [("06-30", True), ("07-01", False), ("07-02", False)])
def test_june_keeps_the_old_name_from_the_first_of_july_on(chief, day, is_new):
    send(chief, takes_effect_on=f"2026-{day}")
    assert ("棠荫社区" in reported(chief, "2026-06")) == is_new


@pytest.mark.parametrize(
    ("changes", "status", "word"),
    [
        ({"kind": "split"}, 400, "rename"),
        ({"division": "44"}, 400, "division"),
        ({"name": " "}, 400, "name"),
        ({"takes_effect_on": "yesterday"}, 400, "takes_effect_on"),
        ({"evidence": ""}, 400, "evidence"),
        ({"division": "440106003009"}, 404, ""),
        ({"name": "示范一社区", "name_en": "Demo 1"}, 409, ""),
        ({"name": "示范二社区"}, 409, "440106003002"),
    ],
)
def test_what_cannot_be_is_refused_in_words(chief, changes, status, word):
    before = names()
    for act in ("", "preview/") if "evidence" not in changes else ("",):
        refused = send(chief, act, **changes)
        assert refused.status_code == status
        assert word in refused.content.decode()
    assert names() == before
    assert not DivisionChange.objects.exists()


@pytest.mark.parametrize(("ahead", "status"), [(-1, 201), (0, 201), (1, 409)])
def test_a_name_is_not_given_before_its_day(chief, ahead, status):
    day = today() + timedelta(days=ahead)
    assert send(chief, takes_effect_on=day.isoformat()).status_code == status


@pytest.mark.parametrize(
    ("day", "status"),
    [("2026-01-01", 409), ("2026-01-02", 201), ("2026-07-31", 201), ("2026-08-01", 409)],
)
def test_a_division_is_renamed_while_it_exists(chief, day, status):
    Division.objects.filter(code=CODE).update(valid_from="2026-01-01", valid_to="2026-08-01")
    assert send(chief, takes_effect_on=day).status_code == status


def test_what_came_later_is_undone_first(chief):
    first = send(chief).json()["id"]
    assert send(chief, name="早社区", takes_effect_on=DAY).status_code == 409
    second = send(chief, name="棠荫新社区", takes_effect_on="2026-07-02").json()["id"]
    refused = send(chief, f"{first}/undo/")
    assert refused.status_code == 409
    assert "2026-07-02" in refused.json()["detail"]
    Division.objects.filter(code=CODE).update(name="文件社区")
    assert "文件社区" in send(chief, f"{second}/undo/").json()["detail"]


@pytest.mark.parametrize(
    ("role", "area", "code", "status"),
    [
        ("administrator", "440106003", CODE, 403),
        ("street", "440106", CODE, 403),
        ("worker", CODE, CODE, 403),
        ("administrator", "440105", CODE, 404),
        ("administrator", "440106", "440106000000", 403),
        ("administrator", "4401", "440106000000", 201),
        ("administrator", "", "440000000000", 201),
    ],
)
def test_only_administrators_of_the_county_rename(street, make_user, role, area, code, status):
    client = logged_in(make_user("asker", role=role, area=area))
    assert send(client, division=code).status_code == status


def test_ledgers_and_lists_stay_while_the_name_changes(chief):
    """The phones' list of communities has the new name under the same code and uuid, so phones fetch it; entries do not move."""
    worker = Worker(0, (CODE,))
    (listed,), before = entities.communities.rows([CODE]), entities.communities.hash(worker)
    entries = chief.get("/api/v1/persons/").json()["results"]
    send(chief)
    (renamed,) = entities.communities.rows([CODE])
    assert {name for name in listed if listed[name] != renamed[name]} == {"label"}
    assert entities.communities.hash(worker) != before
    assert chief.get("/api/v1/persons/").json()["results"] == entries


def test_the_page_previews_then_gives_and_undoes(chief, make_user):
    address = "/divisions/changes"
    assert "还没有" in chief.get(address).content.decode()
    seen = chief.post(address, {**BODY, "step": "preview"})
    assert 'id="preview"' in seen.content.decode()
    assert not DivisionChange.objects.exists()
    assert chief.post(address, {**BODY, "step": "apply"}).status_code == 302
    change = DivisionChange.objects.get()
    page = chief.get(address).content.decode()
    assert "棠荫社区" in page
    assert BODY["evidence"] in page
    assert chief.post(f"{address}/{change.pk}/undo", {"reason": "录错"}).status_code == 302
    assert "已撤销" in chief.get(address).content.decode()
    assert Division.objects.get(code=CODE).name == "示范一社区"
    assert chief.post(address, {**BODY, "name": ""}).status_code == 400
    clerk = logged_in(make_user("clerk", role="street", area="440106003"))
    assert clerk.get(address).status_code == 403
