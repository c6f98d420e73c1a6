"""Limits of the quarantine, so that one broken phone cannot fill the disk (decision 0130)."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Final

from django.conf import settings
from django.db import connection
from django.db.models import Count, Sum

from server.core import clock
from server.quarantine.models import Quarantined, QuarantineRefusal
from server.quarantine.refused import Refused

MB: Final = 1_000_000
DAY: Final = timedelta(days=1)


class Limit(StrEnum):
    """Which limit kept an upload out of the quarantine."""

    ITEM = "item"  # one record with its files is too large
    PHONE_COUNT = "phone_count"  # too many a day from one phone
    PHONE_BYTES = "phone_bytes"  # too much a day from one phone
    TOTAL = "total"  # the quarantine is full


def exceeded(refused: Refused, size: int, *, already: int = 0) -> Limit | None:
    """The limit that keeps `size` bytes of the upload out; `already` bytes of it are kept. None: none does. Two reads."""
    if already + size > settings.RUHU_QUARANTINE_ITEM_MB * MB:
        return Limit.ITEM
    sender = refused.upload.sender
    phone = Quarantined.objects.filter(
        verdict=None,  # a held record is stored as a version already
        submitter_id=sender.user_id,
        field_account_id=sender.field_account_id,
        received_at__gt=refused.upload.received_at - DAY,
    ).aggregate(count=Count("pk"), bytes=Sum("stored_bytes", default=0))
    if not already and phone["count"] >= settings.RUHU_QUARANTINE_DAY_ITEMS:
        return Limit.PHONE_COUNT
    if phone["bytes"] + size > settings.RUHU_QUARANTINE_DAY_MB * MB:
        return Limit.PHONE_BYTES
    if stored_bytes() + size > settings.RUHU_QUARANTINE_TOTAL_MB * MB:
        return Limit.TOTAL
    return None


def stored_bytes() -> int:
    """Bytes that the whole quarantine holds, documents and files."""
    total: int = Quarantined.objects.filter(verdict=None).aggregate(
        total=Sum("stored_bytes", default=0)
    )["total"]
    return total


def count(refused: Refused, limit: Limit, size: int) -> None:
    """Count that a limit kept `size` bytes of the upload out. Commits by itself."""
    upload = refused.upload
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            insert into {QuarantineRefusal._meta.db_table} as row
                   (day, "limit", reason, submitter_id, field_account_id, area, count, bytes)
            values (%s, %s, %s, %s, %s, %s, 1, %s)
            on conflict (day, "limit", reason, submitter_id, field_account_id)
               do update set count = row.count + 1, bytes = row.bytes + excluded.bytes
            """,  # noqa: S608 table name
            [
                clock.office_day(upload.received_at),
                limit.value,
                refused.problem.type,
                upload.sender.user_id,
                upload.sender.field_account_id,
                refused.sender_area,
                size,
            ],
        )
