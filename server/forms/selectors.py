"""Reads of forms: what phones are offered, and what office staff see."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q, QuerySet, Subquery
from psycopg.types.numeric import Int8

from server.accounts.access import PUBLISHERS, Access
from server.accounts.selectors import workers
from server.core.statements import run
from server.forms.authority import may_administer
from server.forms.entity_forms import EntityForm, entity_form
from server.forms.models import (
    EncryptionKey,
    Form,
    FormAudience,
    FormDraft,
    FormMedia,
    FormVersion,
)
from server.forms.problems import UnknownDraft


@dataclass(frozen=True, slots=True)
class OfferedForm:
    """One line of a phone's form list."""

    form_id: str
    title: str
    version: str
    md5: str
    has_media: bool


_FORM_LIST = f"""
select coalesce(json_agg(json_build_array(form.form_id, edition.title, edition.version, edition.md5,
                exists (select from forms_formmedia media where media.form_version_id = edition.id))
                order by form.form_id, edition.published_at desc, edition.id desc), '[]')::text
  from forms_form form
  join forms_formversion edition
    on edition.form_id = form.id and (edition.id = form.current_version_id or %(all_versions)s)
 where form.state = '{Form.State.OPEN}' and form.form_id = coalesce(%(form_id)s, form.form_id)
   and exists (select from forms_formaudience audience
                where audience.form_id = form.id
                  and (audience.user_id = %(user_id)s or audience.area = any(%(prefixes)s)))
"""  # noqa: S608 a member of an enum


def forms_offered(
    user_id: int, areas: Iterable[str], *, form_id: str | None = None, all_versions: bool = False
) -> tuple[OfferedForm, ...]:
    """The open forms whose audience includes the worker: their current versions, or all versions. One query.

    Every phone sends this request at every start, so the query is a prepared statement: the
    ORM would take five times as long to build it as PostgreSQL takes to answer it.
    """
    if form_id is not None and "\0" in form_id:
        return ()
    row = run(
        _FORM_LIST,
        {
            "user_id": Int8(user_id),
            "prefixes": sorted(_prefixes(areas)),
            "form_id": form_id,
            "all_versions": all_versions,
        },
    )
    return _offered_forms(row[0]) if row else ()


@lru_cache(maxsize=256)
def _offered_forms(rows: str) -> tuple[OfferedForm, ...]:
    """The forms of a JSON array of rows; cached, because most workers of an office are offered the same."""
    return tuple(OfferedForm(*row) for row in json.loads(rows))


_CREATING = f"""
select coalesce(json_agg(json_build_array(form.current_version_id, form.needs_approval)), '[]')::text
  from forms_form form
 where form.state = '{Form.State.OPEN}' and form.current_version_id is not null
   and exists (select from forms_form other where other.state = '{Form.State.OPEN}' and other.needs_approval)
   and exists (select from forms_formaudience audience
                where audience.form_id = form.id
                  and (audience.user_id = %(user_id)s or audience.area = any(%(prefixes)s)))
"""  # noqa: S608 a member of an enum


def approval_lists(user_id: int, areas: Iterable[str]) -> frozenset[str]:
    """The entity lists in which an entity created on this worker's phone waits for approval by the office.

    These are the lists in which the worker's open forms create entities, if every such form
    needs approval (decision 0180). One query; what a version declares is read once per process.
    """
    parameters = {"user_id": Int8(user_id), "prefixes": sorted(_prefixes(areas))}
    row = run(_CREATING, parameters)
    return _needing_approval(dict(json.loads(row[0])) if row else {})


def all_approval_lists() -> frozenset[str]:
    """The same for all open forms, as office staff see it."""
    rows = Form.objects.filter(state=Form.State.OPEN).exclude(current_version=None).order_by()
    return _needing_approval(dict(rows.values_list("current_version", "needs_approval")))


