"""Giving out a record's document or files as they were received (decisions 0185, 0256)."""

from __future__ import annotations

from server.accounts.access import Access
from server.accounts.models import User
from server.audit.models import Act
from server.disclosure import budgets, permits
from server.disclosure.models import ExportPermit
from server.disclosure.problems import NoPermit
from server.disclosure.revealing import check_reason
from server.disclosure.unmasked import is_unmasked
from server.quarantine.models import Quarantined
from server.quarantine.services import disclose_quarantined
from server.submissions.models import Attachment, Submission
from server.submissions.selectors import check_raw
from server.submissions.services import disclose_record


def let_out(
    submission: Submission,
    *,
    user: User,
    access: Access,
    file: Attachment | None,
    reason: str,
    permit_only: bool,
) -> None:
    """Record that the document, or a file, is given to the user as it was received.

    An open export permit for the form allows that. Without one it counts among the day's
    reveals, and a document needs a reason that says why; with `permit_only`, for programs
    that walk through all records, it is refused unless a mask would hide nothing in it.
    Raises NotRaw, NoPermit, ReasonSaysNothing, BudgetSpent.
    """
    check_raw(access, submission)
    facts: dict[str, object] = {}
    try:
        permit: ExportPermit = permits.check_form(
            access, submission.form.form_id, submission.area_code
        )
        facts = permits.facts_of([permit])
    except NoPermit:
        if not permit_only:
            if file is None:
                check_reason(reason)
            rule = "reveals_a_day" if file is None else "files_a_day"
            budgets.check_reveals(access, submission.area_code, rule)
        elif not is_unmasked(submission, file):
            raise
    disclose_record(
        submission,
        user=user,
        act=Act.REVEAL if file is None else Act.MEDIA,
        column="document" if file is None else file.name,
        reason=reason,
        facts=facts,
    )


def let_out_quarantined(item: Quarantined, *, user: User, access: Access, reason: str) -> None:
    """Record that a quarantined record is given to the user as it was received. Raises ReasonSaysNothing, BudgetSpent."""
    check_reason(reason)
    budgets.check_reveals(access, item.area)
    disclose_quarantined(item, user=user, reason=reason)
