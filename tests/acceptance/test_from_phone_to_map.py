"""The whole way: forms and lists to the phone, records from the real form engine, ledgers, map, and back to the phone."""

from __future__ import annotations

import csv
import io
import json
import math
import random
from pathlib import Path
from typing import Any

import mapbox_vector_tile
import pytest
import requests

from tests.acceptance.collect import SENT, Collect
from tests.acceptance.conftest import SIDE, SOUTH, WEST
from tests.acceptance.engine import Engine, Hints
from tests.acceptance.engine.households import household, survey
from tests.acceptance.office import Office

FORMS = Path(__file__).resolve().parents[2] / "xlsforms"

pytestmark = pytest.mark.engine

COMMUNITY = "440106003001"
SEEDS = range(20)
INSIDE = (WEST + 0.001, SOUTH + 0.001, WEST + SIDE - 0.001, SOUTH + SIDE - 0.001)
# One household that certainly needs help: a woman of 45, out of work, able and willing.
OUT_OF_WORK = {"work_capacity": "1", "emp_status": "21", "job_willing": "1"}


@pytest.fixture(scope="module")
def phone(office: Office) -> Collect:
    return Collect(str(office.add_worker("wang", COMMUNITY)["base_url"]))


@pytest.fixture(scope="module")
def clerk(office: Office) -> requests.Session:
    return office.add_user("zhou", "street", "440106003")


def rows(form_media: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(form_media.decode())))


def ask(clerk: requests.Session, office: Office, path: str, **parameters: Any) -> Any:
    response = clerk.get(f"{office.url}/api/v1/{path}", params=parameters, timeout=30)
    assert response.status_code == 200, (path, response.status_code, response.text[:500])
    return response.json()


def wait_until_drained(clerk: requests.Session, office: Office, total: int) -> None:
    def drained() -> bool:
        page = ask(clerk, office, "submissions/", page_size=200)
        return page["count"] == total and all(row["processed_at"] for row in page["results"])

    office.wait_for(drained, f"{total} submissions to reach the ledgers")


