"""The ledgers' step after a submission is received, edited or reviewed (config/pipeline.py)."""

from __future__ import annotations

from collections.abc import Sequence

from server.core import clock
from server.ledgers.services import merge_submissions
from server.submissions.steps import place


def merge(submission_ids: Sequence[int]) -> None:
    """Bring the ledgers in step with the versions and review states of these submissions.

    Where that holds a version for another office, the version before it is placed and merged
    instead. Part of the caller's transaction, to whose end it holds the merge lock. Running it
    again changes nothing.
    """
    pending = merge_submissions(submission_ids=submission_ids, as_of=clock.today())
    while pending:
        place(pending)
        pending = merge_submissions(submission_ids=pending, as_of=clock.today())
