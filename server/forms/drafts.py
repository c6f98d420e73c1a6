"""Writes of drafts: a checked workbook that is kept until its files have come, and then published.

A draft is checked like a publication, except that files may still be missing. The phones of
workers do not see it. Whoever has its token tries it on a phone (server.trials); the token and
what was sent with it are gone when the draft is published, replaced or deleted. A form has at
most one draft.
"""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.module_loading import import_string

from server.accounts.models import User
from server.audit.models import Act
from server.audit.services import record
from server.core import blobs
from server.forms import authority, services
from server.forms.models import Form, FormDraft, FormVersion
from server.forms.problems import (
    DraftHasWarnings,
    FormExists,
    NoSuchForm,
    NotAFormFile,
    OtherFormId,
    UnknownDraft,
)
from server.forms.services import Publication

TOKEN_BYTES: Final = 32


def save(
    *,
    workbook: bytes,
    filename: str,
    form_id: str | None,
    author: User,
    at: datetime,
    takes_warnings: bool = True,
    is_of_any: bool = False,
) -> FormDraft:
    """Check a workbook or an XForm and save it as the draft of the form `form_id`, or of a new form if that is None.

    With `is_of_any` the workbook says of which form it is, new or not. Replaces the draft that
    the form had; its test records go with it. Raises every problem of a publication except
    MissingMedia, and FormExists, NoSuchForm, OtherFormId, DraftHasWarnings; then nothing has
    changed.
    """
    if form_id is not None and not _is_known(form_id):
        raise NoSuchForm(form_id=form_id[:100])
    if form_id is not None:
        authority.require(author, form_id)

    from server.forms.old_workbooks import as_xlsx  # slow to import, see services._convert
    from server.forms.publication import prepare

    workbook = as_xlsx(workbook, filename)
    prepared = prepare(content=workbook, filename=filename, media={}, validate=True, is_draft=True)
    workbook_form_id = prepared.form.form_id
    if form_id is None and not is_of_any and Form.objects.filter(form_id=workbook_form_id).exists():
        raise FormExists(form_id=workbook_form_id)
    if form_id is not None and workbook_form_id != form_id:
        raise OtherFormId(form_id=form_id, other=workbook_form_id)
    if prepared.warnings and not takes_warnings:
        raise DraftHasWarnings(warnings="\n".join(prepared.warnings))
    wanted = [name for name in prepared.form.files if name not in prepared.entity_lists]
    source = blobs.store([workbook])
    made = [_file(name, blobs.store([content])) for name, content in prepared.files.items()]
    with transaction.atomic():
        authority.claim(author, workbook_form_id)
        draft, is_new = FormDraft.objects.update_or_create(
            form_id=workbook_form_id,
            defaults={
                "title": prepared.form.title,
                "version": prepared.form.version,
                "md5": prepared.md5,
                "workbook_sha256": source.sha256,
                "has_workbook": prepared.has_workbook,
                "wanted": wanted,
                "files": made,  # by the conversion; all others are attached
                "token": secrets.token_urlsafe(TOKEN_BYTES),
                "xform": prepared.document,
                "lists": list(prepared.entity_lists),
                "mapping": prepared.mapping,
                "questions": prepared.questions,
                "saved_by": author,
                "saved_at": at,
            },
        )
        if not is_new:
            _end_trial(draft)
        _record(Act.DRAFT_SAVED, workbook_form_id, author, version=draft.version)
    return draft


def reopen(*, form_id: str, author: User, at: datetime) -> FormDraft:
    """Save the workbook of the form's current version as its draft, for other files or another version.

    Raises NoSuchForm, and as `save`.
    """
    current = FormVersion.objects.filter(current_of__form_id=form_id).first()
    if current is None:
        raise NoSuchForm(form_id=form_id[:100])
    workbook = blobs.read(current.workbook_sha256)
    filename = f"{form_id}.xlsx"
    return save(workbook=workbook, filename=filename, form_id=form_id, author=author, at=at)


