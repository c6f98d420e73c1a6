"""JavaRosa and the engine of ODK Web Forms show the same questions and make the same refusals, values and records."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from random import Random
from typing import Any

import pytest
import requests
from lxml import etree

from tests.acceptance.collect import SENT, Collect
from tests.acceptance.conftest import SIDE, SOUTH, WEST
from tests.acceptance.engine import Engine, EngineError, Filled, Hints, Prompt, Refused
from tests.acceptance.engine.households import household, survey
from tests.acceptance.engine.lists import (
    HERE,
    HOUSEHOLD,
    LODGER,
    MEDIA,
    PERSON,
    TODAY,
    TOWN,
    VILLAGE,
)
from tests.acceptance.engine.replay import Recorded, Replayed
from tests.acceptance.office import Office
from tests.acceptance.test_household_survey import member

pytestmark = pytest.mark.engine
STREET, COMMUNITY = "440106007", "440106007001"
SEED = 1
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"

# What may differ, and why. Everything else in prompts and instances is compared unchanged.
OWN_IDS = (
    "instanceID",
    "new_household_id",
    "new_employer_id",
    "member_uuid",
    "new_person_id",
    "new_retiree_id",
    "new_vacancy_id",
)
"""Each engine draws its own; what is copied from them (household_id, entity/@id …) follows."""
OWN_CLOCK = ("start", "end")
"""Instants of opening and finalising. Web Forms drops a fraction's last zeros."""
PRESET_BY_CLOCK = ("visited_at",)
"""What the question holds before it is answered is the instant of opening."""
BOOLEANS = {"true": "1", "false": "0"}
"""entity/@create and @update: JavaRosa writes 1 and 0, Web Forms true and false. Entities allow both."""
LABEL_SPACE = r"\s+"
"""pyxform puts a space on each side of a value inserted into a label; JavaRosa drops it, Web Forms shows it."""


def canonical(filled: Filled) -> str:
    """The instance in canonical XML, with names in place of its own ids and instants."""
    root = etree.fromstring(filled.instance_xml)
    for name in OWN_CLOCK:
        node = root.find(name)
        assert dt.datetime.fromisoformat(node.text).utcoffset() == dt.timedelta(hours=8)
        node.text = name
    for entity in root.iter("entity"):
        for name in ("create", "update"):
            entity.set(name, BOOLEANS.get(entity.get(name), entity.get(name)))
    text = etree.tostring(root, method="c14n", exclusive=True).decode()
    for own, name in named_ids(filled).items():
        text = text.replace(own, name)
    return text


def named_ids(filled: Filled) -> dict[str, str]:
    """The ids that the engine drew → names that are the same for both engines."""
    return {
        text.removeprefix("uuid:"): f"{name} {number}"
        for name in OWN_IDS
        for number, text in enumerate(filled.texts(name))
    }


def comparable(prompts: Mapping[str, Prompt]) -> list[Prompt]:
    """The questions in the order they were first shown, without what may differ."""
    return [
        replace(
            prompt,
            label=re.sub(LABEL_SPACE, "", prompt.label or ""),
            answer=None if prompt.name in PRESET_BY_CLOCK else prompt.answer,
        )
        for prompt in prompts.values()
    ]


def filled_twice(
    first: Engine,
    second: Engine,
    xform: bytes,
    hints: Hints,
    media: Mapping[str, bytes] = MEDIA,
) -> tuple[Filled, Filled]:
    """A form filled in one engine, and with the same answers, refused ones included, in the other."""
    recorded = Recorded(hints)
    filled = first.fill(xform, media, SEED, recorded, username="wang")
    return filled, second.fill(xform, media, SEED, Replayed(recorded), username="wang")


def assert_agree(first: Filled, second: Filled) -> None:
    assert comparable(first.prompts) == comparable(second.prompts)
    assert list(map(str, first.refusals)) == list(map(str, second.refusals))
    assert first.answers == second.answers
    assert canonical(first) == canonical(second)
    assert first.attachments == second.attachments


def roster(seed: int, **answers: Any) -> Hints:
    return survey(household(Random(seed)), {**HERE, **answers})


def talked(**answers: Any) -> Hints:
    return Hints({**HERE, "outcome": "1", "consent": "1", **answers})


def changed(**answers: Any) -> Hints:
    return Hints({**HERE, "find_by": "home", "household": HOUSEHOLD, "at_home": PERSON, **answers})


CHANGES = (
    "unchanged", "employed", "unemployed", "out", "phone", "moved_out", "lost", "died", "split",
)  # fmt: skip

