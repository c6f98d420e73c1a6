"""A hand-made small community: its movements as forms and desk acts, and the tables worked out by hand.

`tests/samples/golden/` holds the movements and, cell by cell, the number and why it is so.
"""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from server.accounts.access import access_of
from server.core.clock import now
from server.core.labels import Label
from server.forms.models import FormVersion
from server.ledgers.models import ChangedEntry, Household, Person
from server.ledgers.services import correct, merge_submissions, move, refold_due
from server.reports.counting import TOTAL
from server.reports.definitions.periods import period_named
from server.reports.definitions.registry import REPORTS
from server.reports.definitions.tables import Balance
from server.reports.facts.keeping import keep_up_entirely
from server.reports.facts.kinds import EventKind
from server.reports.problems import NoSuchReport, NotKnownThen
from server.reports.selectors import entries_behind, table
from server.submissions import services
from tests.conftest import STREET
from tests.factories.facts import facts_from_scratch, known_facts
from tests.factories.ledgers import Filled, id_number, make_versions, store, uuid_of

pytestmark = pytest.mark.django_db
GOLDEN = Path(__file__).parents[1] / "samples" / "golden"
AS_OF = date(2026, 11, 23)
STREET_CODE = STREET.ljust(12, "0")
_OWN = ("visited", "form", "household", "community", "person", "birth", "since", "services", "note")


