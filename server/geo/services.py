"""Imports divisions and their boundaries, and renames divisions."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from server.audit.models import Act
from server.audit.services import record
from server.core import clock
from server.core.request_problems import NotAllowed, NothingHere
from server.geo.codes import ancestors_of, level_of
from server.geo.features import Feature, features_of
from server.geo.models import Boundary, ChangeKind, Division, DivisionChange
from server.geo.problems import ChangeRefused
from server.geo.renames import Rename, check_rename, last_change, may_rename, record_change
from server.geo.renumbering import undo_renumbering
from server.geo.selectors import division_changes

if TYPE_CHECKING:
    from server.accounts.access import Access


@dataclass(slots=True)
class Imported:
    """What an import did, by 12-digit code."""

    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    placeholders: list[str] = field(
        default_factory=list
    )  # missing ancestors, with the code as name
    repaired: list[str] = field(default_factory=list)  # outlines that were not valid as given


@transaction.atomic
def import_divisions(geojson: Any, *, source: str = "", dry_run: bool = False) -> Imported:
    """Create or update divisions and boundaries from a GeoJSON FeatureCollection; all or nothing.

    Properties: code (12 digits or a prefix), name, name_en, valid_from, valid_to, parent,
    successors, outline_from (the first day of the outline if it is not valid_from). A
    division that is not in the file stays as it is. An outline replaces the outline with
    the same first day and ends the outline before it. Importing the same file again
    changes nothing. Locks out other imports. Raises BadGeoJson, BadDivision.
    """
    features = features_of(geojson)
    with connection.cursor() as cursor:
        cursor.execute("lock table geo_division in share row exclusive mode")
    result = Imported(repaired=[f.code for f in features if f.repaired])
    parents = _parents(features, result)
    for feature in sorted(features, key=lambda f: (level_of(f.code), f.code)):
        _import_one(feature, parents[feature.code], source, result)
    for feature in features:
        _name_successors(feature)
    if dry_run:
        transaction.set_rollback(True)
    elif result.created or result.updated:
        facts = {"source": source, "created": len(result.created), "updated": len(result.updated)}
        record(Act.DIVISIONS_IMPORTED, actor=None, object_type="division", facts=facts)
    return result


def _import_one(feature: Feature, parent: str | None, source: str, result: Imported) -> None:
    wanted = {
        "level": level_of(feature.code),
        "parent_id": parent,
        "name": feature.name,
        "name_en": feature.name_en,
        "valid_from": feature.valid_from,
        "valid_to": feature.valid_to,
    }
    division = Division.objects.filter(code=feature.code).first()
    if division is None:
        Division.objects.create(code=feature.code, **wanted)
        result.created.append(feature.code)
        _store_outline(feature, source)
        return
    changed = any(getattr(division, name) != value for name, value in wanted.items())
    if changed:
        Division.objects.filter(code=feature.code).update(**wanted)
    redrawn = _store_outline(feature, source)
    (result.updated if changed or redrawn else result.unchanged).append(feature.code)


def _store_outline(feature: Feature, source: str) -> bool:
    """Store the feature's outline and end each outline where the next begins; returns whether anything changed."""
    boundaries = {b.valid_from: b for b in Boundary.objects.filter(division_id=feature.code)}
    changed = False
    if feature.outline is not None:
        same = boundaries.get(feature.outline_from)
        if same is None:
            same = Boundary(division_id=feature.code, valid_from=feature.outline_from)
            boundaries[feature.outline_from] = same
        if same.pk is None or not same.outline.equals_exact(feature.outline):
            same.outline, same.source = feature.outline, source
            same.save()
            changed = True
    history = [boundaries[day] for day in sorted(boundaries, key=lambda day: day or date.min)]
    for boundary, following in zip_longest(history, history[1:]):
        ends = following.valid_from if following else feature.valid_to
        if boundary.valid_to != ends:
            boundary.valid_to = ends
            boundary.save(update_fields=("valid_to",))
            changed = True
    return changed


