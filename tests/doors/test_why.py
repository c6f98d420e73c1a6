"""Why a person's computed flags hold: at REST and on the person's page, and as the fold computes them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.clock import now, office_day
from server.ledgers.folding.derive.people import FLAGS, Known
from server.ledgers.folding.derive.rules import rules
from server.ledgers.models import Person
from server.ledgers.services import merge_submissions
from tests.factories.ledgers import Filled, id_number, make_versions, member, store, uuid_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def seeking(divisions, make_user) -> Person:
    """A woman of 44 who registered as unemployed 14 months ago and is willing to work."""
    today = office_day(now())
    since = today - timedelta(days=430)
    born = date(today.year - 44, 1, 1)
    line = member(
        "陈一", key="P1", id_type="01", id_no=id_number(born.isoformat(), 2), sex="2", hukou_type="10",
        emp_status="20", work_capacity="1", job_willing="1",
        **{"spell.unemp_date": since.isoformat(), "spell.reg_date": since.isoformat()},
    )  # fmt: skip
    survey = Filled(
        visited_at=f"{today - timedelta(days=1)}T09:00:00+08:00",
        household_id=uuid_of("H1"),
        household={"address": "示范路1号"},
        members=[line],
    )
    submission = store(
        survey, version=make_versions()["survey"], submitter=make_user("zhang"),
        instance_id=f"uuid:{uuid_of('first')}",
    )  # fmt: skip
    merge_submissions(submission_ids=[submission.pk], as_of=today)
    return Person.objects.get(pk=uuid_of("P1"))


def test_each_flag_names_its_conditions_and_holds_if_all_are_met(seeking, client, make_user):
    client.force_login(make_user("li"))
    rows = client.get(f"/api/v1/persons/{seeking.pk}/why/").json()
    explained = {row["column"]: row for row in rows}
    assert {name: row["holds"] for name, row in explained.items()} == {
        "is_4050": True,
        "new_entrant": False,
        "long_term_unemployed": True,
        "in_zero_emp_hh": seeking.in_zero_emp_hh,
    }
    for name, row in explained.items():
        assert row["holds"] == getattr(seeking, name)
        assert row["holds"] == all(part["is_met"] for part in row["conditions"])
    unmet = [
        part["condition"] for part in explained["new_entrant"]["conditions"] if not part["is_met"]
    ]
    assert unmet == ["young"]
    long = explained["long_term_unemployed"]["conditions"][-1]
    assert long["rules"] == {"long_unemployed_months": "12"}


def test_the_persons_page_says_why(seeking, client, make_user):
    client.force_login(make_user("li"))
    page = client.get(f"/persons/{seeking.pk}", headers={"Accept-Language": "zh-Hans"})
    text = page.content.decode()
    assert text.count('<ul class="conditions">') == len(FLAGS) + 1
    assert "女满40、男满50周岁，未到退休年龄" in text
    assert "long_unemployed_months=12" in text


def test_a_hidden_value_counts_as_the_value_that_is_shown(seeking, client, make_user):
    client.force_login(make_user("li"))
    answers = []
    for status in ("35", "39"):  # custody, which is restricted, and what is shown for it
        Person.objects.filter(pk=seeking.pk).update(emp_status=status)
        answers.append(client.get(f"/api/v1/persons/{seeking.pk}/why/").json())
    assert answers[0] == answers[1]


@given(
    status=st.sampled_from(["10", "20", "21", "30", None]),
    capacity=st.sampled_from(["1", "2", "3", None]),
    willing=st.sampled_from([True, False, None]),
    born=st.none() | st.dates(date(1950, 1, 1), date(2012, 12, 31)),
)
def test_whatever_is_known_every_condition_is_answered(status, capacity, willing, born):
    row = {
        "emp_status": status, "work_capacity": capacity, "job_willing": willing, "sex": "2",
        "birth_date": born.isoformat() if born else None, "area_code": "440106003001",
    }  # fmt: skip
    known = Known(row, (), date(2026, 11, 28), rules())
    answers = {flag: dict(conditions(known)) for flag, conditions in FLAGS.items()}
    assert all(isinstance(met, bool) for parts in answers.values() for met in parts.values())
    if born is None or status not in ("20", "21"):
        assert not all(answers["is_4050"].values())
    assert not all(answers["long_term_unemployed"].values())  # no spell
