"""The envelope of an instance, in the layouts and namespaces that clients use."""

from __future__ import annotations

from datetime import UTC

import pytest

from server.core.problems import Problem
from server.submissions.envelope import mentioned, parse
from server.submissions.filenames import MAX_LENGTH, flat
from server.submissions.problems import InstanceIdTooLong, NoInstanceId, NotAnInstance

ID = "uuid:7b6f3d2e-0000-4000-8000-000000000001"


def document(meta: str, attributes: str = 'id="f" version="v 1"', root: str = "data") -> bytes:
    return f"<{root} {attributes}><q>1</q>{meta}</{root.split()[0]}>".encode()


PLAIN = f"<meta><instanceID>{ID}</instanceID></meta>"


@pytest.mark.parametrize(
    "text",
    [
        document(PLAIN),
        b"<?xml version='1.0' encoding='UTF-8' standalone='yes'?>\n" + document(PLAIN),
        document(
            f'<orx:meta xmlns:orx="http://openrosa.org/xforms"><orx:instanceID>{ID}'
            "</orx:instanceID></orx:meta>"
        ),
        document(
            PLAIN,
            'xmlns:orx="http://openrosa.org/xforms" orx:id="f" orx:version="v 1"',
        ),
        document(f"<meta>\n <!-- c --><instanceID> <![CDATA[{ID}]]>\n</instanceID></meta>"),
        document(f"<meta><entity/><instanceID>{ID}</instanceID></meta><after/>"),
        document("", f'id="f" version="v 1" instanceID="{ID}"'),
    ],
)
def test_namespaces_order_and_layout_do_not_matter(text: bytes) -> None:
    envelope = parse(text)

    assert (envelope.form_id, envelope.version, envelope.instance_id) == ("f", "v 1", ID)
    assert (envelope.deprecated_id, envelope.encrypted, envelope.media) == ("", False, ())


def test_a_form_without_an_id_is_named_by_its_namespace() -> None:
    assert parse(document(PLAIN, 'xmlns="http://example.org/f"')).form_id == "http://example.org/f"


@pytest.mark.parametrize(
    ("stated", "read"),
    [
        ("2019-02-03T04:05:06.000+08:00", "2019-02-02T20:05:06+00:00"),
        ("2019-02-03T04:05:06Z", "2019-02-03T04:05:06+00:00"),
        ("2019-02-03T04:05:06", None),
        ("yesterday", None),
        ("0001-01-01T00:00:00+14:00", None),  # before year 1 in UTC
        ("1999-12-31T23:59:59Z", None),
    ],
)
def test_the_date_of_a_moved_record_has_a_time_zone_and_is_of_this_century(stated, read) -> None:
    date = parse(document(PLAIN, f'id="f" submissionDate="{stated}"')).submission_date

    assert (date and date.astimezone(UTC).isoformat()) == read


def test_the_meta_block_of_a_repeat_is_not_the_records_own() -> None:
    inner = "<member><meta><instanceID>uuid:inner</instanceID></meta></member>"

    assert parse(document(inner + PLAIN)).instance_id == ID
    with pytest.raises(NoInstanceId):
        parse(document(inner))


def test_an_edit_names_what_it_replaces() -> None:
    meta = f"<meta><instanceID>{ID}</instanceID><deprecatedID>uuid:old</deprecatedID></meta>"

    assert parse(document(meta)).deprecated_id == "uuid:old"


@pytest.mark.parametrize(
    "namespace",
    ["http://www.opendatakit.org/xforms/encrypted", "http://opendatakit.org/submissions"],
)
def test_an_encryption_manifest_lists_its_files(namespace: str) -> None:
    meta = (
        f"<orx:meta><orx:instanceID>{ID}</orx:instanceID></orx:meta>"
        "<media><file>a.jpg.enc</file></media><encryptedXmlFile>submission.xml.enc</encryptedXmlFile>"
    )
    envelope = parse(
        document(
            meta,
            f'xmlns="{namespace}" xmlns:orx="http://openrosa.org/xforms" id="f" encrypted="yes"',
        )
    )

    assert envelope.encrypted
    assert envelope.media == ("a.jpg.enc", "submission.xml.enc")


def test_an_id_may_have_249_characters() -> None:
    def with_id(length: int) -> bytes:
        return document(f"<meta><instanceID>{'x' * length}</instanceID></meta>")

    assert len(parse(with_id(249)).instance_id) == 249
    with pytest.raises(InstanceIdTooLong):
        parse(with_id(250))


@pytest.mark.parametrize("text", [b"<data/>", document(PLAIN, 'id=""'), document(PLAIN, "")])
def test_what_names_no_form_is_no_instance(text: bytes) -> None:
    with pytest.raises(NotAnInstance):
        parse(text)


def test_problems_do_not_quote_the_answers() -> None:
    with pytest.raises(Problem) as raised:
        parse(b'<data id="f"><id_no>449901196501010016</id_no></data>')

    assert "449901" not in raised.value.detail


def test_only_answers_that_are_the_whole_name_mention_a_file() -> None:
    text = b"<data id='f'><p>a.jpg</p><g><p> b.jpg </p></g><t>see c.jpg</t></data>"

    assert mentioned(text, ["a.jpg", "b.jpg", "c.jpg", "d.jpg"]) == {"a.jpg", "b.jpg"}


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("1763600000000.jpg", "1763600000000.jpg"),
        ("照片 1 (张三) 100%.jpg", "照片 1 (张三) 100%.jpg"),
        ('a"b[1]&amp;.jpg', 'a"b[1]&amp;.jpg'),
        ("../../etc/passwd", "passwd"),
        ("C:\\photos\\a.jpg", "a.jpg"),
        ("a\x00b\r\n.jpg", "ab.jpg"),
    ],
)
def test_file_names_become_flat_and_are_otherwise_kept(sent: str, kept: str) -> None:
    assert flat(sent) == kept


@pytest.mark.parametrize("sent", ["", ".", "..", "/", "../", "\x00", "a/"])
def test_a_name_of_nothing_gets_one(sent: str) -> None:
    assert flat(sent).startswith("unnamed-")
    assert flat(sent) == flat(sent)


def test_a_name_too_long_keeps_its_extension_and_stays_unique() -> None:
    first, second = flat("x" * 3000 + "1.jpg"), flat("x" * 3000 + "2.jpg")

    assert len(first) == MAX_LENGTH
    assert first.endswith(".jpg")
    assert first != second
