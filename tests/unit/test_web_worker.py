"""The web server's threads stay with busy connections and wait for no caller; no client's claim of TLS is believed."""

from __future__ import annotations

import contextlib
import http.client
import signal
import socket
import subprocess
import sys
import tempfile
import time
from ast import literal_eval
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from server.ops.setup.serving import WEB_SERVER
from server.ops.web.limits import Limits
from server.ops.web.worker import Worker

HERE = "tests.unit.test_web_worker"
PATIENCE = 0.4
LARGE = 20_000_000
CLAIMED = ("wsgi.url_scheme", "SCRIPT_NAME", "HTTP_X_FORWARDED_PROTO")


class HastyWorker(Worker):
    limits = Limits(
        patience=PATIENCE,
        slowest=1000.0,
        head_seconds=PATIENCE,
        heads=20,
        bodies=100,
        on_disk=10_000_000,
    )


class PatientWorker(Worker):
    """With the limits of an office, but for the number of connections."""

    limits = Limits(heads=20, stalled=20, stalled_after=1.0)


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Read the request body, as all doors do; a broken connection is an OSError there."""
    if environ["PATH_INFO"] == "/environ":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [repr({name: environ.get(name) for name in CLAIMED}).encode()]
    if environ["PATH_INFO"] == "/large":
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(LARGE))])
        return iter([b"x" * 100_000] * (LARGE // 100_000))
    if environ["PATH_INFO"] == "/file":
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(LARGE))])
        file = tempfile.TemporaryFile()  # noqa: SIM115 the server closes it
        file.truncate(LARGE)
        return environ["wsgi.file_wrapper"](file)
    try:
        length = len(environ["wsgi.input"].read())
    except OSError:
        start_response("400 Cut Off", [("Content-Length", "0")])
        return [b""]
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "12")])
    return [b"%12d" % length]


@contextlib.contextmanager
def serving(worker: str, threads: int) -> Iterator[int]:
    """The web server in front of `application`, with so many threads in one process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = free.getsockname()[1]
    own = {
        "server.config.wsgi": f"{HERE}:application",
        "server.ops.web.worker.Worker": f"{HERE}.{worker}",
    }
    words = [own.get(word, word) for word in WEB_SERVER]
    command = [*words, "--workers", "1", "--threads", str(threads), "--bind", f"127.0.0.1:{number}"]
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


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with serving("HastyWorker", 1) as number:
        yield number


@pytest.fixture(scope="module")
def patient_port() -> Iterator[int]:
    """Here nobody is given up within the seconds of a test: what is answered is answered beside them."""
    with serving("PatientWorker", 2) as number:
        yield number


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


def answers(port: int, head: bytes, body: bytes = b"") -> int:
    """The status of the answer to a request written as it is; 0 when there is none."""
    with contextlib.closing(socket.create_connection(("127.0.0.1", port), 5)) as line:
        with contextlib.suppress(OSError):  # the server has heard enough
            line.sendall(head + body)
        with contextlib.suppress(OSError):
            return int(line.recv(100).split(b" ")[1])
    return 0


def assert_served(port: int, within: float = 1.0) -> None:
    """Others are answered, one after the other, without waiting."""
    for _turn in range(5):
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as other:
            started = time.monotonic()
            assert get(other) == b"%12d" % 0
            assert time.monotonic() - started < within


@contextlib.contextmanager
def callers(port: int, number: int, sent: bytes, receive: int = 0) -> Iterator[list[socket.socket]]:
    """So many connections on which this was sent, and nothing else is done."""
    with contextlib.ExitStack() as lines:
        opened = []
        for _caller in range(number):
            line = lines.enter_context(socket.socket())
            if receive:
                line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
            line.settimeout(5)
            line.connect(("127.0.0.1", port))
            line.sendall(sent)
            opened.append(line)
        time.sleep(0.3)
        yield opened


def still_open(lines: list[socket.socket]) -> int:
    """How many of the connections the server has not closed."""
    number = 0
    for line in lines:
        line.setblocking(False)
        try:
            number += bool(line.recv(1))
        except BlockingIOError:
            number += 1
        except OSError:
            continue
    return number


