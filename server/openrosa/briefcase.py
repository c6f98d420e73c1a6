"""The resources from which ODK Briefcase pulls submissions, for office staff, never for phones.

Whoever finds a phone must not get back what it sent, so a phone's token is refused here.
Submissions are pulled whole or not at all: pushed again, a masked one would put asterisks in
the place of the answers. So an export permit must be open where a mask would hide something.
Each submission that is given out is recorded as a disclosure.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final
from xml.sax.saxutils import escape

from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from lxml import etree

from server.accounts.access import REVEALERS, Access
from server.accounts.problems import TokenNeeded
from server.accounts.selectors import office_access, user
from server.core import blobs, xml
from server.core.statements import is_storable
from server.disclosure.models import ExportPermit
from server.disclosure.problems import NoPermit
from server.disclosure.selectors import areas_of, form_feeds_no_ledger, open_permits
from server.disclosure.services import let_out
from server.forms import selectors as forms
from server.ledgers.reading.files import check_file, may_have_file
from server.ledgers.reading.redaction import document_for
from server.openrosa import addresses, responses
from server.openrosa.authentication import login
from server.openrosa.methods import only_reading
from server.openrosa.problems import (
    BadCursor,
    FormsComeAsWorkbooks,
    MethodNotAllowed,
    NoSuchRecord,
    NotForPhones,
)
from server.submissions import selectors
from server.submissions.models import Attachment, Submission
from server.submissions.selectors import Instances

NAMESPACE: Final = "http://opendatakit.org/submissions"
_MOST: Final = 1000
_BY_DEFAULT: Final = 100


def submission_list(request: HttpRequest, token: str | None = None) -> HttpResponse:
    """A page of instanceIDs in the order of receipt; the cursor is the number of the last submission.

    Needs an export permit for a form that feeds ledgers, and lists what its areas have. Submissions whose files have not all arrived are listed too; their download has
    `isComplete="false"` (decision 0111).
    """
    only_reading(request)
    access = _access(request, token)
    cursor, count = request.GET.get("cursor", "") or "0", request.GET.get("numEntries", "")
    if not re.fullmatch("[0-9]{1,18}", cursor):
        raise BadCursor
    most = min(int(count), _MOST) if re.fullmatch("[1-9][0-9]{0,8}", count) else _BY_DEFAULT
    form_id = request.GET.get("formId", "")
    areas = _listed_areas(access, form_id) if is_storable(form_id) else ()
    if not areas:
        raise NoPermit(subject=form_id[:100])
    page = selectors.submissions_after(access, form_id, areas, int(cursor), most)
    ids = "".join(f"<id>{escape(row.instance_id)}</id>" for row in page)
    after = page[-1].pk if page else int(cursor)
    return responses.document(
        request,
        f'<?xml version="1.0" encoding="UTF-8"?><idChunk xmlns="{NAMESPACE}"><idList>{ids}</idList>'
        f"<resumptionCursor>{after}</resumptionCursor></idChunk>".encode(),
    )


def download_submission(request: HttpRequest, token: str | None = None) -> HttpResponse:
    """The current version of a submission and the URLs of its files, as received: encrypted ones stay encrypted."""
    only_reading(request)
    access = _access(request, token)
    form_id, instance_id = key_of(request.GET.get("formId", ""))
    submission = _submission(access, form_id, instance_id)
    version = submission.current_version
    assert version is not None  # noqa: S101 inserted by the same statement
    _record_disclosure(access, submission)
    folder = (
        f"{addresses.base(request, token)}/view/files/{addresses.segment(form_id)}"
        f"/{addresses.segment(submission.instance_id)}"
    )
    files = [
        file
        for file in selectors.files_as_they_came(version)
        if may_have_file(access, submission, file.name)
    ]
    listed = "".join(
        f"<mediaFile><filename>{escape(responses.printable(file.name))}</filename>"
        f"<hash>md5:{file.md5}</hash>"
        f"<downloadUrl>{escape(f'{folder}/{addresses.segment(file.name)}')}</downloadUrl></mediaFile>"
        for file in files
    )
    received = Instances().received(version)
    here = selectors.files_as_they_came(version)
    missing = selectors.missing_files(received, version.form_version, here)
    instance = instance_xml(
        document_for(access, submission.area_code, version),
        instanceID=version.instance_id,
        submissionDate=submission.received_at.isoformat(timespec="milliseconds"),
        isComplete="false" if missing else "true",
    )
    return responses.document(
        request,
        f'<?xml version="1.0" encoding="UTF-8"?><submission xmlns="{NAMESPACE}"'
        ' xmlns:orx="http://openrosa.org/xforms">'
        f"<data>{instance}</data>{listed}</submission>".encode(),
    )


def file(
    request: HttpRequest, form: str, instance: str, filename: str, token: str | None = None
) -> HttpResponseBase:
    """A file of a submission's current version, as received."""
    only_reading(request)
    access = _access(request, token)
    submission = _submission(access, addresses.text_of(form), addresses.text_of(instance))
    version = submission.current_version
    assert version is not None  # noqa: S101 inserted by the same statement
    files = selectors.files_as_they_came(version)
    name = addresses.text_of(filename)
    check_file(access, submission, name)
    attachment = selectors.file_named(files, name)
    if attachment is None or not blobs.exists(attachment.sha256):
        raise NoSuchRecord
    _record_disclosure(access, submission, attachment)
    headers = {**responses.HEADERS, "Content-Length": str(attachment.size)}
    return FileResponse(
        blobs.open_blob(attachment.sha256),
        as_attachment=True,
        filename=attachment.name,
        content_type="application/octet-stream",
        headers=headers,
    )


