"""Computing the ledgers again from what was received and decided, and comparing: there must be no difference (fold.md, Rebuild).

The same merge runs from nothing, against temporary tables that hide the running ones of
the same names; then both are compared column by column. One transaction under the merge
lock: submissions are accepted meanwhile, merging waits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.utils.module_loading import import_string

from server.ledgers.entity_lists.versions import update_every_version
from server.ledgers.models import (
    ChangedEntry,
    DeskAct,
    EntityListRevision,
    EntryLink,
    LedgerException,
    ListedEntity,
)
from server.ledgers.refolding.comparison import (
    COMPARED_MODELS,
    Difference,
    DifferenceKind,
    compare_ledgers,
    put_ledgers_right,
)
from server.ledgers.refolding.links import reconcile_every_link
from server.ledgers.refolding.merging import merge_submissions, refold_due
from server.ledgers.refolding.moves import moves_of_links, settle_due_links
from server.ledgers.refolding.refold import replace_contributions
from server.ledgers.storage.comparing import count_rebuilt
from server.ledgers.storage.contributions import contributions_of_submissions
from server.ledgers.storage.desk_acts import contributions_of_acts
from server.ledgers.storage.locks import take_merge_lock
from server.ledgers.storage.rebuilding import (
    analyze_tables,
    hide_tables,
    sources_of_area,
    uncover_tables,
)
from server.ledgers.storage.sources import (
    all_submissions,
    standing_desk_acts,
    waiting_submissions,
)
from server.submissions.drain import flag_unprocessed
from server.submissions.services.queueing import lock_pipeline

_BATCH = 500
_ANALYZED_AFTER = frozenset({_BATCH, 8 * _BATCH, 64 * _BATCH})
"""Submissions after which the planner is told how large the temporary tables have become."""
_COMPARED_TABLES = tuple(model._meta.db_table for model in COMPARED_MODELS)
_HIDDEN_TABLES = (
    *_COMPARED_TABLES,
    *(
        model._meta.db_table
        for model in (LedgerException, EntityListRevision, ListedEntity, EntryLink, ChangedEntry)
    ),
)

Progress = Callable[[int, int], None]
"""progress(done, of)"""


@dataclass(slots=True)
class Report:
    """What a rebuild folded, and how the running ledgers differed."""

    submissions: int = 0
    acts: int = 0
    rows: dict[str, int] = field(default_factory=dict)  # table → rows rebuilt
    differences: list[Difference] = field(default_factory=list)


def rebuild(*, area: str, keep: bool, as_of: date, progress: Progress) -> Report:
    """Rebuild and compare; with `keep`, put the running ledgers right where they differ.

    `area` is the beginning of a division code, or "" for everything; it takes in every
    submission that shares an entry with one of the area's. Submissions that wait, those on
    which a step failed, and entries that the date has changed are brought into the running
    ledgers first. Of a submission on which a step fails again, what it contributed before
    stands in both. One transaction; without `keep` all of it is rolled back.
    """
    report = Report()
    with transaction.atomic():
        lock_pipeline()
        take_merge_lock()
        failing = _catch_up(as_of)
        if area:
            submissions, acts = sources_of_area(area)
        else:
            submissions, acts = all_submissions(), standing_desk_acts()
        report.submissions, report.acts = len(submissions), len(acts)
        standing = contributions_of_submissions(failing & set(submissions))
        hide_tables(_HIDDEN_TABLES)
        replace_contributions([], standing, as_of)
        readable = [submission for submission in submissions if submission not in failing]
        _fold_again(readable, acts, as_of, progress)
        report.rows = {table: count_rebuilt(table) for table in _COMPARED_TABLES}
        report.differences = compare_ledgers()
        if keep and report.differences:
            put_ledgers_right()
        uncover_tables(_HIDDEN_TABLES)
        if links := reconcile_every_link(as_of):
            report.differences.append(
                Difference(EntryLink._meta.db_table, "", DifferenceKind.DIFFERENT, links)
            )
        if not keep:
            transaction.set_rollback(True)
        elif report.differences:
            update_every_version()
    return report


def _catch_up(as_of: date) -> set[int]:
    """Process what waits and what failed before; the submissions on which a step still fails."""
    waiting = waiting_submissions()
    failing = (
        set()
        if _process(waiting)
        else {submission for submission in waiting if not _process([submission])}
    )
    for submission in failing:
        flag_unprocessed(submission)
    while refold_due(as_of=as_of):
        pass
    settle_due_links(as_of=as_of)
    return failing


def _process(submissions: Sequence[int]) -> bool:
    """Run the steps that follow a submission; False, with nothing changed, when one fails."""
    if not submissions:
        return True
    try:
        with transaction.atomic():
            for path in settings.AFTER_SUBMISSION:
                import_string(path)(submissions)
    except (InterfaceError, OperationalError):
        raise
    except Exception:  # what a step may raise is not known here
        return False
    return True


def _fold_again(
    submissions: Sequence[int], acts: Iterable[int], as_of: date, progress: Progress
) -> None:
    for start in range(0, len(submissions), _BATCH):
        progress(start, len(submissions))
        batch = submissions[start : start + _BATCH]
        merge_submissions(submission_ids=batch, as_of=as_of, judging=False)
        if start in _ANALYZED_AFTER:
            analyze_tables(_COMPARED_TABLES)
    decided = list(DeskAct.objects.filter(pk__in=list(acts)).order_by("pk"))
    links = {str(act.link) for act in decided if act.link}
    contributions = contributions_of_acts(decided) + moves_of_links(links, as_of)
    replace_contributions([], contributions, as_of)
    progress(len(submissions), len(submissions))


__all__ = ["Difference", "Report", "rebuild"]
