"""POST and HEAD /submission, as ODK Collect and its kin send them (openrosa.md, Submissions)."""

from __future__ import annotations

import io
from collections.abc import Iterable

import pytest
from django.test import Client
from lxml import etree

from server.core import blobs
from server.openrosa.problems import CutOff
from server.openrosa.uploads import read
from server.quarantine.models import Quarantined
from server.submissions.models import Attachment, Submission
from server.submissions.selectors import document_of
from tests.factories.submissions import (
    household_instance,
    instance,
    instance_id,
)

pytestmark = pytest.mark.django_db
BOUNDARY = "b0undary'()+_,-./:=?x"
MULTIPART = f'multipart/form-data; boundary="{BOUNDARY}"'
MESSAGE = "{http://openrosa.org/http/response}message"


def part(
    content: bytes,
    name: str = "xml_submission_file",
    filename: str | None = "入户调查 2026-11-20.xml",
    headers: Iterable[str] = ("Content-Type: text/xml",),
) -> bytes:
    disposition = f'Content-Disposition: form-data; name="{name}"'
    if filename is not None:
        disposition += f'; filename="{filename}"'
    lines = "\r\n".join((disposition, *headers))
    return f"--{BOUNDARY}\r\n{lines}\r\n\r\n".encode() + content + b"\r\n"


def photo(name: str, content: bytes = b"\xff\xd8\r\n--not the boundary") -> bytes:
    return part(content, name, name, ("Content-Type: image/jpeg",))


END = f"--{BOUNDARY}--\r\n".encode()


def post(phone, *parts: bytes, end: bytes = END, path: str = "/submission", **headers):
    return Client().generic(
        "POST",
        f"{phone.base}{path}?deviceID=collect%3Aabc",
        b"".join(parts) + end,
        content_type=MULTIPART,
        **headers,
    )


def message_of(response) -> str:
    """The message as Collect's parser finds it."""
    assert response.headers["X-OpenRosa-Version"] == "1.0"
    assert response.headers["Content-Type"] == "text/xml; charset=utf-8"
    text = etree.fromstring(response.content).findtext(MESSAGE)
    assert text
    return text


def test_head_says_how_much_may_be_sent(phone) -> None:
    for path in ("/submission", "/submission/", "/submission?deviceID=x"):
        response = Client().head(phone.base + path)

        assert (response.status_code, response.content) == (204, b"")
        assert response.headers["X-OpenRosa-Version"] == "1.0"
        assert int(response.headers["X-OpenRosa-Accept-Content-Length"]) >= 10_000_000
        assert "Location" not in response.headers


@pytest.mark.parametrize("path", ["/submission", "/submission/"])
def test_a_record_with_its_photo_is_acknowledged_when_it_is_kept(phone, path) -> None:
    document = household_instance(1)

    response = post(phone, part(document), photo("1763.jpg"), path=path)

    assert response.status_code == 201
    assert message_of(response)
    assert response.headers["X-OpenRosa-Accept-Content-Length"]
    version = Submission.objects.get().current_version
    assert document_of(version) == document
    assert version.device_id == "collect:abc"
    file = Attachment.objects.get()
    assert (file.name, file.content_type) == ("1763.jpg", "image/jpeg")
    assert blobs.read(file.sha256) == b"\xff\xd8\r\n--not the boundary"


def test_the_accept_path_stays_within_its_budget_of_round_trips(phone, statements) -> None:
    post(phone, part(instance(1)))
    statements.clear()

    assert post(phone, part(household_instance(2)), photo("a.jpg")).status_code == 201
    assert len(statements) == 2, (
        "token, then one statement; the limit is 5 (architecture.md, Numbers to design for)"
    )


def test_a_resend_in_another_dress_is_the_same_record(phone) -> None:
    first = post(phone, part(instance(1)), photo("a.jpg"))
    again = Client().post(
        f"{phone.base}/submission",
        {"xml_submission_file": _upload(instance(1)), "a.jpg": _upload(b"x", "a.jpg")},
    )

    assert (first.status_code, again.status_code) == (201, 201)
    assert Submission.objects.count() == 1
    assert Attachment.objects.count() == 1


def _upload(content: bytes, name: str = "submission.xml") -> io.BytesIO:
    file = io.BytesIO(content)
    file.name = name
    return file


def test_a_split_record_comes_together(phone) -> None:
    incomplete = part(b"yes", "*isIncomplete*", None, ())

    assert post(phone, part(instance(1)), photo("a.jpg"), incomplete).status_code == 201
    assert post(phone, part(instance(1)), photo("b.jpg")).status_code == 201

    assert sorted(Attachment.objects.values_list("name", flat=True)) == ["a.jpg", "b.jpg"]
    assert Submission.objects.count() == 1


