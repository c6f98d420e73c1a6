"""What phones do to the rows of entity lists, over HTTP and through the worker process (items 83–93)."""

from __future__ import annotations

import csv
import io
import uuid
from dataclasses import dataclass

import pytest

from tests.acceptance.openrosa.checklist import item
from tests.acceptance.openrosa.conftest import offer, publish
from tests.acceptance.openrosa.line import SENT, Line, new_id
from tests.acceptance.openrosa.sync import listed, manifest_of

# A street of its own: others count the households of theirs.
COMMUNITY = "440106009001"
FORM, VERSION = "conformance_household", "1"
_FORM = """
| survey   |
|          | type                                | name           | label | bind::ruhu:saveto                 | calculation                     | save_to |
|          | dateTime                            | visited_at     | 时间  | head.observed_at visit.visited_at |                                 |         |
|          | select_one_from_file households.csv | pick           | 家庭  |                                   |                                 |         |
|          | calculate                           | hh_id          |       | household.id                      | coalesce(${pick}, once(uuid())) |         |
|          | select_one VO                       | outcome        | 结果  | visit.outcome                     |                                 |         |
|          | text                                | address        | 住址  | household.address                 |                                 |         |
|          | text                                | room           | 室    | household.room                    |                                 |         |
|          | text                                | area           | 社区  | head.area_code                    |                                 |         |
|          | calculate                           | entity_address |       |                                   | ${address}                      | address |
|          | calculate                           | entity_room    |       |                                   | ${room}                         | room    |
| choices  |
|          | list_name | name | label |
|          | VO        | 1    | 完成  |
| settings |
|          | form_title | form_id | version   | namespaces             |
|          | 登记家庭   | {id}    | {version} | ruhu="urn:ruhu:xforms" |
| entities |
|          | list_name  | label      | entity_id | create_if    | update_if    |
|          | households | ${address} | ${hh_id}  | ${pick} = '' | ${pick} != '' |
| ledgers  |
|          | ledger    | at | key      | link      |
|          | household |    | id       |           |
|          | visit     |    | instance | household |
"""


@pytest.fixture(scope="module")
def phone(line: Line) -> Line:
    """Another worker's phone, with a form that creates and updates households."""
    worker = line.office.add_worker("conformance_entities", COMMUNITY)
    publish(line.office, (FORM, VERSION), markdown=_FORM)
    offer(line.office, line.staff, FORM, "conformance_entities")
    return Line(line.office, str(worker["base_url"]), line.staff)


@dataclass
class Home:
    """A household as the phone knows it; each visit is later than the previous one."""

    phone: Line
    id: str
    visits: int = 0

    def document(self, claim: str, room: str, *, entity: str = "") -> tuple[str, bytes]:
        """instanceID and document of a visit with this entity claim about the household, or about `entity`."""
        self.visits += 1
        name, address = new_id(), "示范路1号"
        block = (
            f'<entity dataset="households" id="{entity or self.id}" {claim}>'
            f"<label>{address}</label></entity>"
        )
        document = (
            f'<data id="{FORM}" version="{VERSION}" xmlns:orx="http://openrosa.org/xforms">'
            f"<visited_at>2026-11-20T09:{self.visits:02}:00.000+08:00</visited_at><pick/>"
            f"<hh_id>{self.id}</hh_id><outcome>1</outcome><address>{address}</address>"
            f"<room>{room}</room><area>{COMMUNITY}</area>"
            f"<entity_address>{address}</entity_address><entity_room>{room}</entity_room>"
            f"<orx:meta><orx:instanceID>{name}</orx:instanceID>{block}</orx:meta></data>"
        )
        return name, document.encode()

    def send(self, *visits: tuple[str, bytes]) -> list[str]:
        """Send the documents; returns their instanceIDs once the worker process has processed all."""
        for _name, document in visits:
            assert self.phone.send(document).status_code in SENT
        for name, _document in visits:
            processed = {"form": FORM, "search": name, "is_processed": "true"}
            self.phone.office.wait_for(
                lambda query=processed: self.phone.ask("submissions/", **query).json()["count"],
                "the record to be processed",
            )
        return [name for name, _document in visits]

    def row(self) -> dict[str, str]:
        """The household's row in the phone's list; {} when it is not listed."""
        rows = [row for row in rows_of(self.phone) if row["name"] == self.id]
        assert len(rows) <= 1
        return rows[0] if rows else {}

    def exceptions(self, kind: str) -> list[dict[str, object]]:
        """Its exceptions of that kind, open and resolved."""
        return [
            exception for exception in exceptions(self.phone, kind) if self.id in str(exception)
        ]


@pytest.fixture
def home(phone: Line) -> Home:
    return Home(phone, str(uuid.uuid4()))


def entry(phone: Line) -> dict[str, str]:
    """The list's entry in the manifest."""
    form = next(form for form in listed(phone) if form["formID"] == FORM)
    return next(file for file in manifest_of(phone, form) if file["filename"] == "households.csv")


def rows_of(phone: Line) -> list[dict[str, str]]:
    text = phone.get(entry(phone)["downloadUrl"]).content.decode()
    return list(csv.DictReader(io.StringIO(text)))


def deleted(phone: Line, *ids: str) -> dict[str, str]:
    answer = phone.xml(f"{entry(phone)['integrityUrl']}?id={','.join(ids)}")
    return {
        str(entity.get("id")): str(entity.findtext("deleted")) for entity in answer.iter("entity")
    }


def exceptions(phone: Line, kind: str) -> list[dict[str, object]]:
    page = phone.ask("exceptions/", kind=kind, area=COMMUNITY, page_size="1000").json()
    results: list[dict[str, object]] = page["results"]
    return results


