"""Asks every address of a door as every reader, and looks for what the reader may not get (security.md, What is tested where)."""

from __future__ import annotations

import base64
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import django_filters
from django.apps import apps
from django.db import transaction
from django.test import Client
from pypdf import PdfReader

from server.accounts.access import REVEALERS
from server.accounts.models import RoleGrant
from server.core import clock
from server.core.codes import restricted_codes
from server.core.filters import ListFilters, Search
from server.disclosure.models import ExportPermit
from server.geo.filters import Area
from server.ledgers import filters
from server.ledgers.definitions.columns import Kind, Sensitivity
from server.ledgers.definitions.ledgers import COLUMNS, DEFINITIONS, LEDGERS
from server.ledgers.reading.masking import is_maskable
from server.reports.facts.keeping import keep_up_entirely, mark_area
from tests.conftest import STREET
from tests.factories.addresses import Address
from tests.factories.asked import PATHS, PREFIXES, addresses, paths, samples_of
from tests.factories.roles import OTHER_STREET
from tests.factories.side import FORM, Side
from tests.factories.two_worlds import hold_restricted, make_worlds

AREAS: Final = {"north": STREET, "south": OTHER_STREET}
ROLES: Final = ("worker", "street", "county", "administrator", "restricted", "")
FILTERS: Final[dict[type, Any]] = {
    kind._meta.model: kind
    for kind in (*vars(filters).values(), *filters.FILTERS.values())
    if isinstance(kind, type) and issubclass(kind, ListFilters) and kind is not ListFilters
}
"""Model → the filters of its list."""
SEALED: Final = {
    definition.path: min(maskable, key=lambda column: column.kind is not Kind.SEALED).name
    for ledger, definition in DEFINITIONS.items()
    if ledger != "person"
    and (
        maskable := [
            column
            for column in definition.columns.values()
            if is_maskable(column) and column.sensitivity is not Sensitivity.RESTRICTED
        ]
    )
}
"""Words of addresses → a column of that ledger that is revealed, a sealed one where there is one; id_no for others."""
BODY: Final = {
    "reason": "look", "note": "look", "state": "approved", "act": "new_instance", "value": "4499", "columns": ["id_no"],
    "body": "look",
}  # fmt: skip


@dataclass
class Reader:
    """Somebody who asks: by each door as it wants to be asked."""

    name: str
    side: str  # north, south
    roles: frozenset[str]
    clients: dict[str, Client]

    def client(self, path: str) -> Client:
        return self.clients[next((prefix for prefix in PREFIXES if path.startswith(prefix)), "")]


@dataclass
class Worlds:
    """Both sides, and what every address needs to be asked about something of a side."""

    sides: dict[str, Side]
    make_user: Callable[..., Any]
    samples: dict[str, dict[str, str]] = field(default_factory=dict)

    def reader(self, side: str, role: str, restricted_in: str = "") -> Reader:
        from server.accounts.passwords import log_in

        name = f"{role or 'nobody'}-{restricted_in or 'plain'}-{side}"
        user = self.make_user(name, role=role or "worker", area=AREAS[side])
        roles = {role} - {""}
        if not role:
            RoleGrant.objects.filter(user=user).delete()
        if restricted_in:
            RoleGrant.objects.create(user=user, role="restricted", area=AREAS[restricted_in])
            roles |= {"restricted"} if restricted_in == side else set()
        if roles & REVEALERS:  # what a permit lets out must not leak, either
            ExportPermit.objects.create(
                user=user, kind="form", name=FORM, area_code=AREAS[side], reason="look", rows=1,
                requested_at=clock.now(), expires_at=clock.now() + timedelta(days=1),
                needs_consent=False,
            )  # fmt: skip
        log_in(name, "correct horse", address="127.0.0.1")
        proof = base64.b64encode(f"{name}:correct horse".encode()).decode()
        session, english = Client(headers={"accept-language": "en"}), {"accept-language": "en"}
        session.force_login(user)
        basic = Client(headers={"authorization": f"Basic {proof}", **english})
        doors = {"/api": basic, "/v1": basic, "/odk": basic, "/key": Client(), "/healthz": basic}
        return Reader(name, side, frozenset(roles), {**doors, "": session})

    def readers(self) -> Iterator[Reader]:
        """Every role in both areas, and street staff with the restricted role here, or there."""
        for side in self.sides:
            for role in ROLES:
                yield self.reader(side, role)
        yield self.reader("north", "street", "north")
        yield self.reader("north", "street", "south")


