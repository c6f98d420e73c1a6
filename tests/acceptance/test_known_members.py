"""Members of a known household are picked and not typed again; however they are surveyed, nobody is doubled."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from server.core import clock
from server.forms.services import publish
from server.ledgers.models import Flexible, LedgerException, Person
from server.ledgers.refolding.rebuild import rebuild
from tests.acceptance.engine import Hints
from tests.acceptance.engine.households import survey
from tests.acceptance.engine.lists import CHILD, HERE, HOUSEHOLD, MEDIA, PERSON, TODAY
from tests.acceptance.office import FORMS
from tests.acceptance.test_household_survey import member
from tests.acceptance.test_quick_change import as_it_is, listed, lists, only_one, quiet, send
from tests.factories.submissions import make_phone

pytestmark = pytest.mark.engine
IDENTITY = ("name", "id_type", "id_no", "birth", "birth_lunar", "sex", "ethnicity")


def resurvey(known, **answers):
    """A survey of the listed household in which this member is picked."""
    picked = {"hh_exists": "1", "household": HOUSEHOLD, "is_known": "1", "known_member": known}
    answers = {**HERE, **picked, "differs": "0", "relation": as_it_is, **answers}
    return survey([member(50)], answers, skip=1)


def test_a_picked_member_is_checked_and_not_typed_again(engine, xforms):
    filled = engine.fill(xforms["household_survey"], MEDIA, 31, resurvey(PERSON))
    assert not [name for name in IDENTITY if filled.was_asked(name)]
    assert filled.texts("member_id") == [PERSON]
    assert filled.texts("relation") == ["0"]
    assert filled.texts("age") == [str(TODAY.year - 1970)]
    assert filled.was_asked("emp_status")
    assert filled.texts("head_name") == ["王芳"]
    for column in ("name", "birth_date", "sex_code", "ethnicity"):
        assert "".join(filled.texts(column)) == ""
    changed = engine.fill(xforms["household_survey"], MEDIA, 31, resurvey(PERSON, differs="1"))
    assert all(changed.was_asked(name) for name in ("name", "id_type", "id_no", "ethnicity"))
    assert changed.texts("member_id") == [PERSON]
    assert changed.texts("name") != [""]


def test_only_members_of_the_household_are_offered_and_others_are_new(engine, xforms):
    filled = engine.fill(xforms["household_survey"], MEDIA, 32, resurvey(PERSON))
    (offered,) = (p.choices for p in filled.prompts.values() if p.name == "known_member")
    assert [choice.value for choice in offered] == [PERSON, CHILD]
    hints = resurvey(PERSON, is_known="0", relation="0")
    new = engine.fill(xforms["household_survey"], MEDIA, 32, hints)
    assert new.was_asked("name")
    assert new.texts("member_id") == [""]  # the number says who it is
    unlisted = survey([member(50)], HERE, skip=1)
    assert not engine.fill(xforms["household_survey"], MEDIA, 32, unlisted).was_asked("is_known")


@pytest.mark.parametrize(
    ("years", "passed", "asked", "age"),
    [(15, "1", False, "15"), (16, "0", True, "15"), (16, "1", True, "16"), (17, "1", False, "17")],
)
def test_in_the_year_of_the_sixteenth_birthday_the_worker_is_asked(
    engine, xforms, years, passed, asked, age
):
    born = str(TODAY.year - years).encode()
    media = {**MEDIA, "persons.csv": MEDIA["persons.csv"].replace(b"1970", born)}
    hints = resurvey(PERSON, turned_16=passed)
    filled = engine.fill(xforms["household_survey"], media, 33, hints)
    assert filled.was_asked("turned_16") is asked
    assert filled.texts("age") == [age]
    assert filled.was_asked("emp_status") is (int(age) >= 16)


def test_a_visit_to_a_household_can_be_to_a_member(engine, xforms):
    answers = {**HERE, "subject_kind": "household", "outcome": "1", "consent": "1"}
    answers |= {"subject_household": HOUSEHOLD, "subject_member": PERSON}
    filled = engine.fill(xforms["home_visit"], MEDIA, 34, Hints(answers))
    (offered,) = (p.choices for p in filled.prompts.values() if p.name == "subject_member")
    assert [choice.value for choice in offered] == [PERSON]  # the child is under 16
    assert filled.texts("person_id") == [PERSON]
    assert filled.was_asked("status_changed")


# --- through the door ---


@pytest.fixture
def phone(divisions):
    for form in FORMS:
        publish(workbook=form.read_bytes(), filename=form.name, publisher=None, validate=False)
    return make_phone("wang")


MAN = member(50, name="陈大")
BABY = member(9, name="陈小", relation="2", id_no="")


@pytest.mark.django_db
def test_nobody_is_doubled_however_often_the_home_is_surveyed(phone, engine, xforms):
    def visit(days, *people, **answers):
        at = (clock.now() - timedelta(days=days)).isoformat()
        here = {"community": only_one, "mode": "2", "visited_at": at, **answers}
        media = {**MEDIA, **lists(phone)}
        hints = survey(list(people), here, skip=1)
        send(phone, engine.fill(xforms["household_survey"], media, 35, hints))
        return sorted(Person.objects.values_list("name", flat=True))

    def proposed():
        return LedgerException.objects.filter(kind="possible_duplicate", resolved_at=None).count()

    assert visit(300, MAN, BABY) == ["陈大", "陈小"]
    rows = listed(phone)
    home = {"hh_exists": "1", "household": rows["陈小"]["household"]}
    ids = [rows[person.name]["name"] for person in (MAN, BABY)]
    picks = {
        "is_known": "1",
        "known_member": lambda prompt, _random: ids[prompt.ordinal("members") - 1],
        "differs": "0",
    }
    assert visit(200, MAN, BABY, **home, **picks) == ["陈大", "陈小"]
    assert visit(100, MAN, BABY, **home, is_known="0") == ["陈大", "陈小"]
    assert {str(person.pk) for person in Person.objects.all()} == set(ids)
    assert Person.objects.get(name="陈小").birth_date == BABY.born
    assert visit(60, MAN, **home, is_known="0") == ["陈大", "陈小"]  # the child was left out
    assert visit(50, MAN, BABY, **home, is_known="0") == ["陈大", "陈小"]
    assert proposed() == 0
    roughly = replace(BABY, born=BABY.born + timedelta(days=40))
    assert visit(40, MAN, roughly, **home, is_known="0") == ["陈大", "陈小", "陈小"]
    assert proposed() == 1
    long_before = replace(BABY, born=BABY.born - timedelta(days=2000))
    visit(30, MAN, long_before, **home, is_known="0")
    assert Person.objects.count() == 4
    assert proposed() == 1
    assert not rebuild(area="", as_of=clock.today(), keep=False, progress=quiet).differences


@pytest.mark.django_db
def test_flexible_work_is_one_entry_however_the_next_survey_dates_it(phone, engine, xforms):
    def visit(days, **answers):
        at = (clock.now() - timedelta(days=days)).isoformat()
        here = {"community": only_one, "mode": "2", "visited_at": at, "emp_status": "13", **answers}
        media = {**MEDIA, **lists(phone)}
        send(phone, engine.fill(xforms["household_survey"], media, 36, survey([MAN], here, skip=1)))
        return list(Flexible.objects.values_list("form", "start_on", "person__name"))

    begun = TODAY - timedelta(days=400)
    assert visit(300, flex_form="02", start=begun.isoformat()) == [("02", begun, "陈大")]
    row = listed(phone)["陈大"]
    known = {"hh_exists": "1", "household": row["household"], "is_known": "1",
             "known_member": row["name"], "differs": "0"}  # fmt: skip
    about = begun + timedelta(days=20)
    ((form, _start, name),) = visit(100, **known, flex_form="02", start=about.isoformat())
    assert (form, name) == ("02", "陈大")
    assert len(visit(50, **known, emp_status="10", employer_name="好又多", start=None)) == 1
    assert not rebuild(area="", as_of=clock.today(), keep=False, progress=quiet).differences
