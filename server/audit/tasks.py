"""The audit log's background work."""

from __future__ import annotations

import os
import syslog
from pathlib import Path

import structlog
from django.conf import settings
from procrastinate.contrib.django import app

from server.audit import chain
from server.core import clock

_log = structlog.get_logger(__name__)


@app.periodic(cron="11 * * * *")
@app.task(name="audit.write_head", queue="ops", queueing_lock="audit.write_head")
def write_head_hourly(timestamp: int) -> None:
    """Write the log's head where nobody who can only change the database can change it."""
    write_head(settings.RUHU_AUDIT_HEADS)


def write_head(file: Path) -> chain.Head | None:
    """Write the head to the system log, the server's log and, unless it is the file's last line, the file.

    Returns the head; None, and nothing is written, while the log is empty.
    """
    head = chain.head()
    if head is None:
        return None
    _log.info("audit head", head=str(head))
    syslog.openlog("ruhu", 0, syslog.LOG_AUTHPRIV)
    syslog.syslog(syslog.LOG_NOTICE, f"audit head {head}")
    if head not in chain.heads_in(file)[-1:]:
        descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with open(descriptor, "a", encoding="utf-8") as heads:
            heads.write(f"{clock.now().isoformat()} {head}\n")
    return head
