"""Computing the ledgers again after an upgrade that folds otherwise: at the start, or by the worker where there is much."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

import structlog
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from server.audit.models import Act
from server.audit.services import record
from server.core import clock
from server.ledgers.refolding.rebuild import Progress, Report
from server.ledgers.refolding.version import (
    fold_areas,
    fold_whole,
    is_folded_by_this_code,
    note_folded,
)
from server.ops import rotation
from server.reports.facts.keeping import mark_area
from server.submissions.models import Submission

AT_ONCE: Final = 20_000
"""Records up to which a start waits until the ledgers are computed: about a minute."""

FOLD_STREETS: Final = "ops.fold_streets"
"""The name of the worker's task."""

_log = structlog.get_logger(__name__)


def is_due() -> bool:
    """Whether another version folded the ledgers. Not while values are sealed with two keys, which would all be differences."""
    return not is_folded_by_this_code() and not rotation.is_under_way()


def fold_anew(progress: Progress) -> Report | None:
    """Compute the ledgers again if another version folded them; None where that is not due, or left to the worker.

    Takes the merge lock until all is computed.
    """
    if not is_due():
        return None
    records = Submission.objects.count()
    if records == 0:
        note_folded()
        return None
    if records > AT_ONCE:
        with suppress(AlreadyEnqueued):
            app.configure_task(FOLD_STREETS, queueing_lock=FOLD_STREETS).defer(timestamp=0)
        return None
    report = fold_whole(clock.today(), progress)
    note_rebuilt("", report)
    return report


def fold_streets() -> None:
    """Compute the ledgers street by street if another version folded them and there is much; goes on where it was interrupted."""
    if is_due() and Submission.objects.count() > AT_ONCE:
        fold_areas(clock.today(), lambda _done, _of: None, note_rebuilt)


def note_rebuilt(area: str, report: Report) -> None:
    """Record that ledgers were computed again, and mark what differed, so that reports follow."""
    facts = {"submissions": report.submissions, "differences": len(report.differences)}
    record(Act.LEDGERS_REBUILT, actor=None, area=area, facts=facts)
    if report.differences:
        mark_area(area)  # rows were put right without a fold
    _log.info("ledgers computed again", area=area, **facts)
