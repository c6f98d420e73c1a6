"""gunicorn's threaded worker, adapted to phones: several requests on one connection, and lost signals.

`Worker` keeps a thread with a busy connection; `TimedReader` ends requests that stand still.
"""

from __future__ import annotations

import select
import time
from typing import Any, Final

from gunicorn import util
from gunicorn.http import errors, get_parser
from gunicorn.http.errors import NoMoreData
from gunicorn.http.unreader import SocketUnreader
from gunicorn.workers.gthread import ThreadWorker

LINGER_MS: Final = 10
_OTHER_THAN_400: Final = {
    errors.LimitRequestLine: (414, "URI Too Long"),
    errors.LimitRequestHeaders: (431, "Request Header Fields Too Large"),
    errors.ExpectationFailed: (417, "Expectation Failed"),
    errors.UnsupportedTransferCoding: (501, "Not Implemented"),
}
_SERVER_FAULTS: Final = (errors.InvalidResponseHeader, errors.InvalidResponseHeaderName)


class TimedReader(SocketUnreader):
    """Reads a request from its socket with a deadline, so that a silent phone frees its thread.

    A phone that loses its signal in the middle of an upload closes nothing, and the thread would
    wait for ever. A request may pause for `patience`, as long as Collect waits for a server; each
    byte received extends the deadline by the time it takes at `slowest`, never beyond one `patience` from now.
    """

    patience = 60.0  # seconds
    slowest = 200.0  # bytes a second

    def __init__(self, sock: Any) -> None:
        super().__init__(sock)
        self._deadline = 0.0

    def begin(self) -> None:
        """Start the deadline of a new request."""
        self._deadline = time.monotonic() + self.patience

    def chunk(self, size_hint: int | None = None) -> bytes:
        """The next bytes. After the deadline raises NoMoreData, an OSError, as for a broken connection."""
        timeout, left = self.sock.gettimeout(), self._deadline - time.monotonic()
        if left <= 0:
            raise NoMoreData
        self.sock.settimeout(left if timeout is None else min(left, timeout))
        try:
            received: bytes = super().chunk(size_hint)
        except TimeoutError:
            if time.monotonic() < self._deadline:  # the socket's own, shorter time-out
                raise
            raise NoMoreData from None
        finally:
            self.sock.settimeout(timeout)
        extended = self._deadline + len(received) / self.slowest
        self._deadline = min(time.monotonic() + self.patience, extended)
        return received


class Worker(ThreadWorker):
    """After a response, the thread waits up to LINGER_MS for the next request on the connection.

    Collect sends HEAD, then a record, then HEAD again. Returning the connection to the poller
    each time, to be taken by another thread, costs more than half of gunicorn's time for a request.
    The thread does not wait while another connection needs one.
    """

    reader = TimedReader

    def handle(self, conn: Any) -> Any:
        if conn.parser is None:
            conn.parser = get_parser(self.cfg, conn.sock, conn.client)
            conn.parser.unreader = self.reader(conn.sock)
        while (keep_alive := self._handle_request(conn)) is True and self._may_stay(conn):
            pass
        return keep_alive

    def _handle_request(self, conn: Any) -> Any:
        conn.parser.unreader.begin()
        return super().handle(conn)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Exception) -> None:
        """Answer a request that is not valid HTTP; the log and the response name only the kind of error.

        gunicorn would log and send back the text it could not parse, which may be an address
        with a phone's token.
        """
        status, reason = 500, "Internal Server Error"
        if isinstance(exc, errors.ParseException) and not isinstance(exc, _SERVER_FAULTS):
            status, reason = _OTHER_THAN_400.get(type(exc), (400, "Bad Request"))
            self.log.warning("invalid HTTP: %s", type(exc).__name__)
        else:
            self.log.exception("the web server failed to handle a request")
        try:
            util.write_error(client, status, reason, "")
        except OSError:
            self.log.debug("the client had closed the connection before the error response")

    def _may_stay(self, conn: Any) -> bool:
        """Whether the next request is here within LINGER_MS and no other connection waits for a thread."""
        if not self.alive or conn.is_http2 or not self.tpool._work_queue.empty():
            return False
        return bool(conn.parser.unreader.buf.getvalue()) or _is_readable(conn.sock)


def _is_readable(sock: Any) -> bool:
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(LINGER_MS))
