"""Everything that is kept about one person, as the person may ask for it (decision 0287)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from server.accounts.access import READERS, Access
from server.audit.models import AuditEntry
from server.core.sealing import unseal_text
from server.ledgers.definitions.columns import Column, Kind, columns_of
from server.ledgers.definitions.ledgers import COLUMNS, DEFINITIONS, FOLDED, name_of
from server.ledgers.definitions.sensitivity import unrestricted
from server.ledgers.definitions.vocabulary import Family
from server.ledgers.models import ContributionRow, DeskAct, Membership, Person
from server.ledgers.models.base import LedgerEntry
from server.ledgers.reading.entries import (
    cases,
    may_see_restricted,
    memberships,
    rows_of,
    spells,
    visits,
)
from server.ledgers.reading.masking import plain


@dataclass(frozen=True, slots=True)
class Value:
    """A column of a ledger and its value, in plain."""

    column: Column
    value: Any


@dataclass(frozen=True, slots=True)
class Part:
    """A ledger row: of the person, or a spell, case or visit of the person's."""

    ledger: str
    label: str
    values: list[Value]


@dataclass(frozen=True, slots=True)
class Source:
    """What one record, or one decision of office staff, says of the person."""

    what: str  # the form's title, or the kind of decision
    by: str
    at: datetime  # of the visit, or of the decision
    received_at: datetime
    instance_id: str  # "" of a decision
    reason: str  # of a decision
    values: list[Value]


@dataclass(frozen=True, slots=True)
class Look:
    """An act on the person that the audit log has: who looked at a number or gave data out, and why."""

    at: datetime
    by: str
    act: str
    reason: str


@dataclass(slots=True)
class Dossier:
    """All that is kept about a person; `left_out`: without restricted values, whether any are kept or not."""

    person: Person
    parts: list[Part] = field(default_factory=list)
    memberships: list[Membership] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    left_out: bool = False


def dossier(access: Access, person: Person) -> Dossier:
    """Gather what is kept about a person, as far as the reader may see it; sealed values are in plain.

    Raises UnknownKey when a sealing key is missing. Callers record the disclosure first.
    """
    gathered = _Gathering(access, person)
    whole = Dossier(person)
    whole.parts.append(gathered.part(person))
    for rows in (
        spells(access).filter(person=person).order_by("start_on", "id"),
        cases(access).filter(subject_person=person).order_by("opened_on", "id"),
        visits(access).filter(person=person).order_by("visited_at", "id"),
        *(
            rows_of(access, ledger).filter(person=person).order_by("observed_at", "id")
            for ledger in FOLDED
            if "person" in COLUMNS[ledger]
        ),
    ):
        whole.parts += [gathered.part(row) for row in rows]
    joined = memberships(access).filter(person=person).select_related("household")
    whole.memberships = list(joined.order_by("from_on", "id"))
    whole.sources = sorted(
        [*gathered.records(), *gathered.decisions()], key=lambda source: source.received_at
    )
    looks = AuditEntry.objects.filter(object_type=Family.PERSON, object_id=str(person.pk))
    whole.looks = [
        Look(row.at, row.actor_name, row.act_label, row.reason)
        if access.may(READERS, row.area_code)
        else Look(row.at, _("in another area"), row.act_label, "")
        for row in looks.order_by("id")
    ]
    whole.left_out = not gathered.sees_restricted
    return whole


class _Gathering:
    """Reads values of one person for one reader."""

    def __init__(self, access: Access, person: Person) -> None:
        self.access, self.person = access, person
        self.sees_restricted = may_see_restricted(access, person.area_code)

    def part(self, row: LedgerEntry) -> Part:
        """A ledger row with its filled columns."""
        values = {
            name: plain(row, name) if column.kind is Kind.SEALED else getattr(row, name)
            for name, column in columns_of(type(row)).items()
            if column.kind not in (Kind.ENTRY, Kind.USER)
        }
        ledger = name_of(type(row))
        return Part(ledger, str(DEFINITIONS[ledger].label), self._values(ledger, values))

    def records(self) -> Iterable[Source]:
        """What records of submissions contribute to the person, in the areas of the reader."""
        rows = ContributionRow.objects.filter(
            self.access.within(),
            family=Family.PERSON,
            entry=self.person.pk,
            submission__isnull=False,
        )
        for row in rows.select_related("worker", "form_version__form"):
            version = row.form_version
            yield Source(
                what=version.form.title if version else "",
                by=str(row.worker),
                at=row.observed_at,
                received_at=row.received_at,
                instance_id=row.instance_id,
                reason="",
                values=self._values(Family.PERSON, _unsealed(row.values)),
            )

    def decisions(self) -> Iterable[Source]:
        """What office staff decided about the person."""
        acts = DeskAct.objects.filter(
            self.access.within(), family=Family.PERSON, entry=self.person.pk, undone_at=None
        )
        for act in acts.select_related("user"):
            yield Source(
                what=str(act.get_kind_display()),
                by=str(act.user),
                at=act.at,
                received_at=act.at,
                instance_id="",
                reason=act.reason,
                values=self._values(Family.PERSON, _unsealed(act.value or {})),
            )

    def _values(self, ledger: str, values: Mapping[str, Any]) -> list[Value]:
        shown = []
        for name, value in values.items():
            part, _dot, column_name = name.rpartition(".")
            column = COLUMNS[part or ledger].get(column_name)
            if column is None or value is None or value == "" or value == []:
                continue
            if not self.sees_restricted:
                value = unrestricted(column, value)
                if value is None or value == []:
                    continue
            shown.append(Value(column, value))
        return shown


def _unsealed(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Values as a contribution stores them, in plain: a sealed column has its search hash beside it."""
    return {
        name: unseal_text(value, name) if f"{name}#" in stored else value
        for name, value in stored.items()
        if not name.endswith("#")
    }
