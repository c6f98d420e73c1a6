"""HTTP Digest through the web server itself: raw targets, header lines, refused uploads, parallel requests."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from requests.auth import HTTPDigestAuth

from tests.acceptance.office import Office

pytestmark = pytest.mark.django_db
LIST = "formList?deviceID=collect%3Aabcdefgh12345678&x=%E9%A9%AC"


@pytest.fixture(scope="module")
def worker(office: Office) -> dict[str, object]:
    return office.add_worker("digest", "440106003001")


@pytest.fixture
def phone(worker: dict[str, object]) -> requests.Session:
    session = requests.Session()
    session.auth = HTTPDigestAuth(str(worker["username"]), str(worker["password"]))
    return session


def test_every_read_works_and_twenty_at_once(office: Office, phone: requests.Session) -> None:
    address = f"{office.url}/odk/{LIST}"

    assert phone.get(address, timeout=20).status_code == 200
    assert phone.head(f"{office.url}/odk/submission", timeout=20).status_code == 204
    ids = ",".join(f"00000000-0000-4000-8000-{n:012}" for n in range(1000))
    many = phone.get(f"{office.url}/odk/entities/integrity?id={ids}", timeout=20)
    assert many.status_code == 200  # the address stands in the header once more
    with ThreadPoolExecutor(8) as pool:
        answers = pool.map(lambda _: phone.get(address, timeout=20).status_code, range(20))
        assert set(answers) == {200}


def test_a_refused_upload_of_2_mb_is_answered_and_the_line_stays_open(office: Office) -> None:
    body = b"x" * 2_000_000
    request = (
        f"POST /odk/submission HTTP/1.1\r\nHost: office\r\nContent-Length: {len(body)}\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\n"
    ).encode()
    for kept_open in (b"", b"Connection: close\r\n"):
        with socket.create_connection(("127.0.0.1", office.port), timeout=20) as line:
            for _ in range(1 if kept_open else 2):
                line.sendall(request + kept_open + b"\r\n" + body)
                head = b""
                while b"</OpenRosaResponse>" not in head:
                    piece = line.recv(1 << 16)
                    assert piece, "the connection broke"
                    head += piece
                assert head.startswith(b"HTTP/1.1 401 ")
                assert head.count(b"WWW-Authenticate: Digest ") == 1
                assert b"Basic" not in head


def test_headers_that_are_no_header_never_break_the_server(office: Office) -> None:
    for value in ("Digest", 'Digest username="', "Basic", "Basic Og==", "Digest " + "a=," * 3000):
        answer = requests.get(
            f"{office.url}/odk/formList", headers={"Authorization": value}, timeout=20
        )
        assert answer.status_code == 401
