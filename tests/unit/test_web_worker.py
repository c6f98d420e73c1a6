"""The web server's threads stay with busy connections and leave silent ones; no client's claim of TLS is believed."""

from __future__ import annotations

import contextlib
import http.client
import signal
import socket
import subprocess
import sys
import time
from ast import literal_eval
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from server.ops.setup.serving import WEB_SERVER
from server.ops.web_worker import TimedReader, Worker

HERE = "tests.unit.test_web_worker"
PATIENCE = 0.4
CLAIMED = ("wsgi.url_scheme", "SCRIPT_NAME", "HTTP_X_FORWARDED_PROTO")


class HastyReader(TimedReader):
    patience = PATIENCE
    slowest = 1000.0


class HastyWorker(Worker):
    reader = HastyReader


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Read the request body, as all doors do; a broken connection is an OSError there."""
    if environ["PATH_INFO"] == "/environ":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [repr({name: environ.get(name) for name in CLAIMED}).encode()]
    try:
        length = len(environ["wsgi.input"].read())
    except OSError:
        start_response("400 Cut Off", [("Content-Length", "0")])
        return [b""]
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "12")])
    return [b"%12d" % length]


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """The web server with a single thread, in front of `application`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = free.getsockname()[1]
    replacements = {
        "server.config.wsgi": f"{HERE}:application",
        "server.ops.web_worker.Worker": f"{HERE}.HastyWorker",
    }
    arguments = [replacements.get(word, word) for word in WEB_SERVER]
    command = [*arguments, "--workers", "1", "--threads", "1", "--bind", f"127.0.0.1:{number}"]
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
        server.send_signal(signal.SIGQUIT)  # it would wait for silent phones
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

        assert all(answer.endswith(b" 0") for answer in first + others)
        assert [phone.sock for phone in phones] == sockets, "every connection was kept"


def test_requests_sent_together_are_answered_one_after_the_other(port) -> None:
    with socket.create_connection(("127.0.0.1", port), 5) as line:
        line.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 3)
        received = b""
        while received.count(b"%12d" % 0) < 3:  # as wide as no Date header's hour
            chunk = line.recv(65536)
            assert chunk, "closed before all were answered"
            received += chunk

    assert received.count(b"HTTP/1.1 200 OK") == 3


@pytest.mark.parametrize(
    "sent",
    [
        b"POST / HTT",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9000\r\n\r\nhalf a rec",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf",
    ],
    ids=["in the head", "in the body", "in a chunk"],
)
def test_a_phone_that_fell_silent_does_not_keep_its_thread(port, sent) -> None:
    with contextlib.ExitStack() as lines:
        for _phone in range(2):  # their networks are gone: nothing comes any more, not even an end
            line = lines.enter_context(socket.create_connection(("127.0.0.1", port), 5))
            line.sendall(sent)
        other = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        lines.enter_context(contextlib.closing(other))
        started = time.monotonic()
        assert get(other) == b"%12d" % 0
        assert time.monotonic() - started < 2 * PATIENCE + 2


def test_a_slow_upload_that_goes_on_is_waited_for_and_a_trickle_is_not(port) -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2000\r\n\r\n"

    def answer(piece: int, pause: float) -> bytes:
        """The answer to an upload in pieces that takes longer than `patience` in all."""
        with socket.create_connection(("127.0.0.1", port), 5) as line:
            line.sendall(head)
            with contextlib.suppress(OSError):  # the server hung up
                for _turn in range(0, 2000, piece):
                    line.sendall(bytes(piece))
                    time.sleep(pause)
            with contextlib.suppress(OSError):
                return line.recv(65536)
        return b""

    assert answer(200, PATIENCE / 4).endswith(b" 2000")
    assert not answer(10, PATIENCE / 10).endswith(b" 2000")


def test_the_application_alone_says_which_proxy_is_believed(port) -> None:
    """RUHU_BEHIND_TLS_PROXY does; gunicorn by itself would believe whoever asks from this machine."""
    claims = {"X-Forwarded-Proto": "https", "X-Forwarded-Ssl": "off", "Script-Name": "/x"}
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as phone:
        phone.request("GET", "/environ", headers=claims)
        environ = literal_eval(phone.getresponse().read().decode())

    assert environ == dict(zip(CLAIMED, ("http", "", "https"), strict=True))
