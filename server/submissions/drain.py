"""Taking up what waits: in batches, in order, each batch whole or not at all."""

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

from server.submissions import arrivals
from server.submissions.models import Submission, Waiting
from server.submissions.services.queueing import queue_drain, take_turn
from server.submissions.steps import Flag

BATCH: Final = 200
LINGER: Final = 1.0  # seconds; finds what was committed while the queue was just found empty
PAUSE: Final = 0.1
SPAN: Final = 5.0  # seconds, then the next job goes on, so that a shutdown never waits long

_log = structlog.get_logger("server.drain")


def drain() -> int:
    """Take up all that waits, linger, and return how many submissions were taken up.

    An upload that queues no job because one is queued, and commits after that job looked,
    is seen by the lingering; a longer delay than that is caught by the job of each minute.
    """
    taken, started = 0, time.monotonic()
    quiet_since = started
    while time.monotonic() - started < SPAN:
        count = take_batch()
        taken += count
        if count:
            quiet_since = time.monotonic()
        elif time.monotonic() - quiet_since >= LINGER:
            return taken
        else:
            time.sleep(PAUSE)
    queue_drain()
    return taken


def drain_now() -> int:
    """Take up all that waits and return at once: for commands and tests."""
    taken = 0
    while count := take_batch():
        taken += count
    return taken


def take_batch(limit: int = BATCH) -> int:
    """Take up the next batch; 0 when nothing waits.

    Runs every step of settings.AFTER_SUBMISSION on the batch in one transaction. When a
    step fails, the batch is taken up again one submission at a time; one that fails alone
    is flagged, logged without its content, and holds up nobody.
    """
    try:
        with transaction.atomic():
            tickets = _tickets(limit)
            if tickets:
                _process(tickets)
            return len(tickets)
    except (InterfaceError, OperationalError):  # the database's trouble, not a submission's
        raise
    except Exception as error:
        _log.warning("batch failed", error=type(error).__name__)
        return _one_by_one(limit)


def _one_by_one(limit: int) -> int:
    taken = 0
    for _turn in range(limit):
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
            _set_aside(ticket, error)
        taken += 1
    return taken


def _tickets(limit: int) -> Sequence[tuple[int, int]]:
    """(waiting id, submission id) of the longest waiting, once other workers' batch is done."""
    take_turn()
    return list(Waiting.objects.order_by("pk").values_list("pk", "submission_id")[:limit])


def _process(tickets: Sequence[tuple[int, int]]) -> None:
    ids = sorted({submission_id for _ticket, submission_id in tickets})
    for step in _steps(tuple(settings.AFTER_SUBMISSION)):
        step(ids)
    arrivals.note(ids)
    Waiting.objects.filter(pk__in=[ticket for ticket, _submission in tickets]).delete()


@cache
def _steps(paths: tuple[str, ...]) -> tuple[Callable[[Sequence[int]], None], ...]:
    return tuple(import_string(path) for path in paths)


def _set_aside(ticket: Sequence[tuple[int, int]], error: Exception) -> None:
    """Take a submission that no step can digest out of the queue, and mark it for a person."""
    ((waiting_id, submission_id),) = ticket
    place = traceback.extract_tb(error.__traceback__)[-1]
    _log.error(
        "submission failed",
        submission=submission_id,
        error=type(error).__name__,
        place=f"{place.filename.rpartition('/')[2]}:{place.lineno}",
    )
    with transaction.atomic():
        submission = Submission.objects.select_for_update().get(pk=submission_id)
        submission.flags = sorted({*submission.flags, Flag.UNPROCESSED})
        submission.save(update_fields=["flags"])
        Waiting.objects.filter(pk=waiting_id).delete()
