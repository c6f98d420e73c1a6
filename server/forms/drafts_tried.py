"""Reads of drafts that are tried on a phone: whose token opens which draft, and what the phone gets."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from typing import Any, Final

from django.db.models import QuerySet

from server.accounts.access import Access, Worker, access_of
from server.accounts.models import Role
from server.forms.authority import may_administer
from server.forms.entities import EntityList, entity_list
from server.forms.models import FormDraft, FormMedia


def drafts(access: Access) -> list[FormDraft]:
    """The drafts of all forms that the user may administer."""
    rows = list(FormDraft.objects.select_related("saved_by").defer("xform", "mapping", "questions"))
    mine = may_administer(access, [draft.form_id for draft in rows])
    return [draft for draft in rows if draft.form_id in mine]


def draft_of_token(
    form_id: str, token: str, rows: QuerySet[FormDraft] | None = None
) -> FormDraft | None:
    """The draft of the form, if this is its token."""
    if "\0" in form_id or not token:
        return None
    rows = FormDraft.objects.all() if rows is None else rows
    draft = rows.filter(form_id=form_id).first()
    if draft is None or not hmac.compare_digest(draft.token.encode(), token.encode()):
        return None
    return draft


def worker_trying(draft: FormDraft) -> Worker:
    """Who reads the entity lists of a draft: whoever saved it, in the areas in which that person works.

    So the code of a draft opens no more than that person's own phone; who works nowhere tries
    the form with empty lists.
    """
    return Worker(draft.saved_by_id, access_of(draft.saved_by).areas({Role.WORKER}))


def media_of_draft(draft: FormDraft) -> list[FormMedia]:
    """The files that the phone gets, as rows that are not saved: the draft's, else the current version's, and the entity lists.

    A file that has not come yet is missing.
    """
    held = {file["name"]: file for file in draft.files if "md5" in file}
    return sorted((*_lists(draft), *_files(draft, held)), key=lambda media: media.filename)


def _lists(draft: FormDraft) -> Iterator[FormMedia]:
    for name in draft.lists:
        yield FormMedia(filename=name, kind=FormMedia.Kind.ENTITY_LIST)


def _files(draft: FormDraft, held: dict[str, dict[str, Any]]) -> Iterator[FormMedia]:
    for name, file in held.items():
        yield FormMedia(
            filename=name,
            kind=FormMedia.Kind.FILE,
            sha256=bytes.fromhex(file["sha256"]),
            md5=file["md5"],
            size=file["size"],
        )
    current = FormMedia.objects.filter(
        form_version__current_of__form_id=draft.form_id, kind=FormMedia.Kind.FILE
    )
    yield from current.filter(filename__in=set(draft.wanted) - held.keys())


class _NoEntries:
    """A list that nobody has yet: publication makes it."""

    columns: tuple[str, ...] = ("name", "label", "__version")
    saved_by = ""

    def hash(self, worker: Worker) -> str:
        """The same for everybody."""
        return _NOTHING

    def csv(self, worker: Worker) -> Iterator[bytes]:
        """The header alone."""
        yield (",".join(self.columns) + "\n").encode()


_NOTHING: Final = "0" * 32


def list_to_try(filename: str) -> EntityList:
    """The entity list of this file name; one without entries where the draft itself is the first to name it."""
    known = entity_list(filename)
    return _NoEntries() if known is None else known
