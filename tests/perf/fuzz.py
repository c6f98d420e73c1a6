"""Hostile and faulty clients over a real socket, and the long runs of the fuzz tests.

    python tests/perf/fuzz.py BASE [--pid WEB] [--seconds 60] [--files 1900]
    python tests/perf/fuzz.py --suite 2000

BASE is a worker's Collect address on a running server (`./ruhu worker add … --json`), of which
household_survey is a form. With the process id of gunicorn it also tells how the memory of
the web processes grew. `--suite N` runs the Hypothesis tests of the suite with N examples each.
Exit code 1 when an answer was 5xx or the server stopped answering.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import secrets
import socket
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.factories.submissions import VERSION, instance  # noqa: E402

FUZZ_TESTS = ("tests/doors/openrosa/test_fuzz.py", "tests/doors/openrosa/test_upload_machine.py")
BOUNDARY = b"ruhu-fuzz-9c02"
TYPE = b"Content-Type: multipart/form-data; boundary=" + BOUNDARY


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("base", nargs="?", default="")
    parser.add_argument("--pid", type=int, default=0, help="gunicorn's process id")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--files", type=int, default=1_900)
    parser.add_argument("--version", default=VERSION, help="of household_survey, as published")
    parser.add_argument("--suite", type=int, default=0)
    options = parser.parse_args()
    if options.suite:
        surroundings = {**os.environ, "FUZZ_EXAMPLES": str(options.suite)}
        command = [sys.executable, "-m", "pytest", *FUZZ_TESTS]
        sys.exit(subprocess.run(command, cwd=ROOT, env=surroundings, check=False).returncode)
    RECORDS.version = options.version
    server = Server(options.base)
    before = _memory_mb(options.pid)
    answers = {
        "many_files_twice": [server.send(many := _many_files(options.files)), server.send(many)],
        "chunked": server.send(b"", _chunked(_body(RECORDS.next())), b"Transfer-Encoding: chunked"),
        "chunked_cut_off": server.send(b"", b"ff\r\nabc", b"Transfer-Encoding: chunked"),
        "expect_continue": server.send(_body(RECORDS.next()), None, b"Expect: 100-continue"),
        "gzipped": server.send(
            gzip.compress(_body(RECORDS.next())), None, b"Content-Encoding: gzip"
        ),
        "bad_content_type": server.send(b"x", None, b"Content-Type: text/xml; charset*=nix''b"),
        "one_byte_at_a_time": server.trickle(_body(RECORDS.next())),
    }
    counted = _garbage(server, options.seconds)
    figures = {
        **answers,
        "garbage": dict(sorted(counted.items())),
        "memory_mb": [before, _memory_mb(options.pid)],
        "serves": server.send(_body(RECORDS.next())),
    }
    print(json.dumps(figures))
    failed = any(str(status).startswith("5") for status in (*answers.values(), *counted))
    sys.exit(1 if failed or figures["serves"] != 201 else 0)


class Server:
    """The address under test; each request has a new connection."""

    def __init__(self, base: str) -> None:
        self._address = urlsplit(base)

    def send(self, body: bytes, raw: bytes | None = None, *headers: bytes) -> int:
        """The status of the last answer; 0 when the connection was closed without one."""
        line = self._connect()
        own = b"".join(header + b"\r\n" for header in headers)
        if not any(header.lower().startswith(b"content-type") for header in headers):
            own += TYPE + b"\r\n"
        if raw is None:
            own += b"Content-Length: %d\r\n" % len(body)
        with line:
            try:
                line.sendall(self._head() + own + b"\r\n" + (body if raw is None else raw))
                line.shutdown(socket.SHUT_WR)
            except OSError:
                return 0
            return _status(line)

    def trickle(self, body: bytes) -> int:
        """Send the body one byte at a time, as over a very slow line."""
        with self._connect() as line:
            line.sendall(self._head() + TYPE + b"\r\nContent-Length: %d\r\n\r\n" % len(body))
            for place in range(len(body)):
                line.sendall(body[place : place + 1])
                time.sleep(0.002)
            return _status(line)

    def _connect(self) -> socket.socket:
        place = (self._address.hostname or "", self._address.port or 80)
        line = socket.create_connection(place, 120)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return line

    def _head(self) -> bytes:
        path, host = self._address.path, self._address.netloc
        return f"POST {path}/submission HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n".encode()


def _garbage(server: Server, seconds: float) -> Counter[int]:
    """Status → count, for records damaged at random in head, XML or photo."""
    random, counted, end = Random(7), Counter[int](), time.monotonic() + seconds
    while time.monotonic() < end:
        body = bytearray(
            _body(RECORDS.next(), ("a.jpg", random.randbytes(random.choice((10, 700_000)))))
        )
        for _flip in range(random.randrange(1, 20)):
            body[random.randrange(min(len(body), 2500))] = random.randrange(256)
        if random.random() < 0.3:
            del body[random.randrange(len(body)) :]
        counted[server.send(bytes(body))] += 1
    return counted


class _Records:
    """A new record each time."""

    version = VERSION

    def next(self) -> bytes:
        return instance(secrets.randbelow(10**12), version=self.version)


RECORDS = _Records()


def _many_files(count: int) -> bytes:
    return _body(RECORDS.next(), *((f"{number}.jpg", b"photo") for number in range(count)))


def _body(document: bytes, *files: tuple[str, bytes]) -> bytes:
    parts = [b"--%b\r\n" % BOUNDARY]
    for name, content in (("xml_submission_file", document), *files):
        head = f'Content-Disposition: form-data; name="{name}"; filename="{name}"'.encode()
        parts += [head, b"\r\n\r\n", content, b"\r\n--%b\r\n" % BOUNDARY]
    return b"".join(parts)[:-2] + b"--\r\n"


def _chunked(body: bytes) -> bytes:
    pieces = [body[place : place + 700] for place in range(0, len(body), 700)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def _status(line: socket.socket) -> int:
    received = b""
    try:
        while chunk := line.recv(65536):
            received += chunk
    except OSError:
        pass
    final = received.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n")
    return int(final[9:12]) if final.startswith(b"HTTP/") else 0


def _memory_mb(pid: int) -> int:
    """Resident memory of the largest web process."""
    sizes = [0]
    for entry in Path("/proc").iterdir():
        if pid and entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                if parent == pid:
                    sizes.append(int((entry / "statm").read_text().split()[1]) * 4096 // 2**20)
            except OSError:
                continue
    return max(sizes)


if __name__ == "__main__":
    main()
