"""Submission (items 101–135)."""

from __future__ import annotations

import time

import pytest

from tests.acceptance.openrosa.checklist import item
from tests.acceptance.openrosa.line import (
    JPEG,
    OLD,
    SENT,
    Line,
    body_of,
    field,
    is_refused,
    message_of,
    new_id,
    part,
    photo,
    record,
)


@item(101, "S01")
def test_a_complete_submission_is_accepted(line: Line) -> None:
    assert line.send(record(new_id(), photo="a.jpg"), a__jpg=JPEG).status_code in SENT


@item(102, "S02")
def test_a_complete_submission_is_stored_once(line: Line) -> None:
    name = new_id()
    line.send(record(name))
    assert line.count(name) == 1


@item(103, "S03")
def test_text_is_unharmed(line: Line) -> None:
    name = new_id()
    document = record(name, name="𠮷田 😀👨‍👩‍👧 e\u0301 <&\"'> \u200f‮ 　 ]]>")
    assert line.send(document).status_code in SENT
    assert line.document(name) == document


@item(104, "S04")
def test_every_file_is_stored_byte_for_byte(line: Line) -> None:
    name = new_id()
    files = {"a.jpg": JPEG, "b.bin": bytes(range(256)) * 40, "c.jpg": b"\r\n--\r\n"}
    line.post(part(record(name)), *(photo(*file) for file in files.items()))
    assert line.files(name) == files


@item(105, "S05")
def test_success_is_a_message(line: Line) -> None:
    assert message_of(line.send(record(new_id())))


@item(106, "S06")
def test_success_carries_the_headers(line: Line) -> None:
    headers = line.send(record(new_id())).headers
    assert headers["X-OpenRosa-Version"] == "1.0"
    assert int(headers["X-OpenRosa-Accept-Content-Length"]) >= 10_000_000


@item(107, "S07")
def test_the_xml_part_has_any_type_or_none(line: Line) -> None:
    for kind in (("Content-Type: application/xml",), ("Content-Type: text/plain",), ()):
        name = new_id()
        assert line.post(part(record(name), headers=kind)).status_code in SENT
        assert line.count(name) == 1


@item(108, "S08")
def test_the_xml_part_has_any_file_name(line: Line) -> None:
    for filename in (
        "a b c.xml",
        "入户 2026-11-23 😀.xml",
        "%22quoted%22.xml",
        "'.xml",
        "submission",
    ):
        name = new_id()
        assert line.post(part(record(name), filename=filename)).status_code in SENT
        assert line.count(name) == 1


@item(109, "S09")
def test_the_xml_part_without_a_file_name_is_taken(line: Line) -> None:
    name = new_id()
    assert line.post(part(record(name), filename=None)).status_code in SENT
    assert line.document(name) == record(name)


@item(110, "S10")
def test_the_xml_part_may_come_last(line: Line) -> None:
    name = new_id()
    assert line.post(photo("a.jpg"), part(record(name))).status_code in SENT
    assert line.files(name) == {"a.jpg": JPEG}


@item(111, "S11")
def test_odd_boundaries_and_lower_case_headers(line: Line) -> None:
    for boundary in ("'()+_,-./:=?x", "a", "-" * 60 + "1", "with space"):
        name = new_id()
        quoted = f'multipart/form-data; boundary="{boundary}"'
        xml_part = part(record(name)).replace(b"Content-Disposition", b"content-disposition")
        xml_part = xml_part.replace(b"Content-Type", b"content-type")
        assert line.post(xml_part, boundary=boundary, content_type=quoted).status_code in SENT, (
            boundary
        )
        assert line.document(name) == record(name)


@item(112, "S12")
def test_unknown_fields_are_ignored(line: Line) -> None:
    name = new_id()
    parts = (field("*isIncomplete*", "yes"), part(record(name)), field("whatever", "x"))
    assert line.post(*parts).status_code in SENT
    assert line.count(name) == 1


@item(113, "S13")
def test_an_unknown_form_is_refused_with_a_message(line: Line) -> None:
    assert is_refused(line.send(record(new_id(), form="no_such_form")))