def faults(phone: Line) -> list[dict[str, object]]:
    return exceptions(phone, "entity_fault")


def decide(phone: Line, path: str, decision: dict[str, str]) -> None:
    answer = phone.staff.post(f"{phone.office.url}/api/v1/{path}", json=decision, timeout=30)
    assert answer.status_code in (200, 201), answer.text


@item(83, "E04")
def test_a_household_of_a_form_is_listed_once(home: Home) -> None:
    before = entry(home.phone)["hash"]
    create = home.document('create="1"', "101")
    home.send(create)
    row, list_hash = home.row(), entry(home.phone)["hash"]
    assert (row["__version"], row["label"], row["room"]) == ("1", "示范路1号 101", "101")
    assert list_hash != before
    home.send(create)
    assert (home.row(), entry(home.phone)["hash"]) == (row, list_hash)


@item(85, "E06")
def test_an_update_raises_the_version_and_a_stale_update_is_applied_too(home: Home) -> None:
    home.send(home.document('create="1"', "101"))
    home.send(home.document('update="1" baseVersion="1"', "102"))
    row = home.row()
    assert (row["__version"], row["room"], row["address"]) == ("2", "102", "示范路1号")
    (stale,) = home.send(home.document('update="1" baseVersion="1"', "103"))
    assert home.phone.count(stale, FORM) == 1
    assert (home.row()["__version"], home.row()["room"]) == ("3", "103")
    origins = home.phone.ask(f"households/{home.id}/origins/").text
    assert stale in origins


def chain(home: Home) -> list[tuple[str, bytes]]:
    """Documents of a household created offline and updated twice before anything was sent, on one branch."""
    branch = f'trunkVersion="" branchId="{uuid.uuid4()}"'
    return [
        home.document('create="1"', "101"),
        home.document(f'update="1" baseVersion="1" {branch}', "102"),
        home.document(f'update="1" baseVersion="2" {branch}', "103"),
    ]


@item(86, "E07")
def test_a_branch_is_applied_in_order(home: Home) -> None:
    rows = []
    for step in chain(home):
        home.send(step)
        rows.append((home.row()["__version"], home.row()["room"]))
    assert rows == [("1", "101"), ("2", "102"), ("3", "103")]
    assert home.exceptions("entity_conflict") + home.exceptions("entity_fault") == []


@item(87, "E08")
def test_a_branch_out_of_order_ends_at_the_same_version(home: Home) -> None:
    for step in (steps := chain(home))[::-1]:
        home.send(step)
    assert home.row()["room"] == "103"
    assert int(home.row()["__version"]) >= 3, (
        "the phone counts 3, and keeps its row while ours is lower"
    )
    assert [home.phone.count(name, FORM) for name, _document in steps] == [1, 1, 1]
    assert home.exceptions("entity_conflict") + home.exceptions("entity_fault") == []


@item(89)
def test_the_hash_of_a_list_is_the_workers_own(home: Home, line: Line) -> None:
    def list_hash(phone: Line) -> str:
        form = next(form for form in listed(phone) if form["formID"] == "home_visit")
        files = manifest_of(phone, form)
        return next(file["hash"] for file in files if file["filename"] == "households.csv")

    mine, others = list_hash(home.phone), list_hash(line)
    assert mine != others
    home.send(home.document('create="1"', "101"))
    assert list_hash(home.phone) not in (mine, others)
    assert list_hash(line) == others
    assert home.id not in line.get(f"/forms/{FORM}/{VERSION}/media/households.csv").text


@item(90)
def test_a_household_that_left_the_list_stays_deleted(home: Home) -> None:
    unknown = str(uuid.uuid4())
    create = home.document('create="1"', "101")
    (name,) = home.send(create)
    assert deleted(home.phone, home.id, unknown) == {home.id: "false", unknown: "false"}
    decide(home.phone, f"submissions/{name}/review/", {"state": "rejected", "reason": "误登记"})
    home.phone.office.wait_for(lambda: not home.row(), "the household to leave the list")
    home.send(create)  # the phone's resend does not bring it back
    for _again in range(2):
        assert deleted(home.phone, home.id, unknown) == {home.id: "true", unknown: "false"}
    assert home.row() == {}


@item(92)
def test_an_update_before_its_create_is_a_fault_until_the_create_arrives(home: Home) -> None:
    create = home.document('create="1"', "101")
    home.send(home.document('update="1" baseVersion="1" trunkVersion="" branchId="b"', "102"))
    assert home.row()["room"] == "102", "its answers count at once"
    home.send(create)
    assert home.row()["room"] == "102"
    assert home.exceptions("entity_fault") == []

    later = Home(home.phone, str(uuid.uuid4()))
    before = len(faults(home.phone))
    home.send(home.document('update="1" baseVersion="1"', "102", entity=later.id))
    assert len(faults(home.phone)) == before + 1, "office staff see the update that waits"
    home.send(later.document('create="1"', "201"))
    assert len(faults(home.phone)) == before


@item(93)
def test_a_conflict_is_listed_until_a_person_resolves_it(home: Home) -> None:
    home.send(home.document('create="1"', "101"))
    home.send(home.document('update="1" baseVersion="1"', "102"))
    home.send(home.document('update="1" baseVersion="1"', "103"))
    (conflict,) = home.exceptions("entity_conflict")
    assert "room" in str(conflict["detail"])
    assert conflict["resolved_at"] is None
    decide(home.phone, f"exceptions/{conflict['id']}/resolve/", {"note": "看过，103 对"})
    home.send(home.document('update="1" baseVersion="3"', "104"))
    (resolved,) = home.exceptions("entity_conflict")
    assert resolved["resolved_at"]
    assert home.row()["room"] == "104"
