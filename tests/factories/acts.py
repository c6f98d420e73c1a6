"""What every address that changes something is sent in the test of acts elsewhere: a body by which its own office succeeds."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from django.db import transaction
from django.test import Client

from server.core.codes import code_lists
from server.ledgers.definitions.columns import Column, Kind, Sensitivity
from server.ledgers.definitions.declaring import LedgerDefinition
from server.ledgers.definitions.ledgers import DEFINITIONS
from server.submissions.drain import drain_now
from tests.factories.leaks import BODY, SEALED
from tests.factories.side import Side, document
from tests.factories.two_areas import multipart


class Sent(NamedTuple):
    """One way to act at an address."""

    name: str
    body: bytes
    content_type: str


def sent_to(method: str, template: str, about: Side) -> Iterator[Sent]:
    """Each way to act at the address on what is the side's."""
    if template in RECORDS and (method, template) not in FILES:
        for name, record in records(about).items():
            yield Sent(name, *RECORDS[template](record))
        return
    given = _given(about)
    given |= _declared(template, about)
    for part, more in MORE.items():
        if template.endswith(part):
            given |= more(about)
    if template.startswith(("/api", "/v1")):
        yield Sent("", json.dumps(given).encode(), "application/json")
        return
    form = urlencode(given, doseq=True).encode()
    yield Sent("", form, "application/x-www-form-urlencoded")


def _declared(template: str, about: Side) -> dict[str, Any]:
    """What the acts on an entry of a declared ledger take: a column to reveal, what to correct, a next state."""
    found = ACT.fullmatch(template)
    if found is None:
        return {}
    path, act = found.groups()
    if act == "reveal":
        return {"columns": [SEALED.get(path) or SEARCHED.get(path, "id_no")]}
    definition = next(d for d in DEFINITIONS.values() if d.path == path)
    if act == "moves":
        return _move(definition, about)
    columns = [column for column in definition.columns.values() if not column.computed]
    texts = [column.name for column in columns if column.kind is Kind.TEXT]
    days = [column.name for column in columns if column.kind is Kind.DATE]
    if texts or not days:
        return {"column": next(iter(texts), "wage"), "value": "look"}
    return {"column": days[0], "value": "2026-11-01"}


def _move(definition: LedgerDefinition, about: Side) -> dict[str, Any]:
    """A legal move of the side's entry, with all that it needs and a document."""
    entry, machine = about.entries[definition.name]["own"], definition.machines[0]
    state = getattr(entry, machine.column) or machine.start
    to = next(iter(machine.following(state)), machine.start)
    columns = [definition.columns[name] for name in machine.into(to).needs]
    values = {column.name: _value(column) for column in columns}
    return {"column": machine.column, "to": to, "values": values, "evidence": ["01"]}


def _value(column: Column) -> str:
    """A value that the column takes."""
    if column.codes:
        return next(iter(code_lists()[column.codes].codes))
    return {Kind.DATE: "2026-11-01", Kind.INTEGER: "1", Kind.DECIMAL: "1"}.get(column.kind, "look")


ACT: Final = re.compile(r"/api/v1/([a-z-]+)/%\(id\)s/(reveal|correct|moves)/")


def records(about: Side) -> dict[str, bytes]:
    """Records of somebody who writes about the side: name → document."""
    home = about.entries["household"]["own"].pk
    update = (
        f'<entity dataset="households" id="{home}" update="1" baseVersion="2">'
        "<label>PWNED</label></entity>"
    )
    return {
        "a record of the side's community": _record(about),
        "a correction of the side's record": _record(about, edits=f"{about.instance_id}-edit"),
        "an update of the side's household": _record(about, block=update),
    }


def repaired(about: Side) -> bytes:
    """The body of a repair that puts a record of the side's community in the place of an item."""
    xml = _record(about).decode()
    return json.dumps({"act": "corrected", "reason": "look", "xml": xml}).encode()


def _record(about: Side, *, edits: str = "", block: str = "") -> bytes:
    written = document(about, f"uuid:{uuid.uuid4()}", restricted=False, edits=edits).decode()
    written = written.replace(
        "<remark>", f"<community_code>{about.area}</community_code><remark>", 1
    )
    return written.replace("<meta>", f"<meta>{block}", 1).encode()


