"""ODK Briefcase's pull and push (items 189–193); TLS ends at a proxy in front of the server."""

from __future__ import annotations

import hashlib
from xml.etree import ElementTree

import pytest
import requests

from tests.acceptance.openrosa.checklist import item
from tests.acceptance.openrosa.line import (
    FORM,
    JPEG,
    SENT,
    Line,
    is_refused,
    new_id,
    part,
    photo,
    record,
)

NS = "{http://opendatakit.org/submissions}"


@pytest.fixture(scope="module")
def briefcase(line: Line) -> Line:
    """The address for user name and password, asked by an administrator over https."""
    there = Line(line.office, f"{line.office.url}/odk", line.staff)
    there.http.auth = line.staff.auth
    there.http.headers["X-Forwarded-Proto"] = "https"
    return there


def page(briefcase: Line, cursor: str, count: int) -> tuple[list[str], str]:
    query = f"?formId={FORM}&cursor={cursor}&numEntries={count}&includeIncomplete=false"
    root = briefcase.xml(f"/view/submissionList{query}")
    assert root.tag == f"{NS}idChunk"
    ids = [node.text or "" for node in root.iter(f"{NS}id")]
    return ids, root.findtext(f"{NS}resumptionCursor") or ""


def download(briefcase: Line, key: str) -> ElementTree.Element:
    response = briefcase.http.get(
        f"{briefcase.base}/view/downloadSubmission", params={"formId": key}, timeout=30
    )
    assert response.status_code == 200, response.text
    root = ElementTree.fromstring(response.content)
    assert root.tag == f"{NS}submission"
    return root


@item(189, "B01")
def test_the_pages_hold_every_record_and_end(line: Line, briefcase: Line) -> None:
    sent = [new_id() for _ in range(7)]
    for name in sent:
        assert line.send(record(name)).status_code in SENT
    ids, cursor, all_ids = ["first"], "", []
    while ids:
        ids, cursor = page(briefcase, cursor, 3)
        all_ids += ids
    assert all_ids[-7:] == sent
    assert len(all_ids) == len(set(all_ids))
    assert page(briefcase, cursor, 3) == ([], cursor)
    assert is_refused(briefcase.get(f"/view/submissionList?formId={FORM}&cursor=abc"))


@item(190, "B02")
def test_a_record_and_its_files_come_back(line: Line, briefcase: Line) -> None:
    name = new_id()
    document = record(name, photo="b.jpg")
    line.post(part(document), photo("门 1.jpg"))
    (instance,) = download(briefcase, f"{FORM}/data[@key={name}]").find(f"{NS}data")
    assert instance.get("isComplete") == "false"
    line.post(part(document), photo("b.jpg", b"b"))
    for version in ("null", "Optional.empty", "Optional[2026]"):
        root = download(
            briefcase, f"{FORM}[@version={version} and @uiVersion=null]/data[@key={name}]"
        )
        (instance,) = root.find(f"{NS}data")
        assert instance.tag == "data"
        assert instance.get("id") == FORM
        assert instance.get("instanceID") == name
        assert instance.get("isComplete") == "true"
        assert instance.findtext("name") == "张三"
        files = {}
        for file in root.iter(f"{NS}mediaFile"):
            url = file.findtext(f"{NS}downloadUrl")
            assert url.startswith("https://")
            content = briefcase.get(url.replace("https://", "http://")).content
            assert file.findtext(f"{NS}hash") == "md5:" + hashlib.md5(content).hexdigest()
            files[file.findtext(f"{NS}filename")] = content
        assert files == {"门 1.jpg": JPEG, "b.jpg": b"b"}
    unknown = briefcase.get(f"/view/downloadSubmission?formId={FORM}/data[@key=uuid:none]")
    assert is_refused(unknown)


@item(192)
def test_the_dates_of_moved_records_are_kept_for_administrators_only(
    line: Line, briefcase: Line
) -> None:
    def moved(name: str, date: str) -> bytes:
        document = record("").replace(b"<orx:instanceID></orx:instanceID>", b"")
        return document.replace(
            b"<data ", f'<data instanceID="{name}" submissionDate="{date}" '.encode()
        )

    assert briefcase.http.head(f"{briefcase.base}/upload", timeout=30).status_code == 204
    names = [new_id() for _ in range(3)]
    xml = ("Content-Type: application/xml",)
    early, late = "2019-02-03T04:05:06.000+08:00", "2999-01-01T00:00:00Z"
    assert briefcase.post(part(moved(names[0], early), headers=xml)).status_code in SENT
    assert briefcase.post(part(moved(names[1], late), headers=xml)).status_code in SENT
    assert line.post(part(moved(names[2], early), headers=xml)).status_code in SENT
    dates = [line.ask(f"submissions/{name}/").json()["received_at"][:4] for name in names]
    assert dates[0] == "2019"
    assert dates[1] < "2999"
    assert dates[2] > "2019"


@item(193)
def test_records_are_given_to_nobody_else(line: Line, briefcase: Line) -> None:
    name = new_id()
    line.send(record(name), a__jpg=JPEG)
    paths = (
        f"/view/submissionList?formId={FORM}",
        f"/view/downloadSubmission?formId={FORM}/data[@key={name}]",
        f"/view/files/{FORM}/{name}/a.jpg",
    )
    clerk = requests.Session()
    clerk.auth = line.office.add_user("conformance_clerk", "street", "440106003").auth
    clerk.headers["X-Forwarded-Proto"] = "https"
    for path in paths:  # the form feeds no ledger: nobody needs an export permit
        assert briefcase.get(path).status_code == 200
        bare = requests.get(briefcase.base + path, timeout=30)
        assert bare.status_code == 401
        assert bare.headers["WWW-Authenticate"]
        assert line.get(path).status_code == 403, "a phone's token"
        other = clerk.get(briefcase.base + path, timeout=30)
        assert other.status_code == 404 or "<idList></idList>" in other.text, "another area's"
