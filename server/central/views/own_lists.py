"""Making and changing entity lists of the office's own, and their entities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote
from uuid import UUID

from django.utils.translation import gettext as _

from server.accounts.access import PUBLISHERS, REVIEWERS
from server.accounts.selectors import audit_entries
from server.central import bodies, entities
from server.central.endpoint import Call
from server.central.lists import office_list, read_list
from server.central.not_offered import of_ledgers
from server.central.reading import fallback_created_at
from server.central.views.datasets import dataset as read_dataset
from server.core.request_problems import InvalidRequest, NotAllowed, NothingHere
from server.core.statements import is_storable
from server.datasets import declaring, selectors, services
from server.datasets.models import Dataset, Entity
from server.datasets.problems import UnknownEntity
from server.datasets.services import NewEntity
from server.ledgers.entity_lists.listed import NAMES

DONE: Final = {"success": True}
_LONGEST_REASON: Final = 2000


def create_list(call: Call) -> dict[str, Any]:
    """Make a list: `name`, and `approvalRequired`."""
    if not call.access.areas(PUBLISHERS):
        raise NotAllowed
    body = bodies.read_json(call.request)
    name = bodies.text_member(body, "name")
    needs_approval = _boolean(body, "approvalRequired")
    declaring.create_list(
        name=name, needs_approval=bool(needs_approval), actor=call.user, at=call.now
    )
    return read_dataset(call, name)


def change_list(call: Call, name: str) -> dict[str, Any]:
    """Set `approvalRequired`, and with `areaProperty` which property holds an entity's area."""
    dataset = _writable(call, name, PUBLISHERS)
    body = bodies.read_json(call.request)
    area = bodies.text_member(body, "areaProperty") if "areaProperty" in body else None
    if _boolean(body, "ownerOnly"):
        raise InvalidRequest(errors=[{"pointer": "#/ownerOnly"}])
    declaring.set_up(
        dataset=dataset,
        needs_approval=_boolean(body, "approvalRequired"),
        area_property=area,
        actor=call.user,
        at=call.now,
    )
    return read_dataset(call, name)


def add_property(call: Call, name: str) -> dict[str, Any]:
    """Add a property: `name`."""
    dataset = _writable(call, name, PUBLISHERS)
    body = bodies.read_json(call.request)
    declaring.add_property(
        dataset=dataset, name=bodies.text_member(body, "name"), actor=call.user, at=call.now
    )
    return DONE


def create(call: Call, name: str) -> dict[str, Any]:
    """Make one entity from `label`, `data`, `uuid`; or all of `entities`, with their `source`."""
    dataset = _writable(call, name, REVIEWERS)
    body = bodies.read_json(call.request)
    is_one = "entities" not in body
    given = [body] if is_one else body["entities"]
    if not isinstance(given, list) or not given:
        raise InvalidRequest(errors=[{"pointer": "#/entities"}])
    source = body.get("source") if not is_one else None
    made = services.create_entities(
        dataset=dataset,
        new=[
            _new(item, "#" if is_one else f"#/entities/{number}")
            for number, item in enumerate(given)
        ],
        actor=call.user,
        access=call.access,
        at=call.now,
        source=bodies.text_member(source, "name") if isinstance(source, dict) else "",
        user_agent=_agent(call),
    )
    return _entity(call, dataset, made[0].uuid) if is_one else DONE


def update(call: Call, name: str, entity: str) -> dict[str, Any]:
    """Change `label` and values of `data`, from `baseVersion` or with `force`; `resolve` settles a conflict."""
    dataset = _writable(call, name, REVIEWERS)
    query = call.request.GET
    force, resolves = (_is_true(query.get(word, "")) for word in ("force", "resolve"))
    base = query.get("baseVersion", "")
    if base and not (base.isascii() and base.isdigit() and len(base) < 10):
        raise InvalidRequest(errors=[{"pointer": "#/baseVersion"}])
    body = bodies.read_json(call.request)
    services.update_entity(
        dataset=dataset,
        uuid=_uuid(entity),
        label=body.get("label"),
        values=_texts(body.get("data"), "#/data"),
        base_version=None if force else int(base or 0),
        resolves=resolves,
        actor=call.user,
        access=call.access,
        at=call.now,
        user_agent=_agent(call),
    )
    return _entity(call, dataset, _uuid(entity))


def delete(call: Call, name: str, entity: str) -> dict[str, bool]:
    """Take an entity out of the list, with the reason from the header X-Action-Notes; nothing purges it."""
    dataset = _writable(call, name, REVIEWERS)
    services.delete_entity(
        dataset=dataset,
        uuid=_uuid(entity),
        reason=_notes(call),
        actor=call.user,
        access=call.access,
        at=call.now,
    )
    return DONE


def restore(call: Call, name: str, entity: str) -> dict[str, bool]:
    """Put a deleted entity back into its list."""
    dataset = _writable(call, name, REVIEWERS)
    services.restore_entity(
        dataset=dataset, uuid=_uuid(entity), actor=call.user, access=call.access, at=call.now
    )
    return DONE


