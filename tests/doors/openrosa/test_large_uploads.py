"""Large, packed and many-part uploads, and those that are too large."""

from __future__ import annotations

import gzip
import os
import time
import tracemalloc

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory

from server.core import blobs
from server.openrosa.middleware import OpenRosaDoor
from server.openrosa.views import submission
from server.quarantine.models import Quarantined
from server.submissions.models import Attachment, Submission
from tests.factories.submissions import instance

pytestmark = pytest.mark.django_db
BOUNDARY = "b0undary"
END = f"--{BOUNDARY}--\r\n".encode()


def part(content: bytes, name: str, filename: str) -> bytes:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"'
    return f"{head}\r\nContent-Type: image/jpeg\r\n\r\n".encode() + content + b"\r\n"


def record(number: int = 1) -> bytes:
    return part(instance(number), "xml_submission_file", "a.xml")


def post(phone, body: bytes, **headers: str):
    return Client().generic(
        "POST",
        f"{phone.base}/submission",
        body,
        content_type=f"multipart/form-data; boundary={BOUNDARY}",
        headers=headers,
    )


def test_a_large_file_is_stored_without_being_held_in_memory(phone) -> None:
    content = os.urandom(1 << 20) * 12
    body = record() + part(content, "v.mp4", "v.mp4") + END

    request = RequestFactory().generic(  # holds the body before the measuring begins
        "POST", "/", body, content_type=f"multipart/form-data; boundary={BOUNDARY}"
    )

    tracemalloc.start()
    response = submission(request, phone.token)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert response.status_code == 201
    assert blobs.read(Attachment.objects.get().sha256) == content
    assert peak < 5_000_000


def test_ten_times_the_files_cost_ten_times_the_time_and_no_descriptors(phone) -> None:
    def seconds(number: int, files: int) -> float:
        body = record(number) + b"".join(part(b"same", f"f{n}", f"f{n}.jpg") for n in range(files))
        started = time.process_time()
        assert post(phone, body + END).status_code == 201
        return time.process_time() - started

    seconds(1, 10)
    few, many = seconds(2, 100), seconds(3, 1000)

    assert Attachment.objects.count() == 1110
    assert many < 30 * max(few, 0.05)


def test_packed_uploads_are_unpacked_small_and_large(phone) -> None:
    content = os.urandom(700_000)
    for number, extra in ((1, b""), (2, part(content, "a.jpg", "a.jpg"))):
        body = gzip.compress(record(number) + extra + END)
        assert post(phone, body, content_encoding="gzip").status_code == 201

    assert Submission.objects.count() == 2
    assert blobs.read(Attachment.objects.get().sha256) == content


def test_a_bomb_a_torn_and_a_foreign_packing_are_refused(phone, settings) -> None:
    settings.RUHU_UPLOAD_MAX_MB = 2
    bomb = gzip.compress(record() + part(bytes(30_000_000), "a", "a.jpg") + END)
    whole = gzip.compress(record() + END)
    assert len(bomb) < 100_000
    for body, encoding, status in (
        (bomb, "gzip", 413),
        (whole[:-20], "gzip", 400),
        (b"not packed" * 30, "gzip", 400),
        (whole, "br", 415),
    ):
        tracemalloc.start()
        response = post(phone, body, content_encoding=encoding)
        _now, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert response.status_code == status
        assert b"OpenRosaResponse" in response.content
        assert peak < 4_000_000
    assert not Submission.objects.exists()
    assert not Quarantined.objects.exists()


def test_more_than_is_taken_is_413_with_a_message(phone, settings) -> None:
    settings.RUHU_UPLOAD_MAX_MB = 1
    body = record() + part(bytes(1_100_000), "a", "a.jpg") + END
    request = RequestFactory().generic(
        "POST",
        f"{phone.base}/submission",
        body,
        content_type=f"multipart/form-data; boundary={BOUNDARY}",
    )
    response = OpenRosaDoor(lambda request: HttpResponse())(request)

    assert request.read(1) == b""  # all of it was let through: only then a phone reads the answer
    assert response.status_code == 413
    assert b"OpenRosaResponse" in response.content
    assert response.headers["X-OpenRosa-Version"] == "1.0"
    assert not Submission.objects.exists()
