"""Bringing the ledgers in step with what was received and with the date."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db import transaction

from server.ledgers import storage
from server.ledgers.entity_lists.claim_exceptions import settle_claims, take_up_waiting
from server.ledgers.entity_lists.claims import ClaimJudgement, new_claims, turns
from server.ledgers.entity_lists.refusals import bury_refused
from server.ledgers.intake.contribute import Source, contributions_of
from server.ledgers.refolding.refold import Dirty, lock, refold, replace
from server.ledgers.storage.database import query
from server.submissions.counting import COUNTED

_SOURCES = f"""
    select submission.id, version.id, version.form_version_id, version.instance_id,
           submission.received_at, version.received_at, counted.observed_at,
           version.submitter_id, counted.review_state, counted.area_code,
           counted.flags::text, coalesce(encrypted.document, version.document)
      from ({COUNTED}) counted
      join submissions_submission submission on submission.id = counted.submission_id
      join submissions_submissionversion version on version.id = counted.version_id
      left join submissions_encryptedversion encrypted on encrypted.version_id = version.id
"""  # noqa: S608 our own
_MAPPINGS_KEPT = 200
_mappings: dict[int, dict[str, Any]] = {}


@transaction.atomic
def merge_submissions(*, submission_ids: Sequence[int], as_of: date) -> None:
    """Replace these submissions' contributions by what the versions of them that count say, and fold what that touches.

    Takes the merge lock to the end of the transaction. Doing it again changes nothing.
    """
    lock()
    ids = list(dict.fromkeys(submission_ids))
    sources = [
        Source(*row[:10], tuple(json.loads(row[10])), bytes(row[11]))  # type: ignore[call-arg]
        for row in query(_SOURCES, (ids,))
    ]
    mappings = _mappings_of({source.form_version_id for source in sources})
    claims = new_claims(sources)
    gone = set(ids) - {source.submission_id for source in sources}
    uncounted = list(gone)
    for turn, claimed in turns(sources, claims):
        judging = ClaimJudgement(claimed)
        said = [
            one
            for source in turn
            for one in contributions_of(source, mappings[source.form_version_id])
        ]
        before = storage.contributions_of_submissions({*gone, *(one.submission_id for one in turn)})
        replace(before, said, as_of)
        judging.judge()
        gone.clear()
    take_up_waiting()
    settle_claims(ids)
    bury_refused(uncounted)


def _mappings_of(versions: set[int]) -> dict[int, dict[str, Any]]:
    """Mappings by form version; they never change, so each is read once a process."""
    missing = versions - _mappings.keys()
    if missing:
        if len(_mappings) > _MAPPINGS_KEPT:
            _mappings.clear()
            missing = versions
        rows = query(
            "select id, mapping::text from forms_formversion where id = any(%s::bigint[])",
            (list(missing),),
        )
        _mappings.update((id_, json.loads(mapping)) for id_, mapping in rows)
    return {version: _mappings[version] for version in versions}


@transaction.atomic
def refold_due(*, as_of: date, limit: int = 500) -> int:
    """RowBuilder again up to `limit` persons and vacancies whose derived columns change by the date; how many were due.

    Takes the merge lock to the end of the transaction.
    """
    lock()
    dirty = Dirty()
    for family, table in (("person", "ledgers_person"), ("vacancy", "ledgers_vacancy")):
        rows = query(
            f"select id::text from {table} where refold_on <= %s order by refold_on, id limit %s",  # noqa: S608
            (as_of, limit),
        )
        dirty.entries[family] = {entry for (entry,) in rows}
    due = sum(map(len, dirty.entries.values()))
    if due:
        refold(dirty, as_of)
    return due
