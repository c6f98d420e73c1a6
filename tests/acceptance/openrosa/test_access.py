"""Requests without credentials at the address for user name and password (items 26–28, 34)."""

from __future__ import annotations

import requests

from tests.acceptance.openrosa.checklist import item
from tests.acceptance.openrosa.line import FORM, VERSION, Line, body_of, new_id, part, photo, record


def assert_challenged(response: requests.Response) -> None:
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"]
    assert response.headers["X-OpenRosa-Version"] == "1.0"


def door(line: Line) -> str:
    return f"{line.office.url}/odk"


@item(26, "A01")
def test_head_without_credentials_is_challenged(line: Line) -> None:
    assert_challenged(requests.head(f"{door(line)}/submission", timeout=30))


@item(27, "A02")
def test_the_list_without_credentials_is_challenged(line: Line) -> None:
    assert_challenged(requests.get(f"{door(line)}/formList", timeout=30))


@item(28, "A03")
def test_forms_and_media_need_credentials_too(line: Line) -> None:
    folder = f"/forms/{FORM}/{VERSION}"
    for path in ("/form.xml", "/manifest.xml", "/media/colours.csv"):
        assert_challenged(requests.get(door(line) + folder + path, timeout=30))
    assert_challenged(requests.get(f"{door(line)}/entities/integrity?id=a", timeout=30))


@item(34, "A09")
def test_a_large_post_without_credentials_is_answered(line: Line) -> None:
    name = new_id()
    body = body_of([part(record(name)), photo("a.jpg", bytes(2_000_000))], "x")
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    for _ in range(5):
        url = f"{door(line)}/submission"
        assert_challenged(requests.post(url, data=body, headers=kind, timeout=30))
    assert line.count(name) == 0
