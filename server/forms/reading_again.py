"""Reads published form versions again that an earlier server read, when this one reads forms otherwise.

Phones keep the bytes of a version for years, and so does the server; what the server read
from them is stored beside them, and is made anew here when xform.READER has been raised.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from server.core import blobs
from server.core.xml import BadXml
from server.forms import xform
from server.forms.models import FormVersion
from server.forms.problems import (
    FaultyWorkbook,
    NotAnXForm,
    NotAWorkbook,
    WorkbookTooLarge,
    XFormTooLarge,
)


@dataclass(frozen=True, slots=True)
class ReadAgain:
    """What reading the published form versions again changed."""

    versions: int = 0  # of which another mapping or other questions were read
    records: int = 0  # queued, because the mapping of their version changed
    unreadable: tuple[str, ...] = ()  # "form_id version"; these keep what an earlier reader read


def read_again(*, at: datetime) -> ReadAgain:
    """Read the form versions again that an earlier reader read, and queue the records of those whose mapping changed.

    Each version in its own transaction, which locks it, so that it can be interrupted and run
    again. The bytes that phones have stay. A version whose workbook cannot be read any more
    keeps its mapping. Processes that run keep the mappings they have read: run it before they start.
    """
    versions = records = 0
    unreadable = []
    old = (
        FormVersion.objects.filter(reader__lt=xform.READER)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    for pk in list(old):
        with transaction.atomic():
            version = FormVersion.objects.select_for_update(of=("self",)).get(pk=pk)
            questions, mapping = _read_version(version)
            if mapping is None:
                unreadable.append(f"{version.form.form_id} {version.version}")
            elif mapping != version.mapping:
                version.mapping = mapping
                for path in settings.AFTER_READING_AGAIN:
                    records += import_string(path)(version.pk, at=at)
                versions += 1
            elif questions != version.questions:
                versions += 1
            version.questions, version.reader = questions, xform.READER
            version.save(update_fields=("mapping", "questions", "reader"))
    return ReadAgain(versions, records, tuple(unreadable))


def _read_version(version: FormVersion) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Questions and mapping of a published version; no mapping when its workbook cannot be read any more."""
    from server.forms import given_xforms
    from server.forms import workbook as workbooks

    try:
        form = xform.read(bytes(version.xform))
    except (BadXml, xform.BadXForm):
        return version.questions, None
    try:
        content = blobs.read(version.workbook_sha256)
        if version.has_workbook:
            workbook = workbooks.read(content, "form.xlsx")
        else:
            _form, workbook = given_xforms.read(content, "form.xml")
        mapping: dict[str, Any] = import_string(settings.AT_PUBLICATION)(workbook, form)
    except (
        FaultyWorkbook,
        NotAWorkbook,
        WorkbookTooLarge,
        NotAnXForm,
        XFormTooLarge,
        FileNotFoundError,
    ):
        return form.as_questions(), None
    return form.as_questions(), mapping
