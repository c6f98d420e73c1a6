"""Reads submissions for a user: opened, masked unless an export permit is open, laid out by the current form version."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from typing import Any, Final

from django.db.models import QuerySet
from lxml import etree

from server.accounts.access import REVEALERS, common_prefix
from server.audit.models import Act
from server.audit.services import record
from server.central import layouts, shapes, sheets, tables
from server.central.endpoint import Call
from server.central.layouts import Layout, Level, lay_out, packed
from server.central.queries import Columns
from server.central.schema import ROOT, Schema, schema_of
from server.central.sheets import Sheet, as_csv
from server.central.tables import Table
from server.core.plain import dumps
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
    layout_digest,
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
from server.submissions.record_rows import (
    BATCH,
    Order,
    RecordRow,
    in_batches,
    laid_out,
    versions_with_answers,
)
from server.submissions.selectors import answers_of, files_of_all, may_have_any_file
from server.submissions.services.laying_out import NewLayout, keep_layouts

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


@dataclass(frozen=True, slots=True)
class Read:
    """A record with its answers as the user may see them."""

    row: RecordRow
    layout: Layout | None  # None while it is encrypted

    @property
    def level(self) -> Level | None:
        """The level of its root; None while it is encrypted."""
        return self.layout.level if self.layout else None

    @property
    def n_missing(self) -> int:
        """How many files the answers name that have not arrived."""
        return len(self.layout.files_named - self.row.files_here) if self.layout else 0


@dataclass(frozen=True, slots=True)
class JsonRow:
    """A row of a table as JSON."""

    id: str
    parent: str  # the id of the row above; "" in the table of submissions
    text: str


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

    @cached_property
    def sheet(self) -> Sheet:
        """How lines of the table of submissions are made."""
        return Sheet(self.schema, ROOT)

    @cached_property
    def submissions(self) -> Table:
        """How rows of the table of submissions are made when nothing else is asked for."""
        return tables.table(self.schema.fields, (), self.schema.fields)

    @cached_property
    def _digests(self) -> dict[int, bytes]:
        """Version of the form → the digest of all that decides how its records are laid out."""
        return {
            pk: layout_digest(self.schema.fields, protected, (layouts, sheets, tables))
            for pk, protected in self._protected.items()
        }

    def read(
        self,
        rows: QuerySet[Submission],
        order: Order,
        after: Sequence[Any] = (),
        size: int = BATCH,
        *,
        has_updated_at: bool = False,
    ) -> Iterator[list[Read]]:
        """The records in batches, as `in_batches` reads them. Answers that were not laid out before are laid out, and kept."""
        for batch in in_batches(rows, order, after, size, has_updated_at=has_updated_at):
            yield self.with_answers(batch)

    def with_answers(self, batch: Sequence[RecordRow]) -> list[Read]:
        """The records with their answers, in the same order. One query for each clearance among them, and for new layouts."""
        by_clearance: dict[Clearance, list[RecordRow]] = {}
        for row in batch:
            by_clearance.setdefault(self._clearance(row.area_code), []).append(row)
        read: dict[int, Read] = {}
        for clearance, rows in by_clearance.items():
            kept = dict(laid_out(rows, _number(clearance), self._digests))
            anew = {row.version_id: row for row in rows if row.version_id not in kept}
            kept |= self._lay_out(anew, clearance)
            for row in rows:
                layout = kept.get(row.version_id)
                read[row.pk] = Read(row, None if layout is None else Layout(layout))
        return [read[row.pk] for row in batch]

    def _lay_out(self, rows: Mapping[int, RecordRow], clearance: Clearance) -> dict[int, bytes]:
        """Version → layout of those of the records that are not encrypted; they are kept."""
        if not rows:
            return {}
        new = []
        for pk, version in versions_with_answers(rows).items():
            root = self._redacted(version, clearance)
            if root is None:
                continue
            named = tables.answered(root, self.schema.binaries)
            names = sorted({compared(name) for name in named if is_sent(name)})
            level = lay_out(root, self.schema.fields)
            [row] = self.submissions.rows(level, rows[pk].instance_id)
            layout = packed(level, names, as_csv(self.sheet.cells(level)), properties(row.values))
            digest = self._digests[version.form_version_id]
            sealed = bytes(version.document)
            new.append(NewLayout(rows[pk].pk, pk, digest, layout, sha256(sealed).digest()))
        keep_layouts(new, _number(clearance))
        return {item.version_id: item.layout for item in new}

    def answers_of(self, version: SubmissionVersion, area_code: str) -> etree._Element | None:
        """The instance of any version of a submission in the area, with what the user may not see masked.

        None while it is encrypted, or when it is erased.
        """
        return self._redacted(version, self._clearance(area_code))

    def _redacted(self, version: SubmissionVersion, clearance: Clearance) -> etree._Element | None:
        instance = None if version.erased_at else answers_of(version)
        if instance is None:
            return None
        return redacted_instance(
            instance.document, self._protected[version.form_version_id], clearance
        )

    def _clearance(self, area_code: str) -> Clearance:
        clearance = self._clearances.get(area_code)
        if clearance is None:
            clearance = for_program(self.access, area_code, self.whole_areas)
            self._clearances[area_code] = clearance
        return clearance

    def files(self, rows: Iterable[RecordRow]) -> Iterator[tuple[RecordRow, Attachment]]:
        """The files that the user may have as they were received, each with its submission."""
        whole: dict[int, RecordRow] = {}
        masked: dict[int, RecordRow] = {}
        for row in rows:
            is_whole = row.area_code.startswith(self.whole_areas)
            (whole if is_whole else masked)[row.version_id] = row
        whole |= {pk: masked[pk] for pk in self._masking_nothing(masked)}
        for file in files_of_all(whole):
            row = whole[file.version_id]
            protected = self._protected[row.form_version_id]
            may_have = (
                may_have_any_file(self.access, row.area_code, file.name)
                or not protected.has_restricted
            )
            if may_have and (row.area_code.startswith(self.whole_areas) or names_nobody(file)):
                yield row, file

    def _masking_nothing(self, version_ids: Iterable[int]) -> Iterator[int]:
        """Those of the versions whose files need no permit as far as their answers tell. One query, none for forms that feed ledgers."""
        if not self._feeds_no_ledger:
            return
        for pk, version in versions_with_answers(version_ids).items():
            instance, protected = answers_of(version), self._protected[version.form_version_id]
            if instance is not None and masks_nothing(instance.document, protected):
                yield pk

    def table(self, name: str, columns: Columns, *, wkt: bool, expand: bool) -> Table:
        """How rows of the table with these columns are made."""
        if name == ROOT and columns.fields == self.schema.fields and not (wkt or expand):
            return self.submissions
        chain = self.schema.tables[name]
        return tables.table(self.schema.fields, chain, columns.fields, wkt=wkt, expand=expand)

    def rows(self, record: Read, table: Table, columns: Columns) -> Iterator[JsonRow]:
        """The rows of a submission in a table."""
        key, layout = record.row.instance_id, record.layout
        if table is self.submissions and layout is not None:
            yield JsonRow(key, "", self._row(record, {"__id": key}, columns, layout.properties))
            return
        for row in table.rows(record.level, key):
            own = {"__id": row.id}
            if table.join in columns.keys:
                own[table.join] = row.parent
            yield JsonRow(
                row.id, row.parent, self._row(record, own, columns, properties(row.values))
            )

    def _row(
        self, record: Read, own: dict[str, Any], columns: Columns, properties_shown: str
    ) -> str:
        if columns.system:
            system = self.system(record)
            own["__system"] = {name: system[name] for name in system if name in columns.system}
        return f"{{{','.join(filter(None, (properties(own), properties_shown)))}}}"

    def system(self, record: Read) -> dict[str, Any]:
        """`__system` of a submission."""
        row = record.row
        status = _status(row) if record.layout is None else None
        return shapes.system(row, self.versions[row.form_version_id], record.n_missing, status)

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


def _status(row: RecordRow) -> str:
    if row.encrypted_state == EncryptedVersion.State.INCOMPLETE:
        return "missingEncryptedFormData"
    return "notDecrypted"


def properties(values: Mapping[str, Any]) -> str:
    """Properties as JSON without braces."""
    return dumps(values)[1:-1]


def _number(clearance: Clearance) -> int:
    """The clearance as layouts of records are kept by."""
    return clearance.masked | clearance.days << 1 | clearance.restricted << 2
