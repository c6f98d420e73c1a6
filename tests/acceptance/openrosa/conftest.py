"""The probe form, a phone that gets it, and a desk that sees what was stored."""

from __future__ import annotations

import pytest
import requests

from tests.acceptance.office import Office
from tests.acceptance.openrosa.line import FORM, OLD, OTHER, VERSION, Line
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


def publish(office: Office, *forms: tuple[str, str]) -> None:
    """The probe form under form IDs and versions, with its media."""
    folder = office.folder / "probe media"
    folder.mkdir(exist_ok=True)
    for name, content in MEDIA.items():
        (folder / name).write_bytes(content)
    books = []
    for form_id, version in forms:
        books.append(office.folder / f"{form_id} {version}.xlsx")
        books[-1].write_bytes(workbook(_PROBE.format(id=form_id, version=version)))
    office.run("publish", "--no-validate", "--media", str(folder), *map(str, books))


def offer(office: Office, desk: requests.Session, form_id: str, worker: str) -> None:
    """To that worker and to nobody else: other tests count the forms of other phones."""
    url = f"{office.url}/api/v1/forms/{form_id}/audience/"
    answer = desk.put(url, json={"areas": [], "users": [worker]}, timeout=30)
    assert answer.status_code == 200, answer.text


@pytest.fixture(scope="session")
def line(office: Office) -> Line:
    """A phone that gets the probe form and the three others, and an administrator's desk."""
    desk = office.add_user("conformance_desk", "administrator", "")
    made = office.add_worker("conformance", COMMUNITY)
    publish(office, (FORM, OLD), (FORM, VERSION), (OTHER, VERSION))
    for form_id in (FORM, OTHER):
        offer(office, desk, form_id, "conformance")
    return Line(office, str(made["base_url"]), desk)
