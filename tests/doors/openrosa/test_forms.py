"""formList, form XML, manifest and media, as Collect reads them (openrosa.md, Form list and manifest)."""

from __future__ import annotations

import gzip
import re
from hashlib import md5

import pytest
from django.test import Client
from lxml import etree

from server.core import blobs
from server.forms.models import Form, FormAudience, FormMedia
from tests.factories.submissions import make_form, make_phone

pytestmark = pytest.mark.django_db
LIST = "{http://openrosa.org/xforms/xformsList}"
MANIFEST = "{http://openrosa.org/xforms/xformsManifest}"
JAVA_URI = re.compile(r"https?://[A-Za-z0-9.:]+(/([A-Za-z0-9_.~!$&'()*+,;=:@-]|%[0-9A-F]{2})*)+")


@pytest.fixture
def phone(divisions):
    return make_phone()


def md5_of(content: bytes) -> str:
    return md5(content, usedforsecurity=False).hexdigest()


def get(url: str, **headers):
    response = Client().get(url, **headers)
    assert response.headers["X-OpenRosa-Version"] == "1.0"
    return response


def body_of(response) -> bytes:
    body = b"".join(response.streaming_content) if response.streaming else response.content
    return gzip.decompress(body) if response.headers.get("Content-Encoding") == "gzip" else body


def listed(phone, query: str = "") -> dict[str, dict[str, str]]:
    """The form list as Collect parses it: form id → its child elements."""
    response = get(f"{phone.base}/formList{query}")
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/xml; charset=utf-8"
    root = etree.fromstring(response.content)
    assert root.tag == f"{LIST}xforms"
    entries = [
        {child.tag.removeprefix(LIST): child.text or "" for child in entry} for entry in root
    ]
    assert all(entry["formID"] and entry["name"] and entry["downloadUrl"] for entry in entries)
    by_form = {entry["formID"]: entry for entry in entries}
    assert len(by_form) == len(entries), "one entry for each form"
    return by_form


def test_a_listed_form_has_the_hash_of_the_bytes_at_its_address(phone) -> None:
    edition = make_form()

    entry = listed(phone)["household_survey"]
    response = get(entry["downloadUrl"] + "?deviceID=collect%3Aabc")

    assert (entry["version"], entry["name"]) == (edition.version, edition.title)
    assert response.content == bytes(edition.xform)
    assert entry["hash"] == "md5:" + md5_of(response.content)
    assert "manifestUrl" not in entry
    assert phone.token in entry["downloadUrl"]


@pytest.mark.parametrize("path", ["/formList", "/formList/", "/formList?deviceID=a&deviceID=b&x="])
def test_the_list_answers_every_habit_and_echoes_no_query(phone, path) -> None:
    make_form()
    response = get(phone.base + path)

    assert response.status_code == 200
    assert b"deviceID" not in response.content


def test_the_list_can_be_narrowed_to_a_form(phone) -> None:
    make_form()
    make_form("home_visit")

    assert set(listed(phone, "?formID=home_visit")) == {"home_visit"}
    assert listed(phone, "?formID=unknown") == {}
    assert set(listed(phone, "?verbose=true&listAllVersions=true")) == {
        "home_visit",
        "household_survey",
    }


def test_only_the_workers_own_open_forms_are_listed_and_given(phone) -> None:
    make_form("everywhere")
    make_form("own_street", area="440106003")
    make_form("other_street", area="440106005")
    make_form("closing", state="closing")
    named = make_form("by_name", area=None)
    FormAudience.objects.create(form=named.form, user_id=phone.user_id)

    entries = listed(phone)
    folder = entries["everywhere"]["downloadUrl"]

    assert set(entries) == {"everywhere", "own_street", "by_name"}
    assert get(folder.replace("everywhere", "other_street")).status_code == 404
    assert get(folder.replace("everywhere", "closing")).status_code == 200


