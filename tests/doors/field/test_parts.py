"""Parts of an upload, however a client writes them."""

from __future__ import annotations

import pytest

from server.submissions.drain import drain_now
from tests.factories.field import Field, id_of, instance

pytestmark = pytest.mark.django_db(transaction=True)


def part(name: str, content: bytes, more: str = "") -> bytes:
    return (
        f'--b\r\nContent-Disposition: form-data; name="{name}"{more}\r\n'
        "Content-Type: image/jpeg\r\n\r\n".encode()
        + content
        + b"\r\n"
    )


def xml(document: bytes, more: str = '; filename="data.xml"') -> bytes:
    return part("xml_submission_file", document, more)


@pytest.mark.parametrize("size", [10, 700_000])
@pytest.mark.parametrize("name", ["a.jpg", "照片 一.jpg"])
@pytest.mark.parametrize("more", ["", '; filename=""'])
def test_a_file_part_without_a_file_name_is_kept_under_the_parts_name(
    people: Field, size: int, name: str, more: str
) -> None:
    form = people.form("type|name|label\nimage|p|P")
    document = instance(form, f"<p>{name}</p>")

    sent = people.post(xml(document) + part(name, b"J" * size, more) + b"--b--\r\n")

    assert sent.status_code == 201, sent.content
    drain_now()
    record = people.record(id_of(document)).json()
    assert [file["name"] for file in record["attachments"]] == [name]
    assert record["missing_files"] == []


def test_what_a_client_says_about_the_upload_is_no_file(people: Field) -> None:
    form = people.form("type|name|label\nimage|p|P")
    document = instance(form, "<p/>")

    sent = people.post(
        part("*isIncomplete*", b"yes") + part("Date", b"now") + xml(document, "") + b"--b--\r\n"
    )

    assert sent.status_code == 201, sent.content
    drain_now()
    assert people.record(id_of(document)).json()["attachments"] == []


def test_a_part_without_any_name_is_refused(people: Field) -> None:
    form = people.form("type|name|label\nimage|p|P")
    sent = people.post(xml(instance(form, "<p/>")) + part("", b"J") + b"--b--\r\n")
    assert sent.status_code == 400