def _xml(record: bytes) -> tuple[bytes, str]:
    return record, "application/xml"


SUBMISSIONS: Final = "/v1/projects/1/forms/%(form)s/submissions"
RECORDS: Final = {
    SUBMISSIONS: _xml,
    f"{SUBMISSIONS}/%(instance)s": _xml,
    "/odk/submission": multipart,
    "/enter/%(form_id)s/send": multipart,
    "/key/%(token)s/submission": multipart,
}
"""Addresses that take records → how a record is wrapped there. Briefcase pushes to the phones' address."""
FILES: Final = {
    ("PATCH", f"{SUBMISSIONS}/%(instance)s"),
    ("DELETE", f"{SUBMISSIONS}/%(instance)s"),
}
"""Acts at those addresses that take no record."""


def _given(about: Side) -> dict[str, Any]:
    """The words that bodies of most addresses take."""
    return {
        **BODY, "column": "id_no", "columns": ["id_no"], "reviewState": "approved", "cause": "error",
        "username": about.worker.username, "usernames": [about.worker.username], "role": "worker",
        "area": about.area, "areas": [about.area], "active": True, "body": "look",
        "number": about.sealed_no, "days": 1, "subject": "ledger:person", "instance_id": about.instance_id,
        "form": about.submission.form.form_id, "confirmed": "yes", "worker": about.worker.pk,
    }  # fmt: skip


def _new_name(about: Side) -> dict[str, Any]:
    return {"username": f"new-{about.tag}", "name": "new", "label": ""}


def _report(about: Side) -> dict[str, Any]:
    return {"report": "R5", "area": about.area, "period": "2026Q3", "starts_on": "1"}


def _rule(_about: Side) -> dict[str, Any]:
    return {"key": "visit_attempts", "value": "4", "since": "2026-01-01"}


def _street(about: Side) -> dict[str, Any]:
    return {"subject": "ledger:person", "area": about.area[:9]}


SEARCHED: Final = {
    definition.path: sealed[0]
    for definition in DEFINITIONS.values()
    if (
        sealed := [
            column.name
            for column in definition.columns.values()
            if column.kind is Kind.SEALED
            and (definition.is_restricted or column.sensitivity is not Sensitivity.RESTRICTED)
        ]
    )
    and definition.path not in ("persons", "households", "employers")
}
"""Words of addresses → a column of that ledger by which entries are searched."""


def _rename(about: Side) -> dict[str, Any]:
    return {
        "division": about.area, "name": "look", "takes_effect_on": "2026-11-01", "reason": "look",
        "evidence": "1", "kind": "rename",
    }  # fmt: skip


