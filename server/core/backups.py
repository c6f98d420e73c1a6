"""What the set-up writes down about its backups, for the health page and the console's front page (decision 0271)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings

from server.core import clock

_LATE: Final = timedelta(minutes=15)
_VERIFIED_LATE: Final = timedelta(days=10)


@dataclass(frozen=True, slots=True)
class BackupState:
    """The state of the backups."""

    point_at: datetime | None  # the newest moment that a restore can go back to
    verified_at: datetime | None  # the last trial restore that succeeded
    error: str
    each: timedelta

    @property
    def is_late(self) -> bool:
        """Whether no point was made for far longer than the interval."""
        return self.point_at is None or clock.now() - self.point_at > max(_LATE, 3 * self.each)

    @property
    def is_unverified(self) -> bool:
        """Whether no trial restore has succeeded for long."""
        return self.verified_at is None or clock.now() - self.verified_at > _VERIFIED_LATE

    def ages(self) -> dict[str, int | bool | None]:
        """For programs: ages in seconds, None for never, and whether the last attempt failed."""
        return {
            "age": _age(self.point_at),
            "verified_age": _age(self.verified_at),
            "failing": bool(self.error),
        }


def backup_state() -> BackupState | None:
    """The state of the backups; None when there are none, or the file cannot be read."""
    try:
        stored = json.loads(settings.RUHU_BACKUP_STATUS.read_text(encoding="utf-8"))
        return BackupState(
            point_at=_moment(stored["point_at"]),
            verified_at=_moment(stored["verified_at"]),
            error=str(stored["error"]),
            each=timedelta(seconds=int(stored["each"])),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _age(moment: datetime | None) -> int | None:
    return None if moment is None else max(0, int((clock.now() - moment).total_seconds()))
