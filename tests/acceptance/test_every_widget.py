"""A record with every kind of question, as Collect's all-widgets form has them: filled in by both engines, sent, stored and exported."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
import requests

from tests.acceptance.collect import SENT, Collect
from tests.acceptance.conftest import SIDE, SOUTH, WEST
from tests.acceptance.engine import Engine, Hints
from tests.acceptance.office import Office
from tests.samples.xlsforms import workbook

pytestmark = pytest.mark.engine
COMMUNITY = "440106009001"
WIDGETS = """
| survey |
| | type | name | label | appearance | parameters | required |
| | start | start | | | | |
| | end | end | | | | |
| | deviceid | deviceid | | | | |
| | text | string | String | | | |
| | text | url | Address | url | | |
| | integer | number | Integer | thousands-sep | | |
| | decimal | part | Decimal | bearing | | |
| | range | spread | Range | | start=1 end=5 step=1 | |
| | date | day | Date | | | |
| | date | month | Month | month-year | | |
| | time | hour | Time | | | |
| | dateTime | moment | Moment | | | |
| | geopoint | place | Point | placement-map | | |
| | geotrace | way | Way | | | |
| | geoshape | field | Field | | | |
| | select_one yn | one | One | minimal | | |
| | select_one yn | likert | Likert | likert | | |
| | select_multiple yn | many | Many | columns-2 | | |
| | rank yn | order | Order | | | |
| | acknowledge | seen | Seen | | | |
| | barcode | code | Code | | | |
| | image | photo | Photo | | | |
| | image | signature | Signature | signature | | |
| | note | said | Said | | | |
| | begin group | grid | Grid | field-list | | |
| | text | inside | Inside | | | |
| | end group | | | | | |
| | begin repeat | turns | Turns | | | |
| | text | turn | Turn | | | |
| | end repeat | | | | | |
| choices |
| | list_name | name | label |
| | yn | a | A |
| | yn | b | B |
| | yn | c | C |
| settings |
| | form_id | form_title | version |
| | every_widget | Widgets | 1 |
"""
WAY = "23.1 113.3 5 3;23.2 113.4 6 3"
FIELD = "23.1 113.3 0 0;23.2 113.3 0 0;23.2 113.4 0 0;23.1 113.3 0 0"
ANSWERS: dict[str, Any] = {
    "string": "早上好 😀 <&>", "url": "https://example.org/a?b=1&c", "number": "-2147483648", "part": "12.5", "spread": "4",
    "day": "2026-02-28", "month": "2026-02-01", "hour": "23:59:00.000+08:00", "moment": "2026-02-28T23:59:00.000+08:00",
    "place": "23.1163 113.3530 12.0 4.5", "way": WAY, "field": FIELD, "one": "b", "likert": "c", "many": "a c", "order": "c a b",
    "seen": "OK", "code": "6901234567892", "photo": "a.jpg", "signature": "b.jpg", "inside": "x", "turn": "t",
}  # fmt: skip
SHOWN = {
    "string": ANSWERS["string"], "url": ANSWERS["url"], "number": -2147483648, "part": 12.5,
    "day": "2026-02-28", "month": "2026-02-01", "one": "b", "likert": "c", "many": "a c", "order": "c a b",
    "seen": "OK", "code": "6901234567892",
}  # fmt: skip


@pytest.fixture(scope="module")
def desk(office: Office) -> requests.Session:
    book = office.folder / "every_widget.xlsx"
    book.write_bytes(workbook(WIDGETS))
    office.run("publish", "--no-validate", str(book))
    return office.add_user("widgets_desk", "administrator", "")


@pytest.fixture(scope="module")
def phone(office: Office, desk: requests.Session) -> Collect:
    worker = office.add_worker("widgets", COMMUNITY)
    audience = {"areas": [], "users": ["widgets"]}
    address = f"{office.url}/api/v1/forms/every_widget/audience/"
    assert desk.put(address, json=audience, timeout=30).status_code == 200
    return Collect(str(worker["base_url"]))


@pytest.mark.parametrize("kind", ["engine", "web_engine"])
def test_every_kind_of_question_comes_through(
    office: Office,
    desk: requests.Session,
    phone: Collect,
    request: pytest.FixtureRequest,
    kind: str,
) -> None:
    engine: Engine = request.getfixturevalue(kind)
    blank = phone.sync()["every_widget"]
    hints = Hints(
        answers=ANSWERS, repeats={"turns": 2}, skip=0, bbox=(WEST, SOUTH, WEST + SIDE, SOUTH + SIDE)
    )
    filled = engine.fill(blank.xform, blank.media, 1, hints)
    assert len(filled.attachments) == 2
    assert phone.send(filled.instance_xml, filled.attachments).status_code in SENT
    login = desk.auth
    token = requests.post(
        f"{office.url}/v1/sessions", json={"email": login[0], "password": login[1]}, timeout=30
    ).json()["token"]
    there = requests.Session()
    there.headers["Authorization"] = f"Bearer {token}"
    form = f"{office.url}/v1/projects/1/forms/every_widget"

    (row,) = there.get(
        f"{form}.svc/Submissions('{filled.instance_id}')?$expand=*", timeout=30
    ).json()["value"]
    assert {name: row[name] for name in SHOWN} == SHOWN
    assert row["spread"] == 4
    assert row["hour"].startswith("23:59:00")
    assert row["moment"].startswith("2026-02-28T23:59:00")
    assert row["place"]["coordinates"] == [113.353, 23.1163, 12.0]
    assert row["way"]["coordinates"] == [[113.3, 23.1, 5.0], [113.4, 23.2, 6.0]]
    assert row["field"]["coordinates"][0][0] == row["field"]["coordinates"][0][-1]
    assert row["grid"]["inside"] == "x"
    assert [turn["turn"] for turn in row["turns"]] == ["t", "t"]
    assert (row["__system"]["attachmentsExpected"], row["__system"]["attachmentsPresent"]) == (2, 2)
    sheet = there.get(f"{form}/submissions.csv", timeout=30).content.decode("utf-8-sig")
    lines = {line["KEY"]: line for line in csv.DictReader(io.StringIO(sheet))}
    line = lines[filled.instance_id]
    assert (line["string"], line["order"], line["grid-inside"]) == (ANSWERS["string"], "c a b", "x")
    for name, content in filled.attachments.items():
        file = there.get(f"{form}/submissions/{filled.instance_id}/attachments/{name}", timeout=30)
        assert file.content == content