def delete_many(call: Call, name: str) -> dict[str, Any]:
    """Take the entities `ids` out of the list, all or none; `count` is how many they are."""
    dataset = _writable(call, name, REVIEWERS)
    count = services.delete_entities(
        dataset=dataset,
        uuids=_given_ids(call),
        reason=_notes(call),
        actor=call.user,
        access=call.access,
        at=call.now,
    )
    return {**DONE, "count": count}


def restore_many(call: Call, name: str) -> dict[str, Any]:
    """Put the deleted entities `ids` back into the list, all or none; `count` is how many they are."""
    dataset = _writable(call, name, REVIEWERS)
    count = services.restore_entities(
        dataset=dataset,
        uuids=_given_ids(call),
        actor=call.user,
        access=call.access,
        at=call.now,
    )
    return {**DONE, "count": count}


def versions(call: Call, name: str, entity: str) -> list[dict[str, Any]]:
    """The versions of an entity, oldest first, each with the state that it had then."""
    return [entities.version(item) for item in _versions(call, name, entity)]


def diffs(call: Call, name: str, entity: str) -> list[list[dict[str, str]]]:
    """What each version changed, oldest first."""
    before: dict[str, str] = {}
    changes = []
    for item in _versions(call, name, entity):
        now = {"label": item.label, **item.values}
        changes.append(entities.differences(before, now))
        before = now
    return changes


def audits(call: Call, name: str, entity: str) -> list[dict[str, Any]]:
    """The versions and acts of an entity, newest first."""
    row = _row(call, name, entity)
    shown = [
        entities.audit_of_version(row, item) for item in selectors.versions_of(call.access, row)
    ]
    acts = audit_entries(call.access).filter(object_type="entity", object_id=str(row.uuid))
    shown += [entities.audit_of_act(row, act) for act in acts.filter(act__in=entities.ACTIONS)]
    return sorted(shown, key=lambda act: str(act["loggedAt"]), reverse=True)


def _versions(call: Call, name: str, entity: str) -> list[selectors.StoredVersion]:
    return selectors.versions_of(call.access, _row(call, name, entity))


def _row(call: Call, name: str, entity: str) -> Entity:
    """The entity, also a deleted one. Raises NothingHere, NotAtThisDoor."""
    if name in NAMES:
        raise of_ledgers(call.request.method or "")
    dataset = office_list(call.access, name)
    try:
        return selectors.entity(call.access, dataset, _uuid(entity), gone=True)
    except UnknownEntity:
        raise NothingHere from None


def _entity(call: Call, dataset: Dataset, uuid: UUID) -> dict[str, Any]:
    row = read_list(call.access, dataset.name).entity(str(uuid))
    if row is None:
        raise NothingHere
    return entities.entity(row, fallback_created_at(call), has_data=True)


def _writable(call: Call, name: str, roles: frozenset[Any]) -> Dataset:
    """The list, for a user with one of the roles somewhere. Raises NothingHere, NotAtThisDoor, NotAllowed."""
    if name in NAMES and call.access.areas():
        raise of_ledgers(call.request.method or "")
    dataset = office_list(call.access, name)
    if not call.access.areas(roles):
        raise NotAllowed
    return dataset


def _new(item: Any, pointer: str) -> NewEntity:
    if not isinstance(item, dict):
        raise InvalidRequest(errors=[{"pointer": pointer}])
    label, uuid = item.get("label", ""), item.get("uuid")
    if not isinstance(label, str):
        raise InvalidRequest(errors=[{"pointer": f"{pointer}/label"}])
    return NewEntity(
        label=label,
        values=_texts(item.get("data"), f"{pointer}/data"),
        uuid=None if uuid is None else _given_uuid(uuid, f"{pointer}/uuid"),
    )


def _texts(data: Any, pointer: str) -> Mapping[str, str]:
    if data is None:
        return {}
    if not isinstance(data, dict) or not all(isinstance(text, str) for text in data.values()):
        raise InvalidRequest(errors=[{"pointer": pointer}])
    return data


def _given_ids(call: Call) -> list[UUID]:
    """The uuids of `ids`; of one that is written `uuid:…` what follows."""
    given = bodies.read_json(call.request).get("ids")
    if not isinstance(given, list) or not given:
        raise InvalidRequest(errors=[{"pointer": "#/ids"}])
    return [
        _given_uuid(
            text.removeprefix("uuid:") if isinstance(text, str) else text, f"#/ids/{number}"
        )
        for number, text in enumerate(given)
    ]


def _given_uuid(text: Any, pointer: str) -> UUID:
    try:
        return UUID(text)
    except (ValueError, AttributeError, TypeError):
        raise InvalidRequest(errors=[{"pointer": pointer}]) from None


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NothingHere from None


def _boolean(body: dict[str, Any], name: str) -> bool | None:
    given = body.get(name)
    if given is not None and not isinstance(given, bool):
        raise InvalidRequest(errors=[{"pointer": f"#/{name}"}])
    return given


def _is_true(text: str) -> bool:
    return text.lower() == "true"


def _notes(call: Call) -> str:
    notes = unquote(call.request.headers.get("X-Action-Notes", "")).strip()
    if not is_storable(notes):
        raise InvalidRequest(errors=[{"pointer": "#/X-Action-Notes"}])
    return notes[:_LONGEST_REASON] or _("by a client of ODK Central that gives no reason")


def _agent(call: Call) -> str:
    return call.request.headers.get("User-Agent", "")
