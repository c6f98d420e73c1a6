"""A call of each service about entity lists of the office's own, and the acts that it adds to the log."""

from __future__ import annotations

from server.audit.models import Act
from server.datasets import declaring, services
from server.datasets.models import Dataset, Entity
from server.datasets.services import NewEntity
from tests.factories.audited import AT, Office
from tests.factories.audited_records import Case
from tests.factories.claims import xform


def trees(office: Office) -> Dataset:
    """The chief's list."""
    known = Dataset.objects.filter(name="trees").first()
    return known or declaring.create_list(name="trees", actor=office.chief, at=AT)


def tree(office: Office) -> Entity:
    """An entity of it."""
    known = Entity.objects.first()
    return (
        known
        or services.create_entities(dataset=trees(office), new=[NewEntity("Oak")], **_by(office))[0]
    )


def declared(office: Office) -> object:
    """The current version of the chief's form, now one that makes trees."""
    version = office.form.current_version
    version.xform = xform(entity='<entity dataset="trees" create=""/>')
    return version


def _by(office: Office) -> dict[str, object]:
    return {"actor": office.chief, "access": office.access, "at": AT}


def _felled(office: Office) -> Entity:
    entity = tree(office)
    if not entity.gone_as:
        services.delete_entity(
            dataset=trees(office), uuid=entity.uuid, reason="felled", **_by(office)
        )
    return entity


LIST_CASES = {
    "datasets.declaring.create_list": Case(
        lambda office: declaring.create_list(name="trees", actor=office.chief, at=AT),
        (Act.LIST_MADE,),
    ),
    "datasets.declaring.add_property": Case(
        lambda office: declaring.add_property(
            dataset=trees(office), name="height", actor=office.chief, at=AT
        ),
        (Act.LIST_CHANGED,),
        trees,
    ),
    "datasets.declaring.declare_lists": Case(
        lambda office: [
            declaring.declare_lists(declared(office), office.chief) for _again in range(2)
        ],
        (Act.LIST_MADE,),
        declared,
    ),
    "datasets.declaring.set_up": Case(
        lambda office: [
            declaring.set_up(
                dataset=trees(office), needs_approval=True, actor=office.chief, at=AT
            )
            for _again in range(2)
        ],
        (Act.LIST_CHANGED,),
        trees,
    ),
    "datasets.services.create_entities": Case(
        lambda office: services.create_entities(
            dataset=trees(office), new=[NewEntity("Oak"), NewEntity("Elm")], **_by(office)
        ),
        (Act.ENTITY_MADE,),
        trees,
    ),
    "datasets.services.update_entity": Case(
        lambda office: services.update_entity(
            dataset=trees(office), uuid=tree(office).uuid, label="Elm", values={}, base_version=1,
            **_by(office),
        ),
        (Act.ENTITY_CHANGED,),
        tree,
    ),
    "datasets.services.delete_entity": Case(
        lambda office: services.delete_entity(
            dataset=trees(office), uuid=tree(office).uuid, reason="felled", **_by(office)
        ),
        (Act.ENTITY_DELETED,),
        tree,
    ),
    "datasets.services.delete_entities": Case(
        lambda office: services.delete_entities(
            dataset=trees(office), uuids=[tree(office).uuid], reason="felled", **_by(office)
        ),
        (Act.ENTITY_DELETED,),
        tree,
    ),
    "datasets.services.restore_entities": Case(
        lambda office: services.restore_entities(
            dataset=trees(office), uuids=[tree(office).uuid], **_by(office)
        ),
        (Act.ENTITY_RESTORED,),
        _felled,
    ),
    "datasets.services.restore_entity": Case(
        lambda office: services.restore_entity(
            dataset=trees(office), uuid=tree(office).uuid, **_by(office)
        ),
        (Act.ENTITY_RESTORED,),
        _felled,
    ),
}  # fmt: skip