def make(make_user: Callable[..., Any]) -> Worlds:
    """The worlds, with a sample of each parameter for each side."""
    north, south = make_worlds(make_user)
    mark_area("")
    keep_up_entirely()
    worlds = Worlds({"north": north, "south": south}, make_user)
    worlds.samples = {name: samples_of(side) for name, side in worlds.sides.items()}
    return worlds


def ask(client: Client, method: str, path: str, worker: str = "") -> tuple[int, bytes]:
    """The status and all that the answer holds; what the request did is undone."""
    undone = transaction.atomic()
    undone._from_testcase = True  # type: ignore[attr-defined] # durable blocks may stand in it
    how: dict[str, Any] = {"secure": True}
    column = next((name for part, name in SEALED.items() if f"/{part}/" in path), "id_no")
    given = {
        **BODY,
        "username": worker,
        "usernames": [worker],
        "column": column,
        "columns": [column],
    }
    if method == "POST" and path.startswith(("/api", "/v1")):
        how |= {"data": json.dumps(given), "content_type": "application/json"}
    elif method == "POST":
        how |= {"data": given}
    cookies = client.cookies.copy()
    with undone:
        response = client.get(path, secure=True) if method == "GET" else client.post(path, **how)
        body = b"".join(response.streaming_content) if response.streaming else response.content
        transaction.set_rollback(True)
    client.cookies = cookies
    headers = "\n".join(  # a packed file's length depends on the time that it names
        f"{name}: {value}" for name, value in response.headers.items() if name != "Content-Length"
    )
    return response.status_code, unpacked(body) + headers.encode()


def unpacked(body: bytes) -> bytes:
    """The body; of a zip the names and contents of its files, of a PDF its text."""
    if body.startswith(b"%PDF"):
        pages = PdfReader(io.BytesIO(body)).pages
        return "\n".join(page.extract_text() for page in pages).encode()
    if not body.startswith(b"PK"):
        return body
    with zipfile.ZipFile(io.BytesIO(body)) as packed:
        return b"\n".join(
            name.encode() + b"\n" + packed.read(name) for name in sorted(packed.namelist())
        )


def without(body: bytes, path: str) -> bytes:
    """The body without the address that was asked for and the names in it, which answers may repeat."""
    bare, _mark, query = path.partition("?")
    given = query.rpartition("=")[2]  # entities/integrity repeats the ids that it is asked for
    names = [name for name in bare.split("/") if name.endswith("-worker")]  # a user name
    for text in filter(None, (path, bare, given, *names)):
        body = body.replace(text.encode(), b"")
    return body


def surroundings(body: bytes, mark: bytes) -> str:
    """What stands around a mark, so that a fault says where on the page it is."""
    place = body.find(mark)
    return body[max(0, place - 120) : place + 120].decode(errors="replace")


@dataclass
class Seen:
    """What a crawl of a door brought up."""

    faults: list[str] = field(default_factory=list)
    shown: set[bytes] = field(default_factory=set)  # marks of the reader's own side
    open_addresses: set[str] = field(default_factory=set)
    typed: set[str] = field(default_factory=set)  # addresses that give typed numbers whole
    n_asked: int = 0


def asks_every_kind(reader: Reader, address: Address) -> bool:
    """Plain street staff ask for each kind of thing, those with the restricted role for each file, others for one."""
    is_of_file = "name)s" in address.template or "/files/" in address.template
    return reader.name == "street-plain-north" or (
        reader.name == "street-north-north" and is_of_file
    )


