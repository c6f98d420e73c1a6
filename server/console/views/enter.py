"""Entry at the desk: the forms, one of them in the browser, what it needs, and its record (decision 0354)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from server.accounts.access import REVEALERS, SENDERS, common_prefix
from server.audit.services import record_list
from server.console.pages import StaffRequest, staff_page
from server.core import blobs
from server.core.clock import now
from server.entering import selectors, services
from server.entering.prefilling import first_answers
from server.entering.problems import EntryTooLarge, NoSuchFormFile, NothingEntered
from server.forms.entities import entity_list
from server.forms.media_types import type_for_desks
from server.forms.models import FormMedia, FormVersion
from server.forms.selectors import media_of
from server.ledgers.definitions.codes import VisitMode
from server.ledgers.entity_lists.lists import community_uuid
from server.ledgers.models import Person
from server.ledgers.selectors import persons
from server.submissions.selectors import record_taken
from server.submissions.services import IncomingFile

_XML = "xml_submission_file"
_LONGEST_NUMBER = 18


@staff_page(roles=SENDERS)
def forms(request: StaffRequest) -> HttpResponse:
    """The forms that the person may fill in; with ?person= those that can be started for that person."""
    person = _person(request)
    rows = selectors.forms_to_enter(request.access)
    context = {
        "forms": selectors.forms_about_persons(rows) if person else rows,
        "person": person,
        "may_find": bool(request.access.areas(REVEALERS)),
    }
    return render(request, "console/enter/list.html", context)


@staff_page("GET", "HEAD", "POST", roles=SENDERS)
def form(request: StaffRequest, form_id: str) -> HttpResponse:
    """The form to fill in: empty, for ?person=, or by POST for somebody unknown with this `number`. Raises NotToEnter."""
    version = selectors.version_to_enter(request.access, form_id)
    person = _person(request)
    number = request.POST.get("number", "").strip().upper()[:_LONGEST_NUMBER]
    context = {
        "form_id": form_id,
        "version": version,
        "person": person,
        "settings": {
            "xform": reverse("console:enter-xform", args=[form_id]),
            "files": reverse("console:enter-file", args=[form_id, "_"]).removesuffix("_"),
            "send": reverse("console:enter-send", args=[form_id]),
            "language": get_language(),
            "username": request.user.username,
            "version": version.version,
            "phrases": _phrases(),
            "answers": _first_answers(version, person, number),
        },
    }
    return render(request, "console/enter/form.html", context)


@staff_page(roles=SENDERS)
def xform(request: StaffRequest, form_id: str) -> HttpResponse:
    """The XForm of the form's current version. Raises NotToEnter."""
    version = selectors.version_to_enter(request.access, form_id)
    return HttpResponse(bytes(version.xform), content_type="text/xml; charset=utf-8")


@staff_page(roles=SENDERS)
def file(request: StaffRequest, form_id: str, name: str) -> HttpResponseBase:
    """A file that the form needs: as it was uploaded, or the rows of an entity list in the person's areas. Raises NoSuchFormFile."""
    version = selectors.version_to_enter(request.access, form_id)
    needed = next((row for row in media_of(version) if row.filename == name), None)
    if needed is None:
        raise NoSuchFormFile
    if needed.kind != FormMedia.Kind.ENTITY_LIST:
        if needed.sha256 is None or not blobs.exists(needed.sha256):
            raise NoSuchFormFile
        stored = blobs.open_blob(needed.sha256)
        return FileResponse(stored, content_type=type_for_desks(name))
    entities = entity_list(name)
    if entities is None:
        raise NoSuchFormFile
    rows = b"".join(entities.csv(selectors.sees_as(request.access)))
    record_list(
        actor=request.user,
        of="entity",
        area=common_prefix(request.access.areas(SENDERS)),
        rows=rows.count(b"\n") - 1,
        facts={"list": name.removesuffix(".csv")},
    )
    return HttpResponse(rows, content_type="text/csv; charset=utf-8")


@staff_page("POST", roles=SENDERS)
def send(request: StaffRequest, form_id: str) -> HttpResponse:
    """Store the record that was filled in; answers what to show instead of the form.

    Raises NothingEntered, EntryTooLarge, and what `services.enter` raises.
    """
    limit = settings.RUHU_UPLOAD_MAX_MB
    if int(request.META.get("CONTENT_LENGTH") or 0) > limit * 1_000_000:
        raise EntryTooLarge(limit_mb=limit)
    document = request.FILES.get(_XML)
    if document is None:
        raise NothingEntered
    receipt = services.enter(
        form_id=form_id,
        document=document.read(),
        files=[
            _incoming(upload)
            for name, uploads in request.FILES.lists()
            for upload in uploads
            if name != _XML
        ],
        user=request.user,
        access=request.access,
        user_agent=request.headers.get("User-Agent", ""),
        at=now(),
    )
    context = {
        "receipt": receipt,
        "row": record_taken(request.access, receipt.submission_id),
        "form_id": form_id,
    }
    return render(request, "console/enter/_stored.html", context, status=201)


def _incoming(upload: UploadedFile) -> IncomingFile:
    return IncomingFile(upload.name or "", upload.content_type or "", upload.chunks)


def _person(request: StaffRequest) -> Person | None:
    """The person that the address names, as far as the user sees; a page that is not found for any other."""
    named = request.GET.get("person")
    if not named:
        return None
    try:
        key = UUID(named)
    except ValueError:
        key = UUID(int=0)
    return get_object_or_404(persons(request.access), pk=key)


def _first_answers(
    version: FormVersion, person: Person | None, number: str
) -> list[tuple[str, str]]:
    chosen: dict[str, Any] = {}
    if person is not None:
        chosen = {
            "communities": person.area_code and community_uuid(person.area_code),
            "households": person.household_id,
            "persons": person.pk,
        }
    if person is None and not number:
        return []
    answers = first_answers(
        bytes(version.xform),
        chosen={name: str(key) for name, key in chosen.items() if key},
        typed={selectors.NUMBER: number} if number else {},
        codes={"VM": VisitMode.AT_THE_OFFICE.value} if person or number else {},
    )
    return list(answers.items())


def _phrases() -> dict[str, str]:
    """What the component says in English, in the page's language."""
    return {
        "Get location": _("Get location"),
        "Searching": _("Searching"),
        "Cancel": _("Cancel"),
        "Take picture": _("Take picture"),
        "Choose image": _("Choose image"),
        "Rank items": _("Rank items"),
        "Add": _("Add"),
        "Remove": _("Remove"),
        "Choose file": _("Choose file"),
        "Condition not satisfied: constraint": _("This answer is not possible here."),
        "Condition not satisfied: required": _("This question must be answered."),
    }