def attach(*, form_id: str, name: str, content: Iterable[bytes], actor: User) -> FormDraft:
    """Store a file with the draft, in place of one of the same name. Locks the draft.

    Raises UnknownDraft, NotAFormFile, NotAllowed, FormConcernsOtherAreas.
    """
    authority.require(actor, form_id)
    _wanted_name(_draft(form_id), name)
    blob = blobs.store(content)
    with transaction.atomic():
        draft = _draft(form_id, FormDraft.objects.select_for_update())
        name = _wanted_name(draft, name)
        others = [file for file in draft.files if file["name"] != name]
        draft.files = [*others, _file(name, blob)]
        draft.save(update_fields=["files"])
        _record(Act.DRAFT_FILE, form_id, actor, file=name)
    return draft


def publish(*, form_id: str, version: str | None, publisher: User) -> Publication:
    """Publish the draft, under another version if one is given, and delete it with its test records.

    Files that the draft lacks are taken from the current version. A draft that was changed
    meanwhile stays. Raises UnknownDraft and every problem of a publication; then the draft
    is as before.
    """
    draft = _draft(form_id)
    authority.require(publisher, form_id)
    workbook = blobs.read(draft.workbook_sha256)
    if version:
        from server.forms import given_xforms, versioned  # slow to import

        names = versioned if draft.has_workbook else given_xforms
        workbook = names.with_version(workbook, version)
    current = FormVersion.objects.filter(current_of__form_id=form_id).first()
    media = services.files_of(current) if current else {}
    media |= {file["name"]: blobs.read(bytes.fromhex(file["sha256"])) for file in draft.files}
    publication = services.publish_workbook(
        workbook=workbook,
        filename=f"{form_id}.xlsx",
        publisher=publisher,
        media={name: content for name, content in media.items() if name in draft.wanted},
        validate=False,  # it was validated when it was saved
    )
    with transaction.atomic():
        same = FormDraft.objects.select_for_update().filter(
            pk=draft.pk, saved_at=draft.saved_at, files=draft.files
        )
        for published in same:
            _end_trial(published)
            published.delete()
    return publication


@transaction.atomic
def drop(*, form_id: str, actor: User) -> None:
    """Delete the form's draft and its test records. Raises UnknownDraft, NotAllowed, FormConcernsOtherAreas."""
    draft = _draft(form_id, FormDraft.objects.select_for_update())
    authority.require(actor, form_id)
    _end_trial(draft)
    draft.delete()
    _record(Act.DRAFT_DELETED, form_id, actor)
    authority.release(form_id)


def _record(act: Act, form_id: str, actor: User, **facts: object) -> None:
    record(
        act,
        actor=actor,
        object_type="form",
        object_id=form_id,
        area=authority.area_of(form_id),
        facts=facts,
    )


def _end_trial(draft: FormDraft) -> None:
    """Let go of what was sent to try the draft. Part of the caller's transaction, which locks the draft."""
    import_string(settings.AFTER_TRIAL)(draft)


def _file(name: str, blob: blobs.Blob) -> dict[str, object]:
    return {
        "name": name,
        "sha256": blob.sha256.hex(),
        "md5": blob.md5.hex(),
        "size": blob.size,
    }


def _is_known(form_id: str) -> bool:
    return (
        Form.objects.filter(form_id=form_id).exists()
        or FormDraft.objects.filter(form_id=form_id).exists()
    )


def _draft(form_id: str, rows: QuerySet[FormDraft] | None = None) -> FormDraft:
    draft = (FormDraft.objects.all() if rows is None else rows).filter(form_id=form_id).first()
    if draft is None:
        raise UnknownDraft(form_id=form_id[:100])
    return draft


def _wanted_name(draft: FormDraft, name: str) -> str:
    """The name as the form spells it; Macs compose letters otherwise. Raises NotAFormFile."""
    spellings = {unicodedata.normalize("NFC", wanted): wanted for wanted in draft.wanted}
    spelling = spellings.get(unicodedata.normalize("NFC", name))
    if spelling is None:
        names = ", ".join(draft.wanted) or "–"
        raise NotAFormFile(form_id=draft.form_id, filename=name[:200], filenames=names)
    return name if name in draft.wanted else spelling
