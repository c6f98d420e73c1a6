"""gunicorn's threaded worker, made for clients that send one request after the other."""

from __future__ import annotations

import select
from typing import Any, Final

from gunicorn.workers.gthread import ThreadWorker

LINGER_MS: Final = 10


class Worker(ThreadWorker):
    """Its thread stays a moment with the phone it has just answered.

    Collect asks HEAD, sends a record, asks HEAD again. Giving the connection back to the
    poller each time, and getting it again in another thread, costs more than half of what
    gunicorn costs at all. Nobody stays while another connection waits for a thread.
    """

    def handle(self, conn: Any) -> Any:
        while (kept := super().handle(conn)) is True and self._may_stay(conn):
            pass
        return kept

    def _may_stay(self, conn: Any) -> bool:
        if not self.alive or conn.is_http2 or not self.tpool._work_queue.empty():
            return False
        return bool(conn.parser.unreader.buf.getvalue()) or _is_readable(conn.sock)


def _is_readable(sock: Any) -> bool:
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(LINGER_MS))
