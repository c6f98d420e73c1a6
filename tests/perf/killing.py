"""Both sides of the kill test: phones that send until they are acknowledged, and the killer of the office's processes."""

from __future__ import annotations

import hashlib
import http.client
import os
import signal
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlsplit

MARK = b"00000000-0000-4000-8000-000000000000"  # placeholder of each record's own id
TARGETS = {"web child": 4, "web": 1, "worker": 2, "backend": 2, "postmaster": 1}
"""Kind of process → its weight in the random choice of what to kill."""
_BOUNDARY = b"ruhu-kill-41aa09"
_RETRY = 0.3  # seconds; a phone takes its time, a test does not
_HANGS_UP = 0.03  # share of uploads that a phone breaks off in the middle


@dataclass
class Sent:
    """What all phones together sent and which responses they got."""

    acknowledged: dict[str, dict[str, Any]] = field(default_factory=dict)
    answers: Counter[str] = field(default_factory=Counter)
    lost: int = 0
    longest_outage: float = 0.0
    give_up: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, status: int | None) -> None:
        with self._lock:
            if status is None:
                self.lost += 1
            else:
                self.answers[str(status)] += 1

    def done(
        self, instance_id: str, document: bytes, photos: dict[str, bytes], took: float
    ) -> None:
        digests = {name: hashlib.sha256(photo).hexdigest() for name, photo in photos.items()}
        digested = {"document": hashlib.sha256(document).hexdigest(), "files": digests}
        with self._lock:
            self.acknowledged[instance_id] = digested
            self.longest_outage = max(self.longest_outage, took)


class Phone:
    """An installation of Collect that sends its finished records one after the other."""

    def __init__(
        self,
        base: str,
        documents: Sequence[bytes],
        *,
        count: int,
        photo_bytes: int,
        pause: float,
        random: Random,
        sent: Sent,
    ) -> None:
        self._address = urlsplit(base)
        self._documents = documents
        self._count = count
        self._photo_bytes = photo_bytes
        self._pause = pause
        self._random = random
        self._sent = sent
        self._line: http.client.HTTPConnection | None = None

    def run(self) -> None:
        due = time.monotonic() + self._random.random() * self._pause
        for _number in range(self._count):
            time.sleep(max(0.0, due - time.monotonic()))
            due += self._pause
            if not self._send_one():
                return

    def _send_one(self) -> bool:
        """Send a record with photos, in one upload or split over two, until all is acknowledged; False on giving up."""
        own = str(uuid.UUID(int=self._random.getrandbits(128), version=4))
        document = self._random.choice(self._documents).replace(MARK, own.encode())
        photos = {
            f"{number}-{own[:8]}.jpg": b"\xff\xd8" + self._random.randbytes(self._photo_bytes)
            for number in range(self._random.choice((1, 1, 2)))
        }
        parts = [photos]
        if len(photos) > 1 and self._random.random() < 0.5:
            parts = [{name: photo} for name, photo in photos.items()]
        started = time.monotonic()
        for files in parts:
            body = _body(document, files)
            while not self._try(body):
                if self._sent.give_up.is_set():
                    return False
                time.sleep(_RETRY * (0.5 + self._random.random()))
        self._sent.done(f"uuid:{own}", document, photos, time.monotonic() - started)
        return True

    def _try(self, body: bytes) -> bool:
        """HEAD, then POST: whether the server acknowledged the upload."""
        try:
            if self._request("HEAD") != 204:
                return False
            if self._random.random() < _HANGS_UP:
                self._hang_up(body)
                return False
            return self._request("POST", body) in (201, 202)
        except (OSError, http.client.HTTPException):
            self._sent.note(None)
            self._close()
            return False

    def _request(self, method: str, body: bytes | None = None) -> int:
        line = self._connected()
        line.request(method, self._target, body=body, headers=self._headers)
        answer = line.getresponse()
        answer.read()
        self._sent.note(answer.status)
        if answer.status >= 500:
            self._close()
        return answer.status

    def _hang_up(self, body: bytes) -> None:
        """Break an upload off in the middle, as a lost signal does."""
        line = self._connected()
        line.putrequest("POST", self._target)
        for name, value in (*self._headers.items(), ("Content-Length", str(len(body)))):
            line.putheader(name, value)
        line.endheaders(body[: self._random.randrange(len(body))])
        self._close()

    @property
    def _target(self) -> str:
        return f"{self._address.path}/submission?deviceID=collect%3Akill"

    @property
    def _headers(self) -> dict[str, str]:
        return {
            "X-OpenRosa-Version": "1.0",
            "User-Agent": "org.odk.collect.android/v2026.2.1 Dalvik/2.1.0",
            "Content-Type": f"multipart/form-data; boundary={_BOUNDARY.decode()}",
        }

    def _connected(self) -> http.client.HTTPConnection:
        if self._line is None:
            host, port = self._address.hostname or "", self._address.port
            self._line = http.client.HTTPConnection(host, port, timeout=60)
        return self._line

    def _close(self) -> None:
        if self._line is not None:
            self._line.close()
        self._line = None


def _body(document: bytes, files: dict[str, bytes]) -> bytes:
    parts = [("xml_submission_file", "住户 2026-11-20.xml", "text/xml", document)]
    parts += [(name, name, "image/jpeg", content) for name, content in files.items()]
    body = b""
    for name, filename, kind, content in parts:
        disposition = f'form-data; name="{name}"; filename="{filename}"'
        head = f"Content-Disposition: {disposition}\r\nContent-Type: {kind}\r\n\r\n".encode()
        body += b"--" + _BOUNDARY + b"\r\n" + head + content + b"\r\n"
    return body + b"--" + _BOUNDARY + b"--\r\n"


class Killer:
    """Sends SIGKILL to random processes of the office at random moments."""

    def __init__(self, supervisor: int, data: Path, *, each: float, random: Random) -> None:
        self._supervisor = supervisor
        self._data = data
        self._each = each
        self._random = random
        self._due = time.monotonic() + each
        self.killed: Counter[str] = Counter()

    def maybe(self) -> None:
        """Kill a process if the next kill is due."""
        if time.monotonic() < self._due:
            return
        self._due = time.monotonic() + self._random.expovariate(1 / self._each)
        target = self._random.choices(list(TARGETS), list(TARGETS.values()))[0]
        candidates = list(self._candidates(target))
        if candidates:
            with suppress(ProcessLookupError):
                os.kill(self._random.choice(candidates), signal.SIGKILL)
                self.killed[target] += 1

    def _candidates(self, target: str) -> Iterator[int]:
        if target in ("postmaster", "backend"):
            try:
                postmaster = int((self._data / "postmaster.pid").read_text().split()[0])
            except (OSError, IndexError, ValueError):
                return
            if _command(postmaster).find(str(self._data).encode()) < 0:
                return  # it ended; its process id may be reused
            if target == "postmaster":
                yield postmaster
                return
            yield from (pid for pid in _children(postmaster) if b" ruhu " in _command(pid))
            return
        for pid in _children(self._supervisor):
            command = _command(pid)
            if target == "worker" and b"procrastinate" in command:
                yield pid
            elif b"gunicorn" in command and target != "worker":
                yield from [pid] if target == "web" else _children(pid)


def _children(parent: int) -> list[int]:
    pids = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                if int(fields[1]) == parent:
                    pids.append(int(entry.name))
    return pids


def _command(pid: int) -> bytes:
    try:
        return Path("/proc", str(pid), "cmdline").read_bytes().replace(b"\0", b" ")
    except OSError:
        return b""
