"""Every column of the ledgers L8–L19 is filled by a form that was published or a move at the desk, and read over REST."""

from __future__ import annotations

import uuid
from typing import Any, Final

import pytest
from django.test import Client

from server.core.codes import code_lists
from server.ledgers.definitions.columns import Column, Kind
from server.ledgers.definitions.declaring import LedgerDefinition
from server.ledgers.definitions.ledgers import DEFINITIONS, LEDGERS, name_of
from tests.conftest import COMMUNITY
from tests.factories.field import Field, instance

pytestmark = pytest.mark.django_db

JSON = "application/json"
DAY: Final = "2026-03-10"
LATER: Final = [name for name, item in DEFINITIONS.items() if int(item.number[1:] or 0) >= 8]

WALKS: Final[dict[str, list[tuple[str, str]]]] = {
    "offer": [("state", to) for to in "325689"],
    "training": [("state", to) for to in "23467"],
    "certificate": [("state", to) for to in "24567"],
    "loan": [("state", to) for to in "24567"],
    "retiree": [
        *(("funeral_claim", to) for to in "41"),
        *(("survivor_claim", to) for to in "41"),
        ("state", "3"),
    ],
    "petition": [("state", to) for to in "2567"],
    "inspection": [("state", to) for to in "234"],
    "agency": [("state", "2")],
}
"""Ledger → the moves that are made at the desk, in order."""

PLAIN: Final[dict[Kind, tuple[str, Any]]] = {
    Kind.TEXT: ("示范", "示范"),
    Kind.SEALED: ("4499A0001", "4499A0001"),
    Kind.INTEGER: ("3", 3),
    Kind.DECIMAL: ("2600.5", "2600.50"),
    Kind.BOOLEAN: ("1", True),
    Kind.DATE: (DAY, DAY),
    Kind.AREA: (COMMUNITY, COMMUNITY),
    Kind.IMAGE: ("photo.jpg", "photo.jpg"),
    Kind.POINT: ("23.13 113.35 0 5", {"type": "Point", "coordinates": [113.35, 23.13]}),
}
"""Kind → an answer of a phone, and the value that REST gives then."""

LINKED: Final[dict[str, dict[str, str]]] = {
    "person": {
        "name": "陈一", "sex": "1", "birth_date": "1970-05-01", "hukou_type": "10",
        "emp_status": "21", "work_capacity": "1", "job_willing": "1", "relation": "0",
        "spell.unemp_date": "2026-02-01",
    },
    "vacancy": {"title": "保安"}, "employer": {"name": "示范厂"}, "visit": {"outcome": "1"},
    "certificate": {"cert_type": "02"}, "retiree": {"retired_on": DAY}, "inspection": {"kind": "1"},
}  # fmt: skip
"""Ledger that a link leads to → what the form says of the entry there, so that the entry has a row."""

_TYPES: Final = {
    Kind.CODES: "select_multiple {}", Kind.CODE: "select_one {}", Kind.BOOLEAN: "select_one YN",
    Kind.INTEGER: "integer", Kind.DECIMAL: "decimal", Kind.DATE: "date", Kind.POINT: "geopoint",
    Kind.IMAGE: "image",
}  # fmt: skip


@pytest.fixture
def trusted(log_in) -> Client:
    """The county's administrator, who also reads restricted facts."""
    return log_in("administrator", "", "restricted")


def code_of(column: Column) -> str:
    """A code of the column's list."""
    codes = [code for code in code_lists()[column.codes].codes if code not in ("0", "9")]
    return codes[0]


def answer_of(column: Column) -> tuple[str, Any]:
    """What a phone answers for the column, and what REST gives then."""
    if column.kind is Kind.CODE:
        return code_of(column), code_of(column)
    if column.kind is Kind.CODES:
        return code_of(column), [code_of(column)]
    return PLAIN[column.kind]


def moved_columns(definition: LedgerDefinition) -> set[str]:
    """The columns that the moves of the walk give, take, stamp or mean."""
    moved = {machine.column for machine in definition.machines}
    for column, to in WALKS.get(definition.name, ()):
        machine = definition.machine_of(column)
        assert machine is not None
        moved |= {*machine.into(to).columns, *machine.into(to).means}
    return moved


def links_of(definition: LedgerDefinition) -> dict[str, str]:
    """Link → the ledger that it leads to."""
    return {
        name: name_of(LEDGERS[definition.name]._meta.get_field(name).related_model)  # type: ignore[arg-type]
        for name, column in definition.columns.items()
        if column.is_link
    }


