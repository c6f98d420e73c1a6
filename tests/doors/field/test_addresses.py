"""instanceIDs with every character, and options on one record."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import quote

import pytest

from server.central.queries import PageEnd, write_skiptoken
from tests.factories.field import Field, instance

TOKEN = write_skiptoken(PageEnd((1,)))
pytestmark = pytest.mark.django_db(transaction=True)


def asked(people: Field, path: str, **extra: Any) -> Any:
    """As the web server asks: the path unescaped, and as it was sent."""
    return people.administrator.get(path, RAW_URI=path, secure=True, **extra)


@pytest.mark.parametrize(
    "iid",
    [
        "site-1/visit-2/x",
        "/slash first",
        "50%25-x",
        "%2F",
        "it's/a 'b'",
        "编号-1",
        "x?y#z",
        f"uuid:{str(uuid.UUID(int=0xABCDEF)).upper()}",
    ],
)
def test_a_record_is_read_at_every_door_whatever_its_instance_id(people: Field, iid: str) -> None:
    form = people.form("type|name|label\nimage|p|P\nbegin repeat|r|R\ntext|x|X\nend repeat||")
    escaped = iid.replace("&", "&amp;")
    people.taken(instance(form, "<p>o.jpg</p><r><x>1</x></r>", iid=escaped), {"o.jpg": b"J"})
    segment = quote(iid, safe="")
    base = f"/v1/projects/1/forms/{form}/submissions/{segment}"

    assert asked(people, base).json()["instanceId"] == iid
    assert asked(people, f"{base}.xml").status_code == 200
    assert asked(people, f"{base}/attachments/o.jpg").getvalue() == b"J"
    assert asked(people, f"/api/v1/submissions/{segment}/").json()["instance_id"] == iid
    assert asked(people, f"/api/v1/submissions/{segment}/comments/").status_code == 200
    key = quote(iid.replace("'", "''"), safe="")
    table = f"/v1/projects/1/forms/{form}.svc/Submissions('{key}')"
    (row,) = asked(people, table).json()["value"]
    assert row["__id"] == iid
    link = f"/v1/projects/1/forms/{form}.svc/{row['r@odata.navigationLink']}"
    assert [inner["x"] for inner in asked(people, link).json()["value"]] == ["1"]


@pytest.mark.parametrize(
    "options",
    [
        {"filter": "__system/submitterId eq 999999"},
        {"filter": "__system/reviewState eq 'rejected'"},
        {"skiptoken": TOKEN},
        {"orderby": "__system/submissionDate"},
    ],
)
def test_an_option_that_does_nothing_on_one_record_is_refused(
    people: Field, options: dict[str, str]
) -> None:
    form = people.form("type|name|label\nbegin repeat|r|R\ntext|x|X\nend repeat||")
    iid = people.taken(instance(form, "<r><x>0</x></r><r><x>1</x></r>"))
    for table in (f"Submissions('{iid}')", f"Submissions('{iid}')/r"):
        answer = people.central(f"/forms/{form}.svc/{table}", **options)
        assert answer.status_code == 501
        assert next(iter(options)) in answer.json()["message"]
    rows = people.rows(form, f"Submissions('{iid}')/r", top="1", skip="1")
    assert [row["x"] for row in rows] == ["1"]


def test_deleted_fields_are_refused_where_they_are_not_given(people: Field) -> None:
    form = people.form("type|name|label\ntext|x|X")
    for sheet in ("csv", "csv.zip"):
        path = f"/v1/projects/1/forms/{form}/submissions.{sheet}?deletedFields=true"
        assert people.administrator.get(path, secure=True).status_code == 501
