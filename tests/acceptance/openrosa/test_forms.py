"""Form list, form XML, manifest, entity lists (items 44–90)."""

from __future__ import annotations

import base64
import csv
import io
import re
from urllib.parse import quote
from xml.etree import ElementTree

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from tests.acceptance.openrosa.checklist import item
from tests.acceptance.openrosa.line import (
    FORM,
    SENT,
    Line,
    is_refused,
    new_id,
    record,
)
from tests.acceptance.openrosa.sync import (
    HASH,
    URL,
    H,
    X,
    listed,
    manifest_of,
    md5,
    media_of,
)
from tests.samples.xlsforms import workbook


@item(44, "L01")
def test_collect_accepts_the_list(line: Line) -> None:
    assert {form["formID"] for form in listed(line)} > {FORM, "household_survey"}


@item(45, "L02")
def test_every_form_has_a_hash(line: Line) -> None:
    assert all(HASH.fullmatch(form["hash"]) for form in listed(line))


@item(46, "L03")
def test_addresses_of_forms_are_absolute(line: Line) -> None:
    for form in listed(line):
        assert URL.fullmatch(form["downloadUrl"])
        assert URL.fullmatch(form.get("manifestUrl", "http://x/"))


@item(47, "L04")
def test_one_entry_a_form(line: Line) -> None:
    names = [form["formID"] for form in listed(line)]
    assert len(names) == len(set(names))


@item(48, "L05")
def test_form_id_narrows_the_list(line: Line) -> None:
    assert [form["formID"] for form in listed(line, f"?formID={FORM}")] == [FORM]


@item(49, "L06")
def test_an_unknown_form_id_gives_an_empty_list(line: Line) -> None:
    for unknown in ("no_such_form", quote("入户 <&>"), "%00"):
        assert listed(line, f"?formID={unknown}") == []


@item(50, "L07")
def test_verbose_lists_the_same_forms(line: Line) -> None:
    def short(query: str) -> list[tuple[str, str]]:
        return [(form["formID"], form["hash"]) for form in listed(line, query)]

    assert short("?verbose=true") == short("") == short("?verbose=false")
    assert not any("descriptionText" in form for form in listed(line))


@item(51, "L08")
def test_all_versions_can_be_listed(line: Line) -> None:
    everything = listed(line, "?listAllVersions=true")
    pairs = [(form["formID"], form["version"]) for form in everything]
    assert len(pairs) == len(set(pairs))
    assert {(FORM, "1"), (FORM, "2")} <= set(pairs)
    assert {(form["formID"], form["version"]) for form in listed(line)} <= set(pairs)
    for form in everything:
        assert form["hash"] == f"md5:{md5(line.get(form['downloadUrl']).content)}"


@item(52, "L09")
def test_unknown_parameters_are_ignored(line: Line) -> None:
    assert listed(line, "?what=ever&formid=x&=&%00=1") == listed(line)


@item(53, "L10")
def test_two_lists_are_the_same(line: Line) -> None:
    assert line.get("/formList").content == line.get("/formList").content


@item(54, "L11")
def test_the_version_is_the_forms_own(line: Line) -> None:
    for form in listed(line):
        assert primary(line, form).get("version", "") == form["version"]


@item(55, "L12")
def test_the_name_is_the_forms_title(line: Line) -> None:
    for form in listed(line):
        assert xform(line, form).findtext(f"{H}head/{H}title") == form["name"]


@item(56, "L13")
def test_head_and_options_on_the_list_are_clean(line: Line) -> None:
    for method in ("HEAD", "OPTIONS"):
        assert line.http.request(method, f"{line.base}/formList", timeout=30).status_code < 500


# --- forms -----------------------------------------------------------------


def xform(line: Line, form: dict[str, str]) -> ElementTree.Element:
    return ElementTree.fromstring(line.get(form["downloadUrl"]).content)


def primary(line: Line, form: dict[str, str]) -> ElementTree.Element:
    (root,) = xform(line, form).find(f"{H}head/{X}model/{X}instance")
    return root


@item(61, "F01")
def test_the_hash_is_that_of_the_bytes(line: Line) -> None:
    for form in listed(line):
        assert form["hash"] == f"md5:{md5(line.get(form['downloadUrl']).content)}"