def rows(name: str) -> list[dict[str, str]]:
    with (GOLDEN / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _births() -> dict[str, tuple[str, str]]:
    return {row["person"]: (row["birth"], row["sex"]) for row in rows("movements") if row["birth"]}


def _line(row: dict[str, str]) -> dict[str, str]:
    """What a form states of a person: the cells, the ID number, and the day its status began."""
    birth, sex = _births()[row["person"]]
    order = int(row["person"][1:]) * 2 + (sex == "1")
    line = {name: value for name, value in row.items() if name not in _OWN}
    line |= {"name": "人" + "甲乙丙丁戊己庚辛壬癸"[int(row["person"][1:]) - 1]}
    line |= {"id_no": id_number(birth, order), "id_type": "01", "relation": "0"}
    line["person_id"] = uuid_of(row["person"])
    if row["since"]:
        line["spell.unemp_date" if row["emp_status"].startswith("2") else "spell.start_on"] = row[
            "since"
        ]
    return line


def _filled() -> list[Filled]:
    forms: dict[tuple[str, str], Filled] = {}
    for row in rows("movements"):
        common = {
            "visited_at": f"{row['visited']}T09:00:00+08:00",
            "community": f"44010600300{row['community']}",
            "household_id": uuid_of(row["household"]) if row["household"] else "",
            "visit": {"outcome": "1", "mode": "1", "services": row["services"]},
        }
        if row["form"] == "survey":
            home = {"address": row["household"], "other_income": "0"}
            survey = forms.setdefault(
                (row["visited"], row["household"]), Filled(household=home, **common)
            )
            survey.members.append(_line(row))
        else:
            person = {
                name: value
                for name, value in _line(row).items()
                if name not in ("person_id", "relation")
            }
            forms[row["visited"], row["person"]] = Filled(
                form="home_visit", person_id=uuid_of(row["person"]), person=person, **common
            )
    return list(forms.values())


@pytest.fixture
def street(divisions, make_user) -> Any:
    """The street after everything has happened; its clerk's access."""
    clerk = make_user("li")
    access, versions = access_of(clerk), make_versions()
    ids = [
        store(
            filled,
            version=versions[filled.form],
            submitter=clerk,
            instance_id=f"uuid:{uuid_of(str(number))}",
        ).pk
        for number, filled in enumerate(_filled())
    ]
    merge_submissions(submission_ids=ids, as_of=AS_OF)
    for act in rows("moves"):
        household = Household.objects.get(pk=uuid_of(act["household"]))
        at = datetime.fromisoformat(f"{act['on']}T10:00:00+08:00").astimezone(UTC)
        move(
            entry=household,
            to=act["to"],
            values={},
            reason="核实",
            evidence=[],
            access=access,
            at=at,
        )
    merge_submissions(submission_ids=ids, as_of=AS_OF)
    while refold_due(as_of=AS_OF):
        pass
    keep_up_entirely()
    return access


def test_every_cell_is_what_was_worked_out_by_hand(street):
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


def test_a_number_leads_to_its_entries_and_late_news_leaves_what_was_known_then(street, make_user):
    quarter = period_named("2026Q1")
    asked = {"area": STREET_CODE, "period": quarter, "column": "working"}
    behind = entries_behind(street, "R2", row=TOTAL, **asked)
    people = {uuid_of(f"P{number}") for number in (1, 2, 5, 6, 7, 8, 9, 10)}
    assert {item.entry for item in behind.shown} == people
    assert (behind.total, behind.hidden, behind.left_off) == (8, 0, 0)
    community = "440106003002"
    worker = access_of(make_user("wang", role="worker", area=community))
    with pytest.raises(NoSuchReport):
        table(worker, "R2", area=STREET_CODE, period=quarter)
    own = table(worker, "R2", area=community, period=quarter)
    assert (own.cells[TOTAL]["working"], own.gaps) == (3, [])
    known_by = now()
    late = Filled(
        visited_at="2026-03-20T09:00:00+08:00",
        community=community,
        household_id=uuid_of("H5"),
        household={"address": "H5"},
        members=[
            _line(row) for row in rows("movements") if row["form"] == "survey" and row["person"] == "P10"
        ]
        + [
            {"name": "人子", "id_no": id_number("1999-01-01", 2), "sex": "2", "residence_kind": "2",
             "hukou_type": "20", "emp_status": "13", "relation": "1"}
        ],
    )  # fmt: skip
    received = datetime(2026, 4, 8, tzinfo=UTC)
    one_more = store(
        late, version=FormVersion.objects.get(title="survey"), submitter=make_user("zhao"),
        instance_id=f"uuid:{uuid_of('late')}", received_at=received,
    )  # fmt: skip
    merge_submissions(submission_ids=[one_more.pk], as_of=AS_OF)
    keep_up_entirely()
    cells = table(street, "R2", area=STREET_CODE, period=quarter).cells[TOTAL]
    assert (cells["working"], cells["listed"], cells["rural"]) == (9, 4, 3)
    then = table(street, "R2", area=STREET_CODE, period=quarter, known_by=known_by)
    assert then.cells[TOTAL]["working"] == 8
    with pytest.raises(NotKnownThen):
        table(street, "R2", area=STREET_CODE, period=quarter, known_by=received)


def test_a_balance_that_does_not_hold_names_the_numbers_and_the_entries(street, monkeypatch):
    without_farming = Balance(Label("假", "wrong"), ["working"], ["men", "women", "farming"])
    monkeypatch.setitem(REPORTS, "R2", replace(REPORTS["R2"], balances=[without_farming]))
    gaps = table(street, "R2", area=STREET_CODE, period=period_named("2026Q1")).gaps
    (total,) = [gap for gap in gaps if gap.row == TOTAL]
    assert (total.left, total.right, total.entries) == (8, 9, (uuid_of("P6"),))


def test_rows_that_a_rebuild_puts_right_are_counted_again(street):
    person = uuid_of("P1")
    Person.objects.filter(pk=person).update(birth_date=date(1950, 1, 1))
    with pytest.raises(SystemExit):
        call_command("rebuild", area=STREET)
    assert ChangedEntry.objects.filter(entry=person).exists()


@pytest.mark.parametrize(
    "late",
    [
        pytest.param(
            Filled(
                visited_at="2025-11-01T09:00:00+08:00",
                household_id=uuid_of("H5"),
                household={"address": "H5"},
            ),
            id="an earlier survey of the household says nothing new",
        ),
        pytest.param(
            Filled(
                form="home_visit",
                visited_at="2025-11-01T09:00:00+08:00",
                person_id=uuid_of("P6"),
                person={"edu": "70"},
            ),
            id="an earlier visit to a person says nothing new",
        ),
    ],
)
def test_late_news_makes_the_facts_that_all_news_together_make(street, make_user, late):
    before = known_facts()
    submission = store(
        late,
        version=FormVersion.objects.get(title=late.form),
        submitter=make_user("zhao"),
        instance_id=f"uuid:{uuid_of('late')}",
    )
    merge_submissions(submission_ids=[submission.pk], as_of=AS_OF)
    keep_up_entirely()
    kept_up = known_facts()
    assert kept_up != before
    assert facts_from_scratch() == kept_up
    clerk = make_user("sun")
    services.review(
        submission=submission,
        state="rejected",
        reason="误报",
        reviewer=clerk,
        access=access_of(clerk),
        at=now(),
    )
    merge_submissions(submission_ids=[submission.pk], as_of=AS_OF)
    keep_up_entirely()
    known = known_facts()
    rejected = (
        known["ReceivedFact"] - before["ReceivedFact"]
    )  # which stays, and counts in R10 alone
    assert [row.state for row in rejected] == ["rejected"]
    assert known | {"ReceivedFact": known["ReceivedFact"] - rejected} == before


def test_correcting_the_head_makes_the_facts_of_the_household_anew(street):
    correct(
        family="person", entry=uuid_of("P10"), column="hukou_type", value="20", reason="核实",
        access=street, at=now(),
    )  # fmt: skip
    keep_up_entirely()
    kept_up = known_facts()
    certified = [
        event
        for event in kept_up["EventFact"]
        if (event.kind, event.entry) == (EventKind.ZERO_IN, uuid_of("H5"))
    ]
    assert certified
    assert all(event.is_rural for event in certified)
    assert facts_from_scratch() == kept_up
