"""The rule of approval in SQL: which version of a submission the ledgers count (decision 0180).

Of a rejected or deleted submission none. Otherwise the current version; where the form needs
approval, only once that is approved, and until then the version that was approved before
the edit, if there is one.
"""

from __future__ import annotations

from typing import Final

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