def upload(request: HttpRequest, token: str | None = None) -> HttpResponse:
    """HEAD: the request with which Briefcase begins a push. POST, a blank form, is refused."""
    if request.method == "HEAD":
        login(request, token)
        return responses.nothing()
    if request.method != "POST":
        raise MethodNotAllowed(methods="HEAD, POST")
    login(request, token)
    raise FormsComeAsWorkbooks


def key_of(form_id: str) -> tuple[str, str]:
    """Form ID and instanceID from `form[@version=…]/root[@key=id]`. Raises NoSuchRecord.

    Parsed from the right, because IDs may hold brackets; the version is ignored, because
    Briefcase writes `null`, `Optional.empty` or `Optional[2026]` there.
    """
    path, separator, key = form_id.rpartition("[@key=")
    if not separator or not key.endswith("]"):
        raise NoSuchRecord
    form, slash, _root = path.rpartition("/")
    if not slash:
        raise NoSuchRecord
    return form.rpartition("[@version=")[0] or form, key[:-1].strip("'\"")


def instance_xml(document: bytes, **attributes: str) -> str:
    """The instance as an element with these attributes, to stand in a document with a default namespace."""
    root = xml.parse(document)
    for name, value in attributes.items():
        root.set(name, value)
    text = etree.tostring(root, encoding="unicode")
    if str(root.tag).startswith("{"):
        return text
    end = len(str(root.tag)) + 1
    return f'{text[:end]} xmlns=""{text[end:]}'


def _access(request: HttpRequest, token: str | None) -> Access:
    """The access of a person who may see submissions unmasked. Raises NotForPhones, TokenNeeded."""
    field_login = login(request, token)
    access = office_access(field_login)
    access.reads()
    if not access.areas(REVEALERS):
        raise NotForPhones
    if not field_login.opens_desk:
        raise TokenNeeded
    return access


def _listed_areas(access: Access, form_id: str) -> Collection[str]:
    """The areas whose submissions of the form are listed: of open permits, all of the reader's where the form feeds no ledger."""
    opened = open_permits(access, ExportPermit.Kind.FORM, form_id)
    form = None if opened else forms.published(access).filter(form_id=form_id).first()
    if form is not None and form_feeds_no_ledger(form):
        return access.areas(REVEALERS)
    return areas_of(opened)


def _submission(access: Access, form_id: str, instance_id: str) -> Submission:
    submission = selectors.submission_named(selectors.raw_submissions(access), form_id, instance_id)
    if submission is None:
        raise NoSuchRecord
    return submission


def _record_disclosure(
    access: Access, submission: Submission, file: Attachment | None = None
) -> None:
    let_out(
        submission,
        user=user(access.user_id),
        access=access,
        file=file,
        reason="ODK Briefcase",
        permit_only=True,
    )
