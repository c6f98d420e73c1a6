"""Reads of test records, for the administrators of the form."""

from __future__ import annotations

from django.db.models import QuerySet

from server.accounts.access import Access
from server.core.request_problems import NothingHere
from server.core.sealing import unseal_document
from server.forms import selectors as forms
from server.submissions.instance import Instance
from server.trials.models import TrialRecord


def records(access: Access, form_id: str) -> QuerySet[TrialRecord]:
    """The test records of the form's draft, newest first and without their answers. Raises UnknownDraft, also for users who may not administer the form."""
    draft = forms.draft(access, form_id)
    return TrialRecord.objects.filter(draft=draft).defer("document")


def record(access: Access, form_id: str, instance_id: str) -> TrialRecord:
    """The test record with this instanceID. Raises UnknownDraft, NothingHere."""
    row = records(access, form_id).filter(instance_id=instance_id).first()
    if row is None:
        raise NothingHere
    return row


def instance_of(record: TrialRecord) -> Instance:
    """What the phone sent."""
    return Instance(unseal_document(bytes(record.document)))
