"""What is stored of a submission, and which message answers it (items 136–140)."""

from __future__ import annotations

import os
import re
import signal

from tests.acceptance.openrosa.checklist import item
from tests.acceptance.openrosa.line import (
    FORM,
    HEADERS,
    JPEG,
    SENT,
    Line,
    is_refused,
    message_of,
    new_id,
    part,
    photo,
    record,
)


@item(136)
def test_what_is_acknowledged_outlives_the_process_that_took_it(line: Line) -> None:
    """Beside tests/acceptance/test_kill.py, which takes the database away as well."""
    name = new_id()
    large = bytes(range(256)) * 8192
    before = line.office.web_processes()
    assert line.send(record(name), large__jpg=large, small__jpg=JPEG).status_code in SENT
    for process in before:
        os.kill(process, signal.SIGKILL)
    line.office.wait_for(
        lambda: len(set(line.office.web_processes()) - set(before)) == len(before),
        "the web server to start other processes",
    )
    assert line.document(name) == record(name)
    assert line.files(name) == {"large.jpg": large, "small.jpg": JPEG}


@item(137)
def test_the_stored_xml_is_the_received_bytes(line: Line) -> None:
    name = new_id()
    document = record(name).replace(b"<n>3</n>", b"<n  >3</n\t>").replace(b'"2"', b"'2'")
    assert line.send(document).status_code in SENT
    assert line.document(name) == document


@item(138)
def test_messages_are_in_the_workers_language(line: Line) -> None:
    name = new_id()
    line.send(record(name))
    for parts in (
        [part(record(name, name="乙"))],
        [part(record(new_id(), form="no_such_form"))],
        [part(record(new_id(), version="never published"))],
        [part(b"<broken")],
        [photo("a.jpg")],
    ):
        messages = {
            language: message_of(line.post(*parts, headers={"Accept-Language": language}))
            for language in ("zh-CN", "en")
        }
        assert message_of(line.post(*parts)) == messages["zh-CN"], "Collect names no language"
        assert re.search("[\u4e00-\u9fff]", messages["zh-CN"])
        assert not re.search("[\u4e00-\u9fff]", messages["en"])
        assert messages["en"].count(". ") >= 1, "what happened, and what to do"


@item(139)
def test_closing_forms_take_records_and_closed_ones_say_so(line: Line) -> None:
    url = f"{line.office.url}/api/v1/forms/conformance_other/"
    for state, taken in (("closing", True), ("closed", False), ("open", True)):
        assert line.staff.patch(url, json={"state": state}, timeout=30).status_code == 200
        response = line.send(record(new_id(), form="conformance_other"))
        assert response.status_code in SENT if taken else is_refused(response)
        listed = "<formID>conformance_other</formID>" in line.get("/formList").text
        assert listed == (state == "open")


@item(140)
def test_device_app_person_and_time_are_kept_with_each_version(line: Line) -> None:
    name, edited = new_id(), new_id()
    url = f"{line.office.url}/v1/projects/1/forms/{FORM}/submissions/{name}"

    def current() -> dict[str, str]:
        https = {"X-Forwarded-Proto": "https"}
        version: dict[str, str] = line.staff.get(url, headers=https, timeout=30).json()[
            "currentVersion"
        ]
        return version

    line.send(record(name))
    first = current()
    assert (first["deviceId"], first["userAgent"]) == ("collect:abc", HEADERS["User-Agent"])
    other = {"User-Agent": "org.odk.collect.android/v2027.1"}
    document = record(edited, deprecated=name)
    line.post(part(document), query="?deviceID=collect%3Aother", headers=other)
    second = current()
    assert (second["deviceId"], second["userAgent"]) == ("collect:other", other["User-Agent"])
    assert second["createdAt"] > first["createdAt"]
    versions = line.ask(f"submissions/{name}/", form=FORM).json()["versions"]
    assert [version["submitter"] for version in versions] == ["conformance"] * 2
