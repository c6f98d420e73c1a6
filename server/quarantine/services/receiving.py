"""The way in for every upload: it is received as a submission, or else it is quarantined."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from server.core.problems import Problem
from server.core.row_security import Crossing, across_areas
from server.quarantine.refused import Refused
from server.quarantine.services.quarantining import quarantine
from server.submissions.envelope import Envelope
from server.submissions.problems import (
    InstanceBusy,
    OriginalDeleted,
    OriginalOutside,
    RecordErased,
)
from server.submissions.services.files import IncomingFile, discard
from server.submissions.services.receiving import read_envelope, receive, store_files
from server.submissions.services.uploads import Outcome, Receipt, Sender


@across_areas(Crossing.ARRIVAL)
def receive_or_quarantine(
    *,
    document: bytes,
    files: Sequence[IncomingFile] = (),
    sender: Sender,
    received_at: datetime,
) -> Receipt:
    """Receive one upload as `submissions.services.receive` does; what it refuses is quarantined and the Problem raised.

    An edit of another area's record is quarantined for that area's office, and answered as
    an edit that was received: its phone has done its part, and learns nothing of that record.
    So is an edit of a deleted record, which waits for the office that deleted it.
    Raises what `receive` raises. NotKept instead: a limit of the quarantine kept the
    refused document out, too. InstanceBusy: nothing was kept, the same request succeeds later.
    RecordErased: nothing was kept, and nothing ever is.
    """
    upload = store_files(document=document, files=files, sender=sender, received_at=received_at)
    try:
        return receive(upload)
    except InstanceBusy:
        raise
    except RecordErased:
        discard(upload.files)
        raise
    except (OriginalOutside, OriginalDeleted) as waits:
        quarantine(Refused(waits, upload, _envelope(document)))
        return Receipt(Outcome.EDIT, 0, 0)
    except Problem as problem:
        quarantine(Refused(problem, upload, _envelope(document)))
        raise


def _envelope(document: bytes) -> Envelope | None:
    try:
        return read_envelope(document)
    except Problem:
        return None