# Every way through each form, at random within it.
WALKS = {
    "a household in a village": ("household_survey", roster(11, community=VILLAGE, photo="a.jpg")),
    "a household already listed": ("household_survey", roster(5, hh_exists="1")),
    "a member who is known": (
        "household_survey",
        roster(
            5, hh_exists="1", household=HOUSEHOLD, is_known="1", known_member=PERSON, differs="0"
        ),
    ),
    "a member who differs": (
        "household_survey",
        roster(
            5, hh_exists="1", household=HOUSEHOLD, is_known="1", known_member=PERSON, differs="1"
        ),
    ),
    "a visit to a member": (
        "home_visit",
        talked(subject_kind="household", subject_household=HOUSEHOLD, subject_member=PERSON),
    ),
    "no household": ("household_survey", Hints({"community": TOWN, "consent": "0"})),
    "an employer": ("employer_survey", talked(emp_exists="0")),
    "an employer already listed": ("employer_survey", talked(emp_exists="1")),
    "no employer": ("employer_survey", Hints({"community": TOWN, "consent": "0"})),
    "a case": ("home_visit", talked(subject_kind="case", offered_jobs="1", status_changed="1")),
    "a visit to a household": ("home_visit", talked(subject_kind="household")),
    **{f"a change: {change}": ("quick_change", changed(change=change)) for change in CHANGES},
    "a change of somebody in no household": (
        "quick_change",
        changed(change="lost", find_by="name", named=LODGER),
    ),
    "nobody in": ("home_visit", Hints({"community": TOWN, "outcome": "3"})),
}


@pytest.mark.parametrize("walk", WALKS)
def test_both_engines_ask_and_store_the_same(engine, web_engine, xforms, walk):
    form, hints = WALKS[walk]
    assert_agree(*filled_twice(engine, web_engine, xforms[form], hints))


MIDNIGHT = f"{TODAY}T00:00:00.000+08:00"  # any later "earlier" could be yesterday
TOMORROW = f"{TODAY + dt.timedelta(days=1)}T23:00:00.000+08:00"


def in_days(*days: int) -> list[str]:
    return [(TODAY + dt.timedelta(days=number)).isoformat() for number in days]


# By form: answers of which all but the last are refused.
TURNED_DOWN = {
    "household_survey": {
        "visited_at": [TOMORROW, MIDNIGHT],
        "id_no": ["44990119650101001Ｘ", "449901196502300018", "449901196501010017", "449901196501010016"],
        "name": ["1", "陈", "陈静"],
        "n_hukou": ["21", "-1", "1"],
        "phone": ["12345", "020-00001234"],
        "insurance": ["1 9", "9"],
        "emp_status": ["20"],
        "registered": ["0", "1"],
        "months_benefit": ["25", "24"],
        "unemp_date": in_days(1, -40),
        "remark": ["长" * 501, "长" * 500],
    },
    "employer_survey": {
        "visited_at": [MIDNIGHT],
        "uscc": ["91440300192203821", "914403001922038216"],
        "n_staff": ["10"],
        "n_female": ["11", "4"],
        "n_wanted": ["0", "1000", "2"],
        "age_min": ["15", "18"],
        "age_max": ["17", "50"],
        "wage_min": ["2000"],
        "wage_max": ["1999", "2500"],
        "expires_on": in_days(-1, 400, 366),
        "phone": [None, "12345", "020-00001234"],
    },
    "home_visit": {
        "visited_at": [TOMORROW, None, MIDNIGHT],
        "subject_kind": ["case"],
        "loc": ["23.1388313 113.3450 12 5"],  # 426.496 m: 426, or 427 by way of 426.50
        "distance_reason": [None, "远", "在工作地点见面"],
        "next_visit": in_days(-1, 91, 90),
    },
    "quick_change": {
        "visited_at": [TOMORROW, MIDNIGHT],
        "change": [None, "unemployed"],
        "since": in_days(1, 0),
    },
}  # fmt: skip


@pytest.mark.parametrize("form", TURNED_DOWN)
def test_both_engines_turn_down_the_same(engine, web_engine, xforms, form):
    answers = {**HERE, "outcome": "1", "consent": "1", "emp_exists": "0", **TURNED_DOWN[form]}
    hints = Hints(answers, repeats={"vacancies": 1})
    if form == "household_survey":
        hints = survey([member(61)], answers, skip=0)
    one, other = filled_twice(engine, web_engine, xforms[form], hints)
    assert_agree(one, other)
    turned_down = Counter(refused.name for refused in other.refusals)
    for name, tries in TURNED_DOWN[form].items():
        assert other.was_asked(name)
        assert turned_down[name] == len(tries) - 1, name


def test_neither_engine_accepts_a_roster_without_a_head(engine, web_engine, xforms):
    hints = Recorded(survey([member(50, relation="1")], HERE))
    refused = []
    for running, given in ((engine, hints), (web_engine, Replayed(hints))):
        with pytest.raises(Refused, match="户主必须正好1人") as caught:
            running.fill(xforms["household_survey"], MEDIA, 4, given)
        refused.append(str(caught.value))
    assert refused[0] == refused[1]


