"""The socket of a caller, which sends without holding a thread for a caller that reads slowly."""

from __future__ import annotations

import os
import select
import socket
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import Any, Final

from server.ops.web.limits import Limits

_AT_ONCE: Final = 1 << 20


@dataclass(slots=True)
class FileRange:
    """A part of an open file that is still to be sent; the descriptor is its own."""

    descriptor: int
    offset: int
    left: int


class Line(socket.socket):
    """A connection that never blocks in reading, and hardly ever in sending.

    What the kernel does not take at once waits here, files as descriptors, other data up to
    `Limits.kept_answer` bytes, and is sent by the worker's main thread (`send_waiting`). A
    thread that produces more than that waits, for at most `Limits.patience` seconds without
    progress, and only while `gate` lets it: a caller that reads no further loses its answer.
    """

    def __init__(self, accepted: socket.socket, limits: Limits, gate: threading.Semaphore) -> None:
        family, kind, protocol = accepted.family, accepted.type, accepted.proto
        super().__init__(family, kind, protocol, fileno=accepted.detach())
        self.setblocking(False)
        self._limits, self._gate = limits, gate
        self._head = b""  # of an answer, until its body comes: both go in one packet
        self._waiting: deque[memoryview | FileRange] = deque()
        self._kept = 0

    @property
    def is_waiting(self) -> bool:
        """Whether something waits to be sent by `send_waiting`."""
        return bool(self._waiting)

    def sendall(self, data: Any, flags: int = 0, /) -> None:
        """Send, or keep, or wait. Raises OSError when the caller is gone or too slow."""
        if not self._head and not self._waiting and data[:7] == b"HTTP/1.":
            self._head = data
            return
        if self._head:
            data, self._head = self._head + data, b""
        if not self._waiting:
            sent = self._send_some(data)
            if sent == len(data):
                return
            data = memoryview(data)[sent:]
        self._keep(data)

    def flush(self) -> None:
        """Send the head of an answer that has no body."""
        if self._head:
            self.sendall(b"")

    def sendfile(self, file: Any, offset: int = 0, count: int | None = None) -> int:
        """Send a part of a file; returns its size, though some of it may wait."""
        self.flush()
        source = file.fileno()
        left = total = os.fstat(source).st_size - offset if count is None else count
        if not self._waiting:
            sent = self._send_range(source, offset, left)
            offset, left = offset + sent, left - sent
        if left:
            self._waiting.append(FileRange(os.dup(source), offset, left))
        return total

    def send_waiting(self) -> int:
        """Send what waits, as much as the caller takes; how many bytes it took. Raises OSError."""
        total = 0
        while self._waiting:
            piece = self._waiting[0]
            if isinstance(piece, FileRange):
                sent = self._send_range(piece.descriptor, piece.offset, piece.left)
                piece.offset, piece.left = piece.offset + sent, piece.left - sent
                if not piece.left:
                    os.close(piece.descriptor)
                    self._waiting.popleft()
            else:
                sent = self._send_some(piece)
                self._kept -= sent
                self._waiting[0] = piece[sent:]
                if sent == len(piece):
                    self._waiting.popleft()
            total += sent
            if not sent or total > _AT_ONCE:
                break
        return total

    def close(self) -> None:
        """Close, and forget what waits."""
        while self._waiting:
            piece = self._waiting.popleft()
            if isinstance(piece, FileRange):
                os.close(piece.descriptor)
        super().close()

    def _keep(self, data: memoryview | bytes) -> None:
        if self._kept + len(data) > self._limits.kept_answer:
            data = self._send_patiently(data)
        if data:
            self._waiting.append(memoryview(bytes(data)))
            self._kept += len(data)

    def _send_patiently(self, data: memoryview | bytes) -> memoryview | bytes:
        """Wait, in a thread that answers, until what is left of the data may be kept; the rest. Raises OSError."""
        if not self._gate.acquire(blocking=False):
            raise BrokenPipeError("too many callers read slowly")
        try:
            until = time.monotonic() + self._limits.patience
            while self._waiting or len(data) > self._limits.kept_answer:
                self._wait_for_room(until)
                if self._waiting:
                    sent = self.send_waiting()
                else:
                    sent = self._send_some(data)
                    data = data[sent:]
                now = time.monotonic()
                until = min(now + self._limits.patience, until + sent / self._limits.slowest)
        finally:
            self._gate.release()
        return data

    def _wait_for_room(self, until: float) -> None:
        poll = select.poll()
        poll.register(self, select.POLLOUT)
        if not poll.poll(max(0.0, until - time.monotonic()) * 1000):
            raise BrokenPipeError("the caller reads no further")

    def _send_some(self, data: Any) -> int:
        """As much as the kernel takes now."""
        sent = 0
        try:
            while sent < len(data):
                sent += self.send(memoryview(data)[sent:] if sent else data)
        except BlockingIOError:
            pass
        return sent

    def _send_range(self, source: int, offset: int, left: int) -> int:
        sent = 0
        try:
            while left > sent:
                step = os.sendfile(self.fileno(), source, offset + sent, min(left - sent, _AT_ONCE))
                if not step:
                    raise BrokenPipeError("the file is shorter than announced")
                sent += step
        except BlockingIOError:
            pass
        return sent
