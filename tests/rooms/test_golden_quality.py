"""Work and quality (R10) of a small street, made by hand: its records and figures, and what the report must count.

`tests/samples/golden/quality/` holds both and, cell by cell, the number and why it is so.
"""

from __future__ import annotations

import csv
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.contrib.gis.geos import Point
from django.core.management import CommandError, call_command

from server.accounts.access import access_of
from server.audit.models import Act, AuditEntry
from server.ledgers.models import LedgerException
from server.ledgers.services import merge_submissions
from server.reports.annexes import names_of
from server.reports.corrections import correction_of
from server.reports.counting import TOTAL
from server.reports.course import Step
from server.reports.definitions.periods import period_named
from server.reports.facts.keeping import keep_up_entirely
from server.reports.forms import forms_of
from server.reports.models import FigureFact
from server.reports.selectors import entries_behind, table
from server.reports.services import prepare, take_step
from server.submissions.models import Submission
from tests.conftest import STREET
from tests.factories.facts import facts_from_scratch, known_facts
from tests.factories.ledgers import Filled, id_number, make_versions, member, store, uuid_of

pytestmark = pytest.mark.django_db
GOLDEN = Path(__file__).parents[1] / "samples" / "golden" / "quality"
AS_OF = date(2026, 11, 23)
QUARTER = {"area": STREET.ljust(12, "0"), "period": period_named("2026Q2")}
WHERE = {"location": Point(113.35, 23.13, srid=4326), "flags": []}
POSITIONS = {
    "near": {**WHERE, "located_area": "440106003001"},
    "far": {**WHERE, "located_area": "440106005001", "flags": ["outside_area"]},
    "none": {"flags": ["no_location"]},
    "unknown": WHERE,
}
"""Position → what the step that places a record stores."""