@item(62, "F02")
def test_two_downloads_are_the_same(line: Line) -> None:
    for form in listed(line):
        assert line.get(form["downloadUrl"]).content == line.get(form["downloadUrl"]).content


@item(63, "F03")
def test_collect_can_install_every_form(line: Line) -> None:
    for form in listed(line):
        root = xform(line, form)
        assert root.findtext(f"{H}head/{H}title").strip()
        assert root.find(f"{H}body") is not None
        assert primary(line, form).get("id") == form["formID"]


@item(64, "F04")
def test_a_form_with_a_submission_address_of_its_own_is_not_published(line: Line) -> None:
    """Collect would refuse it, or send records to another server."""
    for address in ("https://elsewhere.example/submission", "no address"):
        form = (
            "| survey |\n| | type | name | label |\n| | text | a | 甲 |\n| settings |\n"
            "| | form_title | form_id | version | submission_url |\n"
            f"| | 甲 | conformance_elsewhere | 1 | {address} |"
        )
        files = {"workbook": ("f.xlsx", workbook(form))}
        url = f"{line.office.url}/api/v1/forms/"
        refused = line.staff.post(url, files=files, timeout=60)
        assert refused.status_code == 400
        assert "submission_url" in refused.text
    for listed_form in listed(line):
        for submission in xform(line, listed_form).iter(f"{X}submission"):
            assert submission.get("action") is None


@item(65, "F05")
def test_a_public_key_is_one_line_of_base64(line: Line) -> None:
    keys = [
        key
        for form in listed(line)
        for submission in xform(line, form).iter(f"{X}submission")
        if (key := submission.get("base64RsaPublicKey")) is not None
    ]
    assert keys
    for key in keys:
        read = load_der_public_key(base64.b64decode(key, validate=True))
        assert isinstance(read, RSAPublicKey)
        assert read.key_size >= 2048


@item(66, "F06")
def test_every_form_makes_an_instance_id(line: Line) -> None:
    for form in listed(line):
        metas = [child for child in primary(line, form) if child.tag.endswith("meta")]
        assert [c for meta in metas for c in meta if c.tag.endswith("}instanceID")]


@item(67, "F07")
def test_forms_are_plain_utf8(line: Line) -> None:
    for form in listed(line):
        content = line.get(form["downloadUrl"]).content
        assert content.startswith(b"<?xml")
        assert b"<!DOCTYPE" not in content
        content.decode("utf-8")


@item(68, "F08")
def test_the_entities_version_is_one_that_collect_knows(line: Line) -> None:
    supported = ("2022.1", "2023.1", "2024.1", "2025.1")
    declared = [
        value
        for form in listed(line)
        for key, value in xform(line, form).find(f"{H}head/{X}model").attrib.items()
        if key.endswith("entities-version")
    ]
    assert declared
    assert all(version.startswith(supported) for version in declared)


@item(69, "F09")
def test_a_form_that_is_not_there_is_a_clean_404(line: Line) -> None:
    for path in (
        f"/forms/{FORM}/9/form.xml",
        "/forms/nothing/1/form.xml",
        "/forms/%00/1/manifest.xml",
    ):
        assert is_refused(line.get(path))


# --- manifest --------------------------------------------------------------


@item(71, "M01")
def test_collect_accepts_every_manifest(line: Line) -> None:
    assert media_of(line)


@item(72, "M02")
def test_manifest_hashes_have_their_form(line: Line) -> None:
    assert all(HASH.fullmatch(file["hash"]) for file in media_of(line))


@item(73, "M03")
def test_manifest_hashes_are_those_of_the_bytes(line: Line) -> None:
    plain = [file for file in media_of(line) if not file["type"]]
    assert plain
    for file in plain:
        assert file["hash"] == f"md5:{md5(line.get(file['downloadUrl']).content)}"


@item(74, "M04")
def test_media_have_plain_unique_names(line: Line) -> None:
    for form in listed(line):
        if "manifestUrl" in form:
            names = [file["filename"] for file in manifest_of(line, form)]
            assert len(names) == len(set(names))
            assert not any("/" in name or "\\" in name for name in names)


