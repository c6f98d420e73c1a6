"""An upload that was refused: what the quarantine keeps, and what its limits are measured on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from server.accounts.access import common_prefix
from server.core.problems import Problem
from server.submissions.envelope import Envelope
from server.submissions.problems import OriginalDeleted, OriginalOutside
from server.submissions.services.files import KeptFile
from server.submissions.services.uploads import Upload


@dataclass(frozen=True, slots=True)
class Refused:
    """An upload, the problem that refused it, and its envelope if that could be read."""

    problem: Problem
    upload: Upload
    envelope: Envelope | None

    @property
    def first_received_at(self) -> datetime | None:
        """When another server received it first, if its sender may say so."""
        upload = self.upload
        if self.envelope is None:
            return None
        return upload.sender.first_received(self.envelope, upload.received_at)

    @property
    def area(self) -> str:
        """The area whose office decides: of the record that an edit corrects, else the sender's."""
        if isinstance(self.problem, (OriginalOutside, OriginalDeleted)):
            return str(self.problem.data["area"])
        return self.sender_area

    @property
    def sender_area(self) -> str:
        """The area that the sender's areas have in common."""
        return common_prefix(sorted(self.upload.sender.areas))

    @property
    def stored_bytes(self) -> int:
        """Size of the document and its files."""
        return len(self.upload.document) + bytes_of(self.upload.files)


def bytes_of(files: Sequence[KeptFile]) -> int:
    """The size of the files together, in bytes."""
    return sum(file.size for file in files)
