"""The page of the audit log and its CSV: who sees which acts, and that any row is written."""

from __future__ import annotations

import csv
import io

import pytest
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings

from server.accounts.models import User
from server.audit.models import Act, AuditEntry
from server.audit.services import record
from tests.conftest import COMMUNITY, STREET
from tests.factories.audited_rows import ANY_ROW
from tests.factories.console import AT

pytestmark = pytest.mark.django_db


def rows_at(client: Client, query: str = "") -> list[str]:
    """The rows of the page, as HTML."""
    response = client.get(f"/audit{query}")
    assert response.status_code == 200
    page = response.content.decode().partition("</main>")[0]
    body = page.partition("<tbody>")[2].partition("</tbody>")[0]
    return body.split("</tr>")[:-1]


def sheet(client: Client, query: str = "") -> list[dict[str, str]]:
    response = client.post(f"/audit/download{query}")
    assert response.status_code == 200
    assert response["Content-Disposition"] == 'attachment; filename="audit.csv"'
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_administrators_see_their_area_and_everybody_what_they_did(street, log_in, make_user):
    li = make_user("li")
    record(Act.REVIEW, actor=li, object_type="submission", object_id=1, area=COMMUNITY)
    record(Act.REVIEW, actor=None, object_type="submission", object_id=2, area="440106005001")
    record(Act.FORM_PUBLISHED, actor=None, object_type="form", object_id="f")  # everywhere
    record(Act.LOG_IN_FAILED, actor=None, object_type="user", object_id="li", area="440106")
    assert len(rows_at(log_in("administrator", STREET))) == 1
    assert len(rows_at(log_in("administrator", "440106"))) == 3
    assert len(rows_at(log_in("administrator", ""))) == 4
    for role in ("street", "county", "worker"):
        assert rows_at(log_in(role, STREET)) == []
    client = Client()
    client.force_login(li)
    assert len(rows_at(client)) == 2  # the own act, and the refused log-in under the own name
    assert log_in("restricted").get("/audit").status_code == 403


def test_a_row_is_in_words_with_a_link(street, log_in):
    record(
        Act.FORM_STATE, actor=None, object_type="form", object_id="home_visit", area=STREET,
        before="open", after="closed", reason="<b>",
    )  # fmt: skip
    record(
        Act.REVEAL, actor=User.objects.get(username="xie"), object_type="person",
        object_id=street.person.pk, area=COMMUNITY, facts={"columns": ["id_no"]},
    )  # fmt: skip
    reveal, state = rows_at(log_in("administrator"))
    assert "form&#x27;s state changed: change: open → closed" in state
    assert "home_visit" in state
    assert "&lt;b&gt;" in state
    assert "the server&#x27;s terminal" in state
    assert "revealed: columns or files: ID number" in reveal
    assert f'href="/persons/{street.person.pk}"' in reveal
    assert "xie" in reveal


def test_filters_narrow_the_page_and_the_sheet(street, log_in, make_user):
    li = make_user("li")
    for act, area in ((Act.REVIEW, COMMUNITY), (Act.COMMENT, STREET)):
        record(act, actor=li, object_type="submission", object_id=act, area=area, at=AT)
    record(Act.REVIEW, actor=None, area=STREET)
    client = log_in("administrator")
    for query, n_rows in (
        ("?actor=li", 2),
        ("?act=review", 2),
        ("?act=review&actor=li", 1),
        ("?object_id=comment", 1),
        (f"?area={COMMUNITY}", 1),
        ("?at_from=2026-11-20&at_to=2026-11-20", 2),
        ("?at_to=2026-11-19", 0),
    ):
        assert len(rows_at(client, query)) == n_rows, query
        assert len(sheet(client, query)) == n_rows, query
    assert client.get("/audit?act=none").status_code == 400
    assert client.post("/audit/download?act=none").status_code == 400
    assert client.get("/audit/download").status_code == 405, "a link from elsewhere fetches nothing"


def test_the_sheet_runs_no_formula_and_is_itself_recorded(street, log_in):
    for reason in ("=HYPERLINK(1)", "+1", "-1", "@SUM(1)", "\t=1", "plain"):
        record(Act.REVIEW, actor=None, object_id="=1+1", area=STREET, reason=reason)
    lines = sheet(log_in("administrator"))
    assert [line["Reason"] for line in reversed(lines)] == [
        "'=HYPERLINK(1)", "'+1", "'-1", "'@SUM(1)", "'=1", "plain",
    ]  # fmt: skip
    assert {line["Object"] for line in lines} == {"'=1+1"}
    exported = AuditEntry.objects.latest("pk")
    assert (exported.act, exported.object_type, exported.facts["rows"]) == ("export", "audit", 6)
    assert exported.actor_name == "administrator-0"


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=12
)
@given(ANY_ROW)
def test_any_row_is_written_on_every_page(divisions, db, row):
    """An answer of 500 for one row would blind the log for everybody who sees the row."""
    with transaction.atomic():
        admin = User.objects.create(username="admin", name="admin")
        admin.grants.create(role="administrator", area="")
        row.pk = None
        row.save()
        client = Client(headers={"accept-language": "en"})
        client.force_login(admin)
        assert len(rows_at(client)) == 1
        assert client.get("/disclosures").status_code == 200
        assert len(sheet(client)) == 1
        assert client.get("/api/v1/audit/").status_code == 200
        transaction.set_rollback(True)


def test_the_row_that_blinded_the_log_of_disclosures(street, log_in):
    """Exports at /v1 named their object "form:3", which has no page: the log answered 500."""
    AuditEntry.objects.create(
        at=AT, act="export", object_type="submission", object_id="form:3", area_code=STREET
    )
    client = log_in("administrator")
    for address in ("/disclosures", "/audit"):
        response = client.get(address)
        assert response.status_code == 200
        assert "exported" in response.content.decode()
