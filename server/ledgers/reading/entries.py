"""Ledger rows within the reader's areas (architecture.md, Access)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db.models import BigIntegerField, ExpressionWrapper, F, OuterRef, Q, QuerySet, Subquery

from server.accounts.access import RESTRICTED, Access
from server.core.codes import code_lists
from server.ledgers.definitions.columns import Column, Sensitivity, columns_of
from server.ledgers.definitions.ledgers import COLUMNS, DEFINITIONS, LEDGERS
from server.ledgers.definitions.ordinals import PER_VERSION, contribution_id
from server.ledgers.definitions.sensitivity import (
    RESTRICTED_CATEGORIES,
    unrestricted,
    unrestricted_codes,
)
from server.ledgers.definitions.vocabulary import ActKind, ExceptionKind, Family, Ledger
from server.ledgers.models import (
    AssistanceCase,
    DeskAct,
    Employer,
    Household,
    IdentityKey,
    LedgerException,
    Membership,
    Person,
    Spell,
    Vacancy,
    Visit,
)
from server.ledgers.models.base import LedgerEntry
from server.ledgers.reading.joined import entries_in_reach, people_in_reach, reach, with_reach
from server.submissions.models import Submission, SubmissionVersion
from server.submissions.selectors import versions_at_work

_RESTRICTED_COLUMNS = {
    ledger: sorted(
        name for name, column in columns.items() if column.sensitivity is Sensitivity.RESTRICTED
    )
    for ledger, columns in COLUMNS.items()
}


_RESTRICTED_LEDGERS = [name for name, definition in DEFINITIONS.items() if definition.is_restricted]


def rows_of(access: Access, ledger: str) -> QuerySet[Any]:
    """The rows of a ledger in the reader's areas; of a restricted ledger in those of the restricted role."""
    return _rows_of(access.grants, ledger).all()


@lru_cache(maxsize=512)
def _rows_of(grants: tuple[tuple[str, str], ...], ledger: str) -> QuerySet[Any]:
    """The query of `rows_of`, never run itself: to build what it says of each reference takes longer than to send it."""
    access, model = Access(0, grants), LEDGERS[ledger]
    return with_reach(access, model._default_manager.filter(reach(access, model)))


def persons(access: Access) -> QuerySet[Person]:
    """The persons of the reader's areas."""
    return rows_of(access, Ledger.PERSON)


def households(access: Access) -> QuerySet[Household]:
    """The households of the reader's areas."""
    return rows_of(access, Ledger.HOUSEHOLD)


def employers(access: Access) -> QuerySet[Employer]:
    """The employers of the reader's areas."""
    return rows_of(access, Ledger.EMPLOYER)


def vacancies(access: Access) -> QuerySet[Vacancy]:
    """The vacancies of the reader's areas."""
    return rows_of(access, Ledger.VACANCY)


def cases(access: Access) -> QuerySet[AssistanceCase]:
    """The assistance cases of the reader's areas."""
    return rows_of(access, Ledger.CASE)


def visits(access: Access) -> QuerySet[Visit]:
    """The visits of the reader's areas."""
    return rows_of(access, Ledger.VISIT)


def spells(access: Access) -> QuerySet[Spell]:
    """The employment and unemployment spells of the reader's areas."""
    return rows_of(access, Ledger.SPELL)


def memberships(access: Access) -> QuerySet[Membership]:
    """The memberships in the households that the reader sees; each says whether its person is seen, too."""
    rows = Membership.objects.filter(access.within("household__area_code"))
    return entries_in_reach(access, rows, ("person", "household"))


def memberships_of(access: Access, person: Person) -> QuerySet[Membership]:
    """The memberships of a person whom the reader sees; each says whether its household is seen, too."""
    rows = Membership.objects.filter(person=person)
    return entries_in_reach(access, rows, ("person", "household"))


def exceptions(access: Access) -> QuerySet[LedgerException]:
    """The exceptions in the reader's areas; those about a restricted column only for the restricted role.

    A conflict about somebody's disability says as much as the column itself.
    """
    about_restricted = Q(pk__in=())
    for ledger, columns in _RESTRICTED_COLUMNS.items():
        about_restricted |= Q(family=ledger, column__in=columns)
    about_restricted |= Q(family__in=_RESTRICTED_LEDGERS)
    is_shown = ~about_restricted | access.within(roles=RESTRICTED)
    rows = LedgerException.objects.filter(access.within(), is_shown)
    return people_in_reach(access, rows, ("resolved_by",))


def in_reach(access: Access, entries: Mapping[str, Iterable[UUID]]) -> set[UUID]:
    """Those of the entries, by family, that the reader sees. One query a family."""
    seen: set[UUID] = set()
    for family, wanted in entries.items():
        if keys := set(wanted):
            rows = LEDGERS[family]._default_manager.filter(
                reach(access, LEDGERS[family]), pk__in=keys
            )
            seen.update(rows.values_list("pk", flat=True))
    return seen


