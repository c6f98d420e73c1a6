"""Reads of forms: what phones are offered, and what the desk sees."""

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
from server.core.statements import run
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


_FORM_LIST = """
select coalesce(json_agg(json_build_array(form.form_id, edition.title, edition.version, edition.md5,
                exists (select from forms_formmedia media where media.form_version_id = edition.id))
                order by form.form_id, edition.published_at desc, edition.id desc), '[]')::text
  from forms_form form
  join forms_formversion edition
    on edition.form_id = form.id and (edition.id = form.current_version_id or %(all_versions)s)
 where form.state = 'open' and form.form_id = coalesce(%(form_id)s, form.form_id)
   and exists (select from forms_formaudience audience
                where audience.form_id = form.id
                  and (audience.user_id = %(user_id)s or audience.area = any(%(prefixes)s)))
"""


def forms_offered(
    user_id: int, areas: Iterable[str], *, form_id: str | None = None, all_versions: bool = False
) -> tuple[OfferedForm, ...]:
    """Open forms for which the worker is in the audience: current versions, or all. One query.

    Every phone asks at every start, so it is one prepared statement: the ORM would take
    five times as long to write it as PostgreSQL to answer.
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
    return _read(row[0]) if row else ()


@lru_cache(maxsize=256)
def _read(told: str) -> tuple[OfferedForm, ...]:
    """The rows of a form list; most workers of an office are offered the same."""
    return tuple(OfferedForm(*form) for form in json.loads(told))


_CREATING = """
select coalesce(json_agg(json_build_array(form.current_version_id, form.needs_approval)), '[]')::text
  from forms_form form
 where form.state = 'open' and form.current_version_id is not null
   and exists (select from forms_form other where other.state = 'open' and other.needs_approval)
   and exists (select from forms_formaudience audience
                where audience.form_id = form.id
                  and (audience.user_id = %(user_id)s or audience.area = any(%(prefixes)s)))
"""


def approval_lists(user_id: int, areas: Iterable[str]) -> frozenset[str]:
    """The entity lists in which nothing may be made on this worker's phone before the office approves it.

    A list in which an open form of the worker's makes entities, where every such form
    needs approval (decision 0180). One query; what a version declares is read once a process.
    """
    asked = {"user_id": Int8(user_id), "prefixes": sorted(_prefixes(areas))}
    row = run(_CREATING, asked)
    return _needing_approval(dict(json.loads(row[0])) if row else {})


def all_approval_lists() -> frozenset[str]:
    """The same by all open forms, for the desk."""
    rows = Form.objects.filter(state=Form.State.OPEN).exclude(current_version=None).order_by()
    return _needing_approval(dict(rows.values_list("current_version", "needs_approval")))


def _needing_approval(offered: Mapping[int, bool]) -> frozenset[str]:
    """`offered` is current version → whether its form needs approval."""
    if not any(offered.values()):
        return frozenset()
    made: dict[bool, set[str]] = {True: set(), False: set()}
    for version, declared in entity_forms(offered).items():
        made[offered[version]] |= declared.creates
    return frozenset(made[True] - made[False])


_FORMS_KEPT: Final = 200
_entity_forms: dict[int, EntityForm] = {}


def entity_forms(versions: Iterable[int]) -> dict[int, EntityForm]:
    """What form versions declare of entities; that never changes, so each is read once a process."""
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
    """The entity lists, by file name, that a phone of this worker can hold. One query."""
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
    """A version a worker may fetch: of a form offered to them, whatever its state, old ones too."""
    if "\0" in version:  # which no column can hold
        return None
    return (
        FormVersion.objects.filter(
            form__in=_offered(user_id, areas, form_id).order_by(), version=version
        )
        .defer("mapping", "questions", "warnings")
        .first()
    )


def _offered(user_id: int, areas: Iterable[str], form_id: str | None) -> QuerySet[Form]:
    """Forms whose audience names the worker, or an area one of the worker's lies in."""
    audience = FormAudience.objects.filter(
        Q(user_id=user_id) | Q(area__in=_prefixes(areas)), form=OuterRef("pk")
    )
    forms = Form.objects.filter(Exists(audience))
    if form_id is not None and "\0" in form_id:
        return forms.none()
    return forms if form_id is None else forms.filter(form_id=form_id)


def _prefixes(areas: Iterable[str]) -> set[str]:
    """The areas in which these lie, themselves included."""
    return {area[:length] for area in areas for length in range(len(area) + 1)}


def version_for(form_id: str, version: str) -> FormVersion | None:
    """The published version a submission names, with its form; without the large columns."""
    return (
        FormVersion.objects.filter(form__form_id=form_id, version=version)
        .select_related("form")
        .defer("xform", "mapping", "questions", "warnings")
        .first()
    )


def media_of(version: FormVersion) -> list[FormMedia]:
    """The files the version needs, by name."""
    return list(version.media.all())


def forms(access: Access) -> QuerySet[Form]:
    """All forms, for anyone at the desk: a form holds no personal data."""
    if not access.areas():
        return Form.objects.none()
    return (
        Form.objects.select_related("current_version__encryption_key")
        .defer("current_version__encryption_key__private_key")
        .annotate(n_versions=Count("versions", distinct=True))
    )


