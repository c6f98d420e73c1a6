"""Makes the office's own lists and their properties, from forms that are published and by people."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.db import transaction

from server.accounts.access import common_prefix
from server.accounts.models import User
from server.audit.models import Act
from server.audit.services import record
from server.core import clock
from server.core.request_problems import NotAllowed
from server.core.row_security import Crossing, across_areas
from server.datasets.entities import sharing, usable_area
from server.datasets.models import Dataset, DatasetProperty, Entity
from server.datasets.problems import (
    BadListName,
    ListConcernsOtherAreas,
    ListExists,
    PropertyExists,
    UnknownEntityProperty,
    UnknownList,
)
from server.datasets.selectors import property_names
from server.forms import authority
from server.forms.entity_forms import entity_form
from server.forms.models import Form, FormVersion
from server.submissions.models import TO_REVIEW
from server.submissions.services.queueing import queue_of_form

_NAME: Final = re.compile(r"(?!__)[^\W\d][\w-]{0,99}")
_RESERVED: Final = frozenset({"name", "label"})


@transaction.atomic
def create_list(
    *, name: str, needs_approval: bool = False, actor: User, at: datetime, areas: Iterable[str] = ()
) -> Dataset:
    """A new list of the areas that the actor administers. Raises NotAllowed, BadListName, ListExists."""
    held = authority.administered(actor)
    if not held:
        raise NotAllowed
    _check_name(name)
    if name in settings.ENTITY_LISTS or Dataset.objects.filter(name=name).exists():
        raise ListExists(name=name)
    return _create(name, list(areas) or list(held), actor, at, needs_approval=needs_approval)


@transaction.atomic
def add_property(*, dataset: Dataset, name: str, actor: User | None, at: datetime) -> None:
    """Add a property to a list. Raises NotAllowed, ListConcernsOtherAreas, BadListName, PropertyExists."""
    locked = _lock(dataset.name, actor)
    _check_name(name)
    if name.lower() in {known.lower() for known in property_names(locked)}:
        raise PropertyExists(name=locked.name, property=name)
    DatasetProperty.objects.create(dataset=locked, name=name, created_at=at)
    _record(Act.LIST_CHANGED, locked, actor, facts={"property": name})


@across_areas(Crossing.ENTITY_LISTS)
@transaction.atomic
def set_up(
    *,
    dataset: Dataset,
    actor: User,
    at: datetime,
    needs_approval: bool | None = None,
    area_property: str | None = None,
) -> Dataset:
    """Say whether forms make entities on approval only, and which property holds an entity's area.

    Entities move to the area that they hold, or are shared by all of the list's areas when no
    property holds it. Records that wait for approval are queued when that is needed no longer. Raises
    NotAllowed, ListConcernsOtherAreas, UnknownEntityProperty.
    """
    locked = _lock(dataset.name, actor)
    before = {"approval": locked.needs_approval, "area": locked.area_property}
    if needs_approval is not None:
        locked.needs_approval = needs_approval
    if area_property is not None:
        names = property_names(locked)
        if area_property and area_property not in names:
            raise UnknownEntityProperty(
                name=locked.name, property=area_property[:100], properties=", ".join(names)
            )
        locked.area_property = area_property
    locked.save()
    after = {"approval": locked.needs_approval, "area": locked.area_property}
    if before["area"] != after["area"]:
        _settle_areas(locked)
    if before["approval"] and not after["approval"]:
        for form in Form.objects.exclude(current_version=None).select_related("current_version"):
            version = form.current_version
            if version and locked.name in entity_form(bytes(version.xform)).datasets:
                queue_of_form(form.pk, TO_REVIEW, at=at)
    if before != after:
        _record(Act.LIST_CHANGED, locked, actor, before=before, after=after)
    return locked


def _settle_areas(dataset: Dataset) -> None:
    """Give every entity the area that it holds, or that of the list. The rows are locked one by one."""
    shared, home = sharing(dataset)
    for entity in Entity.objects.select_for_update().filter(dataset=dataset).order_by("pk"):
        held = usable_area(entity.values.get(dataset.area_property, ""))
        entity.is_shared, entity.area_code = shared, home if shared else held or entity.area_code
        entity.changes += 1
        entity.save(update_fields=["is_shared", "area_code", "changes"])


def declare_lists(version: FormVersion, actor: User | None) -> None:
    """Make the lists and properties that a form version declares and that are not there yet.

    Part of the transaction that publishes it. A new list is of the areas that the form concerns.
    Raises ListConcernsOtherAreas, PropertyExists.
    """
    declared = entity_form(bytes(version.xform))
    wanted = [name for name in declared.datasets if name not in settings.ENTITY_LISTS]
    if not wanted:
        return
    at = clock.now()
    for name in wanted:
        dataset = Dataset.objects.select_for_update().filter(name=name).first()
        if dataset is None:
            _check_name(name)
            concerned = authority.concerned([version.form.form_id])[version.form.form_id]
            dataset = _create(name, sorted(concerned), actor, at)
        else:
            _require(dataset, actor)
        _add_properties(dataset, declared.saved.get(name, ()), actor, at)


def _create(
    name: str, areas: list[str], actor: User | None, at: datetime, *, needs_approval: bool = False
) -> Dataset:
    dataset = Dataset.objects.create(
        name=name, areas=areas, needs_approval=needs_approval, created_at=at, created_by=actor
    )
    _record(Act.LIST_MADE, dataset, actor)
    return dataset


def _add_properties(
    dataset: Dataset, names: Iterable[str], actor: User | None, at: datetime
) -> None:
    known = {name.lower(): name for name in property_names(dataset)}
    added = []
    for name in names:
        if known.get(name.lower(), name) != name:
            raise PropertyExists(name=dataset.name, property=name)
        if name.lower() not in known:
            _check_name(name)
            known[name.lower()] = name
            added.append(name)
    DatasetProperty.objects.bulk_create(
        DatasetProperty(dataset=dataset, name=name, created_at=at) for name in added
    )
    if added:
        _record(Act.LIST_CHANGED, dataset, actor, facts={"properties": added})


def _lock(name: str, actor: User | None) -> Dataset:
    dataset = Dataset.objects.select_for_update().filter(name=name).first()
    if dataset is None:
        raise UnknownList
    _require(dataset, actor)
    return dataset


def _require(dataset: Dataset, actor: User | None) -> None:
    """Refuse an actor who does not administer every area of the list. Raises NotAllowed, ListConcernsOtherAreas."""
    held = authority.administered(actor)
    if not held:
        raise NotAllowed
    if not all(area.startswith(held) for area in dataset.areas):
        raise ListConcernsOtherAreas(name=dataset.name)


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name) or name.lower() in _RESERVED:
        raise BadListName(name=name[:100])


def _record(act: Act, dataset: Dataset, actor: User | None, **details: Any) -> None:
    record(
        act,
        actor=actor,
        object_type="entity-list",
        object_id=dataset.name,
        area=common_prefix(sorted(dataset.areas)),
        **details,
    )
