"""/v1: OData and CSV: rows, pages, filters, and what each role sees of the answers."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from django.test import Client

from tests.conftest import COMMUNITY, STREET
from tests.doors.central.client import (
    FORM,
    MEMBERS,
    RECORD,
    TABLE,
    assert_central,
    get,
    table,
)
from tests.factories.audit import disclosed
from tests.factories.console import ID_NO, attach, make_submission
from tests.factories.permits import permitted


def test_service_and_metadata(street, asking):
    client = asking()
    service = table(client, f"{FORM}.svc")
    assert service["@odata.context"] == f"https://testserver{FORM}.svc/$metadata"
    assert [item["url"] for item in service["value"]] == ["Submissions", "Submissions.members"]
    answer = get(client, f"{FORM}.svc/$metadata")
    root = ElementTree.fromstring(answer.content)
    edm = "{http://docs.oasis-open.org/odata/ns/edm}"
    types = {item.get("Name"): item for item in root.iter(f"{edm}EntityType")}
    columns = [item.get("Name") for item in types["Submissions.members"].iter(f"{edm}Property")]
    assert columns == ["__id", "__Submissions-id", "name", "id_no", "political"]


def test_rows_with_what_the_role_may_see(street, asking):
    street_staff, county = asking(), asking("county", area="440106")
    (row,) = table(street_staff)["value"]
    assert row["__id"] == "uuid:1"
    assert row["__system"]["submitterName"] == "xie"
    assert row["__system"]["reviewState"] is None
    assert row["__system"]["attachmentsPresent"] == 1
    assert row["members@odata.navigationLink"] == "Submissions('uuid:1')/members"
    (member,) = table(street_staff, MEMBERS)["value"]
    assert member["id_no"] == "4499" + "*" * 14
    permitted(f"street-{STREET}")
    (member,) = table(street_staff, MEMBERS)["value"]
    assert member["__Submissions-id"] == "uuid:1"
    assert (member["name"], member["id_no"], member["political"]) == ("陈大文", ID_NO, None)
    masked = table(county, MEMBERS)["value"]
    assert {item["id_no"] for item in masked} == {"4499" + "*" * 14}
    assert len(masked) == 2  # of two streets
    assert ID_NO not in json.dumps(table(county, expand="*"))


def test_restricted_answers_need_their_own_right(street, asking, make_user):
    from server.accounts.models import RoleGrant, User

    client = asking()
    user = User.objects.get(username=f"street-{STREET}")
    RoleGrant.objects.create(user=user, role="restricted", area=STREET)
    assert table(client, MEMBERS)["value"][0]["political"] == "01"


def test_what_goes_out_is_recorded_once_a_request(street, asking):
    client = asking()
    for path in (f"{RECORD}.xml", f"{RECORD}/attachments/door.jpg"):
        refused = assert_central(get(client, path), 403.1)
        assert refused["details"]["problem"] == "export-permit-needed"
    assert not disclosed()
    permit = permitted(f"street-{STREET}")
    table(client, MEMBERS)
    get(client, f"{RECORD}.xml")
    file = get(client, f"{RECORD}/attachments/door.jpg")
    assert file.getvalue()[:2] == b"\xff\xd8"
    recorded = disclosed()
    assert [row.facts["permit"] for row in recorded] == [[permit.pk]] * 3
    rows = [(row.act, row.facts["columns"], row.area_code) for row in recorded]
    assert rows == [
        ("export", ["household_survey", "Submissions.members", "raw"], STREET),
        ("reveal", ["document"], COMMUNITY),
        ("media", ["door.jpg"], COMMUNITY),
    ]


@pytest.fixture
def many(street):
    """Seven more records."""
    return [
        make_submission(street.form, street.worker, COMMUNITY, f"uuid:m{number}")
        for number in range(7)
    ]


def pages(client: Client, path: str, **query: Any) -> list[str]:
    """The ids on all pages, by following the links."""
    ids, body = [], table(client, path, **query)
    while True:
        ids += [row["__id"] for row in body["value"]]
        link = body.get("@odata.nextLink")
        if link is None:
            return ids
        assert "%24skiptoken=01" in link
        address = urlsplit(link)
        body = json.loads(client.get(f"{address.path}?{address.query}", secure=True).getvalue())


@pytest.mark.parametrize("path", [TABLE, MEMBERS])
@pytest.mark.parametrize(
    "order", ["", "__system/submissionDate asc, __system/reviewState", "__system/updatedAt desc"]
)
def test_pages_hold_each_row_once(many, asking, path, order):
    client = asking()
    whole = [row["__id"] for row in table(client, path, orderby=order)["value"]]
    assert len(set(whole)) == 8
    for top in (1, 3, 8):
        assert pages(client, path, top=top, orderby=order) == whole
    some = table(client, path, top=3, skip=2, count="true", orderby=order)
    assert [row["__id"] for row in some["value"]] == whole[2:5]
    assert some["@odata.count"] == 8
    query = urlsplit(some["@odata.nextLink"]).query
    again = json.loads(client.get(f"{path}?{query}&$skip=5", secure=True).getvalue())
    assert [row["__id"] for row in again["value"]] == whole[5:8]  # the token knows where to go on
    assert table(client, path, top=0, count="true", orderby=order)["@odata.count"] == 8


def test_filters(many, street, asking):
    from server.submissions.models import ReviewState, Submission

    Submission.objects.filter(instance_id="uuid:m1").update(review_state=ReviewState.HAS_ISSUES)
    client = asking()

    def count(text: str) -> int:
        return len(table(client, filter=text)["value"])

    assert count("__system/reviewState eq 'hasIssues'") == 1
    assert count("__system/reviewState ne 'hasIssues'") == 7
    assert count("__system/reviewState eq null and not (__system/reviewState eq 'approved')") == 7
    assert count("__system/submissionDate lt 2026-11-20T02:30:00.000Z") == 0
    assert count("__system/submissionDate ge 2026-11-20") == 8
    assert count("$root/Submissions/__system/submissionDate le now()") in (0, 8)
    assert (
        count("year(__system/submissionDate) eq 2026 and hour(__system/submissionDate) eq 2") == 8
    )
    assert count(f"__system/submitterId eq '{street.worker.pk}'") == 8
    assert count("__system/updatedAt eq null") == 8
    assert count("year(__system/updatedAt) eq null") == 8
    assert count("__system/updatedAt ne 2026-01-01") == 8
    for empty in ("not (__system/updatedAt gt 2026-01-01)", "year(__system/updatedAt) ne 2026"):
        assert count(empty) == 8  # nobody has touched them
    assert count("null eq null or __system/submitterId eq 0") == 8
    assert count("not (__system/submissionDate ne null)") == 0
    assert_central(get(client, TABLE, filter="name eq 'x'"), 501.5)
    assert_central(get(client, TABLE, filter="contains(__system/reviewState, 'x')"), 501.4)
    for bad in ("(", "__system/submissionDate eq 'x'", "1 eq", "''", "__system/updatedAt lt null"):
        assert_central(get(client, TABLE, filter=bad), 400.18)


def test_select_expand_and_what_is_not_offered(street, asking):
    client = asking()
    assert table(client, select="__id, __system/status,outcome")["value"] == [
        {"__id": "uuid:1", "__system": {"status": None}, "outcome": "1"}
    ]
    (member,) = table(client, MEMBERS, select="name")["value"]
    assert set(member) == {"__id", "name"}
    (row,) = table(client, expand="*")["value"]
    assert row["members"][0]["name"] == "陈大文"
    assert_central(get(client, TABLE, select="nothing"), 400.23)
    assert_central(get(client, TABLE, select="members/name"), 400.24)
    assert_central(get(client, TABLE, expand="members"), 501.6)
    assert_central(get(client, TABLE, expand="*", select="outcome"), 501.6)
    for option in ("apply", "search", "foo"):
        assert_central(get(client, TABLE, **{option: "x"}), 501.1)
    for path in (TABLE, MEMBERS, f"{TABLE}('uuid:1')"):
        twice = client.get(f"{path}?$skip=0&$skip=1", secure=True)
        assert_central(twice, 400.11)
        assert "$skip" in twice.json()["message"]
    assert_central(get(client, TABLE, orderby="outcome"), 501.5)
    old = client.get(TABLE, secure=True, headers={"odata-maxversion": "3.0"})
    assert_central(old, 400.1)
    assert old["OData-Version"] == "4.0"


def test_one_record_and_what_is_below_it(street, asking):
    client = asking()
    record = f"{TABLE}('uuid:1')"
    assert table(client, record)["value"][0]["__id"] == "uuid:1"
    (member,) = table(client, f"{record}/members")["value"]
    assert member == table(client, MEMBERS)["value"][0]
    (same,) = table(client, f"{record}/members('{member['__id']}')")["value"]
    assert same == member
    assert_central(get(client, f"{record}/nothing"), 404.1)
    assert_central(get(client, f"{TABLE}('uuid:2')"), 404.1)  # of another street


def test_a_sealed_record_has_no_answers(street, asking):
    from server.submissions.models import EncryptedVersion

    version = street.submission.current_version
    EncryptedVersion.objects.create(version=version, state=EncryptedVersion.State.SEALED)
    client = asking()
    (row,) = table(client)["value"]
    assert row["__system"]["status"] == "notDecrypted"
    assert row["outcome"] is None
    assert table(client, MEMBERS)["value"] == []


def test_sheets_of_all_tables_and_the_files(street, asking):
    client, county = asking(), asking("county", area="440106")
    text = get(client, f"{FORM}/submissions.csv").getvalue().decode()
    (line,) = csv.DictReader(io.StringIO(text))
    assert (line["KEY"], line["outcome"], line["SubmitterName"]) == ("uuid:1", "1", "xie")
    bare = zipfile.ZipFile(io.BytesIO(get(client, f"{FORM}/submissions.csv.zip").getvalue()))
    assert "media/door.jpg" not in bare.namelist()
    assert ID_NO not in bare.read("household_survey-members.csv").decode()
    permitted(f"street-{STREET}")
    for method in (client.get, client.post):  # ruODK posts
        answer = method(f"{FORM}/submissions.csv.zip", secure=True)
        packed = zipfile.ZipFile(io.BytesIO(answer.getvalue()))
        names = ["household_survey.csv", "household_survey-members.csv", "media/door.jpg"]
        assert sorted(packed.namelist()) == sorted(names)
        members = packed.read("household_survey-members.csv").decode()
        assert members.splitlines() == [
            "name,id_no,political,PARENT_KEY,KEY",
            f"陈大文,{ID_NO},,uuid:1,uuid:1/members[1]",
        ]
    masked = get(county, f"{FORM}/submissions.csv.zip")
    packed = zipfile.ZipFile(io.BytesIO(masked.getvalue()))
    assert "media/door.jpg" not in packed.namelist()
    assert ID_NO not in packed.read("household_survey-members.csv").decode()
    none = get(client, f"{FORM}/submissions.csv", filter="__system/submitterId eq 0")
    assert none.getvalue().decode().count("\n") == 1
    assert_central(client.get(f"{FORM}/submissions.csv?groupPaths=false", secure=True), 501.1)


def test_an_archive_begins_before_the_records_are_read(street, asking, statements):
    pieces = iter(get(asking(), f"{FORM}/submissions.csv.zip"))
    statements.clear()
    first = next(pieces)
    assert first.startswith(b"PK\x03\x04")
    assert "submissionversion" not in "".join(map(str, statements))
    names = zipfile.ZipFile(io.BytesIO(first + b"".join(pieces))).namelist()
    assert names[0] == "household_survey.csv"
    assert "submissionversion" in "".join(map(str, statements))


def test_an_administrator_of_everything_sees_everything(street, asking):
    client = asking("administrator", area="")
    assert {row["__id"] for row in table(client)["value"]} == {"uuid:1", "uuid:2"}


def test_lists_cost_the_same_for_any_number_of_records(many, street, asking, statements):
    client = asking()
    attach(street.submission, "b.jpg", b"b")
    first, counts = set(), set()
    for top in (2, 8):
        for number in (first, counts):  # the first time the answers are laid out, and kept
            statements.clear()
            table(client, top=top)
            number.add(len(statements))
    statements.clear()
    rows = json.loads(get(client, f"{FORM}/submissions").getvalue())
    assert len(rows) == 8
    assert len(statements) <= 10  # the cursor's own among them
    assert len(counts) == len(first) == 1
    assert counts.pop() <= 11  # the caller's permits among them
    assert first.pop() <= 16
