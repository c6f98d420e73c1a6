"""Refused uploads of a phone, and what office staff do with them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from server.accounts.access import access_of
from server.core import clock
from server.quarantine import services
from server.quarantine.models import Quarantined
from server.quarantine.services import receive_or_quarantine
from server.submissions.drain import drain_now
from server.submissions.services import IncomingFile
from tests.factories.submissions import RECEIVED_AT, Phone, sender_of


def sending(phone: Phone) -> Any:
    """send(document, {name: content}, at=…) from that phone."""

    def send(document: bytes, files: dict[str, bytes] | None = None, at: datetime = RECEIVED_AT):
        incoming = [
            IncomingFile(name, "image/jpeg", lambda content=content: [content])
            for name, content in (files or {}).items()
        ]
        return receive_or_quarantine(
            document=document, files=incoming, sender=sender_of(phone), received_at=at
        )

    return send


def refuse(send, problem, document, files=None) -> Quarantined:
    with pytest.raises(problem):
        send(document, files)
    return Quarantined.objects.latest("pk")


def mend(item, clerk, act, **more):
    return services.repair(
        item=item,
        act=act,
        reason="核对",
        user=clerk,
        access=access_of(clerk),
        at=clock.now(),
        **more,
    )


def take(item, clerk):
    return services.replay(
        item=Quarantined.objects.get(pk=item.pk),
        user=clerk,
        access=access_of(clerk),
        at=clock.now(),
    )


def jobs(task: str) -> int:
    from procrastinate.contrib.django.models import ProcrastinateJob

    return ProcrastinateJob.objects.filter(task_name=task, status="todo").count()


def work() -> None:
    """Run what the worker runs within seconds, and its job of every ten minutes."""
    for _round in range(2):
        drain_now()
        services.replay_ready(at=clock.now())
    drain_now()