def _needing_approval(offered: Mapping[int, bool]) -> frozenset[str]:
    """The entity lists that only forms needing approval create entities in; `offered` is current version → needs approval."""
    if not any(offered.values()):
        return frozenset()
    lists: dict[bool, set[str]] = {True: set(), False: set()}
    for version, declared in entity_forms(offered).items():
        lists[offered[version]] |= declared.creates
    return frozenset(lists[True] - lists[False])


_FORMS_KEPT: Final = 200
_entity_forms: dict[int, EntityForm] = {}


def entity_forms(versions: Iterable[int]) -> dict[int, EntityForm]:
    """What form versions declare about entities, by primary key. It never changes, so each is read once per process."""
    wanted = set(versions)
    missing = wanted - _entity_forms.keys()
    if missing:
        if len(_entity_forms) > _FORMS_KEPT:
            _entity_forms.clear()
            missing = wanted
        rows = FormVersion.objects.filter(pk__in=missing).order_by().values_list("pk", "xform")
        _entity_forms.update((pk, entity_form(bytes(xform))) for pk, xform in rows)
    return {version: _entity_forms[version] for version in wanted}


def lists_offered(user_id: int, areas: Iterable[str]) -> list[str]:
    """The file names of the entity lists that this worker's phone can hold. One query."""
    offered = _offered(user_id, areas, None).filter(state=Form.State.OPEN).order_by()
    return list(
        FormMedia.objects.filter(
            form_version__in=offered.values("current_version"), kind=FormMedia.Kind.ENTITY_LIST
        )
        .order_by("filename")
        .values_list("filename", flat=True)
        .distinct()
    )


def offered_version(
    user_id: int, areas: Iterable[str], form_id: str, version: str
) -> FormVersion | None:
    """The form version, if the worker may fetch it: of a form offered to them, in any state, current or old."""
    if "\0" in version:  # no column can hold it
        return None
    return (
        FormVersion.objects.filter(
            form__in=_offered(user_id, areas, form_id).order_by(), version=version
        )
        .defer("mapping", "questions", "warnings")
        .first()
    )


def forms_of_office(
    access: Access, *, form_id: str | None = None, all_versions: bool = False
) -> tuple[OfferedForm, ...]:
    """All published forms, in any state, as a form list shows them: for a person who pulls their records. One query."""
    versions = FormVersion.objects.filter(form__in=published(access).order_by().values("pk"))
    if form_id is not None:
        versions = versions.none() if "\0" in form_id else versions.filter(form__form_id=form_id)
    if not all_versions:
        versions = versions.filter(current_of__isnull=False)
    media = FormMedia.objects.filter(form_version=OuterRef("pk"))
    rows = versions.annotate(has_media=Exists(media)).order_by(
        "form__form_id", "-published_at", "-pk"
    )
    columns = ("form__form_id", "title", "version", "md5", "has_media")
    return tuple(OfferedForm(*row) for row in rows.values_list(*columns))


def version_of_office(access: Access, form_id: str, version: str) -> FormVersion | None:
    """The form version, if the person reads an area."""
    if not access.areas() or "\0" in form_id + version:
        return None
    rows = FormVersion.objects.filter(form__form_id=form_id, version=version)
    return rows.defer("mapping", "questions", "warnings").first()


def _offered(user_id: int, areas: Iterable[str], form_id: str | None) -> QuerySet[Form]:
    """The forms whose audience names the worker, or an area that contains one of the worker's areas."""
    audience = FormAudience.objects.filter(
        Q(user_id=user_id) | Q(area__in=_prefixes(areas)), form=OuterRef("pk")
    )
    forms = Form.objects.filter(Exists(audience))
    if form_id is not None and "\0" in form_id:
        return forms.none()
    return forms if form_id is None else forms.filter(form_id=form_id)


def _prefixes(areas: Iterable[str]) -> set[str]:
    """Every area that contains one of these areas, and these areas themselves."""
    return {area[:length] for area in areas for length in range(len(area) + 1)}


