"""Writes of drafts: a workbook that came without its files is kept until they are there, then published.

A draft is checked as a publication is, but for files that are still to come. Phones see
nothing of it, and it takes no records. There is one a form.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from server.accounts.models import User
from server.core import blobs
from server.forms import services
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


def save(
    *,
    workbook: bytes,
    filename: str,
    form_id: str | None,
    author: User,
    at: datetime,
    takes_warnings: bool = True,
) -> FormDraft:
    """Keep a checked workbook as the draft of a new form, or of the known one `form_id`, instead of one it had.

    Raises any problem of a publication but MissingMedia; FormExists, NoSuchForm,
    OtherFormId, DraftHasWarnings. Then nothing has changed.
    """
    if form_id is not None and not _is_known(form_id):
        raise NoSuchForm(form_id=form_id[:100])

    from server.forms.publication import prepare  # slow to import, see services.take_workbook

    prepared = prepare(content=workbook, filename=filename, media={}, validate=True, is_draft=True)
    found = prepared.form.form_id
    if form_id is None and Form.objects.filter(form_id=found).exists():
        raise FormExists(form_id=found)
    if form_id is not None and found != form_id:
        raise OtherFormId(form_id=form_id, other=found)
    if prepared.warnings and not takes_warnings:
        raise DraftHasWarnings(warnings="\n".join(prepared.warnings))
    wanted = [name for name in prepared.form.files if name not in prepared.entity_lists]
    source = blobs.store([workbook])
    draft, _is_new = FormDraft.objects.update_or_create(
        form_id=found,
        defaults={
            "title": prepared.form.title,
            "version": prepared.form.version,
            "md5": prepared.md5,
            "workbook_sha256": source.sha256,
            "wanted": wanted,
            "files": [],
            "saved_by": author,
            "saved_at": at,
        },
    )
    return draft


def reopen(*, form_id: str, author: User, at: datetime) -> FormDraft:
    """The form's current version as its draft, for other files or another name. Raises NoSuchForm."""
    current = FormVersion.objects.filter(current_of__form_id=form_id).first()
    if current is None:
        raise NoSuchForm(form_id=form_id[:100])
    workbook = blobs.read(current.workbook_sha256)
    filename = f"{form_id}.xlsx"
    return save(workbook=workbook, filename=filename, form_id=form_id, author=author, at=at)


def attach(*, form_id: str, name: str, content: Iterable[bytes]) -> FormDraft:
    """A file of the draft, instead of one of that name. Raises UnknownDraft, NotAFormFile."""
    _demand(_draft(form_id), name)
    blob = blobs.store(content)
    with transaction.atomic():
        draft = _draft(form_id, FormDraft.objects.select_for_update())
        _demand(draft, name)
        others = [file for file in draft.files if file["name"] != name]
        draft.files = [*others, {"name": name, "sha256": blob.sha256.hex()}]
        draft.save(update_fields=["files"])
    return draft


def publish(*, form_id: str, version: str | None, publisher: User) -> Publication:
    """Publish the draft, under another version name if one is given, and let go of it.

    Files that did not come with it are those of the current version. Raises UnknownDraft
    and any problem of a publication; then the draft is there as before.
    """
    draft = _draft(form_id)
    workbook = blobs.read(draft.workbook_sha256)
    if version:
        from server.forms.versioned import with_version  # slow to import

        workbook = with_version(workbook, version)
    current = FormVersion.objects.filter(current_of__form_id=form_id).first()
    media = services.files_of(current) if current else {}
    media |= {file["name"]: blobs.read(bytes.fromhex(file["sha256"])) for file in draft.files}
    made = services.take_workbook(
        workbook=workbook,
        filename=f"{form_id}.xlsx",
        publisher=publisher,
        media={name: content for name, content in media.items() if name in draft.wanted},
        validate=False,  # it was, when it was saved
    )
    FormDraft.objects.filter(pk=draft.pk, saved_at=draft.saved_at, files=draft.files).delete()
    return made


def drop(*, form_id: str) -> None:
    """Raises UnknownDraft."""
    deleted, _by_model = FormDraft.objects.filter(form_id=form_id).delete()
    if not deleted:
        raise UnknownDraft(form_id=form_id[:100])


def _is_known(form_id: str) -> bool:
    return (
        Form.objects.filter(form_id=form_id).exists()
        or FormDraft.objects.filter(form_id=form_id).exists()
    )


def _draft(form_id: str, rows: QuerySet[FormDraft] | None = None) -> FormDraft:
    found = (FormDraft.objects.all() if rows is None else rows).filter(form_id=form_id).first()
    if found is None:
        raise UnknownDraft(form_id=form_id[:100])
    return found


def _demand(draft: FormDraft, name: str) -> None:
    """Raises NotAFormFile."""
    if name not in draft.wanted:
        names = ", ".join(draft.wanted) or "–"
        raise NotAFormFile(form_id=draft.form_id, filename=name[:200], filenames=names)