def crawl(worlds: Worlds, door: str) -> Seen:
    """Ask every address of a door as every reader for what is the reader's own, and for what is the other side's.

    An address that takes a method from nobody is asked by one reader alone; a list that has no
    thing of a side in its address is asked once.
    """
    seen = Seen()
    own_marks = {name: marks(side) for name, side in worlds.sides.items()}
    foreign = {name: side.canaries() for name, side in worlds.sides.items()}
    closed: set[tuple[str, str]] = set()
    for reader in worlds.readers():
        if door == "/key" and reader.roles not in ({"worker"}, {"street"}):
            continue  # the token in the address is the reader
        other = next(name for name in worlds.sides if name != reader.side)
        own = worlds.sides[reader.side]
        reveals = bool(reader.roles & {"street", "administrator"})
        for address in addresses(door):
            for method, path, is_other in _questions(worlds, reader, door, address):
                if (method, address.template) in closed:
                    continue
                status, body = ask(reader.client(path), method, path, own.worker.username)
                if status == 405:
                    closed.add((method, address.template))
                seen.n_asked += 1
                rest = without(body, path)
                lowered = rest.lower()
                where = f"{reader.name} {method} {path}"
                seen.faults += [
                    f"{where}: {mark.decode()} in {surroundings(lowered, mark)}"
                    for mark in foreign[other]
                    if mark in lowered
                ]
                if is_other:
                    continue
                if status < 300:
                    seen.open_addresses.add(address.template)
                    seen.shown |= {mark for mark in own_marks[reader.side] if mark in rest}
                if not reveals and own.sealed_no.encode() in rest:
                    seen.faults.append(f"{where}: a sealed number")
                if not reveals and own.typed_no.encode() in rest:
                    seen.typed.add(address.template)
    return seen


def _questions(
    worlds: Worlds, reader: Reader, door: str, address: Address
) -> Iterator[tuple[str, str, bool]]:
    """What the reader asks at an address: method, path, and whether it is about the other side.

    Who reads the own side's things as another reader does asks for lists and for the other side's things.
    """
    if not reader.roles - {"restricted"} and "number" in address.template:
        return  # who reads nothing finds nothing by number; by uuid and name is tried
    other = next(name for name in worlds.sides if name != reader.side)
    is_again = reader.name == "street-south-north" or (
        reader.side == "south" and not reader.roles & READING
    )
    if is_again and not address.parameters:
        every = paths(worlds.sides[reader.side], worlds.samples[reader.side], address)
        yield from (("GET", path, False) for path in every)
        return
    asked = (
        {}
        if is_again
        else dict.fromkeys(
            paths(
                worlds.sides[reader.side],
                worlds.samples[reader.side],
                address,
                every_kind=asks_every_kind(reader, address),
            ),
            False,
        )
    )
    if "token" not in address.parameters and reader.name != "street-north-north":
        for path in paths(worlds.sides[other], worlds.samples[other], address, every_kind=False):
            asked.setdefault(path, True)
    yield from (("GET", path, is_other) for path, is_other in asked.items())
    if door in ("", "/api") and reader.roles & READING:
        path = next(paths(worlds.sides[other], worlds.samples[other], address))
        yield "POST", path, True
        if reader.name.startswith(
            "street-plain"
        ):  # all others' acts: tests/doors/test_acts_elsewhere.py
            path = next(paths(worlds.sides[reader.side], worlds.samples[reader.side], address))
            yield "POST", path, False


READING: Final = {"worker", "street", "county", "administrator"}
"""Roles by which something is read; nobody else is answered to an act."""


def marks(side: Side) -> set[bytes]:
    """What readers of the side get somewhere: each column with a text, each file's content."""
    texts = {
        f"{side.tag} {ledger}.{column.name}".encode()
        for ledger, columns in COLUMNS.items()
        for column in columns.values()
        if column.kind is Kind.TEXT
    }
    texts |= {f"{side.tag} {kind} content".encode() for kind in side.files}
    return texts | {f"{side.tag} {word}".encode() for word in WORDS}


WORDS: Final = (
    "remark", "member", "title", "comment", "reason", "kept", "repair", "note", "reopening", "act",
    "resolution", "logged", "phone", "worker", "deletion", "erasure", "tree", "species",
)  # fmt: skip
"""Texts of a side besides its columns and files."""


