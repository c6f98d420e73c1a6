"""ODK Central's clients against /v1 (items 195–198): pyodk itself, and others by their headers."""

from __future__ import annotations

import io
import secrets
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
import requests
from pyodk._utils.config import CentralConfig, Config
from pyodk.client import Client
from pyodk.errors import PyODKError

from tests.acceptance.openrosa.checklist import item
from tests.acceptance.openrosa.line import FORM, SENT, Line, new_id, part, photo, record
from tests.samples import xlsforms

TABLE = "Submissions"
PICTURED = """
| survey |
| | type | name | label | media::image |
| | text | a | A | a.png |
| settings |
| | form_id | form_title | version |
| | {name} | Pictured | 1 |
"""
ITEMS = "Submissions.items"


def pyodk_as(line: Line, username: str, password: str) -> Client:
    """As people set it up, but with nothing read from or written to their home folder."""
    central = CentralConfig(line.office.url, username, password, default_project_id=1)
    client = Client(config=Config(central))
    client.session.auth.service.cache_path = None
    return client


@pytest.fixture(scope="module")
def client(line: Line) -> Iterator[Client]:
    with pyodk_as(line, *line.staff.auth) as client:
        yield client


@pytest.fixture
def https(line: Line) -> requests.Session:
    """Basic unasked; TLS ends at a proxy in front of the server."""
    session = requests.Session()
    session.auth = line.staff.auth
    session.headers["X-Forwarded-Proto"] = "https"
    return session


def url(line: Line, path: str = "") -> str:
    return f"{line.office.url}/v1/projects/1/forms/{FORM}{path}"


@item(195)
def test_pyodk_logs_in_reads_sends_and_reviews(line: Line, client: Client) -> None:
    assert client.session.headers["Authorization"].startswith("Bearer ")
    (project,) = client.projects.list()
    assert client.projects.get() == project
    assert FORM in [form.xmlFormId for form in client.forms.list()]
    assert client.forms.get(FORM).version == "2"
    assert FORM in client.forms.get_xml(FORM)

    name, edited = new_id(), new_id()
    created = client.submissions.create(record(name, photo="a b.jpg").decode(), FORM)
    assert (created.instanceId, created.reviewState) == (name, None)
    assert client.submissions.get(name, FORM).instanceId == name
    assert name in [submission.instanceId for submission in client.submissions.list(FORM)]
    changed = record(edited, name="李四", deprecated=name).decode()
    client.submissions.edit(name, changed, FORM, comment="the name was misspelt")
    client.submissions.review(name, "approved", FORM)
    assert client.submissions.get(name, FORM).reviewState == "approved"
    client.submissions.review(name, "rejected", FORM, comment="no such house")
    assert client.submissions.get(name, FORM).reviewState == "rejected"
    comments = [comment.body for comment in client.submissions.list_comments(name, FORM)]
    assert comments == ["no such house", "the name was misspelt"]
    by_id = {row["__id"]: row for row in client.submissions.get_table(FORM)["value"]}
    assert by_id[name]["name"] == "李四"
    assert by_id[name]["__system"]["edits"] == 1

    with pytest.raises(PyODKError) as refused:
        client.submissions.get("uuid:none", FORM)
    assert refused.value.is_central_error(404.1)
    with pytest.raises(PyODKError) as wrong:
        pyodk_as(line, line.staff.auth[0], "wrong").open()
    assert wrong.value.is_central_error(401.2)


