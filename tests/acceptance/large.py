"""Large uploads to a running office, and how much memory its web processes take for them."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

from tests.acceptance.office import Office

CHUNK = bytes(range(256)) * 4096
BOUNDARY = "b0undary"


def web_memory(office: Office) -> int:
    """Resident bytes of all web processes together."""
    return sum(map(_resident, (office._processes[0].pid, *office.web_processes())))


def _resident(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS"))


def send_large(base: str, document: bytes, megabytes: int) -> tuple[int, float]:
    """POST the record with one file of that size, never holding it; status and seconds."""
    opening = _head("xml_submission_file", "a.xml") + document + b"\r\n" + _head("v.mp4", "v.mp4")
    closing = f"\r\n--{BOUNDARY}--\r\n".encode()
    started = time.monotonic()
    length = len(opening) + megabytes * len(CHUNK) + len(closing)
    with connected(base, length) as line:
        line.sendall(opening)
        for _chunk in range(megabytes):
            line.sendall(CHUNK)
        line.sendall(closing)
        return status_of(line), time.monotonic() - started


def connected(base: str, length: int) -> socket.socket:
    """A connection on which the head of an upload was sent."""
    address = urlsplit(base)
    line = socket.create_connection((address.hostname, address.port), timeout=60)
    line.sendall(
        f"POST {address.path}/submission HTTP/1.1\r\nHost: {address.netloc}\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n"
        f"Content-Length: {length}\r\n\r\n".encode()
    )
    return line


def status_of(line: socket.socket) -> int:
    return int(line.recv(65536).split(b" ", 2)[1])


def _head(name: str, filename: str) -> bytes:
    return (
        f"--{BOUNDARY}\r\nContent-Disposition: form-data; "
        f'name="{name}"; filename="{filename}"\r\n\r\n'
    ).encode()