def test_an_older_version_stays_available(phone) -> None:
    first = make_form()
    address = listed(phone)["household_survey"]["downloadUrl"]
    make_form(version="2026.2")

    assert listed(phone)["household_survey"]["version"] == "2026.2"
    assert get(address).content == bytes(first.xform)


@pytest.mark.parametrize("odd", ['a b/c%20[d]{e}|"f"', "调查:表", "x&y<z>'"])
def test_addresses_survive_odd_ids_versions_and_file_names(phone, odd, tmp_path) -> None:
    edition = make_form(odd, odd)
    blob = blobs.store([b"content"])
    FormMedia.objects.create(
        form_version=edition,
        filename=f"{odd.replace('/', '')}.csv",
        kind=FormMedia.Kind.FILE,
        sha256=blob.sha256,
        md5=blob.md5.hex(),
        size=blob.size,
    )

    entry = listed(phone)[odd]
    (media,) = _manifest(entry["manifestUrl"])

    for address in (entry["downloadUrl"], entry["manifestUrl"], media["downloadUrl"]):
        assert JAVA_URI.fullmatch(address), address
    assert entry["version"] == odd
    assert get(entry["downloadUrl"]).content == bytes(edition.xform)
    assert body_of(get(media["downloadUrl"])) == b"content"


def test_a_form_without_a_version_has_an_empty_one(phone) -> None:
    edition = make_form(version="")
    entry = listed(phone)["household_survey"]

    assert entry["version"] == ""
    assert get(entry["downloadUrl"]).content == bytes(edition.xform)


def _manifest(url: str) -> list[dict[str, str]]:
    response = get(url)
    assert response.status_code == 200
    root = etree.fromstring(response.content)
    assert root.tag == f"{MANIFEST}manifest"
    return [
        {child.tag.removeprefix(MANIFEST): child.text or "" for child in file} | dict(file.attrib)
        for file in root
    ]


class Streets:
    """An entity list that differs from worker to worker."""

    def hash(self, worker) -> str:
        return md5_of(repr(worker.areas).encode())

    def csv(self, worker):
        yield b"name,label,__version\n"
        yield f"uuid,{worker.areas[0]},1\n".encode()


streets = Streets()


def test_files_and_entity_lists_of_a_form(phone, settings) -> None:
    settings.ENTITY_LISTS = {"streets": f"{__name__}.streets"}
    edition = make_form()
    blob = blobs.store([b"\x89PNG"])
    FormMedia.objects.create(
        form_version=edition,
        filename="logo.png",
        kind=FormMedia.Kind.FILE,
        sha256=blob.sha256,
        md5=blob.md5.hex(),
        size=blob.size,
    )
    FormMedia.objects.create(
        form_version=edition, filename="streets.csv", kind=FormMedia.Kind.ENTITY_LIST
    )

    manifest_url = listed(phone)["household_survey"]["manifestUrl"]
    logo, entities = _manifest(manifest_url)
    file = get(logo["downloadUrl"])
    csv = get(entities["downloadUrl"])

    assert logo["filename"] == "logo.png"
    assert logo["hash"] == "md5:" + md5_of(body_of(file))
    assert file.headers["Content-Type"] == "image/png"
    assert Client().head(logo["downloadUrl"]).headers["Content-Length"] == "4"
    assert entities["type"] == "entityList"
    assert entities["hash"] == "md5:" + streets.hash(_worker(("440106003001",)))
    assert body_of(csv) == b"name,label,__version\nuuid,440106003001,1\n"
    other = make_phone("other", "440106005001")
    (_logo, of_other) = _manifest(manifest_url.replace(phone.token, other.token))
    assert of_other["hash"] != entities["hash"]
    assert get(logo["downloadUrl"].replace("logo", "nothing")).status_code == 404
    for url, tag in (
        (csv, entities["hash"].removeprefix("md5:")),
        (file, logo["hash"].removeprefix("md5:")),
    ):
        assert url.headers["ETag"] == f'W/"{tag}"'


def _worker(areas):
    from server.accounts.access import Worker

    return Worker(0, areas)


