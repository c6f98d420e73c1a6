"""gunicorn's threaded worker, made so that no caller can hold its threads (decisions 0152, 0220).

The main thread reads what arrives on all connections and hands whole requests to threads.
A thread stays a moment with the caller it has just answered: Collect asks HEAD, sends a
record, asks HEAD again, and giving the connection back each time costs more than half of
what the web server costs at all. Nobody stays while another request waits for a thread.
"""

from __future__ import annotations

import contextlib
import errno
import resource
import select
import selectors
import socket
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, Final

from gunicorn import util
from gunicorn.http import errors
from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER, ThreadWorker

from server.ops.web.incoming import HEAD_AT_ONCE, Disk, DiskBudgetSpent, EndlessBody, Incoming
from server.ops.web.limits import MB, Limits
from server.ops.web.line import Line

LINGER_MS: Final = 10
STATEMENT_SECONDS: Final = 10
"""After so long the database ends a statement of a web process. Those of worker and commands may take longer."""
_SWEEP_SECONDS: Final = 0.25
_MOST_DISCARDED: Final = 64 * 1024
_NOT_NOW: Final = (errno.EAGAIN, errno.EWOULDBLOCK, errno.ECONNABORTED)
_NO_ROOM: Final = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_OTHER_THAN_400: Final = {
    errors.LimitRequestLine: (414, "URI Too Long"),
    errors.LimitRequestHeaders: (431, "Request Header Fields Too Large"),
    errors.ExpectationFailed: (417, "Expectation Failed"),
    errors.UnsupportedTransferCoding: (501, "Not Implemented"),
    EndlessBody: (413, "Content Too Large"),
    DiskBudgetSpent: (503, "Service Unavailable"),
}
_SERVER_FAULTS: Final = (errors.InvalidResponseHeader, errors.InvalidResponseHeaderName)
_CALLER_LEFT: Final = (errno.EPIPE, errno.ECONNRESET, errno.ENOTCONN, errno.EBADF)


class Connection:
    """A caller: its socket, and the request that is arriving on it."""

    def __init__(self, line: Line, client: Any, server: Any, incoming: Incoming) -> None:
        self.sock, self.client, self.server, self.incoming = line, client, server, incoming
        self.until = 0.0  # until when something must have arrived, or been read
        self.heard = 0.0  # when something arrived last
        self.place: OrderedDict[Connection, None] | None = None
        self.discarded = 0


