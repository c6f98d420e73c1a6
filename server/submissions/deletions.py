"""Reads of deleted submissions, and of those that may still be erased."""

from __future__ import annotations

from django.db.models import QuerySet

from server.accounts.access import Access
from server.submissions.models import Deletion, Submission


def deletions(access: Access) -> QuerySet[Deletion]:
    """The deletions of submissions of the user's areas that are not restored, the latest first."""
    rows = Submission.objects.filter(access.within(), current_version=None)
    open_rows = Deletion.objects.filter(
        restored_at=None, version__erased_at__isnull=True, submission__in=rows
    )
    return open_rows.select_related("submission__form", "submission__submitter", "user")


def erasable(access: Access, form_id: str, instance_id: str) -> Submission | None:
    """A submission of the user's areas by the instanceID of its first version, deleted or not; None without."""
    if "\0" in form_id + instance_id:
        return None
    rows = Submission.objects.filter(access.within(), form__form_id=form_id)
    return rows.filter(instance_id=instance_id, versions__erased_at=None).distinct().first()


def is_deleted(submission: Submission) -> bool:
    """Whether the submission is deleted and not restored."""
    return submission.deletions.filter(restored_at=None).exists()
