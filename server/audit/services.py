"""Writes of the audit log: one function, which every service calls in the transaction of its act."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Protocol, TypeAlias

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser

from server.audit import origin
from server.audit.models import Act, AuditEntry
from server.core import clock
from server.core.masking import mask_numbers
from server.core.statements import run

LIST_ROWS: Final = 100
"""A list is recorded from the row after this one on: what is read in passing is not."""

_TEXT: Final = 2000
_FACT: Final = 500
_ITEMS: Final = 200
_TABLE: Final = AuditEntry._meta.db_table
_USERS: Final = settings.AUTH_USER_MODEL.lower().replace(".", "_")
_INSERT: Final = f"""
with added as (insert into {_TABLE} (at, actor_id, actor_name, door, address, device, act, object_type, object_id, area_code, reason, facts)
select %(at)s::timestamptz, %(actor)s::bigint,
       coalesce((select username from {_USERS} where id = %(actor)s::bigint), %(name)s::text),
       %(door)s::text, %(address)s::text, %(device)s::text, %(act)s::text,
       %(object_type)s::text, %(object_id)s::text, %(area)s::text, %(reason)s::text, %(facts)s::jsonb)
select 1
"""  # noqa: S608 the tables' names; not "returning", which would ask whether the actor may read the row


class HasUserId(Protocol):
    """What knows the user by number only, as `accounts.access.Access` does."""

    @property
    def user_id(self) -> int: ...


Actor: TypeAlias = AbstractBaseUser | HasUserId | None


def record(
    act: Act,
    *,
    actor: Actor,
    object_type: str = "",
    object_id: object = "",
    area: str = "",
    reason: str = "",
    before: object = None,
    after: object = None,
    facts: Mapping[str, object] | None = None,
    at: datetime | None = None,
) -> None:
    """Add one act to the log, in the caller's transaction; a rollback takes it along.

    `actor` None is a command or the worker: then the origin says who. `before` and `after`
    are a setting's values. Personal numbers in reason, object and facts are masked; callers
    leave out passwords, tokens and answers. One SQL statement, which waits for nothing: the
    row's place in the chain is found when the transaction commits. Call it after the act's
    own writes, so that the commit waits for no other lock while it holds the chain's.
    """
    came_from = origin.current()
    details = dict(facts or {})
    if before is not None or after is not None:
        details |= {"before": before, "after": after}
    run(
        _INSERT,
        {
            "at": at or clock.now(),
            "actor": _user_id(actor),
            "name": came_from.name[:150],
            "door": came_from.door.value,
            "address": came_from.address[:64],
            "device": _clean(came_from.device, 200),
            "act": Act(act).value,
            "object_type": object_type,
            "object_id": _clean(str(object_id), 250),
            "area": area[:12],
            "reason": _clean(reason.strip(), _TEXT),
            "facts": json.dumps(_plain(details), ensure_ascii=False),
        },
    )


def record_list(
    *,
    actor: Actor,
    of: str,
    area: str,
    rows: int,
    last_row: int | None = None,
    facts: Mapping[str, object] | None = None,
    export: Mapping[str, object] | None = None,
) -> None:
    """Record that rows of a list were read, if the list was read beyond its first LIST_ROWS rows.

    Rows that a permit let out whole are recorded as an export, however few; `export` says
    which permit. `last_row` is the place in the whole list of the last of the rows, None when it is unknown
    but not among the first.
    """
    if rows and (export or last_row is None or last_row > LIST_ROWS):
        record(
            Act.EXPORT if export else Act.LIST_READ,
            actor=actor,
            object_type=of,
            area=area,
            facts={"rows": rows, **(facts or {}), **(export or {})},
        )


def _user_id(actor: Actor) -> int | None:
    if actor is None:
        return None
    number: int | None = actor.pk if isinstance(actor, AbstractBaseUser) else actor.user_id
    return number or None


def _clean(text: str, longest: int) -> str:
    """The text as it may be stored: without personal numbers, NUL and lone surrogates, and not too long."""
    text = text.replace("\0", "").encode(errors="replace").decode()
    return mask_numbers(text)[:longest]


def _plain(value: object) -> Any:
    """The value as JSON holds it, its texts clean and its lists not endless."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, Mapping):
        return {_clean(str(name), _FACT): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        items = sorted(value, key=str) if isinstance(value, set | frozenset) else list(value)
        return [_plain(item) for item in items[:_ITEMS]]
    return _clean(str(value), _FACT)
