"""Requests without credentials, tokens and what becomes of them (items 26–28, 34, 42, 57, 194)."""

from __future__ import annotations

import base64
import json
import zlib

import requests

from tests.acceptance.openrosa.checklist import item
from tests.acceptance.openrosa.line import (
    FORM,
    VERSION,
    Line,
    body_of,
    is_refused,
    new_id,
    part,
    photo,
    record,
)
from tests.acceptance.openrosa.sync import LIST


def assert_challenged(response: requests.Response) -> None:
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"]
    assert response.headers["X-OpenRosa-Version"] == "1.0"


def door(line: Line) -> str:
    return f"{line.office.url}/odk"


@item(26, "A01")
def test_head_without_credentials_is_challenged(line: Line) -> None:
    assert_challenged(requests.head(f"{door(line)}/submission", timeout=30))


@item(27, "A02")
def test_the_list_without_credentials_is_challenged(line: Line) -> None:
    assert_challenged(requests.get(f"{door(line)}/formList", timeout=30))


@item(28, "A03")
def test_forms_and_media_need_credentials_too(line: Line) -> None:
    folder = f"/forms/{FORM}/{VERSION}"
    for path in ("/form.xml", "/manifest.xml", "/media/colours.csv"):
        assert_challenged(requests.get(door(line) + folder + path, timeout=30))
    assert_challenged(requests.get(f"{door(line)}/entities/integrity?id=a", timeout=30))


@item(34, "A09")
def test_a_large_post_without_credentials_is_answered(line: Line) -> None:
    name = new_id()
    body = body_of([part(record(name)), photo("a.jpg", bytes(2_000_000))], "x")
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    for _ in range(5):
        url = f"{door(line)}/submission"
        assert_challenged(requests.post(url, data=body, headers=kind, timeout=30))
    assert line.count(name) == 0


def test_a_refused_upload_of_2_mb_is_answered_and_the_line_stays_open(line: Line) -> None:
    body = b"x" * 2_000_000
    request = (
        f"POST /odk/submission HTTP/1.1\r\nHost: office\r\nContent-Length: {len(body)}\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\n"
    ).encode()
    for closing in (b"", b"Connection: close\r\n"):
        with line.connect() as connection:
            for _ in range(1 if closing else 2):
                connection.sendall(request + closing + b"\r\n" + body)
                head = b""
                while b"</OpenRosaResponse>" not in head:
                    piece = connection.recv(1 << 16)
                    assert piece, "the connection broke"
                    head += piece
                assert head.startswith(b"HTTP/1.1 401 ")
                assert head.count(b"WWW-Authenticate: Digest ") == 1
                assert b"Basic" not in head


@item(42)
def test_tokens_stay_out_of_logs_and_each_is_revoked_alone(line: Line) -> None:
    accounts = f"{line.office.url}/api/v1/field-accounts/"
    created = line.staff.post(accounts, json={"username": "conformance"}, timeout=30)
    assert created.status_code == 201, created.text
    second = Line(line.office, created.json()["base_url"], line.staff)
    token = second.base.rpartition("/")[2]

    answers = [
        second.get("/nowhere"),
        second.get("/forms/none/1/form.xml"),
        second.get("/%00"),
        second.post(part(b"<broken")),
        second.post_body(b"x", "multipart/form-data; boundary=y"),
        second.post_body(b"x", "text/xml; charset=none-such"),
        second.http.put(f"{second.base}/formList", timeout=30),
        requests.get(f"{line.office.url}/key/{token}", timeout=30),
        requests.get(f"{line.office.url}/odk/formList?{token}", timeout=30),
        requests.get(f"{line.office.url}/login", headers={"Referer": second.base}, timeout=30),
    ]
    assert [answer.text for answer in answers if token in answer.text + str(answer.headers)] == []
    path = f"/key/{token}/formList"
    for broken in (
        f"GET {path}",
        f"GET {path} HTTP/9.9",
        f"GET {path} and more HTTP/1.1",
        f"G\x01ET {path} HTTP/1.1",
        f"GET {path} HTTP/1.1\r\nHost: a\r\nHost: b",
        f"GET {path} HTTP/1.1\r\nHost: \x01",
        f"GET {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {token}",
        f"GET {path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: {token}",
        f"GET {path} HTTP/1.1\r\n{token}",
        f"GET {path} HTTP/1.1\r\nHost: a\r\nReferer : {token}",
    ):
        _status, _headers, body = line.raw(f"{broken}\r\n\r\n".encode(), close_writing=True)
        assert token.encode() not in body, broken
    with line.connect() as connection:  # given up in the middle of sending
        connection.sendall(f"POST {path} HTTP/1.1\r\nContent-Length: 99\r\n\r\nx".encode())
    assert token not in line.office.log.read_text(errors="replace")

    assert second.get("/formList").status_code == 200
    ended = line.staff.delete(f"{accounts}{created.json()['id']}/", timeout=30)
    assert ended.status_code == 204
    assert second.get("/formList").status_code == 403
    assert line.get("/formList").status_code == 200


@item(57)
def test_a_lost_permission_is_never_an_empty_list(line: Line) -> None:
    lost = line.office.add_worker("conformance_lost", "440106005001")
    phone = Line(line.office, str(lost["base_url"]), line.staff)
    assert len(phone.xml("/formList").findall(f"{LIST}xform")) > 0

    def shell(code: str) -> None:
        user_code = "from server.accounts.models import User\nu = User.objects.get(username='conformance_lost')\n"
        line.office.run("shell", "--no-imports", "-c", user_code + code)

    for code in ("u.grants.all().delete()", "u.is_active = False; u.save()"):
        shell(code)
        assert is_refused(phone.get("/formList"))
        assert phone.get("/formList").status_code == 403
    for base in (f"{phone.base}x", f"{line.office.url}/key/", f"{line.office.url}/odk"):
        answer = requests.get(f"{base}/formList", timeout=30)
        assert 400 <= answer.status_code < 500
        assert "<xforms" not in answer.text


@item(194)
def test_a_qr_code_sets_a_phone_up(line: Line) -> None:
    body = {"usernames": ["conformance"], "replace": False, "label": "QR"}
    url = f"{line.office.url}/api/v1/field-accounts/codes/"
    created = line.staff.post(url, json=body, timeout=30)
    assert created.status_code == 201, created.text
    for text in (created.json()[0]["qr"], line.qr):  # over REST, and from the command
        settings = json.loads(zlib.decompress(base64.b64decode(text, validate=True)))
        assert {"general", "admin"} <= set(settings)
        assert settings["admin"] == {}
        assert settings["general"]["form_update_mode"] == "match_exactly"
        base = settings["general"]["server_url"]
        assert not base.endswith(("/", "/formList"))
        assert requests.get(f"{base}/formList", timeout=30).status_code == 200
