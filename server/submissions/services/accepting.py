"""Finds the version that a phone means by a hash or an instanceID, also after a repair (decision 0130).

A phone goes on to send the bytes and to name the instanceID that it holds. Where a repair
changed them, a row of AcceptedDocument points to the version.
"""

from __future__ import annotations

from django.db.models import Q

from server.submissions.models import AcceptedDocument, SubmissionVersion
from server.submissions.services.uploads import Sender


def note_accepted(*, sha256: bytes, instance_id: str, version_id: int) -> None:
    """Record that the received document of this hash and instanceID was stored as the version; the first time counts."""
    AcceptedDocument.objects.bulk_create(
        [AcceptedDocument(sha256=sha256, instance_id=instance_id, version_id=version_id)],
        ignore_conflicts=True,
    )


def accepted_version(sha256: bytes) -> SubmissionVersion | None:
    """The version as which a quarantined document of this hash was accepted."""
    return (
        SubmissionVersion.objects.filter(
            pk__in=AcceptedDocument.objects.filter(sha256=sha256).values("version")
        )
        .defer("document")
        .first()
    )


def original_of(
    form_id: str, deprecated_id: str, sender: Sender | None = None
) -> SubmissionVersion | None:
    """The version that an edit names by its deprecatedID; None when it is not here.

    If staff renamed this sender's record after an instanceID clash, that is preferred to the
    record that kept the ID.
    """
    if not deprecated_id:
        return None
    versions = SubmissionVersion.objects.filter(form__form_id=form_id).defer("document")
    accepted = AcceptedDocument.objects.filter(instance_id=deprecated_id)
    renamed = versions.filter(pk__in=accepted.values("version"))
    own = (
        Q(submitter_id=sender.user_id, field_account_id=sender.field_account_id) if sender else None
    )
    return (
        (renamed.filter(own).order_by("-pk").first() if own else None)
        or versions.filter(instance_id=deprecated_id).first()
        or renamed.order_by("-pk").first()
    )
