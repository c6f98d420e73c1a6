"""Giving out a record's document or files as they were received (decisions 0185, 0256)."""

from __future__ import annotations

from server.accounts.access import Access
from server.accounts.models import User
from server.audit.models import Act
from server.disclosure import budgets, permits
from server.disclosure.models import ExportPermit
from server.disclosure.problems import NoPermit
from server.disclosure.revealing import check_reason
from server.quarantine.models import Quarantined
from server.quarantine.services import disclose_quarantined
from server.submissions.models import Submission
from server.submissions.selectors import check_raw
from server.submissions.services import disclose_record


def let_out(
    submission: Submission,
    *,
    user: User,
    access: Access,
    act: Act,
    column: str,
    reason: str,
    permit_only: bool,
) -> None:
    """Record that a document, or the file `column`, is given to the user as it was received.

    An open export permit for the form allows that. Without one it counts among the day's
    reveals, and a document needs a reason that says why; `permit_only` refuses it, for
    programs that walk through all records. Raises NotRaw, NoPermit, ReasonSaysNothing,
    BudgetSpent.
    """
    check_raw(access, submission)
    facts: dict[str, object] = {}
    try:
        permit: ExportPermit = permits.check_form(
            access, submission.form.form_id, submission.area_code
        )
        facts = permits.facts_of([permit])
    except NoPermit:
        if permit_only:
            raise
        if act == Act.REVEAL:
            check_reason(reason)
        rule = "files_a_day" if act == Act.MEDIA else "reveals_a_day"
        budgets.check_reveals(access, submission.area_code, rule)
    disclose_record(submission, user=user, act=act, column=column, reason=reason, facts=facts)


def let_out_quarantined(item: Quarantined, *, user: User, access: Access, reason: str) -> None:
    """Record that a quarantined record is given to the user as it was received. Raises ReasonSaysNothing, BudgetSpent."""
    check_reason(reason)
    budgets.check_reveals(access, item.area)
    disclose_quarantined(item, user=user, reason=reason)
