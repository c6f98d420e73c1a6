"""The quick parser of small bodies finds what Django's own finds, or leaves the body to it."""

from __future__ import annotations

import io

from django.http import HttpRequest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from server.openrosa import multipart, uploads
from server.openrosa.bodies import Body
from server.openrosa.problems import BadMultipart, CutOff, NoXmlPart
from server.openrosa.uploads import Upload

names = st.sampled_from(["xml_submission_file", "a.jpg", "照片 1.jpg", "*isIncomplete*", "%22"])
contents = st.one_of(
    st.binary(max_size=60),
    st.sampled_from([b"", b"\r\n", b"--x", b"\r\n--x", b"\r\n--xy--", b"<a/>\r\n", b"\r\n\r\n"]),
)
headers = st.lists(
    st.sampled_from(
        [
            "Content-Type: text/xml",
            "content-type: image/jpeg; charset=x",
            "Content-Length: 7",
            "Content-Transfer-Encoding: binary",
            "X-Other: 1",
        ]
    ),
    max_size=3,
    unique=True,
)
damage = st.sampled_from([b"", b"junk", b"\r\n", b"--x\r\n", b"--x--"])


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    written = b""
    for _part in range(draw(st.integers(0, 4))):
        name = draw(names)
        lines = [f'Content-Disposition: form-data; name="{name}"; filename="{name}"']
        if draw(st.integers(0, 5)) == 0:
            lines[0] = f'Content-Disposition: form-data; name="{name}"'
        head = "\r\n".join(lines + draw(headers)).encode()
        written += b"--x\r\n" + head + b"\r\n\r\n" + draw(contents) + b"\r\n"
    return draw(damage) + written + draw(st.sampled_from([b"--x--\r\n", b"--x--", b"--x", b""]))


def request_of(body: bytes) -> HttpRequest:
    request = RequestFactory().post("/", CONTENT_TYPE="multipart/form-data; boundary=x")
    request.META["CONTENT_LENGTH"] = str(len(body))
    request._stream = io.BytesIO(body)
    return request


def outcome(upload: Upload) -> tuple[bytes, list[tuple[str, bytes]]]:
    return upload.document, sorted((file.name, b"".join(file.chunks())) for file in upload.files)


@given(bodies())
def test_both_parsers_agree(body: bytes) -> None:
    if multipart.parts(body, b"x") is None:
        return
    request = request_of(body)
    try:
        streamed = outcome(uploads._streamed(request, Body(request)))
    except (NoXmlPart, CutOff, BadMultipart) as problem:
        streamed = type(problem)
    finally:
        request.close()  # as Django does after the answer
    try:
        quick = outcome(uploads.read(request_of(body)))
    except NoXmlPart as problem:
        quick = type(problem)

    assert quick == streamed


def test_the_form_collect_writes_is_read_quickly() -> None:
    body = (
        b'--x\r\nContent-Disposition: form-data; name="xml_submission_file"; filename="\xe4\xbd\x8f'
        b' 2026.xml"\r\nContent-Type: text/xml\r\n\r\n<data/>\r\n--x\r\nContent-Disposition: form-data;'
        b' name="1.jpg"; filename="1.jpg"\r\nContent-Type: image/jpeg\r\n\r\n\xff\r\n--x--\r\n'
    )

    parts = multipart.parts(body, b"x")

    assert parts is not None
    assert [(part.name, part.content) for part in parts] == [
        ("xml_submission_file", b"<data/>"),
        ("1.jpg", b"\xff"),
    ]
    assert multipart.boundary_of("multipart/form-data; boundary=x") == b"x"
    assert multipart.boundary_of('multipart/form-data; boundary="a b"') is None
