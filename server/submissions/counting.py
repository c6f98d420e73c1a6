"""The rule of approval in SQL: which version of a submission the ledgers count (decision 0180).

Of a rejected or deleted submission none. Otherwise the current version; where the form needs
approval, only once that is approved, and until then the version that was approved before
the edit, if there is one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from django.db import connection

from server.submissions.models import ReviewState

COUNTED: Final = f"""
    select submission.id as submission_id,
           case when submission.review_state = '{ReviewState.REJECTED}'
                  or submission.current_version_id is null then null
                when rule.waits then approved.version_id
                else submission.current_version_id end as version_id,
           case when rule.waits then '{ReviewState.APPROVED}' else submission.review_state end as review_state,
           case when rule.waits then approved.observed_at else submission.observed_at end
               as observed_at,
           case when rule.waits then approved.area_code else submission.area_code end as area_code,
           case when rule.waits then approved.flags else submission.flags end as flags
      from submissions_submission submission
      join forms_form form on form.id = submission.form_id
      left join submissions_approvedversion approved on approved.submission_id = submission.id
     cross join lateral (
           select form.needs_approval and submission.review_state <> '{ReviewState.APPROVED}' as waits) rule
     where submission.id = any(%s::bigint[])
"""  # noqa: S608 members of an enum
"""Submission → the version that counts (null: none), its place and time, and how it was reviewed; the parameter is ids."""


class Counted(NamedTuple):
    """A submission with the version of it that counts."""

    submission_id: int
    version_id: int | None  # None: it counts for nothing
    review_state: str
    area_code: str


def counted_versions(submission_ids: Sequence[int]) -> list[Counted]:
    """Each of these submissions with its version that counts, if it has one. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNTED_VERSIONS, [list(submission_ids)])
        return [Counted(*row) for row in cursor.fetchall()]


_COUNTED_VERSIONS: Final = (
    f"select submission_id, version_id, review_state, area_code from ({COUNTED}) counted"  # noqa: S608 our own
    " order by submission_id"
)