def test_pyodk_publishes_forms_with_their_files(client: Client, tmp_path: Path) -> None:
    name, picture = f"pyodk-{secrets.token_hex(4)}", tmp_path / "a.png"
    book = tmp_path / "form.xlsx"
    book.write_bytes(xlsforms.workbook(PICTURED.format(name=name)))
    picture.write_bytes(b"first")
    created = client.forms.create(book, attachments=[picture], form_id=name)
    assert (created.xmlFormId, created.publishedAt) == (
        name,
        None,
    )  # as a draft, which is published then
    assert client.forms.get(name).version == "1"
    picture.write_bytes(b"second")
    client.forms.update(name, attachments=[picture])
    assert client.forms.get(name).version > "2026"  # the time, as pyodk names versions by itself
    file = client.get(f"projects/1/forms/{name}/attachments/a.png")
    assert file.content == b"second"
    with pytest.raises(PyODKError) as refused:
        client.forms.create(book, form_id=name)
    assert refused.value.is_central_error(409.3)
    closed = client.patch(f"projects/1/forms/{name}", json={"state": "closed"})
    assert closed.json()["state"] == "closed"  # no phone of this office shall get it


def test_pyodk_reads_entity_lists(client: Client) -> None:
    lists = [entity_list.name for entity_list in client.entity_lists.list()]
    assert lists[:7] == [
        "communities",
        "households",
        "cases",
        "employers",
        "persons",
        "vacancies",
        "retirees",
    ]
    communities = client.entity_lists.get("communities")
    assert communities.properties
    assert {"code", "geometry"} <= {prop.name for prop in communities.properties}
    table = client.entities.get_table("communities", count=True, select="__id,label")
    entries = client.entities.list("communities")
    assert table["@odata.count"] == len(entries) > 0
    assert {row["__id"]: row["label"] for row in table["value"]} == {
        entity.uuid: entity.currentVersion.label for entity in entries
    }
    assert client.entities.list("households") == []


def test_no_answer_makes_clients_repeat_what_cannot_succeed(line: Line) -> None:
    """pyodk repeats 429 and 5xx by itself."""
    sessions = f"{line.office.url}/v1/sessions"
    for _ in range(12):
        body = {"email": "nobody here", "password": "wrong"}
        assert requests.post(sessions, json=body, timeout=30).status_code == 401
    bearer = {"Authorization": "Bearer nothing"}
    for path in ("", ".svc", f".svc/{TABLE}?$top=x", ".svc/$metadata", "/submissions/%00"):
        answer = requests.get(url(line, path), headers=bearer, timeout=30)
        assert answer.status_code in (401, 404), path
        assert set(answer.json()) == {"message", "code", "details"}


@item(196)
def test_ruodk_sends_basic_unasked_and_accepts_xml_where_json_comes(
    line: Line, https: requests.Session
) -> None:
    headers = {"Accept": "application/xml", "X-Extended-Metadata": "true"}
    (project,) = https.get(f"{line.office.url}/v1/projects", headers=headers, timeout=30).json()
    assert {"id", "name", "forms", "appUsers", "createdAt", "lastSubmission"} <= set(project)
    forms = https.get(f"{line.office.url}/v1/projects/1/forms", headers=headers, timeout=30).json()
    assert all({"xmlFormId", "submissions", "hash", "version"} <= set(form) for form in forms)
    fields = https.get(url(line, "/fields?flatten=true&odata=true"), headers=headers, timeout=30)
    assert {"path": "/items/what", "name": "what", "type": "string"}.items() <= next(
        field for field in fields.json() if field["path"] == "/items/what"
    ).items()
    name = new_id()
    line.send(record(name))
    query = f".svc/{TABLE}?$skip=&$top=&$count=true&$wkt=false"
    rows = https.get(url(line, query), headers={"Accept": "application/json"}, timeout=30).json()
    assert rows["@odata.count"] == len(rows["value"]) > 0
    extended = {"Accept": "application/json; extended"}
    submission = https.get(url(line, f"/submissions/{name}"), headers=extended, timeout=30)
    assert submission.json()["instanceId"] == name
    assert https.get(url(line, "/submissions/keys"), timeout=30).json() == []  # before each export
    export = https.post(url(line, "/submissions.csv.zip?attachments=false"), timeout=60)
    names = zipfile.ZipFile(io.BytesIO(export.content)).namelist()
    assert names == [f"{FORM}.csv", f"{FORM}-items.csv"]
    plain = requests.get(url(line), auth=line.staff.auth, timeout=30)  # without TLS
    assert (plain.status_code, plain.json()["code"]) == (401, 401.3)
    assert requests.get(url(line), timeout=30).status_code == 401


