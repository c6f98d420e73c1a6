"""The ledgers as of a day, by what had been received and decided by an instant (fold.md, As of).

The same fold over the sources that counted then; nothing of it is stored.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.contrib.gis.geos import Point
from django.db import models

from server.accounts.access import READERS, REVEALERS, Access
from server.core.clock import office_day
from server.core.masking import Precision, first_day
from server.core.row_security import Crossing, across_areas
from server.core.sealed_fields import OpenedField
from server.corrections.standing import answering, past_corrections
from server.geo.codes_since import CodesSince, codes_known_by
from server.ledgers.definitions.contribution import Contribution
from server.ledgers.definitions.ledgers import LEDGERS, name_of
from server.ledgers.folding.fold import FoldResult, fold_everything
from server.ledgers.folding.row import Row
from server.ledgers.identity.components import components
from server.ledgers.intake.contribute import contributed, extracted_of, shared_keys
from server.ledgers.models import AssistanceCase, Spell
from server.ledgers.models.base import LedgerEntry
from server.ledgers.reading.joined import note_reach
from server.ledgers.refolding.offices import offices_for
from server.ledgers.storage.desk_acts import contributions_of_acts
from server.ledgers.storage.identity_keys import keys_of_entries, resolved_keys
from server.ledgers.storage.naming import load_naming
from server.ledgers.storage.past import acts_on, counted_then, past_sources, submissions_of
from server.ledgers.storage.rules import rules_known_by
from server.ledgers.storage.sources import form_mappings
from server.submissions.steps import plausible_time


@dataclass(frozen=True, slots=True)
class Past:
    """What the fold made of everything that is tied to an entry, as of a day."""

    folded: FoldResult
    entries: dict[tuple[str, str], str]  # (family, key) → entry

    def row(self, ledger: str, entry: str) -> Row | None:
        """The row of an entry under any of its uuids, None when it was in no ledger."""
        wanted = self.entries.get((ledger, entry), entry)
        rows = self.folded.rows.get(ledger, ())
        return next((row for row in rows if row["id"] == wanted), None)


@across_areas(Crossing.PAST)
def past_of(entry: str, *, on: date, known_by: datetime) -> Past:
    """Everything tied to an entry, as of a day, over what was received and decided by an instant.

    A record that speaks of a later day counts once that day has come or, where a phone's clock
    is ahead, once the record was received.
    """
    load_naming()
    contributions = [
        item
        for item in _known(entry, known_by)
        if min(item.day, office_day(item.received_at)) <= on
    ]
    entries = components(contributions)
    for contribution in contributions:
        contribution.entry = entries[contribution.family, contribution.keys[0]]
    return Past(fold_everything(contributions, entries, on, rules_known_by(known_by)), entries)


def entry_as_of(
    access: Access, entry: LedgerEntry, *, on: date, known_by: datetime
) -> LedgerEntry | None:
    """An entry as it was, unsaved; None when it was in no ledger, or in one of another area than the reader's.

    Readers who may not see days of birth get it as it was on the first of that month: asked
    day by day, an entry would tell on which of them the person came of some age.
    """
    if not access.may(REVEALERS, entry.area_code):
        on = first_day(on, Precision.MONTH)
    ledger = name_of(type(entry))
    owner: Any = entry.pk
    if isinstance(entry, Spell):
        owner = entry.person_id
    elif isinstance(entry, AssistanceCase):
        owner = entry.subject_person_id or entry.subject_household_id
    row = past_of(str(owner), on=on, known_by=known_by).row(ledger, str(entry.pk))
    if row is None or not access.may(READERS, row["area_code"]):
        return None
    past = instance_of(ledger, row)
    note_reach(access, past)
    return past


def _known(entry: str, known_by: datetime) -> list[Contribution]:
    """The contributions that are tied to an entry through entries and records, as they stood at an instant."""
    keys, submissions = {entry}, set[int]()
    codes = codes_known_by(known_by)
    known: dict[int, Contribution] = {}
    new_keys = {entry}
    while new_keys:
        resolved = resolved_keys(new_keys)
        now = set(resolved.values())
        new_keys |= {key for _family, key in keys_of_entries(now)}
        keys |= new_keys
        more = submissions_of(new_keys, now) - submissions
        submissions |= more
        acts = contributions_of_acts(acts_on(new_keys, known_by), codes)
        added = [*_contributions_of(more, known_by, codes), *acts]
        known |= {item.id: item for item in added}
        named = {key for item in added for key in (*item.keys, *item.links.values())}
        new_keys = named - keys
    return list(known.values())


def _contributions_of(
    submissions: set[int], known_by: datetime, codes: CodesSince
) -> list[Contribution]:
    corrections = past_corrections(
        submissions, counted_then(answering(submissions), known_by), known_by
    )
    sources = [
        replace(source, corrections=tuple(corrections.get(source.submission_id, ())))
        for source in past_sources(submissions, known_by)
    ]
    mappings = form_mappings({source.form_version_id for source in sources})
    extracted = [
        (source, extracted_of(source, mappings[source.form_version_id])) for source in sources
    ]
    offices = offices_for(
        {key for _source, records in extracted for key in shared_keys(records)}, codes
    )
    contributions: list[Contribution] = []
    for source, records in extracted:
        for item in contributed(source, records, offices).contributions:
            if source.observed_at is None:
                item.observed_at = plausible_time(item.observed_at, item.received_at)
            contributions.append(item)
    return contributions


def instance_of(ledger: str, row: Row) -> LedgerEntry:
    """A folded row as an unsaved entry of its ledger."""
    model = LEDGERS[ledger]
    values = {
        field.attname: _value(field, row[field.attname])
        for field in model._meta.concrete_fields
        if row.get(field.attname) is not None
    }
    return model(**values)


def _value(field: models.Field[Any, Any], value: Any) -> Any:
    if field.get_internal_type() == "PointField":
        return Point(value[0], value[1], srid=4326)
    if isinstance(field, OpenedField):
        return value
    if isinstance(field, models.BinaryField):
        return bytes.fromhex(value)
    if isinstance(field, models.ForeignKey):
        return field.target_field.to_python(value)
    return field.to_python(value)
