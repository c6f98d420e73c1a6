"""Programs get records of forms that feed no ledger as they were received, but for those that a mask would change."""

from __future__ import annotations

import io
import json
import uuid
import zipfile

import pytest

from tests.factories.field import Field, id_of, instance
from tests.factories.statements import counted
from tests.unit.test_personal_numbers import ID_18, MOBILE

pytestmark = pytest.mark.django_db(transaction=True)

SURVEY = "type|name|label\ntext|tree|Tree\nimage|photo|Photo\nfile|paper|Paper"
PHOTO = b"\xff\xd8\xff\xe0 bark"


def status(people: Field, form: str, record: str, rest: str) -> int:
    answer = people.central(f"/forms/{form}/submissions/{record}{rest}")
    content = answer.getvalue()
    if answer.status_code == 403:
        assert json.loads(content)["details"]["problem"] == "export-permit-needed"
    return answer.status_code


def pulled(people: Field, path: str) -> int:
    return people.administrator.get(f"/odk/view/{path}", secure=True).status_code


def packed(people: Field, form: str) -> set[str]:
    answer = people.central(f"/forms/{form}/submissions.csv.zip")
    names = zipfile.ZipFile(io.BytesIO(answer.getvalue())).namelist()
    return {name for name in names if not name.endswith(".csv")}


@pytest.mark.parametrize(
    ("tree", "paper", "expected"),
    [
        ("榕树", b"planted in 1950", (200, 200, 200)),
        (f"ask {MOBILE}", b"planted in 1950", (403, 403, 403)),
        ("榕树", f"owner {ID_18}".encode(), (200, 200, 403)),
        ("榕树", b"\xd0\xcf\x11\xe0 an archive", (200, 200, 403)),
    ],
    ids=["nothing", "a number in an answer", "a number in a file", "a file nobody can search"],
)
def test_a_permit_is_needed_where_a_mask_would_hide_something(
    people: Field, tree: str, paper: bytes, expected: tuple[int, int, int]
) -> None:
    form = people.form(SURVEY)
    answers = f"<tree>{tree}</tree><photo>p.jpg</photo><paper>p.doc</paper>"
    record = people.taken(instance(form, answers), {"p.jpg": PHOTO, "p.doc": paper})

    got = [
        status(people, form, record, rest)
        for rest in (".xml", "/attachments/p.jpg", "/attachments/p.doc")
    ]

    assert tuple(got) == expected
    files = {"media/p.jpg": expected[1], "media/p.doc": expected[2]}
    assert packed(people, form) == {name for name, code in files.items() if code == 200}


def test_an_archive_costs_the_same_for_any_number_of_records(people: Field) -> None:
    """What a mask would hide is looked for in all records of a batch at once."""
    form, counts = people.form(SURVEY), set()
    for number in range(1, 5):
        answers = f"<tree>榕树</tree><photo>p{number}.jpg</photo>"
        people.taken(instance(form, answers), {f"p{number}.jpg": PHOTO + bytes([number])})
        packed(people, form)  # the answers are laid out
        with counted() as sent:
            assert len(packed(people, form)) == number
        counts.add(len(sent))
    assert len(counts) == 1


def test_a_form_that_feeds_a_ledger_needs_a_permit_for_its_photos(people: Field) -> None:
    people.ledger_form(
        "door",
        [
            ["dateTime", "at", "When", "head.observed_at"],
            ["text", "code", "Code", "head.area_code"],
            ["text", "hid", "H", "household.id"],
            ["image", "photo", "Photo", ""],
        ],
        [["household", "", "id", ""]],
    )
    answers = "<at>2026-11-20T10:00:00+08:00</at><code>440106003001</code><photo>p.jpg</photo>"
    record = people.taken(instance("door", f"{answers}<hid>{uuid.uuid4()}</hid>"), {"p.jpg": PHOTO})

    assert status(people, "door", record, ".xml") == 200
    assert status(people, "door", record, "/attachments/p.jpg") == 403
    assert packed(people, "door") == set()


def test_briefcase_pulls_a_form_that_feeds_no_ledger(people: Field) -> None:
    form = people.form(SURVEY)
    plain, numbered = instance(form, "<tree>榕树</tree>"), instance(form, f"<tree>{ID_18}</tree>")
    for document in (plain, numbered):
        people.taken(document)

    def record(document: bytes) -> str:
        return f"downloadSubmission?formId={form}[@version=1]/data[@key={id_of(document)}]"

    assert pulled(people, f"submissionList?formId={form}") == 200
    assert pulled(people, record(plain)) == 200
    assert pulled(people, record(numbered)) == 403