@item(114, "S14")
def test_messages_survive_hostile_input(line: Line) -> None:
    for hostile in (
        "&lt;b&gt;&amp;&quot;",
        "]]&gt;",
        "&#x202e;&#xfffd;",
        "{form_id}%s" + "x" * 999,
    ):
        assert is_refused(line.send(record(new_id(), form=hostile)))


@item(115, "S15")
def test_an_unknown_version_is_refused_with_a_message_and_kept(line: Line) -> None:
    name = new_id()
    assert is_refused(line.send(record(name, version="never published"), a__jpg=JPEG))
    (kept,) = line.quarantined(name)
    assert (kept["form_version"], [file["name"] for file in kept["files"]]) == (
        "never published",
        ["a.jpg"],
    )


@item(116, "S16")
def test_an_older_version_is_taken(line: Line) -> None:
    name = new_id()
    assert line.send(record(name, version=OLD)).status_code in SENT
    assert line.count(name) == 1


@item(117, "S17")
def test_a_record_without_an_instance_id_is_refused_with_a_message(line: Line) -> None:
    assert is_refused(line.send(record("")))


@item(118, "S18")
def test_an_upload_without_a_record_is_refused(line: Line) -> None:
    assert is_refused(line.post(photo("a.jpg")))


@item(119, "S19")
def test_empty_bodies_are_refused(line: Line) -> None:
    for kind in ("multipart/form-data; boundary=x", "multipart/form-data", "text/xml", "", None):
        assert is_refused(line.post_body(b"", kind)), kind


@item(120, "S20")
def test_a_bare_document_is_stored(line: Line) -> None:
    for kind in ("text/xml", "application/xml; charset=utf-8"):
        name = new_id()
        assert line.post_body(record(name), kind).status_code in SENT
        assert line.document(name) == record(name)


@item(121, "S21")
def test_other_bodies_are_refused(line: Line) -> None:
    document = record(new_id())
    for kind in ("application/x-www-form-urlencoded", "application/json", "text/plain", "nonsense"):
        assert is_refused(line.post_body(document, kind)), kind


@item(122, "S22")
def test_a_body_cut_off_inside_a_file_is_not_taken(line: Line) -> None:
    name = new_id()
    whole = body_of([part(record(name)), photo("a.jpg", JPEG * 50)], "x")
    for cut in (whole[:-400], whole[:-6]):
        assert is_refused(line.post_body(cut, "multipart/form-data; boundary=x"))
    assert line.count(name) == 0


