"""Writes of forms: publish a version, choose who is offered the form, open and close it.

Each function records who did it: `actor` or `publisher` is the person, None for a command at
the server.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from server.accounts.access import common_prefix
from server.accounts.models import User
from server.audit.models import Act
from server.audit.services import record
from server.core import blobs
from server.forms import authority, encryption, keys, selectors, xform
from server.forms.models import EncryptionKey, Form, FormAudience, FormMedia, FormVersion
from server.forms.problems import NoSuchForm, VersionExists

if TYPE_CHECKING:
    from server.forms.publication import Prepared


@dataclass(frozen=True, slots=True)
class Publication:
    """The version that a workbook was published as, and whether it is new."""

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
    """The form version made from a workbook: a new one, or the one already published from the same content.

    See `publish_workbook`, which also says which of the two it is.
    """
    return publish_workbook(
        workbook=workbook, filename=filename, publisher=publisher, media=media, validate=validate
    ).form_version


def publish_workbook(
    *,
    workbook: bytes,
    filename: str,
    publisher: User | None,
    media: Mapping[str, bytes] | None = None,
    validate: bool = True,
    may_make_lists: bool = True,
    is_offered: bool = True,
) -> Publication:
    """Publish a workbook or an XForm, unless the same content is already published.

    An .xls becomes an .xlsx, which is kept; phones get the bytes of an XForm as they are. Converts and checks outside the transaction, stores files as blobs, then records form,
    version, media and (for a new form) its audience in one transaction that locks the form.
    A new version becomes the current version; records of earlier versions are still accepted.
    If the form has a current encryption key, the version carries it and its name ends with
    the key's. A new form is offered where the publisher is an administrator, if it is to be offered. Entity lists that
    nobody has are made, unless it may not make lists: then the form is refused. Raises
    NotAllowed, FormConcernsOtherAreas, FaultyWorkbook, NotAWorkbook, WorkbookTooLarge,
    NotAnXForm, XFormTooLarge, MissingMedia, VersionExists; then nothing has changed.
    """
    media = media or {}
    published = selectors.published_from(hashlib.sha256(workbook).digest(), media)
    if published is not None:
        authority.require(publisher, published.form.form_id)
        return Publication(published, is_new=False)

    converted = _convert(
        workbook, filename, media, validate=validate, may_make_lists=may_make_lists
    )
    key = selectors.current_key(converted.prepared.form.form_id)
    if key is not None:
        converted = converted.with_key(bytes(key.public_key))
    with transaction.atomic(durable=True):
        return _record(converted, publisher, is_offered=is_offered)


def rotate_key(
    *, form_id: str, passphrase: str | None, at: datetime, publisher: User | None
) -> EncryptionKey:
    """Make a new encryption key for the form and, if the form is published, publish a version with it: both or neither.

    The version is made from the workbook of the current version. Records of versions with
    the old key are still accepted and opened. Locks the form. Raises NotAllowed,
    FormConcernsOtherAreas, PassphraseTooShort, FormHasOwnKey, and every problem of a
    publication if the workbook is no longer accepted.
    """
    current = FormVersion.objects.filter(current_of__form_id=form_id).first()
    if current is None:
        with transaction.atomic():
            authority.claim(publisher, form_id)
            return keys.make(form_id=form_id, passphrase=passphrase, at=at, user=publisher)
    authority.require(publisher, form_id)
    private = encryption.make_private_key()
    workbook, filename = blobs.read(current.workbook_sha256), f"{form_id}.xlsx"
    # validate=False: the workbook was validated when it was published
    converted = _convert(workbook, filename, files_of(current), validate=False)
    converted = converted.with_key(encryption.public_bytes(private))
    with transaction.atomic(durable=True):
        key = keys.make(
            form_id=form_id, passphrase=passphrase, at=at, user=publisher, private=private
        )
        _record(converted, publisher)
    return key


@dataclass(frozen=True, slots=True)
class _Converted:
    """A converted and checked workbook; its files are stored as blobs."""

    prepared: Prepared
    source: blobs.Blob
    files: Mapping[str, blobs.Blob]

    def with_key(self, public_key: bytes) -> _Converted:
        """The form with a key of the server, unless the workbook brought its own."""
        from server.forms.publication import encrypted

        if self.prepared.form.public_key:
            return self
        return replace(self, prepared=encrypted(self.prepared, public_key))


def _convert(
    workbook: bytes,
    filename: str,
    media: Mapping[str, bytes],
    *,
    validate: bool,
    may_make_lists: bool = True,
) -> _Converted:
    # pyxform and openpyxl take half a second to import; the doors, and the publication of
    # unchanged workbooks, do without them.
    from server.forms.old_workbooks import as_xlsx
    from server.forms.publication import prepare

    workbook = as_xlsx(workbook, filename)
    prepared = prepare(
        content=workbook,
        filename=filename,
        media=media,
        validate=validate,
        may_make_lists=may_make_lists,
    )
    files = {name: blobs.store([content]) for name, content in prepared.files.items()}
    return _Converted(prepared, blobs.store([workbook]), files)


def files_of(version: FormVersion) -> dict[str, bytes]:
    """The contents of a version's files by name, without entity lists."""
    held = version.media.filter(kind=FormMedia.Kind.FILE)
    return {file.filename: blobs.read(file.sha256) for file in held if file.sha256 is not None}


