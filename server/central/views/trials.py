"""Test records of a draft: kept apart from the form's records, and gone with the draft."""

from __future__ import annotations

from typing import Any

from django.http import FileResponse, HttpResponse
from lxml import etree

from server.central import bodies, shapes
from server.central.endpoint import Call
from server.central.reading import record_export
from server.core import blobs
from server.core.masking import mask_numbers
from server.core.request_problems import NothingHere
from server.forms import selectors as forms
from server.ledgers.reading.answers import redacted_instance
from server.ledgers.reading.trials import clearance_for_trials, protection_of_draft
from server.submissions import envelope as envelopes
from server.submissions.filenames import compared
from server.trials import selectors
from server.trials.problems import DraftGone
from server.trials.services import receive


def submissions(call: Call, form: str) -> list[dict[str, Any]]:
    """All test records of the draft without their answers, newest first; for the form's administrators."""
    return [shapes.trial(record) for record in selectors.records(call.access, form)]


def create(call: Call, form: str) -> dict[str, Any]:
    """Keep the XML in the body as a test record, as if a phone had sent it."""
    draft = forms.draft(call.access, form)
    if not draft.token:
        raise DraftGone
    document = bodies.read_whole(call.request)
    receive(
        form_id=form,
        token=draft.token,
        document=document,
        files=(),
        device_id=call.request.GET.get("deviceID", ""),
        received_at=call.now,
    )
    instance = envelopes.parse(document).instance_id
    return shapes.trial(selectors.record(call.access, form, instance))


def submission(call: Call, form: str, instance: str) -> dict[str, Any]:
    """A test record without its answers."""
    return shapes.trial(selectors.record(call.access, form, instance))


def document(call: Call, form: str, instance: str) -> HttpResponse:
    """The answers as XML, masked: testers also type numbers of real people."""
    draft = forms.draft(call.access, form)
    record = selectors.record(call.access, form, instance)
    record_export(call, "form", form, [form, "draft", "masked"], rows=1)
    root = redacted_instance(
        selectors.instance_of(record).document,
        protection_of_draft(draft),
        clearance_for_trials(call.access),
    )
    return HttpResponse(
        etree.tostring(root, encoding="utf-8", xml_declaration=True),
        content_type="application/xml; charset=utf-8",
    )


def attachments(call: Call, form: str, instance: str) -> list[dict[str, Any]]:
    """The files that came with the test record."""
    record = selectors.record(call.access, form, instance)
    return [shapes.attachment(file["name"], is_here=True, is_whole=False) for file in record.files]


def attachment(call: Call, form: str, instance: str, name: str) -> FileResponse:
    """A file of the test record; recorded as a disclosure."""
    record = selectors.record(call.access, form, instance)
    named = {mask_numbers(file["name"]): file for file in record.files}
    named |= {compared(file["name"]): file for file in record.files}
    file = named.get(name) or named.get(compared(name))
    if file is None:
        raise NothingHere
    record_export(call, "form", form, [form, "draft", "file"], rows=1)
    return FileResponse(
        blobs.open_blob(bytes.fromhex(file["sha256"])),
        as_attachment=True,
        filename=file["name"],
        content_type="application/octet-stream",
    )
