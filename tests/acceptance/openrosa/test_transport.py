"""Transport (items 1–23)."""

from __future__ import annotations

import gzip
import signal
import time
from email.utils import parsedate_to_datetime

import requests

from tests.acceptance.openrosa.checklist import item
from tests.acceptance.openrosa.line import (
    FORM,
    SENT,
    Line,
    body_of,
    is_refused,
    new_id,
    part,
    photo,
    read_answer,
    record,
)
from tests.acceptance.openrosa.sync import (
    MULTIPART,
    every_get,
)


@item(1, "H01")
def test_the_list_carries_the_version(line: Line) -> None:
    assert line.get("/formList").headers["X-OpenRosa-Version"] == "1.0"


@item(2, "H02")
def test_answers_carry_a_date(line: Line) -> None:
    for response in (line.get("/formList"), line.get("/nowhere"), line.send(record(new_id()))):
        assert parsedate_to_datetime(response.headers["Date"])


@item(3, "H03")
def test_collects_odd_dates_are_tolerated(line: Line) -> None:
    for date in ("Mon, 23 Nov 2026 03:15:00 GMT", "周一, 23 11月 2026 03:15:00 GMT", "never", ""):
        assert line.get("/formList", Date=date.encode().decode("latin-1")).status_code == 200


@item(4, "H04")
def test_no_date_is_needed(line: Line) -> None:
    request = line.head_lines("GET", "/formList", "X-OpenRosa-Version: 1.0", "Connection: close")
    assert line.raw(request)[0] == 200


@item(5, "H05")
def test_no_version_is_needed(line: Line) -> None:
    assert requests.get(f"{line.base}/formList", timeout=30).status_code == 200


@item(6, "H06")
def test_packed_and_plain_answers_are_the_same(line: Line) -> None:
    for url in every_get(line):
        plain = line.get(url, **{"Accept-Encoding": "identity"})
        assert "Content-Encoding" not in plain.headers
        path = url.removeprefix(line.base)
        _status, headers, body = line.raw(
            line.head_lines("GET", path, "Accept-Encoding: gzip", "Connection: close")
        )
        packed = "content-encoding: gzip" in headers.lower()
        assert (gzip.decompress(body) if packed else body) == plain.content


@item(7, "H07")
def test_a_device_id_changes_nothing(line: Line) -> None:
    for url in every_get(line):
        assert line.get(f"{url}?deviceID=collect%3Aabc").content == line.get(url).content


@item(8, "H08")
def test_strange_device_ids_are_tolerated(line: Line) -> None:
    for device in ("%E5%85%A5%E6%88%B7%F0%9F%98%80", "", "x" * 200, "%00", "%ff%fe", "a%0Ab"):
        name = new_id()
        assert line.get(f"/formList?deviceID={device}").status_code == 200
        assert line.post(part(record(name)), query=f"?deviceID={device}").status_code in SENT
        assert line.count(name) == 1


@item(9, "H09")
def test_other_methods_are_refused(line: Line) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert is_refused(line.http.request(method, f"{line.base}/formList", timeout=30))
    for method in ("GET", "PUT", "DELETE", "PATCH", "OPTIONS"):
        assert is_refused(line.http.request(method, f"{line.base}/submission", timeout=30))
    for path in ("/formList", "/submission"):
        status = line.raw(line.head_lines("INVENTED", path, "Connection: close"))[0]
        assert 400 <= status < 500 or status == 501


@item(10, "H10")
def test_xml_is_plain_utf8(line: Line) -> None:
    for url in every_get(line):
        response = line.get(url)
        if "xml" not in response.headers["Content-Type"]:
            continue
        assert response.headers["Content-Type"] == "text/xml; charset=utf-8"
        assert response.content.startswith(b"<?xml")
        assert b"<!DOCTYPE" not in response.content
        response.content.decode("utf-8")


@item(11, "H11")
def test_the_list_is_revalidated(line: Line) -> None:
    headers = line.get("/formList").headers
    assert "no-cache" in headers["Cache-Control"]
    assert "max-age" not in headers["Cache-Control"]
    assert "Expires" not in headers


@item(12, "H12")
def test_an_etag_saves_the_body(line: Line) -> None:
    for url in every_get(line):
        etag = line.get(url).headers["ETag"]
        again = line.get(url, **{"If-None-Match": etag})
        assert (again.status_code, again.content) == (304, b"")
        assert line.get(url, **{"If-None-Match": '"other"'}).status_code == 200


@item(13, "H13")
def test_chunked_bodies_are_taken(line: Line) -> None:
    name = new_id()
    body = body_of([part(record(name)), photo("a.jpg")], "x")
    chunks = iter([body[:100], body[100:101], body[101:]])
    assert line.post_body(chunks, MULTIPART).status_code in SENT
    assert line.document(name) == record(name)