def unlike(worlds: Worlds, door: str, more: Iterable[str] = ()) -> list[str]:
    """The addresses whose answers differ, for readers without the restricted role, by whether restricted facts are there.

    `more` are further paths to ask for, as lists with filters.
    """
    reader = worlds.reader("north", "street", "south")  # the role elsewhere shows nothing here
    knows = worlds.reader("north", "street", "north")
    sides = tuple(worlds.sides.values())
    asked = [
        path
        for address in addresses(door)
        for path in paths(
            worlds.sides["north"], worlds.samples["north"], address, every_kind=door == "/v1"
        )
    ]
    asked += list(more)
    posted = [
        next(paths(worlds.sides["north"], worlds.samples["north"], address))
        for address in addresses(door)
        if GIVES.search(address.template)
    ]
    answers: list[dict[tuple[str, str], bytes]] = []
    for are_there in (True, False):
        hold_restricted(sides, are_there=are_there)
        answers.append(
            {
                (asking.name, path): settled(*ask(asking.client(path), "GET", path))
                for asking, asks in ((reader, asked), (knows, asked[:: 1 + len(asked) // 50]))
                for path in asks
            }
            | {("POST", path): settled(*ask(reader.client(path), "POST", path)) for path in posted}
        )
    with_facts, without_facts = answers
    differ = [key for key in with_facts if with_facts[key] != without_facts[key]]
    assert any(name == knows.name for name, _path in differ), "the role shows what is restricted"
    return [path for name, path in differ if name != knows.name]


GIVES: Final = re.compile(
    "/(find|reveal|dossier|download)/?$|/sealed/|/ledgers/%\\(path\\)s/file/|/files/%\\(number\\)s$"
)
"""Addresses whose answer to a POST gives something."""
_UNSETTLED: Final = re.compile(
    rb"(csrf\w*[^>]{0,80}value=\"\w+\")|(x-csrftoken[^\w]+\w+)|(r[0-9a-f]{15})|(\d\d:\d\d(:\d\d(\.\d+)?)?)"
    rb"|(@odata.nextLink)",
    re.IGNORECASE,
)


def settled(status: int, body: bytes) -> bytes:
    """An answer without what differs from request to request."""
    return str(status).encode() + _UNSETTLED.sub(b"", body)


def narrowed(path: str, side: Side) -> Iterator[str]:
    """A list of REST narrowed by each of its filters to what only the side's rows hold."""
    filterset = FILTERS[LEDGERS[PATHS[path]]]
    for name, kind in filterset.base_filters.items():
        if isinstance(kind, Search):
            yield f"/api/v1/{path}/?{name}={side.tag}"
        elif isinstance(kind, Area) and name == "area":
            yield f"/api/v1/{path}/?{name}={side.area}"
        elif isinstance(kind, django_filters.UUIDFilter):
            related = LEDGERS[PATHS[path]]._meta.get_field(name).related_model
            ledger = next(ledger for ledger, model in LEDGERS.items() if model is related)
            yield f"/api/v1/{path}/?{name}={side.entries[ledger]['own'].pk}"


def by_restricted_codes() -> Iterator[str]:
    """Lists of REST narrowed by each restricted code, and by what is shown in its place."""
    for path, ledger in PATHS.items():
        for column in COLUMNS[ledger].values():
            hidden = restricted_codes(column.codes)
            for code in sorted({*hidden, *hidden.values()} - {""}):
                yield f"/api/v1/{path}/?{column.name}={code}"
    yield from (f"/api/v1/households/?assisted={flag}" for flag in ("true", "false"))
    yield "/api/v1/households/?assisted_categories=B02"


def tables_without_rows() -> list[str]:
    """The tables with an area in which one of the sides has no row: what is not there cannot leak in the test."""
    fields = [
        (model, field.name)
        for model in apps.get_models()
        for field in model._meta.fields
        if field.name in ("area_code", "area")
    ]
    return [
        f"{model.__name__} {area}"
        for model, name in fields
        for area in AREAS.values()
        if not model._default_manager.filter(**{f"{name}__startswith": area}).exists()
    ]
