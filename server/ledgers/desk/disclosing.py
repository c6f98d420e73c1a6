"""Revealing masked values: needs a role and a reason, and is logged (security.md, Masks)."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from server.accounts.access import RESTRICTED, REVEALERS, Access
from server.audit.models import Act
from server.audit.services import record
from server.ledgers.definitions.columns import Kind, Sensitivity, columns_of
from server.ledgers.definitions.vocabulary import Family
from server.ledgers.models import Person
from server.ledgers.models.base import LedgerEntry
from server.ledgers.problems import ActReasonMissing, NotCorrectable, NotYours
from server.ledgers.reading.dossier import Dossier, dossier
from server.ledgers.reading.masking import plain


@transaction.atomic
def give_dossier(access: Access, person: Person, reason: str) -> Dossier:
    """Log that all that is kept about a person is given out, and gather it. Raises NotYours, ActReasonMissing."""
    if not access.may(REVEALERS, person.area_code):
        raise NotYours
    if not reason.strip():
        raise ActReasonMissing
    record(
        Act.SUBJECT_ACCESS,
        actor=access,
        object_type=Family.PERSON,
        object_id=person.pk,
        area=person.area_code,
        reason=reason,
    )
    return dossier(access, person)


@transaction.atomic
def reveal(
    access: Access, entry: LedgerEntry, columns: Sequence[str], reason: str
) -> dict[str, str | None]:
    """Log the disclosure and return column → value in plain, None where there is none.

    Raises NotYours, ActReasonMissing, and NotCorrectable for a column that is not sealed.
    """
    if not access.may(REVEALERS, entry.area_code):
        raise NotYours
    if not reason.strip():
        raise ActReasonMissing
    declared = columns_of(type(entry))
    restricted = []
    for name in columns:
        column = declared.get(name)
        if column is None or column.kind is not Kind.SEALED:
            raise NotCorrectable(column=name)
        if column.sensitivity is Sensitivity.RESTRICTED:
            if not access.may(RESTRICTED, entry.area_code):
                raise NotYours
            restricted.append(name)
    record(
        Act.REVEAL,
        actor=access,
        object_type=entry._meta.model_name or "",
        object_id=entry.pk,
        area=entry.area_code,
        reason=reason,
        facts={
            "columns": [name for name in columns if name not in restricted],
            "restricted": len(restricted),  # not named: readers of the log may lack the role
        },
    )
    return {name: plain(entry, name) for name in columns}