@item(14, "H14")
def test_expect_100_continue_works(line: Line) -> None:
    name = new_id()
    body = body_of([part(record(name))], "x")
    lines = (f"Content-Type: {MULTIPART}", f"Content-Length: {len(body)}", "Expect: 100-continue")
    with line.connect() as connection:
        connection.sendall(line.head_lines("POST", "/submission", *lines))
        connection.settimeout(5)
        assert connection.recv(100).startswith(b"HTTP/1.1 100")
        connection.sendall(body)
        assert read_answer(connection)[0] in SENT


@item(15, "H15")
def test_a_connection_survives_a_refused_post(line: Line) -> None:
    bad = body_of([part(b"<broken")], "x")
    lost = body_of([part(record(new_id(), form="no_such_form")), photo("a", b"a" * 900_000)], "x")
    good = body_of([part(record(new_id()))], "x")
    with line.connect() as connection:
        for body, accepted in (
            (bad, False),
            (lost, False),
            (good, True),
            (bad, False),
            (good, True),
        ):
            lines = (f"Content-Type: {MULTIPART}", f"Content-Length: {len(body)}")
            connection.sendall(line.head_lines("POST", "/submission", *lines) + body)
            status = read_answer(connection)[0]
            assert status in SENT if accepted else 400 <= status < 500


@item(16, "H16")
def test_a_post_is_never_redirected(line: Line) -> None:
    for path in ("/submission", "/submission/", "/submission?x=y", "//submission"):
        response = requests.post(
            line.base + path, data=record(new_id()), timeout=30, allow_redirects=False
        )
        assert not 300 <= response.status_code < 400


@item(17, "H17")
def test_headers_of_old_parts_are_accepted(line: Line) -> None:
    name = new_id()
    document = record(name)
    old = (
        "Content-Transfer-Encoding: binary",
        "Content-Type: text/xml",
        f"Content-Length: {len(document)}",
    )
    assert line.post(part(document, headers=old)).status_code in SENT
    assert line.document(name) == document


@item(18, "H18")
def test_accept_headers_do_no_harm(line: Line) -> None:
    for accept, language in (
        ("application/json", "xx"),
        ("text/html;q=0.1", "zh-CN,en;q=0.5"),
        ("!", "!" * 500),
    ):
        assert (
            line.get("/formList", Accept=accept, **{"Accept-Language": language}).status_code == 200
        )
        assert is_refused(
            line.post(photo("a"), headers={"Accept": accept, "Accept-Language": language})
        )


@item(19, "H19")
def test_packed_uploads_are_taken_or_cleanly_refused(line: Line) -> None:
    name = new_id()
    plain = body_of([part(record(name))], "x")
    body = gzip.compress(plain)
    sent = line.post_body(body, MULTIPART, headers={"Content-Encoding": "gzip"})
    assert sent.status_code in SENT
    assert line.document(name) == record(name)
    for other in (body[:-20], plain, b""):
        assert is_refused(line.post_body(other, MULTIPART, headers={"Content-Encoding": "gzip"}))
    assert is_refused(line.post_body(body, MULTIPART, headers={"Content-Encoding": "br"}))


@item(20, "H20")
def test_doubled_and_enormous_device_ids_do_no_harm(line: Line) -> None:
    for query in ("?deviceID=a&deviceID=b", "?deviceID=a?deviceID=b", "?deviceID=" + "x" * 60_000):
        response = line.get(f"/formList{query}")
        assert response.status_code == 200
        assert "deviceID" not in response.text
        assert line.post(part(record(new_id())), query=query).status_code in SENT


@item(21)
def test_header_names_have_no_case(line: Line) -> None:
    name = new_id()
    body = body_of([part(record(name))], "x")
    lines = (f"content-type: {MULTIPART}", f"content-length: {len(body)}", "user-agent: lower")
    assert line.raw(line.head_lines("POST", "/submission", *lines) + body)[0] in SENT


@item(23)
def test_a_post_does_not_wait_for_the_work_it_starts(line: Line) -> None:
    names = [new_id() for _ in range(3)]

    def taken_up(name: str) -> int:
        query = {"form": FORM, "search": name, "is_processed": "true"}
        return line.ask("submissions/", **query).json()["count"]

    line.office.pipeline.send_signal(signal.SIGSTOP)  # whoever does the work does nothing now
    try:
        for name in names:
            began = time.monotonic()
            assert line.send(record(name)).status_code in SENT
            assert time.monotonic() - began < 10
        assert [taken_up(name) for name in names] == [0, 0, 0]
        assert [line.document(name) for name in names] == [record(name) for name in names]
    finally:
        line.office.pipeline.send_signal(signal.SIGCONT)
    line.office.wait_for(lambda: all(map(taken_up, names)), "the work to be done")