def _parents(features: list[Feature], result: Imported) -> dict[str, str | None]:
    """Each feature's parent code. Ancestors missing from file and database are created with their code as name."""
    given = {feature.code for feature in features}
    wanted = {code for feature in features for code in ancestors_of(feature.code)}
    missing = (
        wanted
        - given
        - set(Division.objects.filter(code__in=wanted).values_list("code", flat=True))
    )
    for code in sorted(missing, key=lambda code: (level_of(code), code)):
        Division.objects.create(
            code=code,
            level=level_of(code),
            name=code,
            parent_id=next(iter(ancestors_of(code)), None),
        )
        result.placeholders.append(code)
    parents: dict[str, str | None] = {}
    for feature in features:
        above = ancestors_of(feature.code)
        if feature.parent is not None and feature.parent not in above:
            raise feature.refuse(
                _("{parent} cannot be its parent; the codes say {above}.").format(
                    parent=feature.parent, above=", ".join(above) or "-"
                )
            )
        parents[feature.code] = feature.parent or next(iter(above), None)
    return parents


def _name_successors(feature: Feature) -> None:
    successors = Division.objects.filter(code__in=feature.successors)
    unknown = sorted(set(feature.successors) - {division.code for division in successors})
    if unknown:
        raise feature.refuse(
            _("Its successors {codes} are unknown; put them into the file too.").format(
                codes=", ".join(unknown)
            )
        )
    if feature.successors:
        Division.objects.get(code=feature.code).successors.set(successors)


@transaction.atomic
def rename_division(rename: Rename, *, reason: str, evidence: str, actor: Access) -> DivisionChange:
    """Give a division another name from a day on; it keeps its code, so no entry, role or list changes its place.

    Locks the division. Raises NothingHere, NotAllowed, ChangeRefused.
    """
    Division.objects.select_for_update().filter(code=rename.code).first()
    division = check_rename(rename, actor)
    change = DivisionChange.objects.create(
        division=division,
        takes_effect_on=rename.takes_effect_on,
        name_before=division.name,
        name_en_before=division.name_en,
        name=rename.name,
        name_en=rename.name_en,
        reason=reason,
        evidence=evidence,
        made_at=clock.now(),
        made_by_id=actor.user_id,
    )
    _give_name(change.division_id, rename.name, rename.name_en)
    _record_rename(Act.DIVISION_RENAMED, change, actor, reason)
    return change


@transaction.atomic
def undo_change(number: int, *, reason: str, actor: Access) -> DivisionChange:
    """Give a division the name or code back that it had before a change. Locks the division.

    Raises NothingHere, NotAllowed; ChangeRefused if the change is undone or the name has changed since.
    """
    seen = division_changes(actor).filter(pk=number).first()
    if seen is None:
        raise NothingHere
    division = Division.objects.select_for_update(of=("self",)).get(pk=seen.division_id)
    if not may_rename(actor, division):
        raise NotAllowed
    change = DivisionChange.objects.select_related("division").get(pk=number)
    if change.undone_at is not None:
        raise ChangeRefused(reason=_("This change is undone already."))
    if change.kind == ChangeKind.RENUMBER:
        return undo_renumbering(change, reason=reason, actor=actor)
    later = last_change(division)
    if later is not None and later.pk != change.pk:
        raise ChangeRefused(
            reason=_("The division was renamed again on {day}; undo that change first.").format(
                day=later.takes_effect_on
            )
        )
    if (division.name, division.name_en) != (change.name, change.name_en):
        raise ChangeRefused(
            reason=_("A divisions file has given the division the name “{name}” since.").format(
                name=division.name
            )
        )
    change.undone_at, change.undone_by_id = clock.now(), actor.user_id
    change.save(update_fields=("undone_at", "undone_by"))
    _give_name(division.code, change.name_before, change.name_en_before)
    _record_rename(Act.DIVISION_RENAME_UNDONE, change, actor, reason)
    return change


def _give_name(code: str, name: str, name_en: str) -> None:
    Division.objects.filter(code=code).update(name=name, name_en=name_en)


def _record_rename(act: Act, change: DivisionChange, actor: Access, reason: str) -> None:
    names = {"before": change.name_before, "after": change.name}
    record_change(act, change, **names, actor=actor, reason=reason)
