"""What the pages of one record share: its answers beside the ledgers, files, changes, versions, and the decision about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from django.shortcuts import get_object_or_404

from server.accounts.access import PUBLISHERS, RESTRICTED, REVIEWERS
from server.console.differences import Difference, differences, filled_form
from server.console.exception_sentences import subjects_of
from server.console.forms import DecisionForm
from server.console.pages import StaffRequest, area_names
from server.console.record_sheets import read_record
from server.console.thumbnails import is_drawn, is_photo
from server.core.clock import now
from server.corrections.selectors import corrections_by, sent_back_of, with_corrections
from server.entering.selectors import marked
from server.erasure.models import Erasure
from server.erasure.selectors import may_ask, open_erasure
from server.ledgers.definitions.columns import Column, Sensitivity
from server.ledgers.selectors import Change, changes_of, exceptions_of
from server.ledgers.services import askable_places
from server.submissions import services
from server.submissions.models import ReviewDecision, Submission, SubmissionVersion
from server.submissions.selectors import (
    Instances,
    files_of,
    may_have_raw,
    missing_files_of,
    versions_of,
)
from server.submissions.selectors import submissions as visible
from server.submissions.steps import Flag

ENCRYPTION_FLAGS = frozenset({Flag.FILES_MISSING, Flag.SEALED, Flag.TAMPERED})
"""Remarks that the page explains at length elsewhere."""
EDITS_COMPARED = 5


def visible_or_404(request: StaffRequest, number: int) -> Submission:
    """The submission with what its page joins; 404 where the reader does not see it."""
    rows = (
        marked(with_corrections(visible(request.access)))
        .select_related(
            "form",
            "submitter",
            "current_version__form_version",
            "current_version__encrypted__key",
            "approved__version",
        )
        .defer("current_version__encrypted__key__private_key", "approved__version__document")
    )
    return get_object_or_404(rows, pk=number)


def reviewed(request: StaffRequest, row: Submission, given: Mapping[str, Any]) -> ReviewDecision:
    """Decide about the record as a checked DecisionForm says. Raises what the service raises."""
    return services.review(
        submission=row,
        state=given["state"],
        reason=given["reason"].strip(),
        version=given["version"],
        last_decision=given["last_decision"],
        reviewer=request.user,
        access=request.access,
        at=now(),
    )


def record_context(request: StaffRequest, row: Submission) -> dict[str, object]:
    """Everything that a page shows of a record, and what may be decided."""
    version = row.current_version
    encrypted = getattr(version, "encrypted", None)
    instances = Instances()
    attachments = list(files_of(version.pk)) if version else []
    photos = [file for file in attachments if is_photo(file)]
    row_exceptions = list(exceptions_of(request.access, row))
    instance = instances.answers(version) if version else None
    sent_back = sent_back_of(request.access, row) if row.was_sent_back else []  # type: ignore[attr-defined]
    corrects = corrections_by(request.access, row) if row.is_correction else []  # type: ignore[attr-defined]
    may_ask_again = may_review(request, row) and not corrects
    askable = set(askable_places(row, request.access, instance)) if may_ask_again else set()
    return {
        "submission": row,
        "encrypted": encrypted,
        "remarks": [flag for flag in row.flags if not (encrypted and flag in ENCRYPTION_FLAGS)],
        "may_publish": bool(request.access.areas(PUBLISHERS)),
        "record": read_record(request.access, row, instance, askable),
        "askable": askable,
        "sent_back": sent_back,
        "may_withdraw": any(item.may_be_withdrawn for item in sent_back),
        "corrects": corrects,
        "photos": photos,
        "undrawn": {file.pk for file in photos if not is_drawn(file)},
        "files": [file for file in attachments if not is_photo(file)],
        "may_open_files": may_have_raw(request.access, row),
        "missing_files": [] if encrypted else missing_files_of(version, attachments, instances),
        "changes": _visible_changes(request, row),
        "exceptions": row_exceptions,
        "subjects": subjects_of(request.access, row_exceptions),
        "versions": _versions(request, row, instances),
        "areas": area_names([row.area_code, row.located_area]),
        **decision_context(request, row),
    }


def decision_context(request: StaffRequest, row: Submission) -> dict[str, object]:
    """What was decided and remarked about a record, and what the reader may do about it."""
    decisions = list(row.decisions.select_related("user").order_by("-at", "-id"))
    return {
        "may_review": may_review(request, row),
        "may_erase": may_ask(request.access, row.area_code),
        "causes": Erasure.Cause.choices,
        "erasure": open_erasure(submission=row.pk),
        "decisions": decisions,
        "last_decision": decisions[0].pk if decisions else 0,
        "comments": row.comments.select_related("user").order_by("-at", "-id"),
        "form": DecisionForm(),
    }


def may_review(request: StaffRequest, row: Submission) -> bool:
    """Whether the reader may decide about the record."""
    return request.access.may(REVIEWERS, row.area_code)


def _versions(
    request: StaffRequest, row: Submission, instances: Instances
) -> list[tuple[SubmissionVersion, list[Difference] | None]]:
    """Every version, the latest first; the latest edits with the answers that they changed."""
    versions = (
        versions_of(row)
        .select_related("form_version", "submitter", "encrypted")
        .order_by("-received_at", "-id")
    )
    by_name = {version.instance_id: version for version in versions}
    rows: list[tuple[SubmissionVersion, list[Difference] | None]] = []
    for version in versions:
        edited = by_name.get(version.deprecated_id)
        changed = None
        if edited is not None and len(rows) < EDITS_COMPARED:
            before, after = filled_form(instances, edited), filled_form(instances, version)
            if before is not None and after is not None:
                changed = differences(before, after, request.access, row.area_code)
        rows.append((version, changed))
    return rows


def _visible_changes(request: StaffRequest, row: Submission) -> list[Change]:
    """What the submission changed in the ledgers; restricted columns are named only to those with the role."""
    changes = changes_of(request.access, row)
    if request.access.may(RESTRICTED, row.area_code):
        return changes
    return [
        replace(change, gave=_unrestricted(change.gave), lost=_unrestricted(change.lost))
        for change in changes
    ]


def _unrestricted(columns: Iterable[Column]) -> tuple[Column, ...]:
    return tuple(column for column in columns if column.sensitivity is not Sensitivity.RESTRICTED)
