"""Make the contributions of a submission: extract its records, set their level, seal what is sealed (fold.md, From instance to contribution)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from lxml import etree

from server.core import xml
from server.core.clock import office_day
from server.core.sealing import seal_text, search_hash, unseal_document
from server.corrections.documents import Correction, corrected
from server.ledgers.definitions.columns import Kind, hash_purpose
from server.ledgers.definitions.contribution import Contribution
from server.ledgers.definitions.ledgers import COLUMNS, CONFIRMS, FAMILIES, LINKS
from server.ledgers.definitions.ordinals import LINKED, contribution_id, version_of
from server.ledgers.definitions.vocabulary import ContributionFlag, Ledger, Level
from server.ledgers.identity.keys import (
    RECOGNISED,
    Key,
    Offices,
    identity_of,
    key_uuid,
    shared_uuid,
)
from server.ledgers.intake.extract import Extracted, Head, Record, records
from server.submissions.instance import Instance

_THE_PERSON = "1"  # list MW
_OF_RECORD = frozenset({ContributionFlag.BAD_ID, ContributionFlag.BAD_USCC})
_OF_VISIT = frozenset({ContributionFlag.CLOCK, ContributionFlag.OUTSIDE_AREA})

SEALED: dict[str, frozenset[str]] = {
    family: frozenset(
        column.name for column in COLUMNS[family].values() if column.kind is Kind.SEALED
    )
    for family in FAMILIES
}

AREAS: dict[str, frozenset[str]] = {
    family: frozenset(
        column.name for column in COLUMNS[family].values() if column.kind is Kind.AREA
    )
    for family in FAMILIES
}


@dataclass(frozen=True, slots=True)
class Source:
    """The submission version that counts, with what its contributions are made of."""

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
    corrections: tuple[Correction, ...] = ()  # that stand, in the order of receipt


@dataclass(slots=True)
class Contributed:
    """What a submission version contributes."""

    contributions: list[Contribution] = field(default_factory=list)
    named: set[str] = field(default_factory=set)
    """The keys, as uuids, by which it names entries that somebody else may have made."""
    recognised: set[str] = field(default_factory=set)
    """The keys, as uuids, that its office has for itself: it names what the office knows."""
    is_readable: bool = True  # False: it arrived encrypted and is not opened


def contributions_of(
    source: Source, mapping: dict[str, Any], offices: Offices | None = None
) -> list[Contribution]:
    """The contributions of `contributed`; streets keep the ledgers unless `offices` tells otherwise."""
    return contributed(source, extracted_of(source, mapping), offices or Offices()).contributions


def extracted_of(source: Source, mapping: dict[str, Any]) -> Extracted | None:
    """The records of the source's document; None of an encrypted record that is not opened."""
    document = unseal_document(source.document)
    if Instance(document).is_encrypted:  # a manifest: sealed, tampered with, or not taken up yet
        return None
    if not mapping.get("records"):
        return Extracted(Head(), [], [])
    today = office_day(source.received_at)
    if source.corrections:
        return _corrected(source, xml.parse(document), mapping, today)
    return records(document, mapping, today)


def _corrected(
    source: Source, root: etree._Element, mapping: dict[str, Any], today: date
) -> Extracted:
    """The records with the corrected answers; each column that a correction changed names its submission."""
    extracted = records(root, mapping, today)
    by: dict[tuple[str, int], dict[str, int]] = {}
    for item, has_place in corrected(root, source.version_received_at, source.corrections):
        if not has_place:
            extracted.gone.add(item.version_id)
            continue
        before = {(record.ledger, record.ordinal): record.values for record in extracted.records}
        gone = extracted.gone
        extracted = records(root, mapping, today)
        extracted.gone.update(gone)
        for record in extracted.records:
            place = record.ledger, record.ordinal
            known = before.get(place, {})
            for column in {*record.values, *known}:
                if record.values.get(column) != known.get(column):
                    by.setdefault(place, {})[column] = item.submission_id
    extracted.records[:] = [
        replace(record, corrected=by.get((record.ledger, record.ordinal), {}))
        for record in extracted.records
    ]
    return extracted


def shared_keys(extracted: Extracted | None) -> set[str]:
    """The keys of the records that differ between offices, as the uuids that all offices share."""
    of_records = extracted.records if extracted else ()
    return {
        str(shared_uuid(family, key))
        for family, keys in _all_keys(of_records)
        for key in keys
        if key.kind in RECOGNISED
    }


def contributed(source: Source, extracted: Extracted | None, offices: Offices) -> Contributed:
    """The contributions of the extracted records, sealed where the column is; none when nothing could be read.

    An edit is about the visit that it corrects, so its place in the fold is by the time of the
    visit and, among equal times, by its own receipt (fold.md, Order).
    """
    if extracted is None:
        return Contributed(is_readable=False)
    head = extracted.head
    naming = _Naming(offices.code_now(source.area_code or head.area_code), offices)
    unreviewed = {item.submission_id for item in source.corrections if not item.is_approved}
    contributions = [
        Contribution(
            id=contribution_id(source.version_id, record.ordinal),
            family=record.ledger,
            keys=naming.uuids(record.ledger, record.keys),
            submission_id=source.submission_id,
            form_version_id=source.form_version_id,
            path=record.path,
            observed_at=source.observed_at or head.observed_at or source.received_at,
            received_at=source.version_received_at,
            instance_id=source.instance_id,
            worker_id=source.submitter_id,
            level=_level(extracted, source, record, unreviewed),
            area_code=naming.area,
            values=sealed_values(
                record.ledger, values_now(record.ledger, record.values, offices.code_now)
            ),
            links={
                name: naming.uuids(LINKS[name], keys[:1])[0] for name, keys in record.links.items()
            },
            flags=_flags(record, source, extracted),
            identities=naming.identities(record.ledger, record.keys),
            corrected=record.corrected,
        )
        for record in extracted.records
    ]
    contributions.extend(_linked_only(extracted.records, contributions, naming))
    _note_no_confirmation(extracted.records, contributions)
    keys = list(_all_keys(extracted.records))
    return Contributed(
        contributions,
        named=naming.of_kinds(keys, recognised=False),
        recognised=naming.of_kinds(keys, recognised=True),
    )


