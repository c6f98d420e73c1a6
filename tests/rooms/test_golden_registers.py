"""Registers beside persons and households, made by hand: retired persons, and what the reports must count of them.

`tests/samples/golden/registers/` holds the movements and, cell by cell, the number and why it is so.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from server.accounts.access import Access, access_of
from server.accounts.models import RoleGrant
from server.core.clock import now
from server.ledgers.definitions.ledgers import name_of
from server.ledgers.models import Consultation, Dependant, RetireeChange
from server.ledgers.services import correct, merge_submissions, void
from server.reports.annexes import annex_of
from server.reports.corrections import correction_of
from server.reports.counting import TOTAL
from server.reports.course import Step
from server.reports.definitions.periods import period_named
from server.reports.facts.keeping import keep_up_entirely
from server.reports.models import PersonFact
from server.reports.problems import NotKnownThen
from server.reports.selectors import entries_behind, table
from server.reports.services import prepare, take_step
from server.reports.sheets import as_xlsx
from tests.conftest import STREET
from tests.factories.facts import check_stocks, facts_from_scratch, known_facts
from tests.factories.ledgers import Filled, id_number, make_versions, store, uuid_of
from tests.factories.registers import FORMS

pytestmark = pytest.mark.django_db
GOLDEN = Path(__file__).parents[1] / "samples" / "golden" / "registers"
AS_OF = date(2026, 11, 23)
_BATCH = 25
STREET_CODE = STREET.ljust(12, "0")


def rows(name: str) -> list[dict[str, str]]:
    with (GOLDEN / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _head(row: dict[str, str], form: str) -> Filled:
    return Filled(
        form=form,
        visited_at=f"{row['visited']}T09:00:00+08:00",
        community=f"44010600300{row['community']}",
        visit={},
    )


def _picked(row: dict[str, str], *names: str) -> dict[str, str]:
    return {name: row[name] for name in names if row[name]}


def _retirees() -> list[Filled]:
    births = {row["who"]: row for row in rows("retirees") if row["birth"]}
    forms = []
    for row in rows("retirees"):
        who, number = births[row["who"]], int(row["who"][1:])
        filled = _head(row, "retiree")
        filled.household_id, filled.person_id = uuid_of(row["who"]), uuid_of(f"person {row['who']}")
        filled.person = {
            "name": "退" + "甲乙丙丁戊己庚辛壬癸子"[number - 1],
            "id_type": "01",
            "id_no": id_number(who["birth"], 2 * number + (who["sex"] == "1")),
            **_picked(row, "death_date"),
            **({"person_status": "3"} if row["death_date"] else {}),
        }
        filled.household = _picked(
            row, "retired_on", "is_party", "special", "qual_on", "state", "funeral_claim"
        )
        filled.visit = _picked(row, "change_kind", "change_on")
        if row["dependant"]:
            filled.members = [{"name": f"亲{row['dependant']}", "relation": "5"}]
        forms.append(filled)
    return forms


def _registers() -> list[Filled]:
    """Petitions, matters at employers, and consultations."""
    forms = []
    for row in rows("petitions"):
        filled = _head(row, "registers")
        filled.household_id = uuid_of(row["who"])
        columns = ("received_on", "channel", "topic", "n_people", "state", "accepted_on", "result")
        filled.household = _picked(row, *columns)
        forms.append(filled)
    for row in rows("matters"):
        filled = _head(row, "registers")
        filled.person_id = uuid_of(row["who"])
        columns = ("found_on", "kind", "n_workers", "amount", "issue", "mediation", "state")
        filled.person = _picked(row, *columns, "action", "outcome")
        forms.append(filled)
    for row in rows("talks"):
        filled = _head(row, "registers")
        filled.visit = _picked(row, "held_on", "topic", "mode", "audience_n", "handed_out_n")
        forms.append(filled)
    return forms


def _posts() -> list[Filled]:
    """Vacancies, and the people who were hired."""
    forms = []
    for row in rows("vacancies"):
        filled = _head(row, "posts")
        filled.household_id = uuid_of(row["who"])
        columns = ("title", "occupation", "n_wanted", "expires_on", "is_public_welfare")
        filled.household = _picked(row, *columns, "welfare_kind", "state")
        forms.append(filled)
    for row in rows("hires"):
        filled = _head(row, "posts")
        filled.household_id = uuid_of(row["vacancy"]) if row["vacancy"] else ""
        filled.person_id = uuid_of(row["person"])
        number = 20 + int(row["person"][1:])
        filled.person = {
            "name": "工" + "甲乙丙丁"[number - 21],
            "id_type": "01",
            "id_no": id_number(row["birth"], 2 * number),
            **_picked(row, "residence_kind", "hukou_type", "emp_status"),
            **_picked(row, "work_capacity", "job_willing"),
        }
        filled.visit = _picked(row, "offered_on", "state", "hired_on", "left_on", "left_reason")
        forms.append(filled)
    return forms


def _services() -> list[Filled]:
    """What is done for persons; a line of several persons is a form for each."""
    forms = []
    for row in rows("services"):
        for who in row["who"].split():
            number = 40 + int(who[1:])
            filled = _head(row, row["form"])
            filled.person_id = uuid_of(f"person {who}")
            filled.person = {
                "name": "事" + "甲乙丙丁戊己"[number - 41],
                "id_type": "01",
                "id_no": id_number(f"198{number - 40}-01-01", 2 * number),
            }
            values = dict(pair.split("=") for pair in row["values"].split(";"))
            if row["form"] == "person":
                filled.person |= values
            else:
                started = values.get("start_on") or values.get("policy_from") or ""
                filled.household_id = uuid_of(
                    f"{row['form']} {who} {started if row['form'] != 'training' else ''}"
                )
                filled.household = values
            forms.append(filled)
    return forms


def _street(make_user: Any, *kinds: Callable[[], list[Filled]]) -> Access:
    """The street after what these kinds of forms say has happened, the last arriving first; its clerk's access."""
    clerk, versions = make_user("li"), make_versions(FORMS)
    ids = [
        store(
            filled,
            version=versions[filled.form],
            submitter=clerk,
            instance_id=f"uuid:{uuid_of(f'register {number}')}",
        ).pk
        for number, filled in enumerate(filled for kind in kinds for filled in kind())
    ]
    ids.reverse()
    for arrived in (ids[place : place + _BATCH] for place in range(0, len(ids), _BATCH)):
        merge_submissions(submission_ids=arrived, as_of=AS_OF)
        keep_up_entirely()
    return access_of(clerk)