def test_no_entity_is_ever_called_deleted_by_ignorance(phone) -> None:
    ids = ",".join(f"uuid-{number}" for number in range(500))
    for query in (ids, ids.replace(",", "%2C")):
        response = get(f"{phone.base}/entities/integrity?id={query}&deviceID=x")
        root = etree.fromstring(response.content)

        assert root.tag == "data"
        assert len(root.findall("entities/entity")) == 500
        assert {entity.findtext("deleted") for entity in root.iter("entity")} == {"false"}
    assert get(f"{phone.base}/entities/integrity?id=%22%3C%00").status_code == 200


def test_an_entity_that_was_removed_is_called_deleted_to_those_who_had_it(phone) -> None:
    from server.ledgers.models import ListedEntity

    gone, here = (f"{n}0000000-0000-4000-8000-000000000001" for n in "ab")
    for entity, left_as in ((gone, "removed"), (here, "")):
        ListedEntity.objects.create(
            list="households", entity=entity, version=3, area_code="440106003001", left_as=left_as
        )
    other = make_phone("other", "440106005001")
    deleted = {}
    for asking in (phone, other):
        response = get(f"{asking.base}/entities/integrity?id={gone}%2C{here}")
        for entity in etree.fromstring(response.content).iter("entity"):
            deleted[asking.user_id, entity.get("id")] = entity.findtext("deleted")
    assert deleted == {
        (phone.user_id, gone): "true",
        (phone.user_id, here): "false",
        (other.user_id, gone): "false",
        (other.user_id, here): "false",
    }


def test_known_content_costs_no_body(phone) -> None:
    make_form()
    address = listed(phone)["household_survey"]["downloadUrl"]

    for url in (f"{phone.base}/formList", address):
        first = get(url)
        assert first.headers["Cache-Control"] == "no-cache, private"
        again = get(url, HTTP_IF_NONE_MATCH=first.headers["ETag"])
        other = get(url, HTTP_IF_NONE_MATCH='W/"0", "1"')

        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["ETag"] == first.headers["ETag"]
        assert (other.status_code, other.content) == (200, first.content)


def test_packed_and_plain_answers_hold_the_same_bytes(phone) -> None:
    for number in range(10):
        make_form(f"form_{number}")
    url = f"{phone.base}/formList"

    plain, packed = get(url), get(url, HTTP_ACCEPT_ENCODING="gzip, deflate")

    assert packed.headers["Content-Encoding"] == "gzip"
    assert len(packed.content) < len(plain.content)
    assert gzip.decompress(packed.content) == plain.content
    assert packed.headers["ETag"] == plain.headers["ETag"]
    assert "Accept-Encoding" in plain.headers["Vary"]


def test_the_list_takes_one_query_after_the_token(phone, statements) -> None:
    for number in range(20):
        make_form(f"form_{number}")
    get(f"{phone.base}/formList")
    statements.clear()

    assert len(listed(phone)) == 20
    assert len(statements) == 2


def test_addresses_follow_the_request_or_the_setting(phone, settings) -> None:
    make_form()
    response = get(f"{phone.base}/formList", HTTP_HOST="192.168.1.5:8000")
    assert b"<downloadUrl>http://192.168.1.5:8000/key/" in response.content

    settings.RUHU_BASE_URL = "https://ruhu.example.org/"
    assert b"<downloadUrl>https://ruhu.example.org/key/" in get(f"{phone.base}/formList").content


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_reading_addresses_take_no_writing(phone, method) -> None:
    response = Client().generic(method, f"{phone.base}/formList")

    assert response.status_code == 405
    assert Client().head(f"{phone.base}/formList").status_code == 200
    assert Form.objects.count() == 0


def test_head_announces_what_get_would_bring(phone) -> None:
    make_form()
    url = f"{phone.base}/formList"

    whole, head = get(url), Client().head(url)

    assert head.content == b""
    for header in ("Content-Length", "ETag", "Content-Type"):
        assert head.headers[header] == whole.headers[header]
    assert int(whole.headers["Content-Length"]) == len(whole.content)