def follow(https: requests.Session, line: Line, path: str) -> Iterator[list[dict[str, object]]]:
    """The pages of a table, by following the links only."""
    link = url(line, path)
    while link:
        answer = https.get(link, timeout=30)
        assert answer.headers["OData-Version"] == "4.0"
        body = answer.json()
        yield body["value"]
        link = body.get("@odata.nextLink", "")
        if link:
            assert link.startswith("https://")
            assert "%24skiptoken=" in urlsplit(link).query
            link = link.replace("https://", "http://", 1)


@item(197)
def test_odata_service_metadata_pages_and_what_is_not_offered(
    line: Line, https: requests.Session
) -> None:
    for _ in range(3):
        assert line.send(record(new_id())).status_code in SENT
    service = https.get(url(line, ".svc"), timeout=30)
    assert service.headers["OData-Version"] == "4.0"
    assert [entry["url"] for entry in service.json()["value"]] == [TABLE, ITEMS]
    metadata = https.get(url(line, ".svc/$metadata"), timeout=30)
    assert "xml" in metadata.headers["Content-Type"]
    edm = "{http://docs.oasis-open.org/odata/ns/edm}"
    root = ElementTree.fromstring(metadata.content)
    assert [entity_set.get("Name") for entity_set in root.iter(f"{edm}EntitySet")] == [TABLE, ITEMS]
    for table in (TABLE, ITEMS):
        whole = [row["__id"] for row in https.get(url(line, f".svc/{table}")).json()["value"]]
        paged = [
            row["__id"] for page in follow(https, line, f".svc/{table}?$top=2") for row in page
        ]
        assert paged == whole
        assert len(set(whole)) == len(whole) > 2
    for option in ("$apply=x", "$compute=x", "odd=x"):
        answer = https.get(url(line, f".svc/{TABLE}?{option}"), timeout=30)
        assert (answer.status_code, answer.json()["code"]) == (501, 501.1)
    old = https.get(url(line, f".svc/{TABLE}"), headers={"OData-MaxVersion": "3.0"}, timeout=30)
    assert old.status_code == 400


@item(198)
def test_ids_and_join_columns_outlive_edits_and_pages(line: Line, https: requests.Session) -> None:
    names = [new_id() for _ in range(4)]
    for name in names:
        more = "<items><what>二</what></items>"
        assert line.post(part(record(name, body=more)), photo("a.jpg")).status_code in SENT

    def parents_of_items() -> dict[object, object]:
        """Row → its submission, for the submissions of this test."""
        rows = https.get(url(line, f".svc/{ITEMS}"), timeout=30).json()["value"]
        parents = {row["__id"]: row["__Submissions-id"] for row in rows}
        return {id: name for id, name in parents.items() if name in names}

    before = parents_of_items()
    assert len(before) == 8
    paged: list[dict[str, object]] = []
    for number, page in enumerate(follow(https, line, f".svc/{ITEMS}?$top=3")):
        paged += page
        if number < 2:  # while somebody pages, records come in and are corrected
            line.send(record(new_id()))
            more = "<items><what>三</what></items>"
            line.send(record(new_id(), deprecated=names[number], body=more))
    ids = [row["__id"] for row in paged]
    assert len(set(ids)) == len(ids)
    assert set(before) <= set(ids)
    assert parents_of_items() == before
    (same,) = https.get(url(line, f".svc/{TABLE}('{names[0]}')"), timeout=30).json()["value"]
    assert (same["__id"], same["__system"]["edits"]) == (names[0], 1)
