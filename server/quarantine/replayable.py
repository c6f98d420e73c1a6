"""What was set aside and waits for something to come: a form version, or the record it corrects (decision 0130).

What it waits for is what was in its way when it was last tried, not only when it came: an
edit of an unknown version waits for the version first, and then for its original.
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
    """Edits that overtook one of these records."""
    return _waiting().filter(Q(obstacle=OriginalNotHere.type, deprecated_id__in=instance_ids))


def ready() -> QuerySet[Quarantined]:
    """What waited for something that is here now. What failed otherwise is left to a person."""
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
    return Quarantined.objects.filter(resolved_at=None).alias(obstacle=_OBSTACLE)
