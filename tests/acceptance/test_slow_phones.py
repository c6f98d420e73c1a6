"""Phones on bad lines: uploads that stand still do not delay other requests."""

from __future__ import annotations

import socket
import time
from contextlib import ExitStack
from urllib.parse import urlsplit

import requests

from tests.acceptance.collect import Collect
from tests.acceptance.office import Office

COMMUNITY = "440106003002"


def test_uploads_that_stand_still_do_not_hold_up_the_others(office: Office) -> None:
    base = str(office.add_worker("slow", COMMUNITY)["base_url"])
    address = urlsplit(base)
    head = (
        f"POST {address.path}/submission HTTP/1.1\r\nHost: {address.netloc}\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 5000000\r\n\r\n--x\r\n"
    ).encode()
    with ExitStack() as lines:
        for _phone in range(10):  # more than there are processes
            line = lines.enter_context(socket.create_connection((address.hostname, address.port)))
            line.sendall(head)
        time.sleep(0.5)
        for _try in range(10):
            started = time.monotonic()
            assert requests.get(f"{office.url}/healthz", timeout=10).status_code == 200
            assert Collect(base).http.get(f"{base}/formList", timeout=10).status_code == 200
            assert time.monotonic() - started < 3
