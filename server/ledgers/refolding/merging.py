"""Bringing the ledgers in step with what was received and with the date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from django.db import transaction

from server.core.garbage import collection_paused
from server.corrections.standing import corrections_of, faulty, targets_of
from server.ledgers.definitions.ledgers import FAMILIES
from server.ledgers.entity_lists.claims import (
    judge_claims,
    known_versions,
    sub_batches,
    unjudged_claims,
)
from server.ledgers.entity_lists.refusals import write_tombstones
from server.ledgers.intake.contribute import contributed, extracted_of, shared_keys
from server.ledgers.refolding.authority import judge_entries
from server.ledgers.refolding.offices import offices_for
from server.ledgers.refolding.refold import refold, replace_contributions
from server.ledgers.refolding.scope import ChangedEntries
from server.ledgers.storage.changes import mark_changed
from server.ledgers.storage.claim_exceptions import (
    accept_claims_on_listed_entries,
    reconcile_claim_exceptions,
)
from server.ledgers.storage.contributions import contributions_of_submissions
from server.ledgers.storage.correction_exceptions import reconcile_correction_exceptions
from server.ledgers.storage.locks import take_merge_lock
from server.ledgers.storage.naming import load_naming
from server.ledgers.storage.rules import queue_changes
from server.ledgers.storage.sources import form_mappings, sources_of
from server.ledgers.storage.tables import TABLES

_MAPPINGS_KEPT = 200
_mappings: dict[int, dict[str, Any]] = {}


@collection_paused()
@transaction.atomic
def merge_submissions(
    *, submission_ids: Sequence[int], as_of: date, judging: bool = True
) -> list[int]:
    """Replace these submissions' contributions by those of the versions that count now, and fold what that changes.

    A version that names by uuid an entry outside its sender's areas is held, and nothing of it
    is merged; the submissions concerned are returned, to be placed and merged again by the
    version that counts then. Without `judging`, as in a rebuild, the stored verdicts stand.
    With a correction the record that it corrects is merged again (decision 0353).
    Takes the merge lock to the end of the transaction. Doing it again changes nothing.
    """
    take_merge_lock()
    load_naming()
    ids = list(dict.fromkeys([*submission_ids, *sorted(targets_of(submission_ids))]))
    corrections = corrections_of(ids)
    sources = [
        replace(source, corrections=tuple(corrections.get(source.submission_id, ())))
        for source in sources_of(ids)
    ]
    mappings = _mappings_of({source.form_version_id for source in sources})
    claims = unjudged_claims(sources)
    uncounted = set(ids) - {source.submission_id for source in sources}
    to_withdraw = set(uncounted)  # with the first sub-batch
    held: set[int] = set()
    gone: set[int] = set()
    for sub_batch in sub_batches(sources, claims):
        extracted = [
            (source, extracted_of(source, mappings[source.form_version_id]))
            for source in sub_batch.sources
        ]
        gone.update(
            version for _source, records in extracted if records for version in records.gone
        )
        offices = offices_for(
            {key for _source, records in extracted for key in shared_keys(records)}
        )
        read = [(source, contributed(source, records, offices)) for source, records in extracted]
        before = contributions_of_submissions(
            {*to_withdraw, *(source.submission_id for source in sub_batch.sources)}
        )
        if judging:
            held |= judge_entries(read, sub_batch.claims, before)
        counting = [claim for claim in sub_batch.claims if claim.source.submission_id not in held]
        known = known_versions(counting)
        contributions = [
            contribution
            for source, record in read
            if source.submission_id not in held
            for contribution in record.contributions
        ]
        before = [item for item in before if item.submission_id not in held]
        replace_contributions(before, contributions, as_of)
        judge_claims(counting, known)
        to_withdraw.clear()
    accept_claims_on_listed_entries()
    reconcile_claim_exceptions([submission for submission in ids if submission not in held])
    reconcile_correction_exceptions(*faulty(ids, gone))
    write_tombstones(uncounted)
    mark_changed({"submission": [str(UUID(int=submission)) for submission in ids]})
    return sorted(held)


def _mappings_of(versions: set[int]) -> dict[int, dict[str, Any]]:
    """Mappings by form version; they never change, so each is read once a process."""
    missing = versions - _mappings.keys()
    if missing:
        if len(_mappings) > _MAPPINGS_KEPT:
            _mappings.clear()
            missing = versions
        _mappings.update(form_mappings(missing))
    return {version: _mappings[version] for version in versions}


@collection_paused()
@transaction.atomic
def refold_due(*, as_of: date, limit: int = 500) -> int:
    """Fold again up to `limit` entries of each family whose derived columns change by this day.

    Also those that rest on a decided rule that begins or ends by this day. Returns how many were due. Takes the merge lock to the end of the transaction.
    """
    take_merge_lock()
    queue_changes(as_of)
    changed = ChangedEntries()
    for family in FAMILIES:
        changed.entries[family] = TABLES[family].due(as_of, limit)
    due = sum(map(len, changed.entries.values()))
    if due:
        refold(changed, as_of)
    return due