class Sheets:
    """A form that fills a ledger, and its answers."""

    def __init__(self, definition: LedgerDefinition) -> None:
        self.definition = definition
        self.survey: list[list[str]] = [["type", "name", "label", "bind::ruhu:saveto"]]
        self.lists: set[str] = {"YN"}
        self.ledgers: list[list[str]] = [["ledger", "at", "key", "link"]]
        self.survey.append(["dateTime", "visited_at", "Time", "head.observed_at"])
        self.answers = f"<visited_at>{DAY}T09:00:00.000+08:00</visited_at>"
        self.expected: dict[str, Any] = {}
        self.entries: dict[str, str] = {}  # link → the entry that it names
        for link, ledger in links_of(definition).items():
            self._add_linked(link, ledger)
        moved = moved_columns(definition)
        for column in definition.columns.values():
            if not (column.is_link or column.computed or column.name in moved):
                answer, self.expected[column.name] = answer_of(column)
                self._ask(definition.name, column.name, column, answer)
        links = " ".join(f"{name}={ledger}" for name, ledger in links_of(definition).items())
        key = next((key for key in definition.keys), "instance")
        self.ledgers.append([definition.name, "", key, links])

    def _add_linked(self, link: str, ledger: str) -> None:
        self.entries[link] = str(uuid.uuid4())
        self.survey.append(["text", f"{link}_id", link, f"{ledger}.id"])
        self.answers += f"<{link}_id>{self.entries[link]}</{link}_id>"
        self.ledgers.append([ledger, "", "id", ""])
        for place, answer in LINKED[ledger].items():
            part, _dot, name = place.rpartition(".")
            column = DEFINITIONS[part or ledger].columns[name]
            self._ask(ledger, place, column, answer)

    def _ask(self, ledger: str, place: str, column: Column, answer: str) -> None:
        question = f"{ledger}_{place.replace('.', '_')}"
        kind = _TYPES.get(column.kind, "text").format(column.codes)
        self.lists |= {column.codes} - {""}
        target = place if "." in place else f"{ledger}.{place}"
        self.survey.append([kind, question, str(column.label), target])
        self.answers += f"<{question}>{answer}</{question}>"

    @property
    def form_id(self) -> str:
        return f"fills_{self.definition.name}"

    def book(self) -> dict[str, list[list[str]]]:
        choices = [["list_name", "name", "label"]]
        for name in sorted(self.lists):
            choices += [
                [name, code, str(label)] for code, label in code_lists()[name].codes.items()
            ]
        settings = [
            ["form_id", "version", "form_title", "namespaces"],
            [self.form_id, "1", "Form", 'ruhu="urn:ruhu:xforms"'],
        ]
        return {
            "survey": self.survey,
            "choices": choices,
            "settings": settings,
            "ledgers": self.ledgers,
        }


def only(client: Client, definition: LedgerDefinition) -> dict[str, Any]:
    answer = client.get(f"/api/v1/{definition.path}/").json()
    assert answer["count"] == 1, answer
    row: dict[str, Any] = answer["results"][0]
    return row


def values_of(column: Column, to: str, worker: int) -> Any:
    """A value for a column of a move."""
    if column.kind is Kind.USER:
        return worker
    if (column.name, to) == ("result", "5"):  # of a petition that is answered
        return "1"
    return answer_of(column)[1]


def filled(body: dict[str, Any]) -> set[str]:
    return {name for name, value in body.items() if value is not None}


@pytest.mark.parametrize("ledger", LATER)
def test_every_column_is_filled(people: Field, trusted: Client, make_user, ledger: str):
    definition = DEFINITIONS[ledger]
    sheets = Sheets(definition)
    answer = people.publish(sheets.book())
    assert answer.status_code == 201, answer.content
    files = {"photo.jpg": b"\xff\xd8\xff\xe0 photo"} if "photo.jpg" in sheets.answers else {}
    people.taken(instance(sheets.form_id, sheets.answers), files)

    body = only(trusted, definition)
    seen = filled(body)
    hidden = [name for name in body["masked"] if name in sheets.expected]
    for name, value in sheets.expected.items():
        if name not in hidden:
            assert body[name] == value, name
    for link, entry in sheets.entries.items():
        assert body[link] == entry, link
    if hidden:
        path = f"/api/v1/{definition.path}/{body['id']}/reveal/"
        revealed = trusted.post(path, {"columns": hidden, "reason": "核对身份证件"}, JSON)
        assert revealed.json() == {name: sheets.expected[name] for name in hidden}

    worker = make_user("handler", role="street").pk
    path = f"/api/v1/{definition.path}/{body['id']}/moves/"
    for column, to in WALKS.get(ledger, ()):
        machine = definition.machine_of(column)
        assert machine is not None
        into = machine.into(to)
        values = {
            name: values_of(definition.columns[name], to, worker)
            for name in into.columns
            if name != into.stamps
        }
        moving = {"column": column, "to": to, "values": values, "reason": "核对"}
        answer = trusted.post(path, moving, JSON)
        assert answer.status_code == 201, (column, to, answer.content)
        body = only(trusted, definition)
        seen |= filled(body)
        assert body[column] == to
        assert not into.stamps or body[into.stamps] is not None
        for name, value in (*values.items(), *into.means.items()):
            expected = "handler" if definition.columns[name].kind is Kind.USER else value
            if definition.columns[name].merge != "M4":
                assert body[name] == expected, (to, name)
    assert definition.columns.keys() - seen == set()