@item(75, "M05")
def test_addresses_of_media_are_absolute(line: Line) -> None:
    for file in media_of(line):
        assert URL.fullmatch(file["downloadUrl"])
        assert URL.fullmatch(file.get("integrityUrl", "http://x/"))


@item(76, "M06")
def test_every_file_a_form_names_is_in_its_manifest(line: Line) -> None:
    for form in listed(line):
        named = re.findall(r"jr://[a-z-]+/([^\"<]+)", line.get(form["downloadUrl"]).text)
        there = {file["filename"] for file in manifest_of(line, form)} if named else set()
        assert {name for name in named if name != "last-saved"} <= there


@item(77, "M07")
def test_two_manifests_are_the_same(line: Line) -> None:
    for form in listed(line):
        if "manifestUrl" in form:
            assert line.get(form["manifestUrl"]).content == line.get(form["manifestUrl"]).content


# --- entity lists ----------------------------------------------------------


def lists(line: Line) -> list[dict[str, str]]:
    files = [file for file in media_of(line) if file["type"]]
    assert files
    return files


def rows(line: Line, file: dict[str, str]) -> list[dict[str, str]]:
    text = line.get(file["downloadUrl"]).content.decode("utf-8")
    return list(csv.DictReader(io.StringIO(text), restkey="too many", restval=None))


@item(80, "E01")
def test_lists_have_an_integrity_address(line: Line) -> None:
    for file in lists(line):
        assert file["type"] in ("entityList", "approvalEntityList")
        assert URL.fullmatch(file["integrityUrl"])
        assert file["filename"].endswith(".csv")


@item(81, "E02")
def test_lists_have_what_collect_needs(line: Line) -> None:
    for file in lists(line):
        header = line.get(file["downloadUrl"]).content.decode("utf-8").splitlines()[0]
        assert ";" not in header
        columns = header.split(",")
        assert {"name", "label", "__version"} <= set(columns)
        assert len({column.lower() for column in columns}) == len(columns)
        for row in rows(line, file):
            assert None not in row.values()
            assert "too many" not in row
            assert row["name"]
            assert row["label"]
            assert row["__version"].isdecimal()


@item(82, "E03")
def test_integrity_answers_for_known_and_unknown_ids(line: Line) -> None:
    file = next(file for file in lists(line) if rows(line, file))
    listed_id = rows(line, file)[0]["name"]
    for query in (f"{listed_id},unknown", quote(f"{listed_id},unknown", safe="")):
        response = line.get(f"{file['integrityUrl']}?id={query}&deviceID=x")
        assert response.headers["X-OpenRosa-Version"] == "1.0"
        deleted = {
            entity.get("id"): entity.findtext("deleted")
            for entity in ElementTree.fromstring(response.content).iter("entity")
        }
        assert deleted.get(listed_id, "false") == "false"
        assert deleted.get("unknown", "false") == "false", "it may still be on its way"


@item(88, "E09")
def test_integrity_takes_500_ids(line: Line) -> None:
    ids = [new_id()[5:] for _ in range(500)]
    url = lists(line)[0]["integrityUrl"]
    answer = line.xml(f"{url}?id={quote(','.join(ids), safe='')}")
    assert not any(entity.findtext("deleted") == "true" for entity in answer.iter("entity"))


@item(84, "E05")
def test_a_submission_with_a_bad_entity_is_stored_and_makes_none(line: Line) -> None:
    survey = next(form for form in listed(line) if form["formID"] == "household_survey")
    before = [rows(line, file) for file in lists(line)]
    for household in ("", "not-a-uuid", "uuid:00000000"):
        name = new_id()
        entity = f'<entity dataset="households" id="{household}" create="1"><label/></entity>'
        document = record(
            name,
            form=survey["formID"],
            version=survey["version"],
            body=f"<household_id>{household}</household_id><meta>{entity}</meta>",
        )
        assert line.send(document).status_code in SENT
        assert line.count(name, survey["formID"]) == 1
        processed = {"form": survey["formID"], "search": name, "is_processed": "true"}
        line.office.wait_for(
            lambda query=processed: line.ask("submissions/", **query).json()["count"],
            "the record to be processed",
        )
    assert [rows(line, file) for file in lists(line)] == before
