"""Which quarantined documents can be replayed, because their form version or their original has come (decision 0130).

An item waits for what refused it when it was last tried: an edit of an unknown version
waits first for the version, and after a replay for its original.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, When

from server.forms.models import Form, FormVersion
from server.quarantine.models import Quarantined
from server.submissions.models import AcceptedDocument, SubmissionVersion
from server.submissions.problems import OriginalNotHere, UnknownForm, UnknownFormVersion

_FORM: Final = (UnknownForm.type, UnknownFormVersion.type)
_OBSTACLE: Final = Case(When(tried_reason="", then=F("reason")), default=F("tried_reason"))


def edits_waiting_for(instance_ids: Sequence[str]) -> QuerySet[Quarantined]:
    """Open items that are edits of one of these instances and waited for it."""
    return _waiting().filter(Q(obstacle=OriginalNotHere.type, deprecated_id__in=instance_ids))


def replayable() -> QuerySet[Quarantined]:
    """Open items that waited for a form version or an original which is here now."""
    edition = FormVersion.objects.filter(
        form__form_id=OuterRef("form_id"), version=OuterRef("form_version")
    ).exclude(form__state=Form.State.CLOSED)
    original = SubmissionVersion.objects.filter(
        form__form_id=OuterRef("form_id"), instance_id=OuterRef("deprecated_id")
    )
    accepted = AcceptedDocument.objects.filter(instance_id=OuterRef("deprecated_id"))
    has_original = Q(Exists(original)) | Q(Exists(accepted))
    return _waiting().filter(
        Q(Exists(edition), obstacle__in=_FORM)
        | Q(has_original, ~Q(deprecated_id=""), obstacle=OriginalNotHere.type)
    )


def _waiting() -> QuerySet[Quarantined]:
    """Open items with `obstacle`: the problem that refused them last."""
    return Quarantined.objects.filter(resolved_at=None).alias(obstacle=_OBSTACLE)
