"""Bringing the ledgers in step with a division's other code (decision 0358)."""

from __future__ import annotations

from datetime import date
from typing import Final

from django.db import transaction

from server.core import clock
from server.ledgers.models import DeskAct
from server.ledgers.refolding.refold import replace_contributions
from server.ledgers.storage.contributions import contributions_with_ids
from server.ledgers.storage.desk_acts import contributions_of_acts
from server.ledgers.storage.locks import take_merge_lock
from server.ledgers.storage.naming import load_naming
from server.ledgers.storage.sources import acts_at_code, submissions_at_code
from server.submissions.services.queueing import lock_pipeline, queue

_BATCH: Final = 100


def follow_code(code: str, *, as_of: date) -> int:
    """Have everything that stands at a code, or names it, placed and merged anew; how many submissions and acts.

    Submissions are queued for the worker, which takes them in its batches, as any that was
    reviewed. Desk acts are folded here, in batches that hold the merge lock. A batch that is being
    processed by the former meaning of the code is waited for. Doing it again changes nothing.
    """
    with transaction.atomic():
        lock_pipeline()
        submissions = submissions_at_code(code)
        queue(submissions, at=clock.now())
    acts = acts_at_code(code)
    for start in range(0, len(acts), _BATCH):
        _fold(acts[start : start + _BATCH], as_of)
    return len(submissions) + len(acts)


@transaction.atomic
def _fold(acts: list[int], as_of: date) -> None:
    take_merge_lock()
    load_naming()
    replace_contributions(
        contributions_with_ids([-act for act in acts]),
        contributions_of_acts(DeskAct.objects.filter(pk__in=acts)),
        as_of,
    )
