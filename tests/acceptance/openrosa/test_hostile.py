"""Hostile input, wrong tokens (items 38, 181–188)."""

from __future__ import annotations

import socket
import threading
import time

import pytest
import requests

from tests.acceptance.openrosa.checklist import item
from tests.acceptance.openrosa.line import (
    FORM,
    SENT,
    VERSION,
    Line,
    is_refused,
    new_id,
    part,
    photo,
    record,
)

QUICKLY = 5  # seconds


@item(38, "A13")
def test_a_wrong_token_is_403_without_a_challenge(line: Line) -> None:
    name = new_id()
    for token in ("wrong", line.base.rpartition("/")[2][:-1], "%00", "x" * 5000):
        base = f"{line.office.url}/key/{token}"
        for path in ("/formList", f"/forms/{FORM}/{VERSION}/form.xml", "/entities/integrity?id=a"):
            assert requests.get(base + path, timeout=30).status_code in (403, 404)
        assert requests.head(f"{base}/submission", timeout=30).status_code in (403, 404)
        sent = requests.post(f"{base}/submission", data=record(name), timeout=30)
        assert sent.status_code in (403, 404)
    assert line.count(name) == 0


@item(181, "X01")
def test_entity_bombs_are_refused_quickly(line: Line) -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    bombs = [
        f'<!DOCTYPE data [<!ENTITY l0 "lol">{laughs}]>',
        f'<!DOCTYPE data [<!ENTITY l11 "{"x" * 100_000}">]>',
    ]
    for bomb in bombs:
        document = record(new_id(), body="<note>&l11;</note>" * 500)
        began = time.monotonic()
        assert is_refused(line.send(b"<?xml version='1.0'?>" + bomb.encode() + document[21:]))
        assert time.monotonic() - began < QUICKLY


@item(182, "X02")
def test_files_are_not_read(line: Line) -> None:
    secret = line.office.folder / "secret.txt"
    secret.write_text("the secret")
    doctype = f'<!DOCTYPE data [<!ENTITY x SYSTEM "{secret.as_uri()}">]>'.encode()
    document = record(new_id(), body="<note>&x;</note>")
    refused = line.send(b"<?xml version='1.0'?>" + doctype + document[21:])
    assert is_refused(refused)
    assert "the secret" not in refused.text


@item(183, "X03")
def test_nothing_is_fetched(line: Line) -> None:
    callers: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as bait:
        bait.settimeout(0.2)
        url = f"http://127.0.0.1:{bait.getsockname()[1]}/x"
        stop = threading.Event()

        def listen() -> None:
            while not stop.is_set():
                try:
                    callers.append(bait.accept()[1])
                except TimeoutError:
                    continue

        listener = threading.Thread(target=listen)
        listener.start()
        include = f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{url}"/>'
        for prolog in (
            f'<!DOCTYPE data SYSTEM "{url}">',
            f'<!DOCTYPE data PUBLIC "-//x//x" "{url}">',
            f'<!DOCTYPE data [<!ENTITY x SYSTEM "{url}">]>',
            f'<!DOCTYPE data [<!ENTITY % x SYSTEM "{url}"> %x;]>',
            f'<?xml-stylesheet type="text/xsl" href="{url}"?>',
        ):
            document = record(new_id(), body=include + f'<a xsi="{url}"/>')
            sent = line.send(b"<?xml version='1.0'?>" + prolog.encode() + document[21:])
            assert sent.status_code < 500
        time.sleep(0.3)
        stop.set()
        listener.join()
    assert not callers


@item(184, "X04")
@pytest.mark.parametrize(
    "document",
    [b"", b" ", b"<", b"<data>", b"not xml", b"<data></other>", b"<a/><b/>", b"<data a=1/>", b"\0" * 50,
     b"<data>&nothing;</data>", b"\x1f\x8b\x08\0\0\0\0\0", b"<data id='x' id='y'/>", b"<x:data/>"],
)  # fmt: skip
def test_malformed_xml_is_refused_with_a_message(line: Line, document: bytes) -> None:
    assert is_refused(line.send(document))


@item(185, "X05")
def test_wrong_encodings_are_no_accident(line: Line) -> None:
    plain = record(new_id())
    text = plain.decode()[21:]
    for document in (
        plain.replace("张三".encode(), b"\xff\xfe\x80"),
        plain.replace("张三".encode(), b"\x01\x08"),
        plain.replace("张三".encode(), b"&#1;&#0;"),
        plain.replace("张三".encode(), b"\xed\xa0\x80"),
        ("<?xml version='1.0' encoding='UTF-16'?>" + text).encode("utf-16"),
        ("<?xml version='1.0' encoding='UTF-32'?>" + text).encode("utf-32"),
        ("<?xml version='1.0' encoding='GB18030'?>" + text).encode("gb18030"),
        b"<?xml version='1.0' encoding='no-such'?>" + text.encode(),
        b"<?xml version='1.1'?>" + text.encode(),
    ):
        sent = line.send(document)
        assert sent.status_code in SENT or is_refused(sent), document[:60]


@item(186, "X06")
def test_deep_and_wide_documents_do_not_stall(line: Line) -> None:
    for body in (
        "<a>" * 50_000 + "</a>" * 50_000,
        "<a/>" * 300_000,
        "<a " + " ".join(f'b{n}=""' for n in range(20_000)) + "/>",
    ):
        began = time.monotonic()
        sent = line.send(record(new_id(), body=body))
        assert sent.status_code in SENT or is_refused(sent)
        assert time.monotonic() - began < QUICKLY


@item(187, "X07")
def test_multipart_excesses(line: Line) -> None:
    name = new_id()
    thousand = [photo(f"{number}.txt", b"same") for number in range(1000)]
    assert line.post(part(record(name)), *thousand).status_code in SENT
    long_header = part(b"x", "f", "f.txt", ("Content-Type: text/plain", "X-Long: " + "y" * 200_000))
    assert line.post(part(record(new_id())), long_header).status_code < 500
    nested = part(
        b"--in\r\nContent-Disposition: file; filename=a\r\n\r\nx\r\n--in--\r\n",
        "nested",
        None,
        ("Content-Type: multipart/mixed; boundary=in",),
    )
    assert line.post(part(record(new_id())), nested).status_code < 500
    for odd in (
        "multipart/form-data; boundary=",
        'multipart/form-data; boundary="',
        "multipart/form-data; boundary=" + "x" * 5000,
    ):
        assert line.post(part(record(new_id())), content_type=odd).status_code < 500


@item(188, "X08")
def test_the_server_still_answers_promptly(line: Line) -> None:
    for _ in range(5):
        began = time.monotonic()
        assert line.get("/formList").status_code == 200
        assert line.send(record(new_id())).status_code in SENT
        assert time.monotonic() - began < QUICKLY