def version_for(form_id: str, version: str) -> FormVersion | None:
    """The published version that a submission names, with its form and without the large columns."""
    return (
        FormVersion.objects.filter(form__form_id=form_id, version=version)
        .select_related("form")
        .defer("xform", "mapping", "questions", "warnings")
        .first()
    )


def media_of(version: FormVersion) -> list[FormMedia]:
    """The files that the version needs, in the order of their names."""
    return list(version.media.all())


def forms(access: Access) -> QuerySet[Form]:
    """All forms, for every user with an area: a form holds no personal data."""
    if not access.areas():
        return Form.objects.none()
    return (
        Form.objects.select_related("current_version__encryption_key")
        .defer("current_version__encryption_key__private_key")
        .annotate(n_versions=Count("versions", distinct=True))
    )


def published(access: Access) -> QuerySet[Form]:
    """The forms that have a current version, with that version but without its large columns."""
    heavy = ("xform", "mapping", "questions", "warnings")
    return (
        forms(access)
        .exclude(current_version=None)
        .defer(*(f"current_version__{name}" for name in heavy))
    )


def forms_with_list(access: Access, name: str) -> QuerySet[Form]:
    """The forms whose current version uses the entity list as a file."""
    media = FormMedia.objects.filter(
        form_version=OuterRef("current_version"),
        kind=FormMedia.Kind.ENTITY_LIST,
        filename=f"{name}.csv",
    )
    return published(access).filter(Exists(media)).order_by("form_id")


def forms_writing_to(access: Access, name: str) -> list[Form]:
    """The forms whose current version creates or updates entities of the list."""
    return list(forms_saving_to(access, name))


def forms_saving_to(access: Access, name: str) -> dict[Form, tuple[str, ...]]:
    """The same forms, each with the properties that its questions save to."""
    rows = FormVersion.objects.filter(current_of__in=published(access).order_by())
    current = rows.select_related("form").only("xform", "form__form_id", "form__title")
    current = current.order_by("form__form_id")
    declared = ((row.form, entity_form(bytes(row.xform))) for row in current)
    writing = ((form, entities) for form, entities in declared if name in entities.datasets)
    return {form: entities.saved.get(name, ()) for form, entities in writing}


def mappings(form: Form) -> dict[int, tuple[str, dict[str, Any]]]:
    """Primary key of each version → its version and its mapping, which says where its answers go."""
    rows = FormVersion.objects.filter(form=form).order_by()
    return {
        pk: (version, mapping)
        for pk, version, mapping in rows.values_list("pk", "version", "mapping")
    }


def versions(access: Access) -> QuerySet[FormVersion]:
    """All versions, newest first within a form; without the large columns."""
    if not access.areas():
        return FormVersion.objects.none()
    return (
        FormVersion.objects.select_related("form", "published_by", "encryption_key")
        .annotate(is_current=Exists(Form.objects.filter(current_version=OuterRef("pk"))))
        .defer("xform", "mapping", "questions", "encryption_key__private_key")
    )


def audiences(access: Access) -> QuerySet[FormAudience]:
    """Who is offered which form: all areas, and by name only workers of the user's areas."""
    named = Q(user__in=workers(access).values("pk"))
    return FormAudience.objects.filter(Q(user=None) | named).select_related("user")


def audience(form: Form) -> QuerySet[FormAudience]:
    """Who is offered the form: first areas, then single workers."""
    return form.audience.select_related("user").order_by(
        F("area").asc(nulls_last=True), "user__username"
    )


def published_from(workbook_sha256: bytes, media: Mapping[str, bytes]) -> FormVersion | None:
    """The version already published from these very bytes, if its files and its key would be the same now; else None."""
    key = _current_keys().filter(form_id=OuterRef("form__form_id")).order_by().values("pk")
    version = (
        FormVersion.objects.filter(workbook_sha256=workbook_sha256)
        .annotate(current_key_id=Subquery(key[:1]))
        .select_related("form", "encryption_key")
        .defer("xform", "mapping", "questions")
        .prefetch_related("media")
        .first()
    )
    if version is None or not _carries_current_key(version, version.current_key_id):
        return None
    return version if same_media(version, media) else None