@dataclass(frozen=True, slots=True)
class _Naming:
    """Makes uuids of the keys of a record that stands at an area."""

    area: str
    offices: Offices

    def uuids(self, family: str, keys: Iterable[Key]) -> tuple[str, ...]:
        return tuple(
            dict.fromkeys(str(key_uuid(family, key, self.area, self.offices)) for key in keys)
        )

    def identities(self, family: str, keys: Iterable[Key]) -> dict[str, str]:
        return {
            self.uuids(family, (key,))[0]: identity
            for key in keys
            if (identity := identity_of(family, key))
        }

    def of_kinds(
        self, keys: Iterable[tuple[str, tuple[Key, ...]]], *, recognised: bool
    ) -> set[str]:
        """The uuids of the keys that an office has for itself, or of the others."""
        return {
            uuid
            for family, of_entry in keys
            for uuid in self.uuids(
                family, (key for key in of_entry if key.is_recognised is recognised)
            )
        }


def _all_keys(extracted: Iterable[Record]) -> Iterator[tuple[str, tuple[Key, ...]]]:
    """The keys of the records and of what they link to, with the family of each entry."""
    for record in extracted:
        yield record.ledger, record.keys
        for name, linked in record.links.items():
            yield LINKS[name], linked


def _level(extracted: Extracted, source: Source, record: Record, unreviewed: set[int]) -> Level:
    """How well a record is verified (rules.md, Verification levels V0–V4).

    Approval makes no imported row better, and no record that has an answer of a correction
    among `unreviewed`.
    """
    if extracted.is_imported:
        return Level.IMPORTED
    if source.review_state == "approved" and unreviewed.isdisjoint(record.corrected.values()):
        return Level.REVIEWED
    return Level.PROXY if extracted.head.met_whom not in ("", _THE_PERSON) else Level.IN_PERSON


def _flags(record: Record, source: Source, extracted: Extracted) -> tuple[str, ...]:
    """The record's own flags; the submission's flags go to its visit alone, so that each is raised once."""
    flags = _OF_RECORD.intersection(record.flags)
    if extracted.is_imported:
        flags |= {ContributionFlag.NO_CONFIRMATION}
    if record.ledger == Ledger.VISIT:
        flags |= _OF_VISIT.intersection(source.flags)
    return tuple(sorted(flags))


def _note_no_confirmation(
    extracted: Iterable[Record], contributions: Iterable[Contribution]
) -> None:
    """Flag what names an entry only because a record that confirms nobody links to it: a question at a window."""
    links = {name for record in extracted if not CONFIRMS[record.ledger] for name in record.links}
    if not links or any(CONFIRMS[record.ledger] and record.links for record in extracted):
        return
    families = {LINKS[name] for name in links}
    for contribution in contributions:
        if contribution.family in families:
            flags = {*contribution.flags, ContributionFlag.NO_CONFIRMATION.value}
            contribution.flags = tuple(sorted(flags))


def _linked_only(
    extracted: list[Record], contributions: list[Contribution], naming: _Naming
) -> list[Contribution]:
    """Contributions without values for entries that records link to and that have no record themselves.

    With them every link points at a contribution of the same submission, by which the fold
    finds what depends on an entry.
    """
    present = {(item.family, key) for item in contributions for key in item.keys}
    extra: list[Contribution] = []
    for record, like in zip(extracted, contributions, strict=True):
        for name, keys in record.links.items():
            family, uuids = LINKS[name], naming.uuids(LINKS[name], keys)
            if (family, uuids[0]) in present:
                continue
            present.update((family, key) for key in uuids)
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
                    identities=naming.identities(family, keys),
                )
            )
    return extra


def values_now(
    family: str, values: dict[str, Any], code_now: Callable[[str], str]
) -> dict[str, Any]:
    """The values with divisions by their codes of today; the same values where none has another code."""
    renumbered = {
        name: code
        for name in AREAS[family].intersection(values)
        if values[name] and (code := code_now(values[name])) != values[name]
    }
    return {**values, **renumbered} if renumbered else values


def sealed_values(family: str, values: dict[str, Any]) -> dict[str, Any]:
    """The values as contributions store them: sealed columns sealed, their search hash beside them under "column#"."""
    sealed = SEALED[family].intersection(values)
    if not sealed:
        return values
    stored = dict(values)
    for column in sealed:
        plain = str(values[column])
        stored[column] = seal_text(plain, column)
        stored[column + "#"] = search_hash(plain, hash_purpose(COLUMNS[family][column])).hex()
    return stored