def test_twenty_of_each_form_from_the_phone_to_the_map_and_back(
    office: Office, engine: Engine, phone: Collect, clerk: requests.Session
) -> None:
    blank = phone.sync()
    assert set(blank) == {path.stem for path in FORMS.glob("*.xlsx")}
    survey_form = blank["household_survey"]
    community = next(
        row["name"]
        for row in rows(survey_form.media["communities.csv"])
        if row["code"] == COMMUNITY
    )
    assert [row["code"] for row in rows(survey_form.media["communities.csv"])] == [COMMUNITY]
    here = {"community": community, "mode": "1"}

    # Households at the door.
    sent_households = []
    for seed in SEEDS:
        members = household(random.Random(seed))
        answers: dict[str, Any] = {**here, "photo": "door.jpg"}
        if seed % 4 == 0:
            answers.update(OUT_OF_WORK)
        filled = engine.fill(
            survey_form.xform,
            survey_form.media,
            seed,
            survey(members, answers, bbox=INSIDE),
            username="wang",
        )
        assert filled.attachments, "a photo was taken"
        assert phone.send(filled.instance_xml, filled.attachments).status_code in SENT
        assert phone.send(filled.instance_xml, filled.attachments).status_code in SENT  # lost reply
        sent_households.append((filled, members))
    wait_until_drained(clerk, office, len(SEEDS))

    ledger = ask(clerk, office, "households/", page_size=100)
    assert ledger["count"] == len(SEEDS)
    addresses = {row["address"] for row in ledger["results"]}
    assert addresses == {filled.answers_to("address")[0] for filled, _members in sent_households}
    persons = ask(clerk, office, "persons/", page_size=500)
    numbers = {m.id_no for _filled, members in sent_households for m in members if m.id_no}
    without = [m for _filled, members in sent_households for m in members if not m.id_no]
    assert persons["count"] == len(numbers) + len(without)
    assert not any(number in json.dumps(persons) for number in numbers), "IDs are masked"

    # Where each value came from.
    entry = ledger["results"][0]
    origins = ask(clerk, office, f"households/{entry['id']}/origins/")
    assert "address" in json.dumps(origins)

    # The list on the phone grew, and its hash moved.
    again = phone.sync()
    households = rows(again["home_visit"].media["households.csv"])
    assert {row["name"] for row in households} == {row["id"] for row in ledger["results"]}
    assert all(row["geometry"] for row in households)
    assert (
        again["home_visit"].hashes["households.csv"] != blank["home_visit"].hashes["households.csv"]
    )
    assert again["home_visit"].hashes == phone.sync()["home_visit"].hashes

    # Visits to the cases that screening opened.
    visit_form = again["home_visit"]
    cases = rows(visit_form.media["cases.csv"])
    assert cases, "somebody out of work became a case"
    for seed in SEEDS:
        subject = cases[seed % len(cases)]["name"]
        hints = Hints(
            {**here, "subject_kind": "case", "subject": subject, "outcome": "1", "consent": "1"},
            bbox=INSIDE,
        )
        filled = engine.fill(visit_form.xform, visit_form.media, seed, hints, username="wang")
        assert phone.send(filled.instance_xml, filled.attachments).status_code in SENT
    wait_until_drained(clerk, office, 2 * len(SEEDS))
    visits = ask(clerk, office, "visits/", page_size=100)
    assert visits["count"] == 2 * len(SEEDS)  # a survey is a visit too
    of_persons = sum(bool(cases[seed % len(cases)]["person"]) for seed in SEEDS)  # or of households
    assert sum(row["person"] is not None for row in visits["results"]) == of_persons > 0

    # Employers and their vacancies.
    employer_form = again["employer_survey"]
    for seed in SEEDS:
        hints = Hints({**here, "emp_exists": "0", "outcome": "1", "consent": "1"}, bbox=INSIDE)
        filled = engine.fill(employer_form.xform, employer_form.media, seed, hints, username="wang")
        assert phone.send(filled.instance_xml, filled.attachments).status_code in SENT
    wait_until_drained(clerk, office, 3 * len(SEEDS))
    assert ask(clerk, office, "employers/")["count"] == len(SEEDS)
    assert len(rows(phone.sync()["employer_survey"].media["employers.csv"])) == len(SEEDS)

    # The map shows the assisted ones; a clerk of another street sees none of it.
    assisted = [
        row
        for row in ask(clerk, office, "households/", page_size=100)["results"]
        if row["assisted_categories"]
    ]
    assert assisted
    assert points_on_the_map(office, "zhou", clerk) == len(assisted)
    neighbour = office.add_user("lin", "street", "440106005")
    assert ask(neighbour, office, "households/")["count"] == 0
    assert points_on_the_map(office, "lin", neighbour) == 0

    # A rebuild gives the same rows.
    office.run("rebuild", "--dry-run")


def points_on_the_map(office: Office, username: str, person: requests.Session) -> int:
    """Log in to the console as in a browser, and count the households in the tile over the community."""
    browser = requests.Session()
    page = browser.get(f"{office.url}/login", timeout=30)
    token = page.text.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    form = {"username": username, "password": person.auth[1], "csrfmiddlewaretoken": token}
    assert browser.post(f"{office.url}/login", data=form, timeout=30).url == f"{office.url}/"
    z = 12
    lon, lat = WEST + SIDE / 2, math.radians(SOUTH + SIDE / 2)
    x = int((lon + 180) / 360 * 2**z)
    y = int((1 - math.asinh(math.tan(lat)) / math.pi) / 2 * 2**z)
    tile = browser.get(f"{office.url}/tiles/assisted/{z}/{x}/{y}", timeout=30)
    assert tile.status_code in (200, 204)
    layers = mapbox_vector_tile.decode(tile.content) if tile.content else {}
    return sum(
        int(feature["properties"].get("point_count", 1))
        for layer in layers.values()
        for feature in layer["features"]
    )
