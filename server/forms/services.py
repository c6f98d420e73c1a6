"""Writes of forms: publish a version, say who is offered the form, open and close it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from server.accounts.models import User
from server.core import blobs
from server.forms import encryption, keys, selectors
from server.forms.models import EncryptionKey, Form, FormAudience, FormMedia, FormVersion
from server.forms.problems import NoSuchForm, VersionExists

if TYPE_CHECKING:
    from server.forms.publication import Prepared


@dataclass(frozen=True, slots=True)
class Publication:
    """What became of a workbook: its version, and whether this made it."""

    form_version: FormVersion
    is_new: bool


def publish(
    *,
    workbook: bytes,
    filename: str,
    publisher: User | None,
    media: Mapping[str, bytes] | None = None,
    validate: bool = True,
) -> FormVersion:
    """The form version made of a workbook: new, or the one already made of the same content.

    All or nothing. See `take_workbook`, which also says which of the two it was.
    """
    return take_workbook(
        workbook=workbook, filename=filename, publisher=publisher, media=media, validate=validate
    ).form_version


def take_workbook(
    *,
    workbook: bytes,
    filename: str,
    publisher: User | None,
    media: Mapping[str, bytes] | None = None,
    validate: bool = True,
) -> Publication:
    """Publish a workbook, or find that it was published.

    Converts and checks outside the transaction, writes files to the blobs, then records
    form, version, media and (for a new form) its audience in one transaction that locks
    the form. A new version becomes the current one; earlier versions keep accepting.
    A form with a current encryption key gets it, and with it a version name of its own.
    Raises FaultyWorkbook, NotAWorkbook, WorkbookTooLarge, MissingMedia, VersionExists;
    then nothing has changed.
    """
    media = media or {}
    known = selectors.published_from(hashlib.sha256(workbook).digest(), media)
    if known is not None:
        return Publication(known, is_new=False)

    ready = _made_ready(workbook, filename, media, validate=validate)
    key = selectors.current_key(ready.prepared.form.form_id)
    if key is not None:
        ready = ready.carrying(bytes(key.public_key))
    with transaction.atomic(durable=True):
        return _record(ready, publisher)


def rotate_key(
    *, form_id: str, passphrase: str | None, at: datetime, publisher: User | None
) -> EncryptionKey:
    """A new encryption key for the form, and, if it is published, its next version with it: both or neither.

    The version is made of the workbook of the current one. Versions with the old key
    keep accepting, and the old key keeps opening. Raises PassphraseTooShort, FormHasOwnKey, and
    what publishing raises when the workbook would not be taken any more.
    """
    current = FormVersion.objects.filter(current_of__form_id=form_id).first()
    if current is None:
        return keys.make(form_id=form_id, passphrase=passphrase, at=at, user=publisher)
    private = encryption.make_private_key()
    workbook, filename = blobs.read(current.workbook_sha256), f"{form_id}.xlsx"
    ready = _made_ready(workbook, filename, files_of(current), validate=False)  # it was, then
    ready = ready.carrying(encryption.public_bytes(private))
    with transaction.atomic(durable=True):
        key = keys.make(
            form_id=form_id, passphrase=passphrase, at=at, user=publisher, private=private
        )
        _record(ready, publisher)
    return key


@dataclass(frozen=True, slots=True)
class _Ready:
    """A workbook that is ready to be recorded; its files are among the blobs."""

    prepared: Prepared
    source: blobs.Blob
    files: Mapping[str, blobs.Blob]

    def carrying(self, public_key: bytes) -> _Ready:
        """The form with a key of ours, unless the workbook brought its own."""
        from server.forms.publication import encrypted

        if self.prepared.form.public_key:
            return self
        return replace(self, prepared=encrypted(self.prepared, public_key))


def _made_ready(
    workbook: bytes, filename: str, media: Mapping[str, bytes], *, validate: bool
) -> _Ready:
    # pyxform and openpyxl take half a second to import, which neither the doors nor the
    # publication of unchanged workbooks should pay.
    from server.forms.publication import prepare

    prepared = prepare(content=workbook, filename=filename, media=media, validate=validate)
    files = {name: blobs.store([content]) for name, content in prepared.files.items()}
    return _Ready(prepared, blobs.store([workbook]), files)


def files_of(version: FormVersion) -> dict[str, bytes]:
    """The files of a version by name, entity lists left out."""
    held = version.media.filter(kind=FormMedia.Kind.FILE)
    return {file.filename: blobs.read(file.sha256) for file in held if file.sha256 is not None}


def _record(ready: _Ready, publisher: User | None) -> Publication:
    prepared, files = ready.prepared, ready.files
    xform = prepared.form
    _row, is_first = Form.objects.get_or_create(
        form_id=xform.form_id, defaults={"title": xform.title}
    )
    form = Form.objects.select_for_update().get(form_id=xform.form_id)
    existing = form.versions.filter(version=xform.version).first()
    if existing is not None:
        if _is_same(existing, prepared, files):
            return Publication(existing, is_new=False)
        raise VersionExists(
            form_id=xform.form_id,
            version=xform.version,
            suggestion=_next_version(form, xform.version),
        )
    version = FormVersion.objects.create(
        form=form,
        version=xform.version,
        title=xform.title,
        xform=prepared.document,
        md5=prepared.md5,
        workbook_sha256=ready.source.sha256,
        mapping=prepared.mapping,
        questions=prepared.questions,
        warnings=prepared.warnings,
        encryption_key=keys.carried(xform.public_key),
        published_by=publisher,
    )
    FormMedia.objects.bulk_create(
        [
            *(
                FormMedia(form_version=version, filename=name, kind=FormMedia.Kind.ENTITY_LIST)
                for name in prepared.entity_lists
            ),
            *(
                FormMedia(
                    form_version=version,
                    filename=name,
                    kind=FormMedia.Kind.FILE,
                    sha256=blob.sha256,
                    md5=blob.md5.hex(),
                    size=blob.size,
                )
                for name, blob in files.items()
            ),
        ]
    )
    form.current_version, form.title = version, xform.title
    form.save(update_fields=("current_version", "title"))
    if is_first:
        FormAudience.objects.create(form=form, area="")
    for step in settings.AFTER_PUBLICATION:
        import_string(step)()
    return Publication(version, is_new=True)


def _is_same(version: FormVersion, prepared: Prepared, files: Mapping[str, blobs.Blob]) -> bool:
    """Whether another save of the workbook would reach phones and ledgers unchanged."""
    held = {
        media.filename: bytes(media.sha256)
        for media in version.media.all()
        if media.kind == FormMedia.Kind.FILE and media.sha256 is not None
    }
    return (
        version.md5 == prepared.md5
        and version.mapping == prepared.mapping
        and held == {name: blob.sha256 for name, blob in files.items()}
    )


def _next_version(form: Form, version: str) -> str:
    """A version name that is free: the last number in it counted up."""
    taken = set(form.versions.values_list("version", flat=True))
    while version in taken:
        number = re.search(r"\d+(?!.*\d)", version)
        if number is None:
            version = f"{version}-1"
            continue
        raised = str(int(number[0]) + 1).zfill(len(number[0]))
        version = version[: number.start()] + raised + version[number.end() :]
    return version


@transaction.atomic
def offer(*, form: Form, areas: Iterable[str] = (), users: Iterable[User] = ()) -> None:
    """Add areas ("" is everywhere) and workers to those who are offered the form."""
    FormAudience.objects.bulk_create(
        [
            *(FormAudience(form=form, area=area) for area in areas),
            *(FormAudience(form=form, user=user) for user in users),
        ],
        ignore_conflicts=True,
    )


@transaction.atomic
def withdraw(*, form: Form, areas: Iterable[str] = (), users: Iterable[User] = ()) -> None:
    """Remove areas and workers; phones drop the form at their next sync, finished records stay welcome."""
    form.audience.filter(area__in=list(areas)).delete()
    form.audience.filter(user__in=list(users)).delete()


@transaction.atomic
def offer_only(*, form: Form, areas: Collection[str], users: Collection[User]) -> None:
    """Make areas ("" is everywhere) and workers those who are offered the form, and nobody else."""
    now = list(form.audience.select_related("user"))
    offer(form=form, areas=areas, users=users)
    withdraw(
        form=form,
        areas={row.area for row in now if row.area is not None} - set(areas),
        users={row.user for row in now if row.user} - set(users),
    )


@transaction.atomic
def set_state(*, form_id: str, state: Form.State) -> Form:
    """Open (listed, accepting), closing (accepting only) or closed (neither). Raises NoSuchForm."""
    form = Form.objects.select_for_update().filter(form_id=form_id).first()
    if form is None:
        raise NoSuchForm(form_id=form_id)
    form.state = Form.State(state)
    form.save(update_fields=("state",))
    return form
