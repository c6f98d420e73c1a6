"""The worker's processing of waiting submissions: in batches, in order, each batch in one transaction."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Sequence
from functools import cache
from typing import Final

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.utils.module_loading import import_string

from server.core.garbage import collection_paused
from server.submissions import arrivals
from server.submissions.models import Submission, Waiting
from server.submissions.services.queueing import lock_pipeline, queue_drain
from server.submissions.steps import Flag, place, place_at_sender

BATCH: Final = 200
LINGER: Final = 1.0  # seconds the drain goes on polling after it saw an empty queue
PAUSE: Final = 0.1
SPAN: Final = 5.0  # seconds; then another job goes on, so that a shutdown need not wait long

_log = structlog.get_logger("server.drain")


def drain() -> int:
    """Process all waiting submissions, poll for one more second, and return how many were processed.

    An upload that queued no job because one was queued, and commits just after the drain
    looked, is found by that polling; a later one by the job of each minute.
    """
    processed, started = 0, time.monotonic()
    quiet_since = started
    while time.monotonic() - started < SPAN:
        count = process_batch()
        processed += count
        if count:
            quiet_since = time.monotonic()
        elif time.monotonic() - quiet_since >= LINGER:
            return processed
        else:
            time.sleep(PAUSE)
    queue_drain()
    return processed


def drain_now() -> int:
    """Process all waiting submissions and return at once: for commands and tests."""
    processed = 0
    while count := process_batch():
        processed += count
    return processed


def process_batch(limit: int = BATCH) -> int:
    """Process the next batch and return its number of submissions; 0 when none waits.

    Runs every step of settings.AFTER_SUBMISSION on the batch in one transaction. When a
    step fails, the submissions are processed again one at a time; one that fails alone is
    flagged as unprocessed, logged without its content, and taken out of the queue. It is placed
    all the same, so that its office sees it, and is tried again by `services.queueing.queue_unprocessed`.
    """
    try:
        with transaction.atomic():
            tickets = _tickets(limit)
            if tickets:
                _process(tickets)
            return len(tickets)
    except (InterfaceError, OperationalError):  # the database failed, not a submission
        raise
    except Exception as error:
        _log.warning("batch failed", error=type(error).__name__)
        return _one_by_one(limit)


def _one_by_one(limit: int) -> int:
    processed = 0
    for _attempt in range(limit):
        ticket: Sequence[tuple[int, int]] = ()
        try:
            with transaction.atomic():
                ticket = _tickets(1)
                if not ticket:
                    break
                _process(ticket)
        except (InterfaceError, OperationalError):
            raise
        except Exception as error:
            _flag_unprocessed(ticket, error)
        processed += 1
    return processed


def _tickets(limit: int) -> Sequence[tuple[int, int]]:
    """(id of Waiting, submission id) of those that wait longest, once another worker's batch is done."""
    lock_pipeline()
    return list(Waiting.objects.order_by("pk").values_list("pk", "submission_id")[:limit])


@collection_paused()
def _process(tickets: Sequence[tuple[int, int]]) -> None:
    ids = sorted({submission_id for _ticket, submission_id in tickets})
    for step in _steps(tuple(settings.AFTER_SUBMISSION)):
        step(ids)
    arrivals.note(ids)
    Waiting.objects.filter(pk__in=[ticket for ticket, _submission in tickets]).delete()


@cache
def _steps(paths: tuple[str, ...]) -> tuple[Callable[[Sequence[int]], None], ...]:
    return tuple(import_string(path) for path in paths)


def _flag_unprocessed(ticket: Sequence[tuple[int, int]], error: Exception) -> None:
    """Take a submission on which a step fails out of the queue, and flag it for office staff."""
    ((waiting_id, submission_id),) = ticket
    place = traceback.extract_tb(error.__traceback__)[-1]
    _log.error(
        "submission failed",
        submission=submission_id,
        error=type(error).__name__,
        place=f"{place.filename.rpartition('/')[2]}:{place.lineno}",
    )
    with transaction.atomic():
        lock_pipeline()
        flag_unprocessed(submission_id)
        Waiting.objects.filter(pk=waiting_id).delete()


def flag_unprocessed(submission_id: int) -> None:
    """Place a submission on which a step fails as far as it can be placed, and flag it.

    When it cannot be placed, what its sender's areas have in common and the time of receipt
    stand for its area and time. What it contributed before stays. Part of the caller's transaction.
    """
    try:
        with transaction.atomic():
            place([submission_id])
    except (InterfaceError, OperationalError):
        raise
    except Exception as error:
        _log.warning("not placed", submission=submission_id, error=type(error).__name__)
        place_at_sender(submission_id)
    submission = Submission.objects.select_for_update().get(pk=submission_id)
    submission.flags = sorted({*submission.flags, Flag.UNPROCESSED})
    submission.save(update_fields=["flags"])