@pytest.mark.parametrize("form", TURNED_DOWN)
def test_neither_engine_finalises_an_empty_form(engine, web_engine, xforms, form):
    outcomes = []
    for running in (engine, web_engine):
        running.open(xforms[form], MEDIA)
        outcomes.append(running.ask("finish"))
    assert outcomes[0] == outcomes[1]
    assert (outcomes[0]["valid"], outcomes[0]["outcome"]) == (False, "required")


def test_a_broken_form_is_the_web_engines_error(web_engine, xforms):
    with pytest.raises(EngineError, match="/h:html"):
        web_engine.fill(b"<html/>", MEDIA, 1, Hints())
    with pytest.raises(EngineError, match=r"communities\.csv"):
        web_engine.fill(xforms["home_visit"], {}, 1, Hints())  # its lists are missing
    with pytest.raises(EngineError, match="not among the choices"):
        web_engine.fill(xforms["home_visit"], MEDIA, 1, Hints({"community": "nowhere"}))
    assert web_engine.fill(xforms["home_visit"], MEDIA, 1, Hints({**HERE, "outcome": "3"}))


@pytest.fixture(scope="module")
def clerk(office: Office) -> requests.Session:
    return office.add_user("two_engines_clerk", "street", STREET)


@pytest.fixture(scope="module")
def worker(office: Office, clerk: requests.Session) -> Collect:
    body = {"username": "two_engines", "areas": [COMMUNITY]}
    created = clerk.post(f"{office.url}/api/v1/field-accounts/", json=body, timeout=30)
    assert created.status_code == 201, created.text
    return Collect(created.json()["base_url"])


def test_the_records_of_both_engines_reach_the_ledgers_alike(
    office: Office, engine: Engine, web_engine: Engine, worker: Collect, clerk: requests.Session
) -> None:
    def get(path: str) -> Any:
        return clerk.get(f"{office.url}/api/v1/{path}", timeout=30).json()

    def processed(record: Filled) -> dict[str, Any] | None:
        answer = get(f"submissions/{record.instance_id}/")  # a problem until it has an area
        return answer if answer.get("processed_at") else None

    def send_both(form: str, hints: Hints) -> None:
        blank = blanks[form]
        pair = filled_twice(engine, web_engine, blank.xform, hints, blank.media)
        for record in pair:
            assert worker.send(record.instance_xml, record.attachments).status_code in SENT
        first, second = (
            shown_to_staff(office.wait_for(partial(processed, record), form), record)
            for record in pair
        )
        assert first == second
        assert (first["area_code"], first["review_state"]) == (COMMUNITY, "received")

    def assert_twice_alike(ledger: str, entries: int) -> None:
        rows = Counter(without_ids(row) for row in get(f"{ledger}/?page_size=100")["results"])
        assert set(rows.values()) == {2}, (ledger, rows)
        assert len(rows) == entries

    # Nothing identifies the second record's people and employers as the first's.
    members = [replace(person, id_no="") for person in household(Random(3), size=3)]
    here = {"community": listed_first, "mode": "1"}
    inside = (WEST + 3.1 * SIDE, SOUTH + 0.1 * SIDE, WEST + 3.9 * SIDE, SOUTH + 0.9 * SIDE)
    blanks = worker.sync()
    send_both("household_survey", survey(members, {**here, "photo": "door.jpg"}, bbox=inside))
    assert_twice_alike("households", 1)
    assert_twice_alike("persons", 3)
    new = {**here, "emp_exists": "0", "uscc": None, "org_code": None, "reg_no": None}
    send_both("employer_survey", replace(talked(**new), bbox=inside, repeats={"vacancies": 2}))
    assert_twice_alike("employers", 1)
    assert_twice_alike("vacancies", 2)
    blanks = worker.sync()  # with the households
    visit = talked(**here, subject_kind="household", subject_household=listed_first)
    send_both("home_visit", replace(visit, bbox=inside))
    assert_twice_alike("visits", 3)


def listed_first(prompt: Prompt, _random: Random) -> str:
    return prompt.choices[0].value


def without_ids(row: dict[str, Any]) -> str:
    """A ledger row without ids and the numbers made from them (hh_no, vacancy_no)."""
    return re.sub(rf"{UUID}|(?<={COMMUNITY}-)[0-9A-F]{{8}}", "id", json.dumps(row, sort_keys=True))


def shown_to_staff(record: dict[str, Any], filled: Filled) -> dict[str, Any]:
    """The record as office staff see it, with names in place of its own ids and instants."""
    ids = named_ids(filled)
    answers = []
    for answer in record["answers"]:
        value = answer["value"]
        if answer["path"] in [f"/data/{name}" for name in OWN_CLOCK]:
            value = "own clock"
        for own, name in ids.items():
            value = value.replace(own, name)
        answers.append((answer["path"], answer["label"], value, answer["is_withheld"]))
    kept = ("form_version", "title", "review_state", "area_code", "located_area", "location", "accuracy", "flags")  # fmt: skip
    files = {file["name"]: file["md5"] for file in record["attachments"]}
    return {**{name: record[name] for name in kept}, "answers": answers, "files": files}
