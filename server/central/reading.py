"""Reads submissions for a user: opened, masked unless an export permit is open, laid out by the current form version."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from lxml import etree

from server.accounts.access import REVEALERS, common_prefix
from server.audit.models import Act
from server.audit.services import record
from server.central import shapes, tables
from server.central.endpoint import Call
from server.central.queries import Columns
from server.central.schema import Schema, schema_of
from server.core.request_problems import NothingHere
from server.disclosure.models import ExportPermit
from server.disclosure.selectors import (
    areas_of,
    facts_of,
    feeds_no_ledger,
    names_nobody,
    open_permits,
)
from server.forms import selectors as forms
from server.forms.models import Form
from server.ledgers.reading.answers import (
    Clearance,
    for_program,
    masks_nothing,
    redacted_instance,
)
from server.ledgers.reading.redaction import protection, stricter
from server.submissions.answers import is_sent
from server.submissions.filenames import compared
from server.submissions.models import (
    Attachment,
    EncryptedVersion,
    Submission,
    SubmissionVersion,
)
from server.submissions.selectors import answers_of, files_of_all, may_have_any_file

REASON: Final = "ODK Central API"


def published_form(call: Call, form_id: str) -> Form:
    """A published form, without its large columns. Raises NothingHere."""
    form = forms.published(call.access).filter(form_id=form_id).first()
    if form is None:
        raise NothingHere
    return form


def fallback_created_at(call: Call) -> datetime:
    """The time stated for what has none of its own, as the project: when the first form, or else the user, was created."""
    first = forms.published(call.access).order_by("created_at").first()
    return first.created_at if first else call.user.created_at


class Reader:
    """The submissions of a form for a user."""

    def __init__(self, call: Call, form: Form) -> None:
        version = form.current_version
        assert version is not None  # noqa: S101 the form is published
        self.call, self.access, self.form = call, call.access, form
        self.schema: Schema = schema_of(version.questions)
        mappings = forms.mappings(form)
        self.versions = {pk: name for pk, (name, _mapping) in mappings.items()}
        current = protection(mappings[version.pk][1], version.questions)
        self._protected = {
            pk: stricter(protection(mapping, {}), current)
            for pk, (_name, mapping) in mappings.items()
        }
        self._clearances: dict[str, Clearance] = {}  # by area
        self._permits = open_permits(call.access, ExportPermit.Kind.FORM, form.form_id)
        self.whole_areas = areas_of(self._permits)
        self._feeds_no_ledger = feeds_no_ledger(mapping for _name, mapping in mappings.values())

    def instance(self, row: Submission) -> etree._Element | None:
        """The instance with what the user may not see masked; None while it is encrypted."""
        version = row.current_version
        assert version is not None  # noqa: S101 inserted by the same statement
        return self.answers_of(version, row.area_code)

    def answers_of(self, version: SubmissionVersion, area_code: str) -> etree._Element | None:
        """The same of any version of a submission in the area; None while it is encrypted, or when it is erased."""
        instance = None if version.erased_at else answers_of(version)
        if instance is None:
            return None
        clearance = self._clearances.get(area_code)
        if clearance is None:
            clearance = for_program(self.access, area_code, self.whole_areas)
            self._clearances[area_code] = clearance
        protected = self._protected[version.form_version_id]
        return redacted_instance(instance.document, protected, clearance)

    def files(self, rows: Iterable[Submission]) -> Iterator[tuple[Submission, Attachment]]:
        """The files that the user may have as they were received, each with its submission."""
        whole = {
            row.current_version_id: row
            for row in rows
            if row.area_code.startswith(self.whole_areas) or self._masks_nothing(row)
        }
        for file in files_of_all(whole):
            row = whole[file.version_id]
            protected = self._protected[row.current_version.form_version_id]  # type: ignore[union-attr]
            may_have = (
                may_have_any_file(self.access, row.area_code, file.name)
                or not protected.has_restricted
            )
            if may_have and (row.area_code.startswith(self.whole_areas) or names_nobody(file)):
                yield row, file

    def _masks_nothing(self, row: Submission) -> bool:
        """Whether files of the submission need no permit as far as its answers tell."""
        version = row.current_version
        instance = answers_of(version) if version and self._feeds_no_ledger else None
        if version is None or instance is None:
            return False
        return masks_nothing(instance.document, self._protected[version.form_version_id])

    def rows(
        self, row: Submission, table: str, columns: Columns, *, wkt: bool, expand: bool
    ) -> Iterator[dict[str, Any]]:
        """The rows of a submission in a table."""
        root, chain = self.instance(row), self.schema.tables[table]
        if chain:
            join = tables.join_column(chain)
            for cells in self._below(root, row, table, columns, wkt=wkt, expand=expand):
                if join not in columns.keys:
                    del cells[join]
                yield cells
            return
        own: dict[str, Any] = {"__id": row.instance_id}
        if columns.system:
            system = self.system(row, root)
            own["__system"] = {name: system[name] for name in system if name in columns.system}
        if root is None:
            yield {**own, **tables.unanswered(row.instance_id, columns.fields)}
            return
        for answers in self._below(root, row, table, columns, wkt=wkt, expand=expand):
            yield {**own, **answers}

    def _below(
        self,
        root: etree._Element | None,
        row: Submission,
        table: str,
        columns: Columns,
        *,
        wkt: bool,
        expand: bool,
    ) -> Iterator[dict[str, Any]]:
        if root is None:
            return iter(())
        chain = self.schema.tables[table]
        return tables.rows(root, row.instance_id, chain, columns.fields, wkt=wkt, expand=expand)

    def system(self, row: Submission, root: etree._Element | None) -> dict[str, Any]:
        """`__system` of a submission."""
        version = row.current_version
        assert version is not None  # noqa: S101 inserted by the same statement
        answered = () if root is None else tables.answered(root, self.schema.binaries)
        wanted = {compared(name) for name in answered if is_sent(name)}
        n_missing = len(wanted - row.files_here)  # type: ignore[attr-defined]
        name = self.versions[version.form_version_id]
        return shapes.system(row, name, n_missing, _status(row) if root is None else None)

    def record_export(
        self, table: str, size: Mapping[str, int], *, submission: Submission | None = None
    ) -> None:
        """Record that answers of the form, or of one submission, are sent: once a request, before the first of them.

        `size` says how many rows, or of how many submissions.
        """
        detail = "raw" if self._permits else "masked"
        kind, key = ("submission", submission.pk) if submission else ("form", self.form.form_id)
        columns = [self.form.form_id, table, detail]
        record_export(self.call, kind, str(key), columns, **size, **facts_of(self._permits))


def record_export(
    call: Call, object_type: str, object_id: str, columns: list[str], **facts: object
) -> None:
    """Record that rows of the user's areas are sent."""
    areas = call.access.areas(REVEALERS) or call.access.areas()
    record(
        Act.EXPORT,
        actor=call.user,
        object_type=object_type,
        object_id=object_id,
        area=common_prefix(areas),
        reason=REASON,
        facts={"columns": columns, **facts},
    )


def _status(row: Submission) -> str:
    record: EncryptedVersion | None = getattr(row.current_version, "encrypted", None)
    if record is not None and record.state == EncryptedVersion.State.INCOMPLETE:
        return "missingEncryptedFormData"
    return "notDecrypted"
