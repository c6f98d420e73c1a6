"""What ledgers are made of: submissions as they count, the mappings of their forms, and desk acts."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from server.ledgers.intake.contribute import Source
from server.ledgers.storage.database import dumps, query, query_values
from server.submissions.counting import COUNTED
from server.submissions.models import ReviewState
from server.submissions.steps import Flag

_SOURCES = f"""
    select submission.id as submission_id, version.id as version_id, version.form_version_id,
           version.instance_id, submission.received_at,
           version.received_at as version_received_at, counted.observed_at,
           version.submitter_id, counted.review_state, counted.area_code,
           counted.flags::text as flags, coalesce(encrypted.document, version.document) as document
      from ({COUNTED}) counted
      join submissions_submission submission on submission.id = counted.submission_id
      join submissions_submissionversion version on version.id = counted.version_id
      left join submissions_encryptedversion encrypted on encrypted.version_id = version.id
"""  # noqa: S608 our own


class RejectedDocument(NamedTuple):
    """The instance of a rejected submission."""

    area_code: str
    document: bytes  # sealed; of a record that arrived encrypted, the opened answers


class _Mapping(NamedTuple):
    form_version: int
    mapping: str


def sources_of(submissions: Sequence[int]) -> list[Source]:
    """The version that counts of each of these submissions; none of a submission that counts for nothing."""
    return query(_SOURCES, (list(submissions),), row=_source)


def _source(*, flags: str, document: bytes, **columns: Any) -> Source:
    return Source(flags=tuple(json.loads(flags)), document=bytes(document), **columns)


def rejected_documents(submissions: Sequence[int]) -> list[RejectedDocument]:
    """The current documents of those submissions that are rejected."""
    return query(
        f"""
        select submission.area_code,
               coalesce(encrypted.document, version.document) as document
          from submissions_submission submission
          join submissions_submissionversion version on version.id = submission.current_version_id
          left join submissions_encryptedversion encrypted on encrypted.version_id = version.id
         where submission.id = any(%s::bigint[])
           and submission.review_state = '{ReviewState.REJECTED}'
        """,  # noqa: S608 a member of an enum
        (list(submissions),),
        row=RejectedDocument,
    )


def form_mappings(form_versions: Collection[int]) -> dict[int, dict[str, Any]]:
    """Form version → the mapping of its questions to ledger columns."""
    mappings = query(
        "select id as form_version, mapping::text as mapping from forms_formversion"
        " where id = any(%s::bigint[])",
        (list(form_versions),),
        row=_Mapping,
    )
    return {form_version: json.loads(mapping) for form_version, mapping in mappings}


def waiting_submissions() -> list[int]:
    """The submissions that have not been merged since they changed, and those on which a step failed."""
    return query_values(
        "select submission_id from submissions_waiting"
        " union select id from submissions_submission"
        "       where current_version_id is not null and flags @> %s::jsonb",
        (dumps([Flag.UNPROCESSED]),),
    )


def all_submissions() -> list[int]:
    """Every submission that has a version, by id."""
    return query_values(
        "select id from submissions_submission where current_version_id is not null order by id"
    )


def submissions_at_code(code: str) -> list[int]:
    """The submissions that stand at a division's whole code, or whose contributions do or name it, by id."""
    return query_values(
        "select id from submissions_submission"
        " where area_code = %(code)s and current_version_id is not null"
        " union select submission_id from submissions_approvedversion where area_code = %(code)s"
        " union select submission_id from ledgers_contribution"
        "        where submission_id is not null"
        "          and (area_code = %(code)s or position(%(code)s in values::text) > 0)"
        " order by 1",
        {"code": code},
    )


def acts_at_code(code: str) -> list[int]:
    """The desk acts whose contributions stand at a division's whole code or name it, by id."""
    return query_values(
        "select -id as act from ledgers_contribution"
        " where submission_id is null"
        "   and (area_code = %(code)s or position(%(code)s in values::text) > 0)"
        " order by 1",
        {"code": code},
    )


def standing_desk_acts() -> list[int]:
    """Every desk act that has not been undone, in the order done."""
    return query_values("select id from ledgers_deskact where undone_at is null order by id")