@pytest.mark.parametrize(
    "xml_part",
    [
        part(instance(1), headers=()),
        part(instance(1), headers=("Content-Type: application/xml; charset=UTF-8",)),
        part(instance(1), headers=("content-type: application/octet-stream",)),
        part(
            instance(1),
            headers=(
                "Content-Type: text/xml",
                f"Content-Length: {len(instance(1))}",
                "Content-Transfer-Encoding: binary",
            ),
        ),
        part(instance(1), filename=None, headers=()),
        part(instance(1)).replace(b"Content-Disposition", b"content-disposition"),
        part(instance(1)).replace(b"; filename", b";filename"),
        part(instance(1)).replace(b"filename=", b"filename*=UTF-8''%E4%BD%8F.xml; filename="),
    ],
)
def test_the_record_is_found_however_its_part_is_dressed(phone, xml_part) -> None:
    response = post(phone, photo("first.jpg"), xml_part)

    assert response.status_code == 201
    assert document_of(Submission.objects.get().current_version) == instance(1)
    assert Attachment.objects.get().name == "first.jpg"


@pytest.mark.parametrize(
    "disposition",
    [
        "filename*=UTF-8''%E9%97%A8%20%E5%8F%A3.jpg",
        "filename=door.jpg; filename*=utf-8''%E9%97%A8%20%E5%8F%A3.jpg",
        "filename*=GB18030'zh'%C3%C5%20%BF%DA.jpg",
        'filename="门 口.jpg"; x=y',
    ],
)
def test_a_chinese_name_is_kept_however_it_is_written(phone, disposition) -> None:
    named = photo("door.jpg").replace(b'filename="door.jpg"', disposition.encode())
    assert named != photo("door.jpg")

    assert post(phone, part(instance(1)), named).status_code == 201
    assert Attachment.objects.get().name == "门 口.jpg"


@pytest.mark.parametrize(
    "disposition",
    [
        'filename="门.jpg"'.encode("gb18030"),
        b"filename*=unicode_escape''%5Cud800.jpg",
        b"filename*=no-such''a.jpg",
    ],
)
def test_a_file_whose_name_cannot_be_read_is_not_lost_unsaid(phone, disposition) -> None:
    named = photo("door.jpg").replace(b'filename="door.jpg"', disposition)

    answer = post(phone, part(instance(1)), named)

    assert (answer.status_code, Attachment.objects.count()) in ((201, 1), (400, 0))


def test_a_part_without_a_file_name_is_kept_byte_for_byte(phone) -> None:
    text = (
        instance(1)
        .decode()
        .replace("<?xml version='1.0' ?>", "<?xml version='1.0' encoding='GB18030'?>")
    )
    document = text.encode("gb18030")

    response = post(phone, part(document, filename=None, headers=()), photo("门牌.jpg"))

    assert response.status_code == 201
    assert document_of(Submission.objects.get().current_version) == document
    assert Attachment.objects.get().name == "门牌.jpg"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("照片 1 [张三] 100% a%20b.jpg", "照片 1 [张三] 100% a%20b.jpg"),
        ("say %22cheese%22.jpg", 'say "cheese".jpg'),
        ("../../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("x" * 3000, None),
        ("a\x00b.jpg", "ab.jpg"),
        ("..", None),
    ],
)
def test_file_names_survive_or_are_made_safe(phone, tmp_path, sent, kept) -> None:
    assert post(phone, part(instance(1)), photo(sent)).status_code == 201

    name = Attachment.objects.get().name
    assert kept is None or name == kept
    assert "/" not in name
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert all("blobs" in path.parts for path in files)


def test_odd_file_parts_do_no_harm(phone) -> None:
    response = post(
        phone,
        part(instance(1)),
        photo("twice.jpg", b"1"),
        photo("twice.jpg", b"2"),
        photo("empty.jpg", b""),
        photo("audit.csv", b"event,node,start,end\n"),
        part(b"<other/>"),
        part(b"x", "name", "filename.jpg"),
        part(b"", "empty", ""),
    )

    assert response.status_code == 201
    kept = {file.name: blobs.read(file.sha256) for file in Attachment.objects.all()}
    assert kept["twice.jpg"] == b"1"
    assert kept["empty.jpg"] == b""
    assert {"audit.csv", "filename.jpg"} <= set(kept)


def test_a_hundred_and_one_files_and_a_large_one_are_taken(phone) -> None:
    many = [photo(f"{number}.jpg", b"%d" % number) for number in range(101)]
    assert post(phone, part(instance(1)), *many).status_code == 201
    large = b"\x00\r\n" * (2 * 1024 * 1024)

    assert post(phone, part(instance(2)), photo("large.jpg", large)).status_code == 201

    assert Attachment.objects.count() == 102
    assert blobs.read(Attachment.objects.get(name="large.jpg").sha256) == large


