"""Values of one upload: who sends what, and what is answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from server.submissions.envelope import Envelope
from server.submissions.services.files import KeptFile

DESK: Final = "ruhu-desk"
"""The device of a version that office staff filled in at the desk; it has no field account then."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends, and with what."""

    user_id: int
    field_account_id: int | None
    areas: tuple[str, ...]
    device_id: str = ""
    user_agent: str = ""
    may_backdate: bool = False  # records moved here keep the time at which they were received first
    history: tuple[str, ...] = ()  # areas held now or before, with their days (authority.HeldArea)

    def first_received(self, envelope: Envelope, at: datetime) -> datetime | None:
        """When another server received the record first; None unless this sender may state it and it is in the past."""
        stated = envelope.submission_date
        return stated if stated and self.may_backdate and stated < at else None


class Outcome(StrEnum):
    """What an upload was: a new submission, the same bytes again, more files, or an edit."""

    NEW = "new"
    RESEND = "resend"
    ATTACHMENTS = "attachments"
    EDIT = "edit"


@dataclass(frozen=True, slots=True)
class Receipt:
    """The outcome of an upload, and where it is stored.

    Both ids are 0 where the record is quarantined for the office of another area, and its
    sender is answered as if it had been received.
    """

    outcome: Outcome
    submission_id: int
    version_id: int  # which holds what was sent

    @property
    def is_elsewhere(self) -> bool:
        """Whether the record waits for the office of another area."""
        return self.submission_id == 0


@dataclass(frozen=True, slots=True)
class Upload:
    """An instance as it was received, and its files, which are stored."""

    document: bytes
    sha256: bytes  # of the document
    files: Sequence[KeptFile]
    sender: Sender
    received_at: datetime


@dataclass(frozen=True, slots=True)
class ParsedUpload(Upload):
    """An upload whose envelope is read; `received_at` is the time that its version gets."""

    envelope: Envelope