@pytest.fixture
def street(divisions, make_user) -> Access:
    """All registers."""
    return _street(make_user, _retirees, _registers, _posts, _services)


@pytest.fixture
def retired(divisions, make_user) -> Access:
    """Retired persons alone."""
    return _street(make_user, _retirees)


@pytest.fixture
def registered(divisions, make_user) -> Access:
    """Petitions, matters and consultations alone."""
    return _street(make_user, _registers)


def test_every_cell_is_what_was_worked_out_by_hand_and_all_balances_hold(street):
    wrong = []
    tables: dict[tuple[str, str], Any] = {}
    for row in rows("expected"):
        key = row["report"], row["period"]
        if key not in tables:
            tables[key] = table(street, key[0], area=STREET_CODE, period=period_named(key[1]))
        number = tables[key].cells[row["row"]][row["column"]]
        if number != float(row["number"]):
            wrong.append((*key, row["row"], row["column"], number, row["number"], row["why"]))
    assert wrong == []
    assert [item.gaps for item in tables.values() if item.gaps] == []
    check_stocks([date(2025, 11, 30), date(2026, 1, 31), date(2026, 2, 28), date(2026, 4, 30)])
    kept_up = known_facts()
    assert facts_from_scratch() == kept_up


def test_numbers_of_retired_persons_lead_to_names_and_restricted_numbers_to_none(
    retired, make_user
):
    asked = {"area": STREET_CODE, "period": period_named("2026-03")}
    resumed = entries_behind(retired, "R7", row=TOTAL, column="resumed", **asked)
    assert {(item.ledger, item.entry) for item in resumed.shown} == {
        ("retiree", uuid_of("T5")), ("retiree", uuid_of("T6"))
    }  # fmt: skip
    left = entries_behind(retired, "R7", row=TOTAL, column="survivors", **asked)
    assert {item.ledger for item in left.shown} == {"dependant"}
    january = {"area": STREET_CODE, "period": period_named("2026-01")}
    assert (TOTAL, "party") in table(retired, "R7", **january).hidden
    behind = entries_behind(retired, "R7", row=TOTAL, column="party", **january)
    assert (behind.total, behind.hidden, behind.shown) == (0, 0, [])
    month = table(retired, "R7", area=STREET_CODE, period=period_named("2026-03"))
    annex = annex_of(retired, make_user("qian"), month)
    book = openpyxl.load_workbook(BytesIO(as_xlsx(month, "li", annex)))
    listed = [[cell.value for cell in row[:2]] for row in book.worksheets[1].iter_rows(min_row=4)]
    assert sorted(listed) == sorted(
        [["新退休", "退癸"], ["转入", "退子"], ["恢复", "退戊"], ["恢复", "退己"], ["死亡", "退乙"],
         ["出境", "退丙"], ["出境", "退庚"], ["补报死亡", "退甲"]]
    )  # fmt: skip