@pytest.mark.parametrize("size", [10, 1_000_000])
@pytest.mark.parametrize("end", [b"", END[:-4], END[:-10]])
def test_a_body_cut_off_inside_a_file_leaves_nothing(phone, size, end) -> None:
    cut = photo("a.jpg", b"x" * size)[:-2]

    response = post(phone, part(instance(1)), cut, end=end)

    assert response.status_code == 400
    assert message_of(response)
    assert not Submission.objects.exists()


@pytest.mark.parametrize("size", [10, 1_000_000])
def test_fewer_bytes_than_announced_are_refused(rf, size) -> None:
    """As when the line breaks: the web server hands over what came and then nothing."""
    body = part(instance(1)) + photo("a.jpg", b"x" * size) + END
    request = rf.generic("POST", "/", body, content_type=MULTIPART)
    request.META["CONTENT_LENGTH"] = str(len(body) + 10)
    request._stream = io.BytesIO(body)

    with pytest.raises(CutOff):
        read(request)


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"", "multipart/form-data; boundary=x", 400),
        (b"", "multipart/form-data", 400),
        (b"garbage", "multipart/form-data; boundary=x", 400),
        (b"", "", 415),
        (b"", "text/xml", 400),
        (instance(1), "text/plain", 415),
        (b"a=b", "application/x-www-form-urlencoded", 415),
        (b"{}", "application/json", 415),
    ],
)
def test_other_bodies_are_refused_with_a_message(phone, body, content_type, status) -> None:
    response = Client().generic(
        "POST",
        f"{phone.base}/submission",
        body,
        CONTENT_TYPE=content_type,
        CONTENT_LENGTH=str(len(body)),
    )

    assert response.status_code == status
    assert message_of(response)


def test_an_upload_without_a_record_is_refused(phone) -> None:
    response = post(phone, photo("a.jpg"))

    assert (response.status_code, Submission.objects.count()) == (400, 0)
    assert "xml_submission_file" in message_of(response)


@pytest.mark.parametrize(
    ("document", "status"),
    [
        (instance(1, form_id="nobody"), 404),
        (instance(1, version="0"), 404),
        (instance(1, deprecated=instance_id(7)), 404),
        (b"<data>", 400),
        (b"\xff\xfe\x00", 400),
        (b"<!DOCTYPE d [<!ENTITY a 'b'>]><d id='f'>&a;</d>", 400),
        (instance(1, form_id="&lt;&quot;'&amp;\u2028nobody"), 404),
    ],
)
def test_refused_records_are_explained_and_kept(phone, document, status) -> None:
    response = post(phone, part(document))

    assert response.status_code == status
    assert message_of(response)
    assert Quarantined.objects.count() == 1


def test_a_conflict_is_told_in_the_clients_language(phone) -> None:
    post(phone, part(instance(1)))
    other = part(instance(1, met_whom="2"))

    english = post(phone, other, HTTP_ACCEPT_LANGUAGE="en")

    assert english.status_code == 409
    assert "instanceID" in message_of(english)
    assert post(phone, other).status_code == 409


def test_ids_of_every_kind_are_taken(phone) -> None:
    for number, odd in enumerate(("a'; drop table x; --", "../..", "&lt;b&gt;", "张" * 249, "é")):
        document = instance(number).replace(instance_id(number).encode(), odd.encode())
        assert post(phone, part(document)).status_code == 201, odd
    too_long = instance(9).replace(instance_id(9).encode(), b"x" * 250)
    assert post(phone, part(too_long)).status_code == 400


@pytest.mark.parametrize("device", ["", "张%00三", "x" * 5000, "a&deviceID=b"])
def test_a_strange_device_does_no_harm(phone, device) -> None:
    response = Client().generic(
        "POST",
        f"{phone.base}/submission?deviceID={device}",
        part(instance(1)) + END,
        content_type=MULTIPART,
        HTTP_DATE="Fri, 20 Nov 2026 09:30:00 GMT",
    )

    assert response.status_code == 201


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_other_methods_are_refused_cleanly(phone, method) -> None:
    response = Client().generic(method, f"{phone.base}/submission")

    assert response.status_code == 405
    assert response.headers["Allow"] == "HEAD, POST"
    assert message_of(response)


def test_chunked_bodies_are_read(rf) -> None:
    body = part(instance(1)) + photo("a.jpg", b"x" * 100_000) + END
    request = rf.generic("POST", "/", b"", CONTENT_TYPE=MULTIPART)
    request.META |= {"wsgi.input": io.BytesIO(body), "HTTP_TRANSFER_ENCODING": "chunked"}

    upload = read(request)

    assert upload.document == instance(1)
    assert b"".join(upload.files[0].chunks()) == b"x" * 100_000
    request.close()
