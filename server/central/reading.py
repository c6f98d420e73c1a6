"""Records as rows: opened, seen with the caller's eyes, laid out by the form's current version."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from lxml import etree

from server.accounts.access import REVEALERS, common_prefix
from server.accounts.models import Disclosure
from server.accounts.services import disclose
from server.central import shapes, tables
from server.central.door import Asked
from server.central.queries import Shape
from server.central.schema import Schema, schema_of
from server.core.request_problems import NothingHere
from server.forms import selectors as forms
from server.forms.models import Form
from server.ledgers.definitions.columns import Sensitivity
from server.ledgers.reading.answers import Sight, seen_instance, sensitivities, sight
from server.submissions.models import EncryptedVersion, Submission
from server.submissions.selectors import answers_of

REASON: Final = "ODK Central API"


def form_named(asked: Asked, form_id: str) -> Form:
    """A published form, without its large columns. Raises NothingHere."""
    found = forms.published(asked.access).filter(form_id=form_id).first()
    if found is None:
        raise NothingHere
    return found


def begun(asked: Asked) -> datetime:
    """Since when there is anything: the first form's day, and before that the caller's."""
    first = forms.published(asked.access).order_by("created_at").first()
    return first.created_at if first else asked.user.created_at


class Reader:
    """One form's records for one caller."""

    def __init__(self, asked: Asked, form: Form) -> None:
        version = form.current_version
        assert version is not None  # noqa: S101 of published forms only
        self.asked, self.access, self.form = asked, asked.access, form
        self.schema: Schema = schema_of(version.questions)
        mappings = forms.mappings(form)
        self.versions = {pk: name for pk, (name, _mapping) in mappings.items()}
        current = sensitivities(mappings[version.pk][1])
        self._kinds = {
            pk: _stricter(sensitivities(mapping), current)
            for pk, (_name, mapping) in mappings.items()
        }
        self._sights: dict[str, Sight] = {}

    def instance(self, row: Submission) -> etree._Element | None:
        """The answers the caller may see; None while they are sealed."""
        version = row.current_version
        assert version is not None  # noqa: S101 written in the same statement
        document = answers_of(version)
        if document is None:
            return None
        seen = self._sights.get(row.area_code)
        if seen is None:
            seen = self._sights[row.area_code] = sight(self.access, row.area_code)
        return seen_instance(document, self._kinds[version.form_version_id], seen)

    def rows(
        self, row: Submission, table: str, shape: Shape, *, wkt: bool, expand: bool
    ) -> Iterator[dict[str, Any]]:
        """What the record has in the table."""
        root, chain = self.instance(row), self.schema.tables[table]
        if chain:
            join = tables.join_column(chain)
            for found in self._below(root, row, table, shape, wkt=wkt, expand=expand):
                if join not in shape.keys:
                    del found[join]
                yield found
            return
        found = {"__id": row.instance_id}
        if shape.system:
            told = self.system(row, root)
            found["__system"] = {name: told[name] for name in told if name in shape.system}
        if root is None:
            yield {**found, **tables.unanswered(row.instance_id, shape.fields)}
            return
        for answers in self._below(root, row, table, shape, wkt=wkt, expand=expand):
            yield {**found, **answers}

    def _below(
        self,
        root: etree._Element | None,
        row: Submission,
        table: str,
        shape: Shape,
        *,
        wkt: bool,
        expand: bool,
    ) -> Iterator[dict[str, Any]]:
        if root is None:
            return iter(())
        chain = self.schema.tables[table]
        return tables.rows(root, row.instance_id, chain, shape.fields, wkt=wkt, expand=expand)

    def system(self, row: Submission, root: etree._Element | None) -> dict[str, Any]:
        """`__system` of the record."""
        version = row.current_version
        assert version is not None  # noqa: S101 written in the same statement
        n_files = 0 if root is None else tables.answered(root, self.schema.binaries)
        name = self.versions[version.form_version_id]
        return shapes.system(row, name, n_files, _status(row) if root is None else None)

    def record(self, entry: str, table: str) -> None:
        """Write down that answers went out: one line a request, before the first of them goes."""
        sight = "raw" if self.access.areas(REVEALERS) else "masked"
        record_export(self.asked, "submission", entry, [self.form.form_id, table, sight])


def record_export(asked: Asked, ledger: str, entry: str, columns: list[str]) -> None:
    """Write down that rows of the caller's areas go out."""
    areas = asked.access.areas(REVEALERS) or asked.access.areas()
    disclose(
        user=asked.user,
        kind=Disclosure.Kind.EXPORT,
        ledger=ledger,
        entry=entry[:64],
        columns=columns,
        area_code=common_prefix(areas),
        reason=REASON,
    )


def _status(row: Submission) -> str:
    record: EncryptedVersion | None = getattr(row.current_version, "encrypted", None)
    if record is not None and record.state == EncryptedVersion.State.INCOMPLETE:
        return "missingEncryptedFormData"
    return "notDecrypted"


def _stricter(one: dict[str, Sensitivity], other: dict[str, Sensitivity]) -> dict[str, Sensitivity]:
    """What is protected in the record's own version or in the current one."""
    found = {**one, **other}
    for path in one.keys() & other.keys():
        if Sensitivity.RESTRICTED in (one[path], other[path]):
            found[path] = Sensitivity.RESTRICTED
    return found
