"""Export permits, searches by number and the day's reveals, at the console and by REST."""

from __future__ import annotations

from datetime import timedelta

import pytest

from server.audit.models import AuditEntry
from server.core import clock
from server.core.sealing import seal_text, search_hash
from server.disclosure.models import ExportPermit
from server.ledgers.folding.derive.rules import rules
from tests.conftest import COMMUNITY, STREET
from tests.doors.api.conftest import assert_problem
from tests.factories.console import ID_NO, PHONE
from tests.factories.permits import permitted

pytestmark = pytest.mark.django_db
JSON = "application/json"
PERMITS = "/api/v1/export-permits/"
WHY = "annual report of the street"


def ask(client, **changes):
    body = {"kind": "form", "name": "household_survey", "area": STREET, "days": 1, "reason": WHY}
    return client.post(PERMITS, body | changes, JSON)


def limit(monkeypatch, key: str, value: int) -> None:
    table = rules()
    number = type(table).number
    monkeypatch.setattr(
        type(table), "number", lambda self, *at: value if at[0] == key else number(self, *at)
    )


def test_few_rows_are_open_at_once_until_they_expire(street, asking, monkeypatch):
    client = asking()
    made = ask(client).json()
    assert (made["state"], made["rows"], made["needs_consent"]) == ("open", 1, False)
    answers = client.get("/api/v1/submissions/uuid:1/").content.decode()
    assert ID_NO in answers
    ends = ExportPermit.objects.get().expires_at
    for now, is_whole in ((ends - timedelta(seconds=1), True), (ends, False)):
        monkeypatch.setattr(clock, "now", lambda now=now: now)
        answers = client.get("/api/v1/submissions/uuid:1/").content.decode()
        assert (ID_NO in answers) is is_whole
    assert client.get(f"{PERMITS}{made['id']}/").json()["state"] == "expired"
    late = client.post(f"{PERMITS}{made['id']}/withdraw/", {}, JSON)
    assert_problem(late, "permit-settled", 409)


def test_many_rows_need_a_second_person(street, asking, monkeypatch):
    limit(monkeypatch, "permit_rows_alone", 0)
    client, colleague = asking(), asking("administrator")
    number = ask(client).json()["id"]
    assert client.get(f"{PERMITS}{number}/").json()["state"] == "waiting"
    assert ID_NO not in client.get("/api/v1/submissions/uuid:1/").content.decode()
    assert_problem(client.post(f"{PERMITS}{number}/consent/"), "own-permit", 403)
    assert colleague.post(f"{PERMITS}{number}/consent/").json()["state"] == "open"
    assert ID_NO in client.get("/api/v1/submissions/uuid:1/").content.decode()
    assert ID_NO not in colleague.get("/api/v1/submissions/uuid:1/").content.decode()
    assert_problem(colleague.post(f"{PERMITS}{number}/consent/"), "permit-settled", 409)
    assert colleague.post(f"{PERMITS}{number}/withdraw/", {}, JSON).json()["state"] == "withdrawn"
    assert ID_NO not in client.get("/api/v1/submissions/uuid:1/").content.decode()
    acts = ["permit_requested", "permit_consented", "permit_withdrawn"]
    logged = AuditEntry.objects.filter(object_type="permit", object_id=str(number))
    assert list(logged.order_by("pk").values_list("act", flat=True)) == acts


def test_pieces_of_one_person_add_up(street, asking, monkeypatch):
    limit(monkeypatch, "permit_rows_alone", 1)
    client = asking()
    assert ask(client, area=COMMUNITY).json()["state"] == "open"
    assert ask(client, area=COMMUNITY).json()["state"] == "waiting"
    assert ask(client, kind="ledger", name="person").json()["state"] == "open"


def test_a_permit_ends_with_the_role(street, asking):
    from server.accounts.models import RoleGrant

    client = asking()
    permitted(f"street-{STREET}")
    assert ID_NO in client.get("/api/v1/submissions/uuid:1/").content.decode()
    RoleGrant.objects.update(role="county")
    assert ID_NO not in client.get("/api/v1/submissions/uuid:1/").content.decode()


@pytest.mark.parametrize(
    ("changes", "slug", "status"),
    [
        ({"reason": "."}, "reason-says-nothing", 422),
        ({"days": 8}, "bad-export-permit", 422),
        ({"days": 0}, "invalid-request", 400),
        ({"kind": "ledger", "name": "no such"}, "bad-export-permit", 422),
        ({"name": "no such form"}, "bad-export-permit", 422),
        ({"area": "440106"}, "ledger-act-not-allowed", 403),
        ({"area": f"{STREET}x"}, "bad-export-permit", 422),
        ({"area": ""}, "ledger-act-not-allowed", 403),
    ],
)
def test_what_cannot_be_asked_for_is_refused(street, asking, changes, slug, status):
    assert_problem(ask(asking(), **changes), slug, status)
    assert not ExportPermit.objects.exists()