def rows(name: str) -> list[dict[str, str]]:
    with (GOLDEN / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _stored(row: dict[str, str], version: Any, worker: Any) -> int:
    people = []
    for number, _, name in (pair.partition(":") for pair in row["people"].split()):
        order = int(number[1:])
        birth = f"19{60 + order}-01-01"
        people.append(member("人" + name, id_no=id_number(birth, 2 * order), hukou_type="10"))
    filled = Filled(
        visited_at=f"{row['visited']}T09:00:00+08:00",
        community=f"44010600300{row['community']}",
        household_id=uuid_of(row["household"]),
        household={"address": row["household"]},
        visit={"outcome": "1", "mode": "1"},
        members=people,
    )
    made = store(
        filled,
        version=version,
        submitter=worker,
        instance_id=f"uuid:{uuid_of(row['record'])}",
        received_at=datetime.fromisoformat(f"{row['received']}T20:00:00+08:00"),
    )
    placed = {"review_state": row["state"], **POSITIONS[row["position"]]}
    Submission.objects.filter(pk=made.pk).update(**placed)
    return int(made.pk)


@pytest.fixture
def office(divisions, make_user) -> Any:
    """The street after everything has happened; its clerk's access."""
    clerk = make_user("li")
    staff = {
        "zhang": make_user("zhang", role="worker", area="440106003001"),
        "wang": make_user("wang", role="worker", area="440106003002"),
    }
    version = make_versions()["survey"]
    ids = [_stored(row, version, staff[row["worker"]]) for row in rows("records")]
    merge_submissions(submission_ids=ids, as_of=AS_OF)
    earlier = LedgerException.objects.filter(kind="name_differs", opened_at__lt="2026-04-01T00:00Z")
    assert (
        earlier.update(
            resolved_at=datetime.fromisoformat("2026-04-20T10:00:00+08:00"), resolved_as="agreed"
        )
        == 1
    )
    call_command("figures", GOLDEN / "figures.csv")
    keep_up_entirely()
    return access_of(clerk)


def test_every_cell_is_what_was_worked_out_by_hand(office):
    wrong = []
    tables: dict[str, Any] = {}
    for row in rows("expected"):
        name = row["period"]
        if name not in tables:
            asked = {**QUARTER, "period": period_named(name)}
            tables[name] = table(office, "R10", **asked)
        number = tables[name].cells[row["row"]][row["column"]]
        if number != (float(row["number"]) if row["number"] else None):
            wrong.append((name, row["row"], row["column"], number, row["number"], row["why"]))
    assert wrong == []
    assert [item.gaps for item in tables.values() if item.gaps] == []
    kept_up = known_facts()
    assert facts_from_scratch() == kept_up


def test_numbers_lead_to_records_exceptions_and_staff(office):
    def behind(column: str) -> dict[str, set[str]]:
        shown = entries_behind(office, "R10", row=TOTAL, column=column, **QUARTER).shown
        names = names_of(office, shown)
        return {
            ledger: {names[item.entry] for item in shown if item.ledger == ledger}
            for ledger in {item.ledger for item in shown}
        }

    assert behind("certified") == {"figure": {"zhang"}}
    assert behind("census_households") == {"figure": {"示范一社区", "示范二社区"}}
    assert behind("conflicts") == {"person": {"人丁"}}
    assert set(behind("doubts_open")) == {"person", "visit"}
    records = entries_behind(office, "R10", row=TOTAL, column="records", **QUARTER)
    assert ({item.ledger for item in records.shown}, records.total) == ({"submission"}, 5)
    assert set(names_of(office, records.shown)) == {item.entry for item in records.shown}
    assert entries_behind(office, "R10", row=TOTAL, column="workers", **QUARTER).total == 2


def test_the_appraisal_table_holds_the_rates_of_the_whole_area(office):
    (form,) = forms_of(table(office, "R10", **QUARTER))
    lines = {name: [cell.number for cell in cells] for name, cells in form.lines}
    assert lines["户覆盖率(%)"] == [44.44]
    assert lines["走访及时率(%)"] == [80]


def test_a_late_record_and_a_new_census_show_in_the_correction_alone(office, make_user):
    chief = make_user("sun", role="administrator", area=STREET)
    asked = {"user": chief, "access": access_of(chief)}
    filing = prepare(code="R10", **QUARTER, **asked)
    for step in (Step.CHECK, Step.SUBMIT):
        filing = take_step(number=filing.pk, step=step, reason="", **asked)
    late = Submission.objects.get(instance_id=f"uuid:{uuid_of('Q2')}")
    Submission.objects.filter(pk=late.pk).update(review_state="approved")
    merge_submissions(submission_ids=[late.pk], as_of=AS_OF)
    keep_up_entirely()
    changed = {
        (item.row, item.column): item
        for item in correction_of(access_of(chief), filing).differences
    }
    assert {column for _row, column in changed} == {"waiting", "approved"}
    approved = changed[TOTAL, "approved"]
    assert (approved.then, approved.now, approved.unexplained) == (1, 2, 0)
    assert [(item.ledger, item.times) for item in approved.entries] == [("submission", 1)]
    assert facts_from_scratch() == known_facts()


def test_a_table_of_figures_is_taken_whole_or_not_at_all(office, tmp_path):
    before = set(FigureFact.objects.values_list("pk", flat=True))
    call_command("figures", GOLDEN / "figures.csv")
    assert set(FigureFact.objects.values_list("pk", flat=True)) == before
    assert AuditEntry.objects.filter(act=Act.FIGURES_STATED).count() == 1
    head = "kind,area,since,until,worker,number,people\n"
    good = "census,440106003001,2026-06-30,,,8,9\n"
    for line, said in (
        ("census,440106003000,2026-06-30,,,8,9", "area"),
        ("census,440106003001,2026-06-31,,,8,9", "since"),
        ("census,440106003001,2026-06-30,,,-1,9", "number"),
        ("census,440106003001,2026-06-30,,,8,", "people"),
        ("survey,440106003001,2026-06-30,,,8,9", "kind"),
        ("study,440106003001,2026-06-30,,nobody,8,", "worker"),
        ("certificate,440106003001,2026-06-30,2026-06-29,zhang,1,", "until"),
    ):
        table_of_figures = tmp_path / "figures.csv"
        table_of_figures.write_text(head + good + line + "\n", encoding="utf-8")
        with pytest.raises(CommandError, match=rf"3.*{said}"):
            call_command("figures", table_of_figures)
    assert set(FigureFact.objects.values_list("pk", flat=True)) == before
    table_of_figures.write_text(head + good, encoding="utf-8")
    call_command("figures", table_of_figures)
    counted = table(office, "R10", **QUARTER).cells["440106003001"]
    assert (counted["census_households"], counted["census_people"]) == (8, 9)
    assert FigureFact.objects.filter(known_until__isnull=False).count() == 1
