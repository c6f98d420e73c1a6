"""The ledgers' step of the pipeline after a submission (config/pipeline.py)."""

from __future__ import annotations

from collections.abc import Sequence

from server.core import clock
from server.ledgers.services import merge_submissions


def merge(submission_ids: Sequence[int]) -> None:
    """Bring the ledgers in step with these submissions' current versions and review states.

    Part of the caller's transaction; running it again changes nothing.
    """
    merge_submissions(submission_ids=submission_ids, as_of=clock.today())