def named_entries(rows: Iterable[LedgerException]) -> dict[str, set[UUID]]:
    """The entries that exceptions name besides the one they are about, by family."""
    named: dict[str, set[UUID]] = {}
    for row in rows:
        if row.other is not None:
            named.setdefault(row.family, set()).add(row.other)
        if homes := row.detail.get("households"):
            named.setdefault(Family.HOUSEHOLD, set()).update(map(UUID, homes))
    return named


def with_records(access: Access, rows: QuerySet[LedgerException]) -> QuerySet[LedgerException]:
    """The exceptions, annotated with the submission that raised each.

    `record_id` is its id and `record` its instanceID; both are None for a desk act and for
    a submission outside the reader's areas.
    """
    version = SubmissionVersion.objects.filter(
        access.within("submission__area_code"), pk=OuterRef("version_number")
    )
    numbered = rows.annotate(
        version_number=ExpressionWrapper(F("contribution") / PER_VERSION, BigIntegerField())
    )
    return numbered.annotate(
        record_id=Subquery(version.values("submission_id")),
        record=Subquery(version.values("submission__instance_id")),
    )


def exceptions_of(access: Access, submission: Submission) -> QuerySet[LedgerException]:
    """The exceptions raised by entity claims and corrections of the submission's current version, and of its approved one. One query more."""
    of_versions = Q(pk__in=())
    for version in versions_at_work([submission.pk]).values_list("pk", flat=True):
        first = contribution_id(version, 0)
        of_versions |= Q(contribution__range=(first, first + PER_VERSION - 1))
    return exceptions(access).filter(
        of_versions,
        kind__in=(
            ExceptionKind.ENTITY_CONFLICT,
            ExceptionKind.ENTITY_FAULT,
            ExceptionKind.CORRECTION_FAULT,
        ),
        column="",
    )


def desk_acts(access: Access) -> QuerySet[DeskAct]:
    """The desk acts in the reader's areas, undone ones included."""
    is_shown = ~Q(family__in=_RESTRICTED_LEDGERS) | access.within(roles=RESTRICTED)
    return DeskAct.objects.filter(access.within(), is_shown)


def desk_acts_on(access: Access, family: str, entry: UUID) -> QuerySet[DeskAct]:
    """The desk acts on an entry, under any uuid it ever had, that were not undone; the latest first."""
    keys = IdentityKey.objects.filter(family=family, entry=entry).values("key")
    return (
        desk_acts(access)
        .filter(Q(entry__in=keys) | Q(other__in=keys), family=family, undone_at=None)
        .order_by("-at", "-id")
    )


def voids(access: Access, family: str) -> QuerySet[DeskAct]:
    """The acts that took entries out of a ledger and were not undone; the latest first."""
    acts = desk_acts(access).filter(kind=ActKind.VOID, family=family, undone_at=None)
    return acts.order_by("-at", "-id")


def resolve(family: str, uuid: UUID) -> UUID | None:
    """The entry that a uuid resolves to: itself, or the entry it was merged into; None when unknown. One query."""
    return (
        IdentityKey.objects.filter(family=family, key=uuid).values_list("entry", flat=True).first()
    )


def hidden_columns(access: Access, entry: LedgerEntry) -> frozenset[str]:
    """The columns of an entry that this reader may not see (security.md, Restricted facts)."""
    if may_see_restricted(access, entry.area_code):
        return frozenset()
    return frozenset(
        column.name
        for column in columns_of(type(entry)).values()
        if column.sensitivity is Sensitivity.RESTRICTED
    )


def may_see_restricted(access: Access, area_code: str) -> bool:
    """Whether the reader sees restricted facts in this area; the role in another area shows nothing here."""
    return access.may(RESTRICTED, area_code)


def value_for(access: Access, entry: LedgerEntry, column: Column, value: Any) -> Any:
    """A column's value as this reader may see it in the entry's area (security.md, Restricted facts)."""
    return value if may_see_restricted(access, entry.area_code) else unrestricted(column, value)


def where_shown(access: Access, rows: QuerySet[Any], column: str) -> QuerySet[Any]:
    """The rows whose column the reader may see: all, or for a restricted column those of the areas of the role."""
    declared = columns_of(rows.model).get(column)
    if declared is None or declared.sensitivity is not Sensitivity.RESTRICTED:
        return rows
    return rows.filter(access.within(roles=RESTRICTED))


def visible_categories(access: Access, area_code: str, categories: Iterable[str]) -> list[str]:
    """Assistance categories without those that need the restricted role."""
    if may_see_restricted(access, area_code):
        return list(categories)
    return unrestricted_codes("AC", categories)


def assisted(access: Access) -> Q:
    """The households with an open case of which the reader may know the categories, all or some."""
    plain = sorted(set(code_lists()["AC"].codes) - RESTRICTED_CATEGORIES)
    known = access.within(roles=RESTRICTED)
    return Q(assisted_categories__overlap=plain) | ~Q(assisted_categories=[]) & known