def same_media(version: FormVersion, media: Mapping[str, bytes]) -> bool:
    """Whether every given file that the version uses equals the version's file of that name."""
    return all(
        held.filename not in media
        or bytes(held.sha256) == hashlib.sha256(media[held.filename]).digest()
        for held in version.media.all()
        if held.kind == FormMedia.Kind.FILE and held.sha256 is not None
    )


def draft(access: Access, form_id: str) -> FormDraft:
    """The form's draft, for users who may administer the form. Raises UnknownDraft, also for other users."""
    draft = FormDraft.objects.filter(form_id=form_id).first()
    if draft is None or not may_administer(access, [form_id]):
        raise UnknownDraft(form_id=form_id[:100])
    return draft


def draft_files(draft: FormDraft) -> dict[str, bool]:
    """Each file the draft needs → whether it has come with the draft or is in the current version."""
    current = FormMedia.objects.filter(
        form_version__current_of__form_id=draft.form_id, kind=FormMedia.Kind.FILE
    )
    names = {file["name"] for file in draft.files} | set(current.values_list("filename", flat=True))
    return {name: name in names for name in draft.wanted}


def encryption_keys(access: Access) -> QuerySet[EncryptionKey]:
    """All keys, newest first, with the versions that carry them and without the private halves; for users who may publish."""
    if not access.areas(PUBLISHERS):
        return EncryptionKey.objects.none()
    versions = FormVersion.objects.select_related("form").only(
        "version",
        "published_at",
        "encryption_key",
        "form__form_id",
        "form__title",
        "form__current_version",
    )
    return (
        EncryptionKey.objects.defer("private_key")
        .prefetch_related(Prefetch("form_versions", versions.order_by("-published_at", "-id")))
        .order_by("-created_at", "-id")
    )


@dataclass(frozen=True, slots=True)
class FormEncryption:
    """Whether phones encrypt the records of a form, and with which key."""

    form: Form
    key: EncryptionKey | None  # of the current version
    since: datetime | None
    next_key: str  # fingerprint of the key that replaces it in the next version; "" when it stays

    @property
    def is_own_key(self) -> bool:
        """Whether the key came with the workbook."""
        return self.key is not None and not self.key.form_id


def encryption_of_forms(access: Access) -> list[FormEncryption]:
    """Every form with its key, since when it has the key, and the next key. One query."""
    first = FormVersion.objects.filter(
        form=OuterRef("pk"), encryption_key=OuterRef("current_version__encryption_key")
    ).order_by("published_at", "id")
    following = _current_keys().filter(form_id=OuterRef("form_id")).order_by()
    rows = (
        forms(access)
        .defer(
            *(f"current_version__{name}" for name in ("xform", "mapping", "questions")),
            "current_version__encryption_key__private_key",
        )
        .annotate(
            since=Subquery(first.values("published_at")[:1]),
            next_key=Subquery(following.values("fingerprint")[:1]),
        )
        .order_by("form_id")
    )
    encryptions = []
    for form in rows:
        key = form.current_version.encryption_key if form.current_version else None
        keeps = key is not None and (not key.form_id or key.fingerprint == form.next_key)
        next_key = "" if keeps else form.next_key or ""
        encryptions.append(FormEncryption(form, key, form.since, next_key))
    return encryptions


def current_key(form_id: str) -> EncryptionKey | None:
    """The key that the next version of the form gets from the server; None when it gets none."""
    return _current_keys().filter(form_id=form_id).first()


def _current_keys() -> QuerySet[EncryptionKey]:
    return EncryptionKey.objects.filter(retired_at=None).exclude(form_id="")


def _carries_current_key(version: FormVersion, current_key_id: int | None) -> bool:
    """Whether the version's workbook, published again, would get the key it has."""
    if version.encryption_key is not None and not version.encryption_key.form_id:
        return True  # the workbook's own
    return current_key_id is None or current_key_id == version.encryption_key_id
