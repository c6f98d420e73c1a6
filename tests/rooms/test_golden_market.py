"""Supply and demand (R1) of a small street, made by hand: its vacancies and seekers, and what the report must count.

`tests/samples/golden/market/` holds the movements and, cell by cell, the number and why it is so.
"""

from __future__ import annotations

import csv
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from server.accounts.access import Access, access_of
from server.core.clock import now
from server.ledgers.models import Employer
from server.ledgers.services import correct, merge_submissions
from server.reports.corrections import correction_of
from server.reports.counting import TOTAL
from server.reports.course import Step
from server.reports.definitions.periods import period_named
from server.reports.facts.keeping import keep_up_entirely
from server.reports.forms import forms_of
from server.reports.selectors import entries_behind, table
from server.reports.services import prepare, take_step
from server.reports.sheets import as_xlsx
from tests.conftest import STREET
from tests.factories.facts import facts_from_scratch, known_facts
from tests.factories.ledgers import Filled, id_number, make_versions, store, uuid_of
from tests.factories.registers import FORMS

pytestmark = pytest.mark.django_db
GOLDEN = Path(__file__).parents[1] / "samples" / "golden" / "market"
AS_OF = date(2026, 11, 23)
STREET_CODE = STREET.ljust(12, "0")
QUARTER = {"area": STREET_CODE, "period": period_named("2026Q2")}


