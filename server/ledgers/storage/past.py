"""What had been received and decided by an instant: the sources that the ledgers were made of then."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any, NamedTuple

from django.db.models import Q
from django.db.models.fields.json import KeyTextTransform

from server.ledgers.definitions.vocabulary import LINKS_OF_ACTS, ActKind
from server.ledgers.intake.contribute import Source
from server.ledgers.models import DeskAct
from server.ledgers.storage.database import query, query_values
from server.submissions.models import ReviewDecision, ReviewState, Verdict


class _Version(NamedTuple):
    """A version of a submission, without its document."""

    id: int
    submission_id: int
    received_at: datetime
    needs_approval: bool


@dataclass(slots=True)
class _Submission:
    versions: list[_Version] = field(default_factory=list)  # oldest first
    decisions: list[tuple[datetime, str]] = field(default_factory=list)  # oldest first

    def counted(self) -> tuple[int, str] | None:
        """The version that counted and how it was reviewed; None when none did (submissions/counting.py)."""
        latest = self.versions[-1]
        state, decided_at = ReviewState.RECEIVED, None
        if self.decisions:
            decided_at, state = self.decisions[-1][0], ReviewState(self.decisions[-1][1])
        if decided_at is not None and latest.received_at > decided_at:
            state = ReviewState.EDITED
        if state == ReviewState.REJECTED:
            return None
        if not latest.needs_approval or state == ReviewState.APPROVED:
            return latest.id, state
        approved_at = None
        for at, decision in self.decisions:
            if decision == ReviewState.APPROVED:
                approved_at = at
            elif decision == ReviewState.REJECTED:
                approved_at = None
        if approved_at is None:
            return None
        approved = [version for version in self.versions if version.received_at <= approved_at]
        return approved[-1].id, ReviewState.APPROVED


def submissions_of(keys: Collection[str], entries: Collection[str]) -> set[int]:
    """The submissions that speak of these entries, or did by one of these keys."""
    return set(
        query_values(
            "select submission_id from ledgers_contribution"
            " where entry = any(%s::uuid[]) and submission_id is not null"
            " union select submission_id from ledgers_withdrawnkey where key = any(%s::uuid[])",
            (list(entries), list(keys)),
        )
    )


def acts_on(keys: Iterable[str], known_by: datetime) -> list[DeskAct]:
    """The desk acts on entries of these keys, or that link an entry to one, which stood at an instant, as they stood."""
    named = list(keys)
    linked = {f"of_{link}": KeyTextTransform(link, "links") for link in LINKS_OF_ACTS}
    suggests = Q(kind=ActKind.SUGGEST)
    of_links = [suggests & Q(**{f"{name}__in": named}) for name in linked]
    acts = DeskAct.objects.alias(**linked).filter(
        reduce(or_, of_links, Q(entry__in=named) | Q(other__in=named)),
        Q(undone_at=None) | Q(undone_at__gt=known_by),
        at__lte=known_by,
    )
    standing = list(acts)
    for act in standing:
        act.undone_at = None
    return standing


def past_sources(submissions: Collection[int], known_by: datetime) -> list[Source]:
    """The version of each submission that counted at an instant; none of one that counted for nothing then.

    Time and place of a version that neither is current nor stands approved are left to its answers.
    """
    counted = counted_then(submissions, known_by)
    return _sources(counted) if counted else []


def counted_then(submissions: Collection[int], known_by: datetime) -> dict[int, str]:
    """The version of each submission that counted at an instant → how it was reviewed."""
    if not submissions:
        return {}
    by_submission: dict[int, _Submission] = {}
    for version in _versions(submissions, known_by):
        by_submission.setdefault(version.submission_id, _Submission()).versions.append(version)
    decisions = ReviewDecision.objects.filter(submission__in=by_submission, at__lte=known_by)
    for submission, at, state in decisions.order_by("at", "pk").values_list(
        "submission_id", "at", "state"
    ):
        by_submission[submission].decisions.append((at, state))
    return dict(choice for item in by_submission.values() if (choice := item.counted()))


def _versions(submissions: Collection[int], known_by: datetime) -> list[_Version]:
    """The versions received by then and neither held, deleted nor erased, oldest first."""
    return query(
        f"""
        select version.id, version.submission_id, version.received_at, form.needs_approval
          from submissions_submissionversion version
          join forms_form form on form.id = version.form_id
         where version.submission_id = any(%(ids)s::bigint[]) and version.received_at <= %(at)s
           and version.erased_at is null
           and not exists (
               select from submissions_deletion deletion
                where deletion.submission_id = version.submission_id and deletion.at <= %(at)s
                  and (deletion.restored_at is null or deletion.restored_at > %(at)s))
           and not exists (
               select from submissions_verdict held
                where held.version_id = version.id and held.reason <> ''
                  and (held.decision <> '{Verdict.Decision.ACCEPTED}' or held.decided_at > %(at)s))
         order by version.received_at, version.id
        """,  # noqa: S608 a member of an enum
        {"ids": list(submissions), "at": known_by},
        row=_Version,
    )


def _sources(states: dict[int, str]) -> list[Source]:
    return query(
        """
        select submission.id as submission_id, version.id as version_id, version.form_version_id,
               version.instance_id, submission.received_at,
               version.received_at as version_received_at,
               case when version.id = submission.current_version_id then submission.observed_at
                    else approved.observed_at end as observed_at,
               version.submitter_id,
               coalesce(case when version.id = submission.current_version_id
                             then submission.area_code else approved.area_code end, '') as area_code,
               case when version.id = submission.current_version_id then submission.flags
                    else coalesce(approved.flags, '[]') end::text as flags,
               coalesce(encrypted.document, version.document) as document
          from submissions_submissionversion version
          join submissions_submission submission on submission.id = version.submission_id
          left join submissions_approvedversion approved on approved.version_id = version.id
          left join submissions_encryptedversion encrypted on encrypted.version_id = version.id
         where version.id = any(%s::bigint[])
        """,
        (list(states),),
        row=_source_of(states),
    )


def _source_of(states: dict[int, str]) -> Any:
    def source(*, version_id: int, flags: str, document: bytes, **columns: Any) -> Source:
        return Source(
            version_id=version_id,
            review_state=states[version_id],
            flags=tuple(json.loads(flags)),
            document=bytes(document),
            **columns,
        )

    return source
