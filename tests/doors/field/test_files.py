"""Files: one answer whether one is missing, and every record's in the archive."""

from __future__ import annotations

import csv
import io
import unicodedata
import zipfile

import pytest

from tests.factories.field import Field, instance

pytestmark = pytest.mark.django_db(transaction=True)


def archive(people: Field, form: str) -> zipfile.ZipFile:
    answer = people.central(f"/forms/{form}/submissions.csv.zip")
    return zipfile.ZipFile(io.BytesIO(answer.getvalue()))


def test_files_of_one_name_are_all_in_the_archive(people: Field) -> None:
    form = people.form("type|name|label\nimage|p|P\naudit|audit|")
    records = [
        people.taken(
            instance(form, "<p>same.jpg</p>", meta="<audit>audit.csv</audit>"),
            {
                "same.jpg": f"photo {letter}".encode(),
                "audit.csv": f'event,node,start,end\nform start,,{letter}111,"a\nb"\n'.encode(),
            },
        )
        for letter in "ABC"
    ]

    packed = archive(people, form)

    names = packed.namelist()
    assert len(set(names)) == len(names)
    assert "media/same.jpg" in names
    photos = {packed.read(name) for name in names if name.endswith(".jpg")}
    assert photos == {b"photo A", b"photo B", b"photo C"}
    log = list(csv.DictReader(io.StringIO(packed.read(f"{form} - audit.csv").decode(), newline="")))
    assert {(row["instance ID"], row["start"], row["node"]) for row in log} == {
        (iid, f"{letter}111", "") for iid, letter in zip(records, "ABC", strict=True)
    }
    assert {row["end"] for row in log} == {"a\nb"}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"event,node\n\xff\xfe",
        b"who,knows\n1,2\n",
        b"event,node\na,b,c,d\n",
        b"event,event\na,b\n",
    ],
)
def test_an_odd_audit_log_is_in_the_archive_too(people: Field, content: bytes) -> None:
    form = people.form("type|name|label\nimage|p|P\naudit|audit|")
    meta = "<audit>audit.csv</audit>"
    people.taken(instance(form, "<p/>", meta=meta), {"audit.csv": content})
    people.taken(instance(form, "<p/>", meta=meta), {"audit.csv": b"event,node\nform start,here\n"})

    packed = archive(people, form)

    log = packed.read(f"{form} - audit.csv").decode()
    assert log.startswith("instance ID,event,node,start,end")
    assert "form start,here" in log
    kept = [packed.read(name) for name in packed.namelist() if name.startswith("media/")]
    assert content in [*kept, b""]


@pytest.mark.parametrize(
    ("answer", "name"),
    [("Équipe.png", "Équipe.png"), ("Équipe.png", "E\u0301quipe.png"), ("a/b.png", "b.png")],
)
@pytest.mark.parametrize("turned", [False, True])
def test_every_door_gives_the_same_answer_whether_a_file_is_missing(
    people: Field, answer: str, name: str, turned: bool
) -> None:
    if turned and "/" not in answer:
        answer, name = name, answer
    form = people.form("type|name|label\nimage|p|P\nimage|q|Q")
    iid = people.taken(instance(form, f"<p>{answer}</p><q>other.png</q>"), {name: b"J"})

    assert people.record(iid).json()["missing_files"] == ["other.png"]
    listed = people.central(f"/forms/{form}/submissions/{iid}/attachments").json()
    assert [(file["name"], file["exists"]) for file in listed] == [
        (name, True),
        ("other.png", False),
    ]
    (row,) = people.rows(form)
    system = row["__system"]
    assert (system["attachmentsPresent"], system["attachmentsExpected"]) == (1, 2)
    number = people.street.get(f"/api/v1/submissions/{iid}/").json()
    assert number["missing_files"] == ["other.png"]
    for spelling in (name, unicodedata.normalize("NFD", name), unicodedata.normalize("NFC", name)):
        got = people.central(f"/forms/{form}/submissions/{iid}/attachments/{spelling}")
        assert got.getvalue() == b"J"


def test_a_default_image_is_never_missing(people: Field) -> None:
    form = people.form("type|name|label\nimage|p|P")
    iid = people.taken(instance(form, "<p>jr://images/def.png</p>"))

    assert people.record(iid).json()["missing_files"] == []
    assert people.central(f"/forms/{form}/submissions/{iid}/attachments").json() == []
    (row,) = people.rows(form)
    assert row["__system"]["attachmentsExpected"] == 0