STALLED = {
    "no byte": b"",
    "a head": b"GET / HTTP/1.1\r\nHos",
    "a body": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\nx",
    "a chunk": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf",
}


@pytest.mark.parametrize("sent", STALLED.values(), ids=STALLED)
def test_those_who_stall_hold_nobody_up_and_are_bounded_in_number(patient_port, sent) -> None:
    with callers(patient_port, 64, sent) as lines:
        assert_served(patient_port)
        end = time.monotonic() + 5
        while (number := still_open(lines)) > 20 and time.monotonic() < end:
            time.sleep(0.2)
        assert 15 <= number <= 20, "the longest silent made room"
        assert_served(patient_port)


def test_those_who_do_not_close_hold_nobody_up(patient_port) -> None:
    request = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    with callers(patient_port, 20, request) as lines:
        assert_served(patient_port)
        assert all(line.recv(100).startswith(b"HTTP/1.1 200") for line in lines)


def test_those_who_do_not_read_hold_nobody_up(patient_port) -> None:
    request = b"GET /file HTTP/1.1\r\nHost: x\r\n\r\n"
    with callers(patient_port, 20, request, receive=4096) as lines:
        assert_served(patient_port)
        received = 0
        while received < LARGE:
            chunk = lines[0].recv(1 << 20)
            assert chunk, "cut off"
            received += len(chunk)


def test_of_those_who_do_not_read_an_export_half_the_threads_wait_for_one(patient_port) -> None:
    request = b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n"
    with callers(patient_port, 5, request, receive=4096):
        assert_served(patient_port)


def test_an_export_is_read_whole_however_slowly(patient_port) -> None:
    with contextlib.closing(socket.create_connection(("127.0.0.1", patient_port), 5)) as line:
        line.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        received = b""
        while chunk := line.recv(1 << 19):
            received += chunk
            time.sleep(0.002)
    assert len(received.partition(b"\r\n\r\n")[2]) == LARGE


LONG = b"a" * 70_000


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET /?" + b"a" * 60_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 200),
        (b"GET /?" + LONG + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        (b"GET /?" + b"a" * 5_000_000, 414),
        (b"GET /key/t/entities/integrity?id=" + LONG + b" HTTP/1.1\r\nHost: x\r\n\r\n", 200),
        (b"GET /odk/entities/integrity?id=" + b"a" * 300_000, 414),
        (b"GET /odk/entities/other?id=" + LONG + b" HTTP/1.1\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\n" + b"X: " + b"y" * 200_000 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 101 + b"\r\n", 431),
        (b"GET / HTTP/1.1\nHost: x\n\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nx", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nno size\r\n", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 30_000, 400),
    ],
    ids=lambda case: str(case if isinstance(case, int) else case[:30]),
)  # fmt: skip
def test_heads_and_chunks_are_bounded(port, head, status) -> None:
    started = time.monotonic()
    assert answers(port, head) == status
    assert time.monotonic() - started < 2


def test_of_a_strangers_body_little_is_kept_and_it_is_read_to_its_end(port) -> None:
    """A phone reads the answer, with the challenge in it, only after it has sent everything."""
    body = bytes(3_000_000)
    for header, kept in ((b"", 0), (b"Authorization: Digest x\r\n", len(body))):
        head = b"POST / HTTP/1.1\r\nHost: x\r\n%bContent-Length: %d\r\n\r\n" % (header, len(body))
        with contextlib.closing(socket.create_connection(("127.0.0.1", port), 5)) as line:
            line.sendall(head + body)
            answer = line.recv(1000)
        assert answer.endswith(b"%12d" % kept)


def test_bodies_take_a_bounded_place_on_the_disk(port) -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nCookie: a\r\nContent-Length: %d\r\n\r\n"
    assert answers(port, head % 11_000_000, bytes(11_000_000)) == 503
    for _turn in range(2):
        assert answers(port, head % 9_000_000, bytes(9_000_000)) == 200
        time.sleep(0.3)  # the place is given back


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
