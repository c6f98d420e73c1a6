"""What of the answers to a draft is protected. Test records lie in no area, so that no permit and no role of an area opens them."""

from __future__ import annotations

from server.accounts.access import Access
from server.forms.models import Form, FormDraft, FormVersion
from server.ledgers.reading.answers import Clearance, ShownAnswer, shown_answers
from server.ledgers.reading.entries import may_see_restricted
from server.ledgers.reading.redaction import Protection, protection
from server.submissions.instance import Instance


def protection_of_draft(draft: FormDraft) -> Protection:
    """What the draft protects by its mapping and its questions."""
    return protection(draft.mapping, draft.questions)


def clearance_for_trials(access: Access) -> Clearance:
    """Everything masked; restricted answers are shown to the restricted role of everywhere."""
    return Clearance(masked=False, days=False, restricted=may_see_restricted(access, ""))


def answers_to_draft(instance: Instance, draft: FormDraft, access: Access) -> list[ShownAnswer]:
    """The answers of a test record as pages show them; none of an encrypted one. Raises BadXml."""
    if instance.is_encrypted:
        return []
    as_version = FormVersion(
        form=Form(form_id=draft.form_id), mapping=draft.mapping, questions=draft.questions
    )
    return shown_answers(instance, as_version, clearance_for_trials(access))
