"""gunicorn's threaded worker, made for phones: they send one request after the other, and lose their signal."""

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
_OF_OURS: Final = (errors.InvalidResponseHeader, errors.InvalidResponseHeaderName)


class Line(SocketUnreader):
    """Reads from a phone, and gives up on one that stands still.

    A phone that loses its signal in the middle of an upload says nothing, and its thread
    would wait for it for good. So a request may stand still for as long as Collect itself
    waits for a server, and on the whole must not be slower than any network is.
    """

    patience = 60.0  # seconds
    slowest = 200.0  # bytes a second

    def __init__(self, sock: Any) -> None:
        super().__init__(sock)
        self._until = 0.0

    def begin(self) -> None:
        """A request begins: all patience is there again."""
        self._until = time.monotonic() + self.patience

    def chunk(self, size_hint: int | None = None) -> bytes:
        """What came, at most. Raises NoMoreData, an OSError, as for a line that broke."""
        allowed, left = self.sock.gettimeout(), self._until - time.monotonic()
        if left <= 0:
            raise NoMoreData
        self.sock.settimeout(left if allowed is None else min(left, allowed))
        try:
            came: bytes = super().chunk(size_hint)
        except TimeoutError:
            if time.monotonic() < self._until:  # the caller was in a greater hurry
                raise
            raise NoMoreData from None
        finally:
            self.sock.settimeout(allowed)
        self._until = min(time.monotonic() + self.patience, self._until + len(came) / self.slowest)
        return came


class Worker(ThreadWorker):
    """Its thread stays a moment with the phone it has just answered.

    Collect asks HEAD, sends a record, asks HEAD again. Giving the connection back to the
    poller each time, and getting it again in another thread, costs more than half of what
    gunicorn costs at all. Nobody stays while another connection waits for a thread.
    """

    line = Line

    def handle(self, conn: Any) -> Any:
        if conn.parser is None:
            conn.parser = get_parser(self.cfg, conn.sock, conn.client)
            conn.parser.unreader = self.line(conn.sock)
        while (kept := self._handle_one(conn)) is True and self._may_stay(conn):
            pass
        return kept

    def _handle_one(self, conn: Any) -> Any:
        conn.parser.unreader.begin()
        return super().handle(conn)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Exception) -> None:
        """What is no HTTP is told by its kind alone.

        gunicorn would log the words it could not read, and send them back: an address with
        a phone's token, say.
        """
        status, reason = 500, "Internal Server Error"
        if isinstance(exc, errors.ParseException) and not isinstance(exc, _OF_OURS):
            status, reason = _OTHER_THAN_400.get(type(exc), (400, "Bad Request"))
            self.log.warning("no HTTP: %s", type(exc).__name__)
        else:
            self.log.exception("a request broke off in the web server")
        try:
            util.write_error(client, status, reason, "")
        except OSError:
            self.log.debug("nobody was there to be told")

    def _may_stay(self, conn: Any) -> bool:
        if not self.alive or conn.is_http2 or not self.tpool._work_queue.empty():
            return False
        return bool(conn.parser.unreader.buf.getvalue()) or _is_readable(conn.sock)


def _is_readable(sock: Any) -> bool:
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(LINGER_MS))