def test_what_is_put_right_is_counted_anew(retired):
    death = {"family": "person", "column": "death_date", "reason": "核实", "access": retired}
    correct(entry=uuid_of("person T4"), value="2026-01-31", at=now(), **death)
    relative = Dependant.objects.get(retiree=uuid_of("T2"))
    report = RetireeChange.objects.get(retiree=uuid_of("T8"), change_kind="22")
    for entry in (relative, report):
        void(
            family=name_of(type(entry)),
            entry=str(entry.pk),
            reason="误录",
            access=retired,
            at=now(),
        )
    keep_up_entirely()
    january, february = (
        table(retired, "R7", area=STREET_CODE, period=period_named(month)).cells[TOTAL]
        for month in ("2026-01", "2026-02")
    )
    assert (january["died"], january["after"], january["survivors"]) == (1, 8, 1)
    assert (february["died"], february["dependants"], february["moved_out"]) == (1, 0, 2)
    assert facts_from_scratch() == known_facts()


def test_petitions_are_counted_for_all_and_listed_for_the_restricted_role(registered, make_user):
    asked = {"area": STREET_CODE, "period": period_named("2026-04")}
    shown = table(registered, "R9", **asked)
    assert (TOTAL, "closed") in shown.hidden  # 1
    assert (TOTAL, "received") not in shown.hidden  # 4
    for column in {name for _row, name in shown.hidden}:
        rows_hidden = [row for row, name in shown.hidden if name == column]
        assert len(rows_hidden) > 1, column  # one alone is the total less the rest
    behind = entries_behind(registered, "R9", row=TOTAL, column="people", **asked)
    assert (behind.total, behind.hidden, behind.shown) == (4, 4, [])
    reader = make_user("qian", role="restricted", area=STREET)
    RoleGrant.objects.create(user=reader, role="street", area=STREET)
    behind = entries_behind(access_of(reader), "R9", row=TOTAL, column="people", **asked)
    listed = {(item.ledger, item.entry, item.quantity) for item in behind.shown}
    assert listed == {
        ("petition", uuid_of(name), people)
        for name, people in (("B3", 12), ("B4", 1), ("B5", 2), ("B6", 3))
    }
    audience = entries_behind(registered, "R9", row=TOTAL, column="leaflets", **asked)
    assert sorted(item.quantity for item in audience.shown) == [1, 50, 100]
    assert {item.ledger for item in audience.shown} == {"consultation"}


def test_late_news_of_a_sum_is_explained_by_how_much(registered, make_user):
    chief = make_user("sun", role="administrator", area=STREET)
    asked = {"code": "R9", "area": STREET_CODE, "period": period_named("2026-04")}
    filing = prepare(user=chief, access=access_of(chief), **asked)
    for step in (Step.CHECK, Step.SUBMIT):
        filing = take_step(
            number=filing.pk, step=step, reason="", user=chief, access=access_of(chief)
        )
    talk = Consultation.objects.get(audience_n=60)
    correct(
        family="consultation", entry=talk.pk, column="handed_out_n", value="120", reason="核实",
        access=registered, at=now(),
    )  # fmt: skip
    keep_up_entirely()
    changed = correction_of(registered, filing).differences
    (total,) = [item for item in changed if item.row == TOTAL]
    assert (total.column, total.then, total.now, total.unexplained) == ("leaflets", 151, 171, 0)
    assert [(item.entry, item.times) for item in total.entries] == [(str(talk.pk), 20)]


def test_nothing_is_known_of_the_time_before_facts_of_a_register_were_kept(retired):
    """Persons' facts are older than those of registers that were counted first in a later release."""
    since = now()
    PersonFact.objects.update(known_from=since - timedelta(days=30))
    asked = {"area": STREET_CODE, "period": period_named("2026-01")}
    earlier = since - timedelta(days=1)
    assert table(retired, "R2", known_by=earlier, **asked).cells[TOTAL]["people"]
    with pytest.raises(NotKnownThen):
        table(retired, "R7", known_by=earlier, **asked)
