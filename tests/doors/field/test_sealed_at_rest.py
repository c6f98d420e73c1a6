"""What people write in any question, file, remark or reason is in no dump and on no disk (security.md, Sealing at rest)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from urllib.parse import quote

import lxml.etree as etree
import pytest
from django.core.exceptions import FieldError

from server.accounts.access import access_of
from server.accounts.models import User
from server.core import clock
from server.core.filters import ListFilters, OneOf, Ordering, Search
from server.core.sealed_fields import OpenedField
from server.forms.models import FormVersion
from server.ledgers.definitions.columns import Kind
from server.ledgers.definitions.ledgers import COLUMNS, LEDGERS
from server.ledgers.models import ContributionRow, Household, LedgerException, Person, Visit
from server.ledgers.refolding.rebuild import rebuild
from server.ledgers.selectors import entry_as_of
from server.ledgers.services import Choice, correct, settle
from server.submissions.models import Comment, Submission
from tests.factories.field import Field
from tests.factories.stored import as_stored, on_disk

pytestmark = pytest.mark.django_db(transaction=True)

XLSFORMS = Path(__file__).parents[3] / "xlsforms"
COMMUNITY = "440106003001"
PHONES = ("020-0000{:04}", "0200000{:04}", "０２０-００００{:04}", "449901 19650101 {:03}X")
WORD = "暗语{:03}号"
KINDS_OF_FILES = ("image", "audio", "video", "file")


@dataclass
class Canaries:
    """Words and numbers that are nowhere else, each given to a question or a reason."""

    words: dict[str, str] = field(default_factory=dict)  # what it was given to → the word
    numbers: list[str] = field(default_factory=list)

    def text(self, place: str) -> str:
        """A new word with a number behind it."""
        count = len(self.numbers)
        self.words[place] = WORD.format(count)
        self.numbers.append(PHONES[count % len(PHONES)].format(count))
        return f"{self.words[place]} {self.numbers[-1]}"


@pytest.fixture
def canaries() -> Canaries:
    return Canaries()


def searched_paths(version: FormVersion) -> set[str]:
    """The questions that fill names, addresses and numbers of offices, whose words stay to be searched."""
    records = version.mapping["records"]
    found = set()
    for path, targets in version.mapping["questions"].items():
        for index, name, _conversion, _list in targets:
            part, _dot, column_name = name.rpartition(".")
            column = COLUMNS[part or records[index]["ledger"]].get(column_name)
            if column is not None and column.is_searched:
                found.add(path)
    return found


def filled(version: FormVersion, canaries: Canaries) -> tuple[bytes, dict[str, bytes]]:
    """A record in which every question is answered, every text with a word and a number, and its files."""
    choices = version.questions["choices"]
    root = etree.Element("data", id=version.form.form_id, version=version.version)
    elements, files = {"/data": root}, {}
    for item in version.questions["items"]:
        path = item["path"]
        above, _slash, name = path.rpartition("/")
        if path == "/data/meta/instanceID" or above not in elements:
            continue
        element = elements[path] = etree.SubElement(elements[above], name)
        if item["kind"] != "question":
            continue
        match item["type"]:
            case "text":
                element.text = canaries.text(f"{version.form.form_id}{path}")
            case "select_one" | "select_multiple":
                offered = choices.get(item["list"]) or []
                code = next(iter(offered), "")
                element.text = COMMUNITY if name == "community" else str(code)
            case "date":
                element.text = "2026-11-20"
            case "dateTime":
                element.text = "2026-11-20T10:00:00+08:00"
            case "geopoint":
                element.text = "23.1163 113.3530 12 5"
            case "int" | "decimal":
                element.text = "3"
            case "image" | "audio" | "video" | "file" | "audit":
                element.text = (
                    f"{len(files)}.csv" if item["type"] == "audit" else f"{len(files)}.jpg"
                )
                files[element.text] = canaries.text(f"{version.form.form_id}{path}").encode() * 50
            case _ if name.endswith(("_id", "_uuid")):
                element.text = str(uuid.uuid4())
            case _ if "area" in name or name == "community_code":
                element.text = COMMUNITY
            case _ if name == "instanceName":
                element.text = canaries.numbers[0]
            case _:
                element.text = "1"
    meta = elements.get("/data/meta")
    if meta is None:
        meta = etree.SubElement(root, "meta")
    etree.SubElement(meta, "instanceID").text = f"uuid:{uuid.uuid4()}"
    return etree.tostring(root), files


@pytest.fixture
def forms(people: Field) -> list[FormVersion]:
    """The forms that come with the server, and one with every kind of file and every free text of a visit."""
    before = list(FormVersion.objects.values_list("pk", flat=True))
    for path in sorted(XLSFORMS.glob("*.xlsx")):
        assert people.publish(path.read_bytes()).status_code == 201
    rows = [[kind, f"{kind}_kept", kind, ""] for kind in KINDS_OF_FILES]
    people.ledger_form(
        "files",
        [
            ["dateTime", "at", "When", "head.observed_at visit.visited_at"],
            ["text", "community_code", "Code", "head.area_code"],
            ["text", "hid", "H", "household.id"],
            ["text", "findings", "F", "visit.findings"],
            ["text", "note", "N", "household.access_note"],
            ["text", "elsewhere", "E", ""],
            *rows,
        ],
        [["household", "", "id", ""], ["visit", "", "instance", "household"]],
    )
    return list(FormVersion.objects.select_related("form").exclude(pk__in=before).order_by("pk"))


def test_no_number_and_no_free_text_is_in_the_database_or_on_the_disk(
    people: Field, forms: list[FormVersion], canaries: Canaries
) -> None:
    searched = set()
    for version in forms:
        document, files = filled(version, canaries)
        if version.form.form_id == "files":
            household = str(uuid.uuid4())
            answers = {"community_code": COMMUNITY, "hid": household}
            root = etree.fromstring(document)
            for name, value in answers.items():
                root.find(name).text = value
            document = etree.tostring(root)
        iid = people.taken(document, files)
        shown = people.record(iid, people.street).json()
        assert "unprocessed" not in shown["flags"]
        searched |= {f"{version.form.form_id}{path}" for path in searched_paths(version)}
    words_of_the_desk(people, iid, household, canaries)

    # The search is sound: what was written is in the ledgers, and whoever reads them finds it.
    visit = Visit.objects.get(household=household)
    assert canaries.words["files/data/findings"] in visit.findings
    home = Household.objects.get(pk=household)
    assert canaries.words["files/data/note"] in home.access_note
    people_named = list(Person.objects.exclude(name=None))
    surveyed = canaries.words["household_survey/data/members/basic/name"]
    (person,) = [row for row in people_named if surveyed in row.name]
    for row in people_named:
        assert any(word in row.name for word in canaries.words.values())
        assert any(number in row.name for number in canaries.numbers)
    found = {row.pk for row in Person.objects.filter(name__contains="暗语")}
    assert found == {row.pk for row in people_named}
    contributed = [row.values for row in ContributionRow.objects.all()]
    assert sum(word in str(contributed) for word in canaries.words.values()) > 20
    assert len(canaries.words) > 55

    stored, disk = as_stored(), on_disk()
    for where in (stored, disk.decode("latin-1")):
        assert [number for number in canaries.numbers if number in where] == []
    hidden = {place: word for place, word in canaries.words.items() if place not in searched}
    assert len(hidden) > 40
    but_for_the_log = without(stored, "audit_entry")
    assert [place for place, word in hidden.items() if word in but_for_the_log] == []
    in_the_log = {place for place, word in hidden.items() if word in stored}
    assert in_the_log <= {
        "review",
        "correction",
        "exception",
    }  # reasons, in a chain that nothing changes
    assert [place for place, word in canaries.words.items() if word.encode() in disk] == []

    access = access_of(User.objects.get(username__startswith="street-"))
    for entry, column in ((home, "access_note"), (visit, "findings"), (person, "name")):
        now = clock.now()
        past = entry_as_of(access, entry, on=clock.today(), known_by=now)
        assert getattr(past, column) == getattr(entry, column)

    report = rebuild(area="", keep=False, as_of=date(2026, 12, 1), progress=lambda *_: None)
    assert report.differences == []


def without(stored: str, table: str) -> str:
    """The rows of all tables but one."""
    return "\n".join(row for row in stored.split("\n") if not row.startswith(f"{table} "))


def words_of_the_desk(people: Field, iid: str, household: str, canaries: Canaries) -> None:
    """Office staff decide, correct and settle, each with a word and a number."""
    address = f"/api/v1/submissions/{quote(iid, safe='')}/review/"
    body = {"state": "has_issues", "reason": canaries.text("review")}
    answer = people.street.post(address, body, content_type="application/json")
    assert answer.status_code == 201, answer.content
    clerk = User.objects.get(username__startswith="street-")
    act = correct(
        family="household",
        entry=uuid.UUID(household),
        column="access_note",
        value=canaries.text("files/data/note"),
        reason=canaries.text("correction"),
        access=access_of(clerk),
        at=clock.now(),
    )
    act.refresh_from_db()
    assert act.value == {"access_note": Household.objects.get(pk=household).access_note}
    Comment.objects.create(
        submission=Submission.objects.get(instance_id=iid),
        body=canaries.text("comment"),
        user=clerk,
        at=clock.now(),
    )
    exception = LedgerException.objects.first()
    settle(
        exception=exception,
        choice=Choice(),
        note=canaries.text("exception"),
        user=clerk,
        access=access_of(clerk),
        at=clock.now(),
    )


def test_nothing_is_searched_or_sorted_by_what_is_sealed() -> None:
    with pytest.raises(FieldError, match="sealed"):
        Visit.objects.filter(findings="x")
    with pytest.raises(FieldError, match=r"submissions_comment\.body is sealed"):
        Comment.objects.filter(body__icontains="x")
    assert not Visit.objects.filter(findings__isnull=False).exists()
    for declared in (
        {"search": Search(("findings",))},
        {"search": Search((), joined=("person__skills",))},
        {"findings": OneOf()},
        {"number": OneOf(field_name="person__id_no")},
        {"ordering": Ordering("findings")},
    ):
        meta = type("Meta", (), {"model": Visit, "fields": ()})
        with pytest.raises(TypeError, match="is sealed"):
            type("VisitList", (ListFilters,), {**declared, "Meta": meta})


def test_how_a_text_lies_in_the_database_follows_from_its_declaration() -> None:
    for ledger, model in LEDGERS.items():
        for name, column in COLUMNS[ledger].items():
            stored = model._meta.get_field(name)
            if column.kind in (Kind.TEXT, Kind.IMAGE, Kind.JSON):
                assert column.is_searched is not isinstance(stored, OpenedField), (ledger, name)