@item(123, "S23")
def test_a_lost_connection_leaves_nothing_and_the_resend_is_stored_once(line: Line) -> None:
    name = new_id()
    whole = body_of([part(record(name)), photo("a.jpg", JPEG * 50)], "x")
    kind = "Content-Type: multipart/form-data; boundary=x"
    request = line.head_lines("POST", "/submission", kind, f"Content-Length: {len(whole)}") + whole
    with line.connect() as connection:
        connection.sendall(request[: len(request) // 2])
    line.raw(request[: -len(JPEG)], close_writing=True)
    time.sleep(0.2)
    assert line.count(name) == 0
    assert line.raw(request)[0] in SENT
    assert line.count(name) == 1
    assert line.files(name) == {"a.jpg": JPEG * 50}


@item(124, "S24")
def test_harmless_variants_of_xml(line: Line) -> None:
    def declared(with_what: bytes) -> bytes:
        return plain.replace(b"<?xml version='1.0' ?>", with_what)

    for variant in range(8):
        name = new_id()
        plain = record(name)
        document = [
            declared(b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'),
            declared(b"<?xml version='1.0' encoding='utf-8' standalone='no' ?>"),
            declared(b""),
            declared(b"\xef\xbb\xbf<?xml version='1.0' ?>"),
            plain.replace(b"><", b">\n  <") + b"\n\n",
            plain.replace("张三".encode(), "<![CDATA[张 <三> ]]>".encode()),
            plain.replace(b"<name>", b"<!-- a comment --><name>") + b"<!-- and one -->",
            plain.replace(b"<data ", b"<?pi this?><data "),
        ][variant]
        assert line.send(document).status_code in SENT, document
        assert line.document(name) == document


@item(125, "S25")
def test_meta_in_either_namespace(line: Line) -> None:
    for old, new in ((b"orx:", b""), (b"orx:", b"whatever:")):
        name = new_id()
        document = record(name).replace(b"xmlns:orx", b"xmlns:whatever").replace(old, new)
        assert line.send(document).status_code in SENT
        assert line.count(name) == 1


@item(126, "S26")
def test_unknown_and_missing_elements_cost_nothing(line: Line) -> None:
    name, other = new_id(), new_id()
    assert line.send(record(name, body="<new><deep>x</deep></new><n>4</n>")).status_code in SENT
    bare = record(other).replace(b"<n>3</n>", b"").replace(b"<photo2/>", b"")
    assert line.send(bare).status_code in SENT
    assert (line.count(name), line.count(other)) == (1, 1)


@item(127, "S27")
def test_values_of_the_wrong_type_are_stored(line: Line) -> None:
    name = new_id()
    document = record(name).replace(b"<n>3</n>", b"<n>three, or 1.0E-5</n>")
    assert line.send(document).status_code in SENT
    assert line.document(name) == document


@item(128, "S28")
def test_instance_ids_of_every_kind(line: Line) -> None:
    for name in (f"plain-{new_id()[5:]}", f"{new_id()} 张", new_id().ljust(249, "x")):
        assert line.send(record(name)).status_code in SENT
        assert line.count(name) == 1
    for length in (250, 5000, 100_000):
        assert is_refused(line.send(record("uuid:" + "y" * length)))


@item(129, "S29")
def test_hostile_instance_ids_are_stored(line: Line) -> None:
    tail = new_id()
    for hostile in (
        "'; drop table x; --",
        "../../etc/passwd",
        "<b>&amp;",
        '"\\',
        "%00%s{0}",
        "a\tb",
    ):
        name = f"{hostile} {tail}"
        assert line.send(record(name)).status_code in SENT, hostile
        assert line.send(record(name)).status_code in SENT, hostile
        assert line.count(name) == 1, hostile


@item(130, "S30")
def test_long_documents(line: Line) -> None:
    for megabytes in (1.5, 12):
        name = new_id()
        text = "长" * int(megabytes * 1024 * 1024 / 3 / 50)
        document = record(name, body="".join(f"<note>{text}</note>" for _ in range(50)))
        response = line.send(document)
        assert response.status_code in SENT
        assert line.count(name) == 1


@item(131, "S31")
def test_a_missing_form_id_is_refused(line: Line) -> None:
    plain = record(new_id())
    for document in (plain.replace(b' id="conformance_probe"', b""), record(new_id(), form="")):
        assert is_refused(line.send(document))


@item(132, "S32")
def test_a_wrong_root_name_does_no_harm(line: Line) -> None:
    name = new_id()
    document = record(name).replace(b"<data ", b"<other ").replace(b"</data>", b"</other>")
    assert line.send(document).status_code in SENT
    assert line.count(name) == 1


@item(133, "S33")
@pytest.mark.parametrize(
    "document",
    [
        b"<html><body>login</body></html>",
        b'<xforms xmlns="http://openrosa.org/xforms/xformsList"/>',
        b"<data/>",
        b"<OpenRosaResponse/>",
    ],
)
def test_what_is_no_submission_is_refused(line: Line, document: bytes) -> None:
    assert is_refused(line.send(document))


@item(134, "S34")
def test_form_id_and_version_in_the_openrosa_namespace(line: Line) -> None:
    name = new_id()
    document = record(name).replace(b" id=", b" orx:id=").replace(b" version=", b" orx:version=")
    document = document.replace(b"<?xml orx:version=", b"<?xml version=")
    assert line.send(document).status_code in SENT
    assert line.count(name) == 1


@item(135, "S35")
def test_repeats_and_empty_groups(line: Line) -> None:
    name = new_id()
    body = "<items><what>二</what></items><items/><group></group>"
    assert line.send(record(name, body=body)).status_code in SENT
    assert line.count(name) == 1
