"""The probe form, a phone that gets it, and an administrator who reads what was stored."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import requests

from tests.acceptance.office import Office
from tests.acceptance.openrosa.line import FORM, OLD, OTHER, SEALED, VERSION, Line
from tests.samples.xlsforms import workbook

# Another street than the other acceptance tests', so that neither sees the other's records.
COMMUNITY = "440106005001"
MEDIA = {"花 园.jpg": b"\xff\xd8 a garden", "colours.csv": b"name,label\nred,\xe7\xba\xa2\n"}

_PROBE = """
| survey   |
|          | type                              | name   | label   | media::image |
|          | text                              | name   | 姓名    | 花 园.jpg    |
|          | integer                           | n      | 数      |              |
|          | select_one_from_file colours.csv  | colour | 颜色    |              |
|          | image                             | photo  | 照片    |              |
|          | image                             | photo2 | 照片二  |              |
|          | begin repeat                      | items  | 物品    |              |
|          | text                              | what   | 名称    |              |
|          | end repeat                        |        |         |              |
| settings |
|          | form_title | form_id | version |
|          | 探 & 针 <表> | {id}    | {version} |
"""


def book(form_id: str, version: str, markdown: str = _PROBE) -> bytes:
    """The workbook of a form, by default of the probe form."""
    return workbook(markdown.replace("{id}", form_id).replace("{version}", version))


def publish(
    office: Office,
    *forms: tuple[str, str],
    markdown: str = _PROBE,
    media: Mapping[str, bytes] = MEDIA,
) -> None:
    """Publish (form ID, version) pairs from one workbook, with its media."""
    folder = office.folder / "probe media"
    folder.mkdir(exist_ok=True)
    for name, content in media.items():
        (folder / name).write_bytes(content)
    books = [office.folder / f"{form_id} {version}.xlsx" for form_id, version in forms]
    for path, form in zip(books, forms, strict=True):
        path.write_bytes(book(*form, markdown))
    office.run("publish", "--no-validate", "--media", str(folder), *map(str, books))


def offer(office: Office, staff: requests.Session, form_id: str, worker: str) -> None:
    """Offer the form to that worker only, because other tests count the forms of other phones."""
    url = f"{office.url}/api/v1/forms/{form_id}/audience/"
    permit = {"kind": "form", "name": form_id, "area": "", "days": 1, "reason": "conformance"}
    address = f"{office.url}/api/v1/export-permits/"  # the tests read every record whole
    assert staff.post(address, json=permit, timeout=30).json()["state"] == "open"
    answer = staff.put(url, json={"areas": [], "users": [worker]}, timeout=30)
    assert answer.status_code == 200, answer.text


@pytest.fixture(scope="session")
def line(office: Office) -> Line:
    """A phone that gets the probe forms, one of them encrypted, and the three real forms."""
    staff = office.add_user("conformance_desk", "administrator", "")
    office.run(
        "role", "add", "conformance_desk", "--role", "restricted", "--area", ""
    )  # logs of forms
    worker = office.add_worker("conformance", COMMUNITY)
    publish(office, (FORM, OLD), (FORM, VERSION), (OTHER, VERSION), (SEALED, VERSION))
    office.run("keys", "new", SEALED)
    for form_id in (FORM, OTHER, SEALED):
        offer(office, staff, form_id, "conformance")
    password = str(worker["username"]), str(worker["password"])
    return Line(office, str(worker["base_url"]), staff, password, str(worker["qr"]))
