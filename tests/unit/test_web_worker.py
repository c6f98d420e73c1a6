"""The web server's threads stay with a busy connection and leave it when others wait."""

from __future__ import annotations

import contextlib
import http.client
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from server.ops.setup.serving import WEB_SERVER


@pytest.fixture
def port() -> Iterator[int]:
    """The web server with a single thread, in front of the standard library's demonstration."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = free.getsockname()[1]
    words = [
        "wsgiref.simple_server:demo_app" if w == "server.config.wsgi" else w for w in WEB_SERVER
    ]
    command = [*words, "--workers", "1", "--threads", "1", "--bind", f"127.0.0.1:{number}"]
    server = subprocess.Popen([sys.executable, *command])
    try:
        for _attempt in range(100):
            try:
                socket.create_connection(("127.0.0.1", number), 1).close()
                break
            except OSError:
                time.sleep(0.05)
        yield number
    finally:
        server.terminate()
        server.wait(20)


def get(connection: http.client.HTTPConnection) -> bytes:
    connection.request("GET", "/")
    return connection.getresponse().read()


def test_connections_take_turns_on_one_thread(port) -> None:
    with contextlib.ExitStack() as lines:
        phones = [
            lines.enter_context(
                contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5))
            )
            for _phone in range(4)
        ]
        first = [get(phone) for phone in phones]
        sockets = [phone.sock for phone in phones]
        others = [get(phone) for _turn in range(9) for phone in phones]

        assert all(answer.startswith(b"Hello world!") for answer in first + others)
        assert [phone.sock for phone in phones] == sockets, "every connection was kept"


def test_requests_sent_together_are_answered_one_after_the_other(port) -> None:
    with socket.create_connection(("127.0.0.1", port), 5) as line:
        line.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 3)
        received = b""
        while received.count(b"Hello world!") < 3:
            chunk = line.recv(65536)
            assert chunk, "closed before all were answered"
            received += chunk

    assert received.count(b"HTTP/1.1 200 OK") == 3