def rows(name: str) -> list[dict[str, str]]:
    with (GOLDEN / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _picked(row: dict[str, str], *names: str) -> dict[str, str]:
    return {name: row[name] for name in names if row[name]}


def _head(row: dict[str, str]) -> Filled:
    return Filled(
        form="market",
        visited_at=f"{row['visited']}T09:00:00+08:00",
        community=f"44010600300{row['community']}",
        visit={},
    )


def _filled() -> list[Filled]:
    forms = []
    for row in rows("vacancies"):
        filled = _head(row)
        filled.household_id = uuid_of(row["who"])
        columns = ("title", "occupation", "n_wanted", "expires_on", "edu_min", "skill_min")
        filled.household = _picked(row, *columns, "age_max", "state")
        if row["employer"]:
            filled.employer_id = uuid_of(row["employer"])
            filled.visit = {
                "name": f"厂{row['employer']}",
                **_picked(row, "industry", "econ_type"),
            }
        forms.append(filled)
    for row in rows("hires"):
        filled = _head(row)
        filled.household_id, filled.person_id = uuid_of(row["vacancy"]), uuid_of(row["person"])
        filled.person = _person(row["person"], row["birth"], 20)
        filled.visit = _picked(row, "offered_on", "state", "hired_on", "left_on", "left_reason")
        forms.append(filled)
    for row in rows("seekers"):
        filled = _head(row)
        filled.person_id = uuid_of(row["who"])
        columns = ("hukou_type", "hukou_area", "emp_status", "job_willing", "wish_job", "edu")
        filled.person = {
            **_person(row["who"], row["birth"], 0),
            **_picked(row, *columns, "skill_grade", "graduated_on"),
            **dict(pair.split("=") for pair in row["values"].split(";") if pair),
        }
        forms.append(filled)
    return forms


def _person(who: str, birth: str, more: int) -> dict[str, str]:
    """What every form states of a person; of odd numbers men."""
    number = int(who[1:])
    return {
        "name": "求" + "甲乙丙丁戊己庚辛壬癸"[number - 1],
        "id_type": "01",
        "id_no": id_number(birth, 2 * (number + more) + number % 2),
    }


@pytest.fixture
def market(divisions, make_user) -> Access:
    """The street, the last form arriving first; its clerk's access."""
    clerk, version = make_user("li"), make_versions(FORMS)["market"]
    ids = [
        store(
            filled,
            version=version,
            submitter=clerk,
            instance_id=f"uuid:{uuid_of(f'market {number}')}",
        ).pk
        for number, filled in enumerate(_filled())
    ]
    ids.reverse()
    for place in range(0, len(ids), 10):
        merge_submissions(submission_ids=ids[place : place + 10], as_of=AS_OF)
        keep_up_entirely()
    return access_of(clerk)


def test_every_cell_is_what_was_worked_out_by_hand_and_all_balances_hold(market):
    tables: dict[str, Any] = {}
    wrong = []
    for row in rows("expected"):
        name = row["period"]
        if name not in tables:
            tables[name] = table(market, "R1", area=STREET_CODE, period=period_named(name))
        number = tables[name].cells[row["row"]][row["column"]]
        if number != (float(row["number"]) if row["number"] else None):
            wrong.append((name, row["row"], row["column"], number, row["number"], row["why"]))
    assert wrong == []
    assert [item.gaps for item in tables.values() if item.gaps] == []
    kept_up = known_facts()
    assert facts_from_scratch() == kept_up


def test_numbers_lead_to_vacancies_with_their_places_and_to_persons(market):
    asked = {**QUARTER, "row": TOTAL}
    places = entries_behind(market, "R1", column="sector_2", **asked)
    assert sorted((item.ledger, item.entry, item.quantity) for item in places.shown) == sorted(
        ("vacancy", uuid_of(name), many) for name, many in (("V1", 4), ("V1", 2), ("V6", 2))
    )
    people = entries_behind(market, "R1", column="seekers_new", **asked)
    assert {(item.ledger, item.entry) for item in people.shown} == {
        ("person", uuid_of(name)) for name in ("S3", "S5", "S7")
    }


def test_the_prescribed_tables_rank_occupations_and_stand_on_a_sheet(market):
    quarter = table(market, "R1", **QUARTER)
    filled = {item.title.partition(" ")[0]: item for item in forms_of(quarter)}
    assert list(filled) == [f"表{number}" for number in range(1, 13)]
    gaps = {
        key: [(name, cells[2].number) for name, cells in filled[key].lines]
        for key in ("表6", "表7")
    }
    assert gaps["表6"] == [
        ("农林牧渔生产人员", 6), ("生产制造人员", 6), ("社会生产服务和生活服务人员", 4), ("办事人员", 1),
    ]  # fmt: skip
    assert gaps["表7"] == [("专业技术人员", -1)]
    book = openpyxl.load_workbook(BytesIO(as_xlsx(quarter, "li")))
    lines = [
        [cell.value for cell in row if cell.value is not None] for row in book["规定表式"].rows
    ]
    assert ["需求人数", 9, 11, 20] in lines
    assert ["其中应届高校毕业生", 1] in lines
    assert ["农林牧渔生产人员", 6, 0, 6, "—"] in lines


def test_an_employer_put_right_moves_the_places_and_the_frozen_report_says_so(market, make_user):
    chief = make_user("sun", role="administrator", area=STREET)
    asked = {"user": chief, "access": access_of(chief)}
    filing = prepare(code="R1", **QUARTER, **asked)
    for step in (Step.CHECK, Step.SUBMIT):
        filing = take_step(number=filing.pk, step=step, reason="", **asked)
    shop = Employer.objects.get(pk=uuid_of("E2"))
    correct(
        family="employer", entry=shop.pk, column="industry", value="H", reason="核实",
        access=market, at=now(),
    )  # fmt: skip
    keep_up_entirely()
    present = table(market, "R1", **QUARTER).cells[TOTAL]
    assert (present["industry_F"], present["industry_H"], present["sector_3"]) == (0, 5, 5)
    changed = {
        (item.row, item.column): item
        for item in correction_of(access_of(chief), filing).differences
    }
    late = changed[TOTAL, "industry_H"]
    assert (late.then, late.now, late.unexplained) == (0, 5, 0)
    assert {(item.entry, item.times) for item in late.entries} == {
        (uuid_of("V2"), 2), (uuid_of("V3"), 3),
    }  # fmt: skip
    assert {column for _row, column in changed} == {"industry_F", "industry_H"}
    assert facts_from_scratch() == known_facts()