def published(access: Access) -> QuerySet[Form]:
    """The forms that have a version, with it but without the large columns."""
    heavy = ("xform", "mapping", "questions", "warnings")
    return (
        forms(access)
        .exclude(current_version=None)
        .defer(*(f"current_version__{name}" for name in heavy))
    )


def forms_with_list(access: Access, name: str) -> QuerySet[Form]:
    """The forms whose current version shows the entity list."""
    media = FormMedia.objects.filter(
        form_version=OuterRef("current_version"),
        kind=FormMedia.Kind.ENTITY_LIST,
        filename=f"{name}.csv",
    )
    return published(access).filter(Exists(media)).order_by("form_id")


def forms_making(access: Access, name: str) -> list[Form]:
    """The forms whose current version makes or updates entries of the entity list."""
    rows = FormVersion.objects.filter(current_of__in=published(access).order_by())
    current = rows.select_related("form").only("xform", "form__form_id", "form__title")
    return [
        version.form
        for version in current.order_by("form__form_id")
        if name in entity_form(bytes(version.xform)).datasets
    ]


def mappings(form: Form) -> dict[int, tuple[str, dict[str, Any]]]:
    """Version → its name and where its answers go."""
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


def audience(form: Form) -> QuerySet[FormAudience]:
    """Who is offered the form: areas first, then named workers."""
    return form.audience.select_related("user").order_by(
        F("area").asc(nulls_last=True), "user__username"
    )


def published_from(workbook_sha256: bytes, media: Mapping[str, bytes]) -> FormVersion | None:
    """The version already made of exactly this workbook, if neither files nor key would differ now."""
    key = _current_keys().filter(form_id=OuterRef("form__form_id")).order_by().values("pk")
    found = (
        FormVersion.objects.filter(workbook_sha256=workbook_sha256)
        .annotate(current_key_id=Subquery(key[:1]))
        .select_related("form", "encryption_key")
        .defer("xform", "mapping", "questions")
        .prefetch_related("media")
        .first()
    )
    if found is None or not _carries_current_key(found, found.current_key_id):
        return None
    return found if same_media(found, media) else None


def same_media(version: FormVersion, media: Mapping[str, bytes]) -> bool:
    """Whether no given file differs from the version's file of that name."""
    return all(
        held.filename not in media
        or bytes(held.sha256) == hashlib.sha256(media[held.filename]).digest()
        for held in version.media.all()
        if held.kind == FormMedia.Kind.FILE and held.sha256 is not None
    )


def draft(access: Access, form_id: str) -> FormDraft:
    """What waits to be published of the form, for those who publish. Raises UnknownDraft."""
    found = FormDraft.objects.filter(form_id=form_id).first()
    if found is None or not access.areas(PUBLISHERS):
        raise UnknownDraft(form_id=form_id[:100])
    return found


def draft_files(draft: FormDraft) -> dict[str, bool]:
    """File the draft asks for → whether it is here: with the draft, or with the current version."""
    current = FormMedia.objects.filter(
        form_version__current_of__form_id=draft.form_id, kind=FormMedia.Kind.FILE
    )
    there = {file["name"] for file in draft.files} | set(current.values_list("filename", flat=True))
    return {name: name in there for name in draft.wanted}


def encryption_keys(access: Access) -> QuerySet[EncryptionKey]:
    """All keys with the versions that carry them, newest first, for those who publish; without the private halves."""
    if not access.areas(PUBLISHERS):
        return EncryptionKey.objects.none()
    versions = FormVersion.objects.select_related("form").only(
        "version", "encryption_key", "form__form_id", "form__title", "form__current_version"
    )
    return (
        EncryptionKey.objects.defer("private_key")
        .prefetch_related(Prefetch("form_versions", versions.order_by("-published_at", "-id")))
        .order_by("-created_at", "-id")
    )


@dataclass(frozen=True, slots=True)
class FormEncryption:
    """Whether phones encrypt what is filled in with a form."""

    form: Form
    key: EncryptionKey | None  # that its current version carries
    since: datetime | None
    next_key: str  # that the next version gets instead; "" when it keeps what it has

    @property
    def is_own_key(self) -> bool:
        """Whether the workbook brought the key."""
        return self.key is not None and not self.key.form_id


def encryption_of_forms(access: Access) -> list[FormEncryption]:
    """Every form with its key, since when it has that, and the key that follows. One query."""
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
    found = []
    for form in rows:
        key = form.current_version.encryption_key if form.current_version else None
        keeps = key is not None and (not key.form_id or key.fingerprint == form.next_key)
        next_key = "" if keeps else form.next_key or ""
        found.append(FormEncryption(form, key, form.since, next_key))
    return found


def current_key(form_id: str) -> EncryptionKey | None:
    """The key the next version of the form gets; None when it is not encrypted by us."""
    return _current_keys().filter(form_id=form_id).first()


def _current_keys() -> QuerySet[EncryptionKey]:
    return EncryptionKey.objects.filter(retired_at=None).exclude(form_id="")


def _carries_current_key(version: FormVersion, current_key_id: int | None) -> bool:
    """Whether publishing the version's workbook again would give it the key it has."""
    if version.encryption_key is not None and not version.encryption_key.form_id:
        return True  # the workbook's own
    return current_key_id is None or current_key_id == version.encryption_key_id
