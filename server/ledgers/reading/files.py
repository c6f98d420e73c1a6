"""Which files of a record a reader may have as they were received (security.md, Restricted facts)."""

from __future__ import annotations

from server.accounts.access import Access
from server.core import blobs
from server.ledgers.reading.redaction import protection_of
from server.submissions.models import Attachment, Submission
from server.submissions.problems import NotForThisRole
from server.submissions.selectors import check_raw, file_named, files_of, may_have_any_file


def may_have_file(access: Access, submission: Submission, name: str) -> bool:
    """Whether a reader who may have raw records may have this file of the current version.

    Collect's audit log may hold restricted answers where the form asks for any. Two queries at most.
    """
    version = submission.current_version
    return may_have_any_file(access, submission.area_code, name) or (
        version is not None and not protection_of(version.form_version).has_restricted
    )


def check_file(access: Access, submission: Submission, name: str) -> None:
    """Raises NotRaw, NotForThisRole."""
    check_raw(access, submission)
    if not may_have_file(access, submission, name):
        raise NotForThisRole


def file_as_received(access: Access, submission: Submission, name: str) -> Attachment | None:
    """A file of the current version by its name, or by its name as lists mask it; None when it is not there.

    Raises NotRaw, NotForThisRole.
    """
    check_file(access, submission, name)
    file = file_named(files_of(submission.current_version_id), name)
    return file if file is not None and blobs.exists(file.sha256) else None