def test_the_console_asks_consents_and_refuses(street, log_in, monkeypatch):
    limit(monkeypatch, "permit_rows_alone", 0)
    clerk, colleague = log_in(), log_in("administrator")
    form = {"subject": "form:household_survey", "area": STREET, "days": "1", "reason": WHY}
    assert clerk.post("/permits/new", {**form, "days": ""}).status_code == 400
    for _each in range(2):
        assert clerk.post("/permits/new", form)["Location"] == "/permits"
    first, second = ExportPermit.objects.order_by("pk")
    assert "export permits wait for your consent" in colleague.get("/").content.decode()
    assert colleague.post(f"/permits/{first.pk}", {"act": "consent"}).status_code == 302
    refusal = {"act": "refuse", "note": "no report is due"}
    assert colleague.post(f"/permits/{second.pk}", refusal).status_code == 302
    page = clerk.get("/permits").content.decode()
    assert "no report is due" in page
    assert 'value="withdraw"' in page
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == ("open", "refused")
    assert clerk.post(f"/permits/{first.pk}", {"act": "keep"}).status_code == 400
    assert log_in("county").get("/permits").status_code == 403


@pytest.fixture
def findable(street):
    for person in (street.person, street.foreign_person):
        person.id_no_hash = search_hash(ID_NO, "id_no")
        person.phone_hash = search_hash(PHONE, "phone")
        person.save()
    return street


def test_a_search_by_number_takes_role_reason_and_is_limited(findable, asking, monkeypatch):
    limit(monkeypatch, "finds_an_hour", 2)
    body = {"column": "phone", "value": PHONE, "reason": "caller gave this number"}
    for role in ("worker", "county"):
        refused = asking(role, area="4401").post("/api/v1/persons/find/", body, JSON)
        assert_problem(refused, "ledger-act-not-allowed", 403)
    client = asking()
    dot = client.post("/api/v1/persons/find/", {**body, "reason": "."}, JSON)
    assert_problem(dot, "reason-says-nothing", 422)
    for _each in range(2):
        (row,) = client.post("/api/v1/persons/find/", body, JSON).json()
        assert row["id"] == str(findable.person.pk)
    spent = client.post("/api/v1/employers/find/", body, JSON)
    assert_problem(spent, "searches-spent", 429)
    assert 3500 < int(spent["Retry-After"]) <= 3601
    later = clock.now() + timedelta(hours=1, seconds=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert client.post("/api/v1/persons/find/", body, JSON).status_code == 200
    assert AuditEntry.objects.filter(act="find", reason=body["reason"]).count() == 3


def test_a_restricted_number_is_searched_with_the_restricted_role_only(findable, asking):
    from server.accounts.models import RoleGrant, User

    person, certificate = findable.person, f"{ID_NO}43"
    person.disability_cert = seal_text(certificate, "disability_cert")
    person.disability_cert_hash = search_hash(certificate, "disability_cert")
    person.save()
    body = {"column": "disability_cert", "value": certificate, "reason": "caller asks for it"}
    client = asking()
    refused = client.post("/api/v1/persons/find/", body, JSON)
    assert_problem(refused, "ledger-act-not-allowed", 403)
    user = User.objects.get(username=f"street-{STREET}")
    RoleGrant.objects.create(user=user, role="restricted", area="440200")
    assert client.post("/api/v1/persons/find/", body, JSON).json() == []
    RoleGrant.objects.create(user=user, role="restricted", area=STREET)
    assert len(client.post("/api/v1/persons/find/", body, JSON).json()) == 1


def test_the_console_searches_by_number(findable, log_in):
    clerk = log_in()
    form = {"column": "person.id_no", "number": ID_NO, "reason": "caller gave this number"}
    text = clerk.post("/find", form).content.decode()
    assert f"/persons/{findable.person.pk}" in text
    assert ID_NO not in text
    assert "Nobody in your area" in clerk.post("/find", {**form, "number": "1"}).content.decode()
    assert clerk.post("/find", {**form, "reason": ""}).status_code == 400
    assert clerk.post("/find", {**form, "reason": "."}).status_code == 422
    assert clerk.post("/find", {**form, "column": "person.disability_cert"}).status_code == 400
    assert log_in("county").get("/find").status_code == 403


def test_reveals_of_a_day_are_counted_and_the_administrators_see_the_limit(
    street, asking, log_in, monkeypatch
):
    limit(monkeypatch, "reveals_a_day", 3)
    client, path = asking(), f"/api/v1/persons/{street.person.pk}/reveal/"
    body = {"columns": ["phone"], "reason": "call about the visit"}
    answers = [client.post(path, body, JSON) for _each in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert_problem(answers[-1], "reveals-spent", 429)
    assert AuditEntry.objects.filter(act="budget_spent").count() == 1
    page = log_in("administrator").get("/").content.decode()
    assert f"street-{STREET}" in page
    assert "limit of reveals" in page
    assert "limit of reveals" not in log_in().get("/").content.decode()
    raw = client.get("/api/v1/submissions/uuid:1/xml/?reason=compare+it")
    assert_problem(raw, "reveals-spent", 429)
    file = client.get("/api/v1/submissions/uuid:1/attachments/door.jpg/")
    assert file.getvalue()  # files have a limit of their own
    tomorrow = clock.now() + timedelta(days=1)
    monkeypatch.setattr(clock, "now", lambda: tomorrow)
    assert client.post(path, body, JSON).status_code == 200