class Worker(ThreadWorker):
    """Serves any number of slow and silent callers beside those whose requests are whole."""

    limits = Limits()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._idle: OrderedDict[Connection, None] = OrderedDict()
        """Between two requests; the longest idle first, as in all of these."""
        self._heads: OrderedDict[Connection, None] = OrderedDict()
        self._bodies: OrderedDict[Connection, None] = OrderedDict()
        self._readers: OrderedDict[Connection, None] = OrderedDict()
        self._closing: OrderedDict[Connection, None] = OrderedDict()
        self._swept = 0.0
        self._gate = threading.Semaphore(max(1, self.cfg.threads // 2))
        self._addresses: dict[int, Any] = {}

    def init_process(self) -> None:
        from django.conf import settings

        _may_open_many_files()
        folder = None
        if settings.configured:  # --preload has loaded the application
            largest = settings.RUHU_UPLOAD_MAX_MB * MB
            on_disk = max(self.limits.on_disk, 4 * largest)
            self.limits = replace(self.limits, body=largest, on_disk=on_disk)
            folder = settings.FILE_UPLOAD_TEMP_DIR
            options = settings.DATABASES["default"].setdefault("OPTIONS", {})
            bound = f"-c statement_timeout={STATEMENT_SECONDS}s"
            options["options"] = f"{options.get('options', '')} {bound}".strip()
        self._disk = Disk(self.limits.on_disk, folder)
        super().init_process()

    # --- in a thread -----------------------------------------------------------

    def handle(self, conn: Any) -> bool:
        """Answer the whole request of a connection, and those that follow at once; whether to keep the connection."""
        request = None
        try:
            while True:
                request = conn.incoming.request
                is_kept = bool(self.handle_request(request, conn))
                conn.sock.flush()
                is_whole = is_kept and conn.incoming.begin_next()
                if not is_kept or conn.sock.is_waiting:
                    return is_kept
                if not is_whole and not self._receives(conn):
                    return True
        except StopIteration:  # an answer broke off
            return False
        except OSError as error:
            if error.errno not in (None, *_CALLER_LEFT):
                self.log.exception("Socket error processing request.")
            return False
        except Exception as error:
            self.handle_error(request, conn.sock, conn.client, error)
            return False

    def _receives(self, conn: Connection) -> bool:
        """Whether the next request is whole, and came without a pause of LINGER_MS or another request that waits.

        An end of the connection is left to the main thread, which sees it again.
        """
        while self._may_stay(conn):
            try:
                data = conn.sock.recv(max(1, conn.incoming.wants))
            except BlockingIOError:
                return False
            if not data:
                return False
            if conn.incoming.feed(data):
                return True
        return False

    def _may_stay(self, conn: Connection) -> bool:
        if not self.alive or not self.tpool._work_queue.empty():
            return False
        poll = select.poll()
        poll.register(conn.sock, select.POLLIN)
        return bool(poll.poll(LINGER_MS))

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Exception) -> None:
        """Answer what is no HTTP, by its kind alone.

        gunicorn would log the words it could not read, and send them back: an address with
        a phone's token, say.
        """
        status, reason = 500, "Internal Server Error"
        if isinstance(exc, errors.ParseException) and not isinstance(exc, _SERVER_FAULTS):
            status, reason = _OTHER_THAN_400.get(type(exc), (400, "Bad Request"))
            self.log.warning("invalid HTTP: %s", type(exc).__name__)
        else:
            self.log.exception("the web server failed to handle a request")
        try:
            util.write_error(client, status, reason, "")
            client.flush()
        except OSError:
            self.log.debug("the caller had closed the connection before the error response")

    # --- in the main thread: connections come and go ---------------------------

    def accept(self, listener: Any) -> None:
        """Take a new connection; the longest idle one makes room when there are too many."""
        try:
            accepted, client = listener.accept()
        except OSError as error:
            if error.errno in _NO_ROOM:
                self._make_room()
            elif error.errno not in _NOT_NOW:
                raise
            return
        self.nr_conns += 1
        server = self._addresses.get(id(listener))
        if server is None:
            server = self._addresses[id(listener)] = listener.getsockname()
        line = Line(accepted, self.limits, self._gate)
        incoming = Incoming(self.cfg, client, self.limits, self._disk)
        self._wait(Connection(line, client, server, incoming))
        if self.nr_conns >= self.worker_connections:
            self._make_room()

    def finish_request(self, conn: Any, fs: Any) -> None:
        """A thread is done with a connection."""
        try:
            is_kept = bool(fs.result()) if not fs.cancelled() else False
        except Exception:
            is_kept = False
        if conn.sock.is_waiting:
            self._watch_reader(conn, is_kept)
        elif is_kept:
            self._go_on(conn)
        else:
            self._say_goodbye(conn)

    def _go_on(self, conn: Connection) -> None:
        """Wait for the next request, unless it is here already."""
        if conn.incoming.is_whole:
            self.enqueue_req(conn)
        else:
            self._wait(conn)

    def _wait(self, conn: Connection) -> None:
        """Watch a connection for what arrives."""
        now = conn.heard = time.monotonic()
        self._place(conn, now)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._on_readable, conn))

    def _place(self, conn: Connection, now: float) -> None:
        """Put a connection where it belongs, as the one that was heard last; the limits hold afterwards."""
        incoming, limits = conn.incoming, self.limits
        if incoming.request is not None:
            place, most, seconds = self._bodies, limits.bodies, limits.patience
        elif incoming.has_begun or not incoming.number:
            place, most, seconds = self._heads, limits.heads, limits.head_seconds
        else:
            place, most, seconds = self._idle, self.worker_connections, self.cfg.keepalive
        if not self.alive and place is not self._bodies:
            seconds = min(seconds, STOP_KEEPALIVE_LINGER)
        conn.until = now + seconds
        self._put(conn, place, most)
        if incoming.expects_continue:
            with contextlib.suppress(OSError):  # the poller sees what became of the connection
                conn.sock.send(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _put(self, conn: Connection, place: OrderedDict[Connection, None], most: int) -> None:
        conn.place = place
        place[conn] = None
        if len(place) > most:
            self._drop(next(iter(place)))

    def _leave(self, conn: Connection) -> None:
        """Stop watching a connection."""
        self.poller.unregister(conn.sock)
        if conn.place is not None:
            del conn.place[conn]
            conn.place = None

    def _drop(self, conn: Connection) -> None:
        """Close a watched connection."""
        self._leave(conn)
        self._close(conn)

    def _close(self, conn: Connection) -> None:
        self.nr_conns -= 1
        conn.incoming.close()
        conn.sock.close()

    def _make_room(self) -> None:
        for place in (self._closing, self._idle, self._heads):
            if place:
                self._drop(next(iter(place)))
                return

    # --- in the main thread: what arrives --------------------------------------

    def _on_readable(self, conn: Connection, _line: Any) -> None:
        incoming = conn.incoming
        try:
            data = conn.sock.recv(max(1, incoming.wants))
        except BlockingIOError:
            return
        except OSError:
            self._drop(conn)
            return
        try:
            is_whole = incoming.feed(data) if data else incoming.cut_off()
        except (errors.ParseException, OSError) as problem:  # OSError: the disk is full
            self._leave(conn)
            self._refuse(conn, problem)
            return
        if is_whole:
            self._leave(conn)
            self.enqueue_req(conn)
        elif data:
            self._heard(conn, len(data))
        else:
            self._drop(conn)

    def _heard(self, conn: Connection, size: int) -> None:
        """Something arrived: the connection may take longer, in proportion."""
        now = conn.heard = time.monotonic()
        if conn.place is self._bodies:
            conn.until = min(now + self.limits.patience, conn.until + size / self.limits.slowest)
            self._bodies.move_to_end(conn)
        elif conn.place is self._heads and conn.incoming.request is None:
            conn.until += size / 1000
            self._heads.move_to_end(conn)
        else:  # a head begins, or a body
            assert conn.place is not None  # noqa: S101 it is watched
            del conn.place[conn]
            self._place(conn, now)

    def _refuse(self, conn: Connection, problem: Exception) -> None:
        """Answer what cannot be read, and close."""
        if isinstance(problem, OSError):
            self.log.error("a body cannot be kept: %s", problem)
            problem = DiskBudgetSpent()
        self.handle_error(None, conn.sock, conn.client, problem)
        self._say_goodbye(conn)

    # --- in the main thread: who reads slowly ----------------------------------

    def _watch_reader(self, conn: Connection, is_kept: bool) -> None:
        """Send what waits as the caller reads it."""
        conn.until = time.monotonic() + self.limits.patience
        self._put_reader(conn, partial(self._on_writable, conn, is_kept))

    def _put_reader(self, conn: Connection, callback: Callable[..., None]) -> None:
        self.poller.register(conn.sock, selectors.EVENT_WRITE, callback)
        self._put(conn, self._readers, self.limits.readers)

    def _on_writable(self, conn: Connection, is_kept: bool, _line: Any) -> None:
        try:
            sent = conn.sock.send_waiting()
        except OSError:
            self._drop(conn)
            return
        if conn.sock.is_waiting:
            now = time.monotonic()
            conn.until = min(now + self.limits.patience, conn.until + sent / self.limits.slowest)
            self._readers.move_to_end(conn)
            return
        self._leave(conn)
        if is_kept:
            self._go_on(conn)
        else:
            self._say_goodbye(conn)

    def _say_goodbye(self, conn: Connection) -> None:
        """Close once the caller has read the answer: an end while it still sends would destroy it (RFC 9112, Tear-down)."""
        conn.incoming.close()
        try:
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._close(conn)
            return
        conn.until = time.monotonic() + self.limits.closing_seconds
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._on_goodbye, conn))
        self._put(conn, self._closing, self.limits.closing)

    def _on_goodbye(self, conn: Connection, _line: Any) -> None:
        try:
            data = conn.sock.recv(HEAD_AT_ONCE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        conn.discarded += len(data)
        if not data or conn.discarded > _MOST_DISCARDED:
            self._drop(conn)

    # --- in the main thread: time passes ---------------------------------------

    def murder_pending(self) -> None:
        """Called in each turn of gunicorn's loop: close those whose time is over."""
        now = time.monotonic()
        if now - self._swept < _SWEEP_SECONDS:
            return
        self._swept = now
        for place in (self._idle, self._heads, self._bodies, self._readers, self._closing):
            for conn in [conn for conn in place if conn.until < now]:
                self._drop(conn)
        stalled = [c for c in self._bodies if now - c.heard > self.limits.stalled_after]
        for conn in stalled[: max(0, len(stalled) - self.limits.stalled)]:
            self._drop(conn)

    def murder_keepalived(self, force: bool = False) -> None:
        """gunicorn's own list is empty; at the end everything is closed."""
        if force:
            for place in (self._idle, self._heads, self._bodies, self._readers, self._closing):
                for conn in list(place):
                    self._drop(conn)

    def _cap_keepalive(self, deadline: float) -> None:
        """The worker stops: who has not begun a body is not waited for."""
        for place in (self._idle, self._heads):
            for conn in place:
                conn.until = min(conn.until, deadline)


def _may_open_many_files() -> None:
    """As many files as the system lets this process have: each caller is one."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = 65_536 if hard == resource.RLIM_INFINITY else hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
