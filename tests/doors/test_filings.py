"""Reports sent in, over REST and in the console: a quarter from draft to locked, and what came to light afterwards."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Any

import pytest
from django.test import Client

from server.accounts.models import RoleGrant
from server.audit.models import AuditEntry
from server.core import clock
from server.ledgers.services import merge_submissions
from server.reports.definitions.registry import REPORTS
from server.reports.facts.keeping import keep_up_entirely
from server.reports.models import FilingStep
from tests.conftest import COMMUNITY, OTHER_COMMUNITY, STREET
from tests.factories.ledgers import id_number, make_versions, member, store, street, uuid_of

pytestmark = pytest.mark.django_db
OF_STREET = {"area": STREET.ljust(12, "0"), "period": "2026Q3"}
COUNTY = "440106000000"
FILINGS = "/api/v1/reports/filings/"
WORKING = {"hukou_type": "10", "emp_status": "10", "work_capacity": "1"}


class Quarter:
    """People of a street who send a report, and what phones send meanwhile."""

    def __init__(self, make_user: Any) -> None:
        self.worker = make_user("zhang", role="worker", area=COMMUNITY)
        RoleGrant.objects.create(user=self.worker, role="worker", area=OTHER_COMMUNITY)
        self.versions = make_versions()
        self.clients = {
            name: self._client(make_user(name, **how))
            for name, how in (
                ("street", {"role": "street", "area": STREET}),
                ("worker", {"role": "worker", "area": COMMUNITY}),
                ("county", {"role": "county", "area": "440106"}),
                ("chief", {"role": "administrator", "area": "440106"}),
                ("own-chief", {"role": "administrator", "area": STREET}),
                ("elsewhere", {"role": "street", "area": "440106005"}),
            )
        }
        self.number = 0

    @staticmethod
    def _client(user: Any) -> Client:
        client = Client(headers={"accept-language": "zh-hans"})
        client.force_login(user)
        return client

    def survey(self, number: int, *people: Any, community: str = COMMUNITY) -> None:
        """A survey of a household reaches the office, and is counted."""
        home = street(number, list(people))
        home.community = community
        made = store(
            home,
            version=self.versions[home.form],
            submitter=self.worker,
            instance_id=f"uuid:{uuid_of(f'survey {number}')}",
        )
        merge_submissions(submission_ids=[made.pk], as_of=date(2026, 11, 23))
        keep_up_entirely()

    def post(self, who: str, path: str, body: dict[str, Any]) -> Any:
        return self.clients[who].post(FILINGS + path, body, content_type="application/json")

    def act(self, who: str, act: str, reason: str = "") -> Any:
        return self.post(who, f"{self.number}/acts/", {"act": act, "reason": reason})

    def get(self, who: str, path: str = "", **query: str) -> Any:
        return self.clients[who].get(f"{FILINGS}{self.number}/{path}", query)

    def done(self, who: str, act: str, reason: str = "") -> dict[str, Any]:
        answer = self.act(who, act, reason)
        assert answer.status_code == 200, answer.json()
        return answer.json()

    def refused(self, who: str, act: str, reason: str = "") -> tuple[int, str]:
        answer = self.act(who, act, reason)
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json()["detail"]
        return answer.status_code, answer.json()["type"].rpartition(":")[2]

    def prepared(self, report: str = "R2", who: str = "street", **asked: str) -> int:
        answer = self.post(who, "", {"report": report, **OF_STREET, **asked})
        assert answer.status_code == 201, answer.json()
        self.number = answer.json()["id"]
        return self.number

    def submitted(self, report: str = "R2", who: str = "street", **asked: str) -> None:
        self.prepared(report, who, **asked)
        self.done(who, "check")
        self.done(who, "submit")


@pytest.fixture
def quarter(divisions, make_user) -> Quarter:
    quarter = Quarter(make_user)
    quarter.survey(1, member("陈一", id_no=id_number("1980-01-01", 1), **WORKING))
    return quarter


def total(table: dict[str, Any]) -> dict[str, Any]:
    numbers: dict[str, Any] = table["rows"][-1]["numbers"]
    return numbers


def test_a_quarter_from_draft_to_locked_and_what_came_after(quarter):
    quarter.prepared()
    again = quarter.post("street", "", {"report": "R2", **OF_STREET})
    assert (again.status_code, str(quarter.number) in again.json()["detail"]) == (409, True)
    assert quarter.refused("street", "submit") == (409, "report-act-not-in-order")
    assert quarter.done("street", "check")["acts"] == ["check", "submit"]
    sent = quarter.done("street", "submit")
    assert (sent["state"], sent["acts"], total(sent["frozen"]["table"])["people"]) == (
        "submitted",
        ["withdraw"],
        1,
    )
    assert quarter.get("county").json()["acts"] == ["return", "accept"]
    assert quarter.refused("county", "return") == (400, "reason-missing")
    assert quarter.done("county", "return", "李二漏了")["state"] == "returned"

    quarter.survey(2, member("李二", id_no=id_number("1985-01-01", 2), **WORKING))
    quarter.done("street", "check")
    sent = quarter.done("street", "submit")
    assert total(sent["frozen"]["table"])["people"] == 2
    assert quarter.get("street", "correction/").json()["differences"] == []
    quarter.done("county", "accept")
    assert quarter.refused("county", "lock") == (403, "not-allowed")
    assert quarter.refused("own-chief", "lock") == (403, "not-allowed")
    assert quarter.done("chief", "lock")["acts"] == []
    assert quarter.refused("county", "return", "x") == (409, "report-act-not-in-order")

    quarter.survey(3, member("王三", id_no=id_number("1990-01-01", 3), **WORKING))
    late = quarter.get("county", "correction/").json()
    assert (total(late["frozen"])["people"], total(late["present"])["people"]) == (2, 3)
    people = next(
        cell for cell in late["differences"] if (cell["row"], cell["column"]) == ("total", "people")
    )
    assert (people["then"], people["now"], people["unexplained"]) == (2, 3, 0)
    (entry,) = people["entries"]
    person = quarter.clients["county"].get(f"/api/v1/persons/{entry['entry']}/").json()
    assert (entry["times"], person["name"]) == (1, "王三")
    behind = {
        item["entry"]
        for cell in late["differences"]
        for item in cell["entries"]
        if item["ledger"] == "person"
    }
    assert behind == {entry["entry"]}
    after = quarter.get("street").json()
    assert after["frozen"] == sent["frozen"]
    assert [step["act"] for step in after["steps"]] == [
        "prepare", "check", "submit", "return", "check", "submit", "accept", "lock",
    ]  # fmt: skip
    acts = AuditEntry.objects.filter(object_type="report", object_id=str(quarter.number))
    recorded = acts.filter(facts__step="submit").order_by("id").last()
    assert (acts.count(), recorded.facts["sha256"]) == (8, sent["frozen"]["sha256"])


def test_who_may_not_is_refused(quarter):
    for who, status in (("worker", 404), ("county", 403), ("elsewhere", 404)):
        assert quarter.post(who, "", {"report": "R2", **OF_STREET}).status_code == status, who
    quarter.submitted()
    assert quarter.refused("elsewhere", "accept") == (404, "no-such-filing")
    assert quarter.refused("worker", "accept") == (404, "no-such-filing")
    assert quarter.refused("street", "accept") == (403, "not-allowed")
    assert quarter.refused("own-chief", "return", "自己退回") == (403, "not-allowed")
    assert quarter.refused("county", "withdraw", "收回") == (403, "not-allowed")
    assert (
        quarter.get("elsewhere").status_code
        == quarter.get("elsewhere", "correction/").status_code
        == 404
    )
    assert quarter.act("street", "burn").status_code == 400
    assert quarter.post("street", "", {"report": "R99", **OF_STREET}).status_code == 404
    assert (
        quarter.post("street", "", {"report": "R2", **OF_STREET, "period": "soon"}).status_code
        == 400
    )
    assert quarter.done("street", "withdraw", "填错")["state"] == "draft"


def test_what_is_frozen_is_verified_whenever_it_is_read(quarter):
    quarter.submitted()
    step = FilingStep.objects.get(step="submit")
    assert hashlib.sha256(step.content.encode()).hexdigest() == step.sha256
    for part in ("street", step.at.isoformat(), "2026Q3", "2026-07-01", "2026-09-30"):
        assert part in step.content
    FilingStep.objects.filter(pk=step.pk).update(
        content=step.content.replace('"people":1', '"people":2')
    )
    for path in ("", "correction/"):
        answer = quarter.get("county", path)
        assert (answer.status_code, "SHA-256" in answer.json()["detail"]) == (409, True)


def test_a_period_is_checked_from_the_day_after_it(quarter, monkeypatch):
    quarter.prepared(period="2026Q4")

    def on(day: date) -> None:
        monkeypatch.setattr(clock, "today", lambda: day)

    def row() -> Any:
        asked = {"area": COUNTY, "period": "2026Q4", "report": "R2"}
        rows = {row["area"]: row for row in quarter.clients["county"].get(FILINGS, asked).json()}
        assert rows["440106005000"]["state"] is None
        return rows[OF_STREET["area"]]

    for day in (date(2026, 12, 30), date(2026, 12, 31)):
        on(day)
        assert quarter.refused("street", "check") == (409, "period-not-over")
    on(date(2027, 1, 1))
    quarter.done("street", "check")
    for day, is_overdue in ((2, False), (3, False), (4, True)):
        on(date(2027, 1, day))
        assert (row()["state"], row()["due_on"]) == ("checked", "2027-01-03")
        assert row()["is_overdue"] is is_overdue
    quarter.done("street", "submit")
    assert row()["is_overdue"] is False


def test_the_board_holds_what_lies_in_the_readers_areas(quarter):
    quarter.submitted()
    asked = {**OF_STREET, "report": "R2"}
    rows = quarter.clients["street"].get(FILINGS, asked).json()
    assert [row["area"] for row in rows] == [OF_STREET["area"], COMMUNITY, OTHER_COMMUNITY]
    assert (rows[0]["due_on"], rows[0]["is_late"], rows[0]["is_overdue"]) == (
        "2026-10-03",
        True,
        False,
    )
    assert (rows[1]["id"], rows[1]["is_overdue"]) == (None, True)
    every = quarter.clients["street"].get(FILINGS, OF_STREET).json()
    assert {row["report"] for row in every} == set(REPORTS)
    assert quarter.clients["elsewhere"].get(FILINGS, asked).status_code == 404
    assert quarter.clients["street"].get(FILINGS, {"area": "44"}).status_code == 400
    before_all_rules = {**asked, "period": "1999Q1"}
    assert (
        quarter.clients["street"].get(FILINGS, before_all_rules).json()[0]["due_on"] == "1999-04-03"
    )


def test_a_balance_that_fails_needs_a_reason_and_is_checked_again(quarter):
    from server.reports.models import PersonFact

    quarter.prepared()
    quarter.done("street", "check")
    broken = PersonFact.objects.get(known_until=None)
    PersonFact.objects.filter(pk=broken.pk).update(since=date(2026, 8, 1))  # came by no event
    assert quarter.refused("street", "submit") == (409, "check-report-again")
    answer = quarter.act("street", "check")
    assert (answer.status_code, "≠" in answer.json()["detail"]) == (409, True)
    checked = quarter.done("street", "check", "上季度漏报一人，已说明")
    assert checked["steps"][-1]["failed"]
    page = quarter.clients["county"].get(f"/reports/filings/{quarter.number}").content.decode()
    assert "不平衡" in page
    assert "上季度漏报一人" in page
    sent = quarter.done("street", "submit")
    assert (sent["state"], sent["steps"][-2]["reason"]) == ("submitted", "上季度漏报一人，已说明")


def test_the_county_sees_the_sum_of_what_its_streets_sent_beside_its_own(quarter):
    quarter.submitted()
    quarter.survey(2, member("李二", id_no=id_number("1985-01-01", 2), **WORKING))
    quarter.prepared(who="county", area=COUNTY)
    beside = quarter.get("county", "sum/").json()
    assert (total(beside["summed"])["people"], total(beside["own"])["people"]) == (1, 2)
    assert beside["missing"] == ["440106005000"]
    differing = {
        (cell["row"], cell["column"]): (cell["summed"], cell["own"])
        for cell in beside["differences"]
    }
    assert differing["total", "people"] == differing[OF_STREET["area"], "people"] == (1, 2)
    quarter.submitted("R5")
    quarter.prepared("R5", who="county", area=COUNTY)
    assert quarter.get("county", "sum/").json()["differences"] == []


def test_the_console_leads_through_the_quarter(quarter):
    clients = quarter.clients
    page = clients["street"].get("/reports", {"report": "R2", **OF_STREET}).content.decode()
    assert 'action="/reports/filings/new"' in page
    made = clients["street"].post(
        "/reports/filings/new", {"report": "R2", **OF_STREET, "starts_on": "1"}
    )
    (address,) = [made.headers["Location"]]
    for who, act, reason in (
        ("street", "check", ""), ("street", "submit", ""), ("county", "return", "再核对"),
        ("street", "check", ""), ("street", "submit", ""), ("county", "accept", ""),
    ):  # fmt: skip
        answer = clients[who].post(f"{address}/act", {"act": act, "reason": reason})
        assert (answer.status_code, answer.headers["Location"]) == (302, address)
    assert clients["county"].post(f"{address}/act", {"act": "burn"}).status_code == 400
    assert clients["street"].post(f"{address}/act", {"act": "lock"}).status_code == 403
    assert clients["elsewhere"].get(address).status_code == 404
    quarter.survey(3, member("王三", id_no=id_number("1990-01-01", 3), **WORKING))
    page = clients["street"].get(address).content.decode()
    assert "已接收" in page
    assert "再核对" in page
    correction = clients["street"].get(f"{address}/correction").content.decode()
    assert "王三" in correction
    assert clients["county"].get(f"{address}/sum").status_code == 200
    board = (
        clients["county"]
        .get("/reports/filings", {"area": COUNTY, "period": "2026Q3"})
        .content.decode()
    )
    assert "已接收" in board
    assert "逾期" in board
    assert clients["county"].get("/reports/filings").status_code == 200
    assert clients["county"].get("/reports/filings", {"area": "x", "period": "y"}).status_code in (
        200,
        400,
    )