def _record(
    converted: _Converted, publisher: User | None, *, is_offered: bool = True
) -> Publication:
    """Store form and version, and lock the form, in the caller's transaction.

    Raises NotAllowed, FormConcernsOtherAreas, VersionExists.
    """
    prepared, files = converted.prepared, converted.files
    published = prepared.form
    authority.claim(publisher, published.form_id)
    _row, is_first = Form.objects.get_or_create(
        form_id=published.form_id, defaults={"title": published.title}
    )
    form = Form.objects.select_for_update().get(form_id=published.form_id)
    authority.require(publisher, published.form_id)  # the audience may have grown before the lock
    existing = form.versions.filter(version=published.version).first()
    if existing is not None:
        if _is_same(existing, prepared, files):
            return Publication(existing, is_new=False)
        raise VersionExists(
            form_id=published.form_id,
            version=published.version,
            suggestion=_next_version(form, published.version),
        )
    version = FormVersion.objects.create(
        form=form,
        version=published.version,
        title=published.title,
        xform=prepared.document,
        md5=prepared.md5,
        workbook_sha256=converted.source.sha256,
        has_workbook=prepared.has_workbook,
        mapping=prepared.mapping,
        questions=prepared.questions,
        reader=xform.READER,
        warnings=prepared.warnings,
        encryption_key=keys.carried(published.public_key),
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
    import_string(settings.DECLARED_LISTS)(version, publisher)
    before = form.current_version
    form.current_version, form.title = version, published.title
    form.save(update_fields=("current_version", "title"))
    if is_first and is_offered:
        areas = authority.administered(publisher)
        FormAudience.objects.bulk_create(FormAudience(form=form, area=area) for area in areas)
    for step in settings.AFTER_PUBLICATION:
        import_string(step)()
    key = version.encryption_key
    record(
        Act.FORM_PUBLISHED,
        actor=publisher,
        object_type="form",
        object_id=form.form_id,
        area=authority.area_of(form.form_id),
        before={"version": before.version} if before else None,
        after={"version": version.version},
        facts={"files": sorted(files), "key": key.fingerprint[:8] if key else ""},
    )
    return Publication(version, is_new=True)


def _is_same(version: FormVersion, prepared: Prepared, files: Mapping[str, blobs.Blob]) -> bool:
    """Whether the workbook, saved again, gives phones and ledgers what this version gives them."""
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
    """A version name that is not taken: the last number in the name is counted up."""
    taken = set(form.versions.values_list("version", flat=True))
    version = version or "1"
    while version in taken:
        number = re.search(r"\d+(?!.*\d)", version)
        if number is None:
            version = f"{version}-1"
            continue
        raised = str(int(number[0]) + 1).zfill(len(number[0]))
        version = version[: number.start()] + raised + version[number.end() :]
    return version


@transaction.atomic
def offer(
    *,
    form: Form,
    areas: Collection[str] = (),
    users: Collection[User] = (),
    actor: User | None,
) -> None:
    """Offer the form to areas ("" is everywhere) and workers as well; all of them the actor's. Locks the form.

    Raises NotAllowed, FormConcernsOtherAreas, AudienceTooWide.
    """
    _lock(form.form_id, actor)
    authority.require_audience(actor, areas=areas, users=users)
    with _audience_recorded(form, actor):
        _offer(form, areas, users)


@transaction.atomic
def withdraw(
    *, form: Form, areas: Iterable[str] = (), users: Iterable[User] = (), actor: User | None
) -> None:
    """Remove areas and workers from the audience. Phones drop the form at their next sync; finished records are accepted.

    Locks the form. Raises NotAllowed, FormConcernsOtherAreas.
    """
    _lock(form.form_id, actor)
    with _audience_recorded(form, actor):
        _withdraw(form, areas, users)


@transaction.atomic
def offer_only(
    *, form: Form, areas: Collection[str], users: Collection[User], actor: User | None
) -> None:
    """Offer the form to these areas ("" is everywhere) and workers, and to nobody else. Locks the form.

    Raises NotAllowed, FormConcernsOtherAreas, AudienceTooWide.
    """
    _lock(form.form_id, actor)
    present = list(form.audience.select_related("user"))
    authority.require_audience(actor, areas=areas, users=users)
    with _audience_recorded(form, actor):
        _withdraw(
            form,
            {row.area for row in present if row.area is not None} - set(areas),
            {row.user for row in present if row.user} - set(users),
        )
        _offer(form, areas, users)


def _offer(form: Form, areas: Iterable[str], users: Iterable[User]) -> None:
    FormAudience.objects.bulk_create(
        [
            *(FormAudience(form=form, area=area) for area in areas),
            *(FormAudience(form=form, user=user) for user in users),
        ],
        ignore_conflicts=True,
    )


def _withdraw(form: Form, areas: Iterable[str], users: Iterable[User]) -> None:
    form.audience.filter(area__in=list(areas)).delete()
    form.audience.filter(user__in=list(users)).delete()


@contextmanager
def _audience_recorded(form: Form, actor: User | None) -> Iterator[None]:
    """Record the audience before and after the block, unless it is the same."""
    before, area_before = _audience(form), authority.area_of(form.form_id)
    yield
    after, area_after = _audience(form), authority.area_of(form.form_id)
    if before != after:
        record(
            Act.FORM_AUDIENCE,
            actor=actor,
            object_type="form",
            object_id=form.form_id,
            area=common_prefix([area_before, area_after]),
            before=before,
            after=after,
        )


def _audience(form: Form) -> dict[str, list[str]]:
    """The areas and the user names of an audience."""
    rows = list(selectors.audience(form))
    return {
        "areas": [row.area for row in rows if row.area is not None],
        "users": [row.user.username for row in rows if row.user],
    }


@transaction.atomic
def set_state(*, form_id: str, state: Form.State, actor: User | None) -> Form:
    """Make the form open (listed, accepting records), closing (accepting only) or closed (neither).

    Locks the form. Raises NotAllowed, NoSuchForm, FormConcernsOtherAreas.
    """
    form = _lock(form_id, actor)
    before, form.state = form.state, Form.State(state)
    form.save(update_fields=("state",))
    record(
        Act.FORM_STATE,
        actor=actor,
        object_type="form",
        object_id=form.form_id,
        area=authority.area_of(form.form_id),
        before=before,
        after=str(form.state),
    )
    return form


def _lock(form_id: str, actor: User | None) -> Form:
    """The form, locked, for an actor who may change it. Raises NotAllowed, NoSuchForm, FormConcernsOtherAreas."""
    form = Form.objects.select_for_update().filter(form_id=form_id).first()
    if form is None:
        raise NoSuchForm(form_id=form_id)
    authority.require(actor, form_id)
    return form