MORE: Final[dict[str, Any]] = {
    "/field-accounts/roster": lambda about: {"roster": f"new {about.tag}\t{about.area}"},
    "/bulletins/%(area_code)s/": lambda _about: {"contact": "office", "is_open": False},
    "/imports/%(number)s/act": lambda _about: {"step": "start"},
    "/imports/%(id)s/": lambda _about: {"as_of": "2024-06-30"},
    "/phone-settings/%(area)s/": lambda _about: {"deletes_sent": True},
    "/division-changes/": _rename,
    "/division-changes/preview/": _rename,
    "/divisions/changes": _rename,
    "/phone-settings": lambda about: {"area": about.area, "deletes_sent": "on"},
    "/rules/": _rule,
    "/rules/change": lambda about: {**_rule(about), "area": about.area},
    "/rules/preview/": _rule,
    "/bulletins": lambda about: {"area": about.area, "contact": "office"},
    "/lists/%(name)s/%(uuid)s/change": lambda _about: {"label": "Oak", "version": "1"},
    "/projects/1/app-users": lambda about: {"displayName": f"{about.tag} phone"},
    "/projects/1/datasets": lambda about: {"name": f"wells_{about.tag}"},
    "/datasets/%(name)s/properties": lambda _about: {"name": "girth"},
    "/datasets/%(name)s/entities": lambda about: {"label": "Oak", "data": {"area": about.area}},
    "/entities/bulk-delete": lambda about: {"ids": [str(about.tree.uuid)]},
    "/entities/bulk-restore": lambda about: {"ids": [str(about.tree.uuid)]},
    "/entities/%(entity)s": lambda _about: {"label": "Oak", "data": {"species": "oak"}},
    "/reports/filings/": _report,
    "/reports/filings/new": _report,
    "/reports/filings/%(id)s/acts/": lambda _about: {"act": "withdraw"},
    "/reports/filings/%(number)s/act": lambda _about: {"act": "withdraw"},
    "/links/%(id)s/acts/": lambda _about: {"kind": "two_places"},
    "/links/%(side)s/decision": lambda _about: {"kind": "two_places"},
    "/export-permits/": lambda _about: {"kind": "ledger", "name": "person"},
    "/permits/new": _street,
    "/review/approve": lambda _about: {"seen_at": "2030-01-01T00:00:00+00:00"},
    "/users/": _new_name,
    "/people/new": _new_name,
    "/field-accounts/new": _new_name,
    "/api/v1/field-accounts/": _new_name,
    "/find": lambda _about: {"column": "person.id_no"},
    "/send-back/": lambda _about: {"answers": ["/data/remark"]},
    "/send-back": lambda _about: {"answer": ["/data/remark"]},
    "/bulk": lambda about: {
        "entry": [str(about.entries["offer"]["own"].pk)],
        "act": f"move:state:{_move(DEFINITIONS['offer'], about)['to']}",
    },
    "/visits/due/hand-over/": lambda about: {
        "visits": [str(about.entries["case"]["own"].pk)], "worker": about.worker.username,
    },
    "/visits/due/hand-over": lambda about: {
        "entry": [str(about.entries["case"]["own"].pk)], "worker": about.worker.pk,
    },
    "/visits/due/call-list": lambda about: {"entry": [str(about.entries["case"]["own"].pk)]},
    "/desk-acts/undo": lambda about: {"act": [about.act.pk]},
    "/ledgers/%(path)s/views": lambda _about: {"title": "look"},
    "/search": lambda _about: {"words": "look"},
    "/households/find/": lambda _about: {"column": "hukou_book_no"},
    "/employers/find/": lambda _about: {"column": "phone"},
    "/households/%(id)s/reveal/": lambda _about: {"columns": ["hukou_book_no"]},
    "/employers/%(id)s/reveal/": lambda _about: {"columns": ["phone"]},
    "/erasures/": lambda about: {
        "instance_id": "", "form": "", "person": str(about.entries["person"]["own"].pk),
    },
    **{
        f"/{path}/find/": lambda _about, column=column: {"column": column}
        for path, column in SEARCHED.items()
    },
}  # fmt: skip
"""Endings of addresses → what their bodies need besides or instead."""
QUERIES: Final = {
    ("DELETE", "/api/v1/submissions/%(instance_id)s/"): "?reason=look",
    ("PATCH", "/v1/projects/1/datasets/%(name)s/entities/%(entity)s"): "?force=true",
}
"""Acts that take their words in the address."""


def write(
    client: Client, method: str, path: str, sent: Sent, see: Callable[[], str]
) -> tuple[int, str]:
    """The status of an act, and what is seen once the worker has gone through what it left.

    Nothing is looked at for who was turned away. The act is undone.
    """
    (status, *_others), seen = write_all([(client, method, path, sent)], see)
    return status, seen


def write_all(
    steps: Iterable[tuple[Client, str, str, Sent]], see: Callable[[], str]
) -> tuple[list[int], str]:
    """As `write`, for acts one after the other."""
    undone = transaction.atomic()
    undone._from_testcase = True  # type: ignore[attr-defined] # durable blocks may stand in it
    statuses = []
    with undone:
        for client, method, path, sent in steps:
            cookies = client.cookies.copy()
            response = client.generic(
                method, path, sent.body, content_type=sent.content_type, secure=True
            )
            b"".join(response)  # a file is open until it is read
            client.cookies = cookies
            statuses.append(response.status_code)
        if any(status < 400 for status in statuses):
            drain_now()
        turned_away = all(status in (401, 403, 404, 405, 501) for status in statuses)
        seen = "" if turned_away else see()
        transaction.set_rollback(True)
    return statuses, seen
