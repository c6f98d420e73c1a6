"""The entries of other ledgers that are about a person: the person's offers, visits, certificates, and what hangs on these."""

from __future__ import annotations

from uuid import UUID

from server.ledgers.definitions.ledgers import COLUMNS, FAMILIES, LEDGERS, LINKS, MEMBER_OF
from server.ledgers.definitions.vocabulary import ActKind, Family
from server.ledgers.models import ContributionRow, DeskAct, IdentityKey

Keys = dict[str, set[UUID]]
"""Family → every uuid that the entries ever had."""


def entries_about_person(person: UUID) -> Keys:
    """The person's own keys and those of all entries that name the person, directly or through another; voided ones, too."""
    keys: Keys = {Family.PERSON: _keys_of(Family.PERSON, {person})}
    waiting: list[str] = [Family.PERSON]
    while waiting:
        target = waiting.pop(0)
        for link in (name for name, to in LINKS.items() if to == target and name != MEMBER_OF):
            for family in (name for name in FAMILIES if _has_link(name, link)):
                more = _keys_of(family, _naming(family, link, keys[target]))
                if more - keys.get(family, set()):
                    keys[family] = keys.get(family, set()) | more
                    waiting.append(family)
    return keys


def records_of(about: Keys) -> set[tuple[int, str]]:
    """The records that say anything of these entries: submission and path."""
    rows = ContributionRow.objects.filter(
        entry__in={key for keys in about.values() for key in keys}, submission__isnull=False
    )
    return set(rows.values_list("submission_id", "path"))


def _has_link(family: str, link: str) -> bool:
    column = COLUMNS[family].get(link)
    return column is not None and column.is_link


def _naming(family: str, link: str, keys: set[UUID]) -> set[UUID]:
    """The entries whose link names one of these: those with a row, and those that office staff voided."""
    rows = LEDGERS[family]._default_manager.filter(**{f"{link}_id__in": keys})
    acts = DeskAct.objects.filter(kind=ActKind.VOID, family=family, undone_at=None)
    voided = ContributionRow.objects.filter(
        family=family,
        entry__in=IdentityKey.objects.filter(family=family, key__in=acts.values("entry")).values(
            "entry"
        ),
        **{f"links__{link}__in": [str(key) for key in keys]},
    )
    return {*rows.values_list("pk", flat=True), *voided.values_list("entry", flat=True)}


def _keys_of(family: str, entries: set[UUID]) -> set[UUID]:
    known = IdentityKey.objects.filter(family=family, entry__in=entries)
    return {*entries, *known.values_list("key", flat=True)}
