"""What the worker does in the quarantine for each batch of submissions."""

from __future__ import annotations

from collections.abc import Sequence

from server.core import clock
from server.quarantine.replayable import edits_waiting_for
from server.quarantine.services.quarantining import show_held
from server.quarantine.services.queueing import queue_replay
from server.quarantine.services.releasing import release as release_copies
from server.submissions.models import SubmissionVersion


def release(submission_ids: Sequence[int]) -> None:
    """Resolve quarantined copies of these submissions' versions, let edits that came before them be replayed, and show what is held.

    A second run changes nothing.
    """
    versions = SubmissionVersion.objects.filter(submission_id__in=submission_ids)
    rows = list(versions.values_list("sha256", "pk", "instance_id"))
    release_copies({bytes(sha256): pk for sha256, pk, _instance_id in rows}, at=clock.now())
    show_held(submission_ids)
    if edits_waiting_for([instance_id for _sha256, _pk, instance_id in rows]).exists():
        queue_replay()
