"""From a received instance to contributions: extraction, levels, sealing. No writes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from server.core.clock import office_day
from server.core.sealing import seal_text, search_hash, unseal_document
from server.ledgers.definitions.columns import Kind
from server.ledgers.definitions.contribution import Contribution
from server.ledgers.definitions.ledgers import COLUMNS, LINKS
from server.ledgers.definitions.ordinals import LINKED, contribution_id, version_of
from server.ledgers.identity.keys import Key, key_uuid
from server.ledgers.intake.extract import Record, records
from server.submissions.sealed_forms import is_encrypted

_PROXY, _IN_PERSON, _REVIEWED = 1, 2, 3
_THE_PERSON = "1"
_OF_RECORD = frozenset({"bad_id", "bad_uscc"})
_OF_VISIT = frozenset({"clock", "outside_area"})

SEALED: dict[str, frozenset[str]] = {
    family: frozenset(
        column.name for column in COLUMNS[family].values() if column.kind is Kind.SEALED
    )
    for family in ("person", "household", "employer", "vacancy", "visit")
}


@dataclass(frozen=True, slots=True)
class Source:
    """The version of a submission that counts, as much of it as contributions need."""

    submission_id: int
    version_id: int
    form_version_id: int
    instance_id: str  # of the version
    received_at: datetime  # of the first version
    version_received_at: datetime
    observed_at: datetime | None
    submitter_id: int
    review_state: str
    area_code: str
    flags: tuple[str, ...]
    document: bytes  # sealed; of a record that arrived encrypted, the opened answers


def contributions_of(source: Source, mapping: dict[str, Any]) -> list[Contribution]:
    """What the instance says, sealed where the column is.

    A late edit speaks of the visit it corrects, so its place in the fold is by the visit's
    time; among the same instants by its own receipt.
    """
    if not mapping.get("records"):
        return []
    document = unseal_document(source.document)
    if is_encrypted(document):  # a manifest: sealed, tampered with, or not taken up yet
        return []
    extracted = records(document, mapping, office_day(source.received_at))
    head = extracted.head
    level = _PROXY if head.met_whom not in ("", _THE_PERSON) else _IN_PERSON
    if source.review_state == "approved":
        level = max(level, _REVIEWED)
    said = [
        Contribution(
            id=contribution_id(source.version_id, record.ordinal),
            family=record.ledger,
            keys=_uuids(record.ledger, record.keys),
            submission_id=source.submission_id,
            form_version_id=source.form_version_id,
            path=record.path,
            observed_at=source.observed_at or head.observed_at or source.received_at,
            received_at=source.version_received_at,
            instance_id=source.instance_id,
            worker_id=source.submitter_id,
            level=level,
            area_code=source.area_code or head.area_code,
            values=sealed_values(record.ledger, record.values),
            links={
                name: str(key_uuid(LINKS[name], keys[0])) for name, keys in record.links.items()
            },
            flags=_flags(record, source),
        )
        for record in extracted.records
    ]
    said.extend(_linked_only(extracted.records, said))
    return said


def _uuids(family: str, keys: tuple[Key, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(key_uuid(family, key)) for key in keys))


def _flags(record: Record, source: Source) -> tuple[str, ...]:
    """A submission's own remarks go to its visit, so that each is raised once."""
    flags = _OF_RECORD.intersection(record.flags)
    if record.ledger == "visit":
        flags |= _OF_VISIT.intersection(source.flags)
    return tuple(sorted(flags))


def _linked_only(found: list[Record], said: list[Contribution]) -> list[Contribution]:
    """Contributions for entries that are linked to but said nothing of.

    With them every link leads to a contribution of the same submission, which is how
    the fold finds what depends on an entry.
    """
    here = {(one.family, key) for one in said for key in one.keys}
    extra: list[Contribution] = []
    for place, record in enumerate(found):
        for name, keys in record.links.items():
            family, uuids = LINKS[name], _uuids(LINKS[name], keys)
            if (family, uuids[0]) in here:
                continue
            here.update((family, key) for key in uuids)
            like = said[place]
            extra.append(
                Contribution(
                    id=contribution_id(version_of(like.id), LINKED + len(extra)),
                    family=family,
                    keys=uuids,
                    submission_id=like.submission_id,
                    form_version_id=like.form_version_id,
                    path=like.path,
                    observed_at=like.observed_at,
                    received_at=like.received_at,
                    instance_id=like.instance_id,
                    worker_id=like.worker_id,
                    level=like.level,
                    area_code=like.area_code,
                    values={},
                )
            )
    return extra


def sealed_values(family: str, values: dict[str, Any]) -> dict[str, Any]:
    """The values as they may be stored: sealed columns sealed, their hash beside them under "column#"."""
    wanted = SEALED[family].intersection(values)
    if not wanted:
        return values
    stored = dict(values)
    for column in wanted:
        plain = str(values[column])
        stored[column] = seal_text(plain, column)
        stored[column + "#"] = search_hash(plain, column).hex()
    return stored
