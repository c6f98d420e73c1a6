"""quick_change in the real form engine: how little a confirmation takes, who can be picked, and what each change stores."""

from __future__ import annotations

from datetime import timedelta

import pytest

from server.core import clock
from server.core.sealing import unseal_text
from server.ledgers.models import LedgerException, Person, Visit
from server.ledgers.refolding.rebuild import rebuild
from tests.acceptance.engine import EngineError, Hints, Refused
from tests.acceptance.engine.lists import CHILD, HERE, HOUSEHOLD, LODGER, MEDIA, PERSON, TODAY
from tests.acceptance.test_household_survey import member
from tests.acceptance.walks import (
    as_it_is,
    lists,
    only_one,
    questions_of,
    quiet,
    rows,
    send,
    street_phone,
    surveyed,
    walked,
)
from tests.factories.submissions import Phone

pytestmark = pytest.mark.engine
AT_HOME = {**HERE, "find_by": "home", "household": HOUSEHOLD, "at_home": PERSON}
TYPED = frozenset({"string", "int", "decimal"})
OPENING = 2  # “Start new form”, and this form
SENDING = 1


def fill(engine, xforms, **answers):
    return engine.fill(xforms["quick_change"], MEDIA, 21, Hints({**AT_HOME, **answers}, skip=1))


def taps(filled):
    """The taps of a worker of one community: a tap for each answer that the form does not hold already.

    A closed list takes one more to open it, and each page one to go on.
    """
    chosen = [
        prompt
        for prompt in filled.prompts.values()
        if prompt.path in filled.answers
        and prompt.name != "community"  # the only one of the list is chosen already
        and prompt.answer != filled.answers[prompt.path]
    ]
    opened = sum("minimal" in (prompt.appearance or "") for prompt in chosen)
    pages = {prompt.path.split("/")[2] for prompt in filled.prompts.values()}
    return OPENING + len(chosen) + opened + len(pages) + SENDING, chosen


def test_nothing_changed_takes_eight_taps_and_no_typing(engine, xforms):
    filled = fill(engine, xforms, change="unchanged")
    number, chosen = taps(filled)
    assert [prompt.name for prompt in chosen] == ["household", "at_home", "change"]
    assert not [prompt for prompt in chosen if prompt.type in TYPED]
    assert number <= 8
    assert filled.texts("person_status") == ["1"]
    assert filled.texts("outcome") == [""]


def test_members_of_the_household_can_be_picked_and_others_by_name(engine, xforms):
    filled = fill(engine, xforms, change="unchanged")
    offered = {
        prompt.name: [choice.value for choice in prompt.choices]
        for prompt in filled.prompts.values()
    }
    assert offered["at_home"] == [PERSON, CHILD]
    assert not filled.was_asked("named")
    labels = " ".join(prompt.label or "" for prompt in filled.prompts.values())
    assert "2026-07-01" in labels
    by_name = fill(engine, xforms, find_by="name", named=LODGER, change="unchanged")
    assert by_name.texts("person_id") == [LODGER]
    assert not by_name.was_asked("household")


@pytest.mark.parametrize(
    ("change", "asked", "stored"),
    [
        ("employed", {"emp_status", "since", "employer", "emp_form", "contract", "loc"}, "1"),
        ("unemployed", {"emp_status", "since", "unemp_reason", "job_willing", "loc"}, "1"),
        ("out", {"emp_status", "since", "loc"}, "1"),
        ("phone", {"phone", "loc"}, "1"),
        ("moved_out", {"moved_to", "loc"}, "2"),
        ("lost", {"loc"}, "4"),
        ("died", {"death_date", "informant", "loc"}, ""),
        ("split", {"details", "loc"}, ""),
    ],
)
def test_a_change_asks_what_belongs_to_it(engine, xforms, change, asked, stored):
    answers = {"emp_status": {"employed": "10", "unemployed": "21"}.get(change, "30")}
    filled = fill(engine, xforms, change=change, **answers)
    first = {"visited_at", "community", "mode", "told_by", "find_by", "household", "at_home"}
    shown = {prompt.name for prompt in filled.prompts.values()} - first
    assert asked <= shown
    assert not (shown - asked) & {"phone", "since", "death_date", "moved_to", "details"}
    assert filled.texts("person_status") == [stored]
    assert filled.texts("outcome") == [{"died": "7", "split": "6"}.get(change, "")]
    assert filled.texts("visit_purpose") == ["2" if change in ("died", "split") else ""]


@pytest.mark.parametrize(
    ("change", "status"),
    [("employed", "21"), ("employed", "30"), ("unemployed", "10"), ("out", "15"), ("out", "22")],
)
def test_a_change_offers_the_statuses_that_fit_it(engine, xforms, change, status):
    with pytest.raises(EngineError, match="not among the choices"):
        fill(engine, xforms, change=change, emp_status=status)


ENDS = {
    **{result: {"entry_kind": "offer", "offer_result": result} for result in "56789"},
    **{
        f"training {result}": {"entry_kind": "training", "training_result": result}
        for result in "34567"
    },
    **{kind: {"entry_kind": kind} for kind in ("transfer", "floating", "flexible")},
}


BY_NAME = {**HERE, "find_by": "name", "named": LODGER}
CHANGES = {
    "at work": {**AT_HOME, "change": "employed", "emp_status": "10"},
    "out of work": {**AT_HOME, "change": "unemployed", "emp_status": "21", "job_willing": "1"},
    "a pensioner": {**AT_HOME, "change": "out", "emp_status": "31"},
    **{change: {**AT_HOME, "change": change} for change in ("phone", "moved_out", "died", "split")},
    "nobody can find": {**BY_NAME, "change": "lost"},
}


def test_every_question_is_answered_alike_in_both_engines(engine, web_engine, xforms):
    day = (TODAY - timedelta(days=1)).isoformat()
    ways = {
        **CHANGES,
        **{
            name: {**AT_HOME, "change": "result", "ended_on": day, **answers}
            for name, answers in ENDS.items()
        },
    }
    walks = {name: Hints(answers, skip=0) for name, answers in ways.items()}
    xform = xforms["quick_change"]
    assert walked(engine, web_engine, xform, walks) == questions_of(xform)


def test_only_who_has_something_open_can_bring_it_to_an_end(engine, xforms):
    with pytest.raises(EngineError, match="not among the choices"):
        fill(engine, xforms, find_by="name", named=LODGER, change="result")


def test_a_phone_number_and_days_are_checked(engine, xforms):
    with pytest.raises(Refused, match="电话号码不对"):
        fill(engine, xforms, change="phone", phone="12345")
    tomorrow = TODAY.replace(year=TODAY.year + 1).isoformat()
    for change, day in (("out", "since"), ("died", "death_date")):
        with pytest.raises(Refused, match="不能晚于今天"):
            fill(engine, xforms, change=change, **{day: tomorrow})


# --- through the door ---


@pytest.fixture
def phone(divisions) -> Phone:
    return street_phone()


def listed(phone: Phone) -> dict[str, dict[str, str]]:
    """Name → the person's row of the phone's list."""
    return {row["person_name"]: row for row in rows(phone, "quick_change", "persons")}


def change(phone, engine, xforms, name, kind, /, **answers):
    row = listed(phone)[name]
    hints = {"community": only_one, "mode": "2", "find_by": "home", "household": row["household"]}
    hints |= {"at_home": row["name"], "change": kind, "visited_at": as_it_is, **answers}
    filled = engine.fill(xforms["quick_change"], lists(phone), 23, Hints(hints, skip=1))
    send(phone, filled)
    return Person.objects.get(pk=row["name"]), filled


@pytest.fixture
def home(phone, engine, xforms, db):
    """The names of a surveyed man of working age, his wife and their child without a number."""
    man = member(50, name="陈大")
    wife = member(46, name="李二", relation="1", sex="2")
    child = member(9, name="陈小", relation="2", id_no="")
    surveyed(phone, engine, xforms, man, wife, child)
    return man.name, wife.name, child.name


@pytest.mark.django_db
def test_changes_reach_the_ledgers_by_the_list_that_the_phone_got(phone, engine, xforms, home):
    man, wife, child = home
    assert set(listed(phone)) == set(home)
    numbers = {person.id_no_hash and bytes(person.id_no_hash) for person in Person.objects.all()}
    before = Person.objects.get(name=child)
    confirmed, filled = change(phone, engine, xforms, child, "unchanged", told_by="3")
    assert confirmed.last_confirmed_on == clock.today()
    assert confirmed.verified_level == 1
    assert f"uuid:{filled.instance_id}".endswith(confirmed.source_submission.instance_id)
    assert (confirmed.birth_date, confirmed.sex, confirmed.household_id) == (
        before.birth_date, before.sex, before.household_id,
    )  # fmt: skip
    since = (clock.today() - timedelta(days=2)).isoformat()
    status = {"emp_status": "10", "since": since, "employer": "好又多", "emp_form": "1"}
    works, _ = change(phone, engine, xforms, man, "employed", **status)
    spell = works.spells.get(end_on=None)
    assert (works.emp_status, spell.employer_name, str(spell.start_on)) == ("10", "好又多", since)
    lost = {"emp_status": "21", "since": clock.today().isoformat(), "unemp_reason": "02"}
    idle, _ = change(phone, engine, xforms, man, "unemployed", job_willing="1", **lost)
    assert idle.spells.get(end_on=None).unemp_date == clock.today()
    assert idle.job_willing
    retired, _ = change(phone, engine, xforms, wife, "out", emp_status="31", since=since)
    assert retired.emp_status == "31"
    called, _ = change(phone, engine, xforms, wife, "phone", phone="020-00001234")
    assert unseal_text(called.phone, "phone") == "020-00001234"
    missing, _ = change(phone, engine, xforms, wife, "lost")
    assert missing.person_status == "4"
    change(phone, engine, xforms, wife, "split", details="分到隔壁户")
    assert Visit.objects.get(outcome="6").findings == "分到隔壁户"
    assert LedgerException.objects.filter(kind="move_reported", resolved_at=None).exists()
    found, _ = change(phone, engine, xforms, wife, "unchanged")
    assert found.person_status == "1"
    assert not LedgerException.objects.filter(kind="move_reported", resolved_at=None).exists()
    dead, _ = change(phone, engine, xforms, man, "died", death_date=since, informant="家属")
    assert (dead.person_status, str(dead.death_date)) == ("3", since)
    assert LedgerException.objects.filter(kind="death_reported", resolved_at=None).exists()
    gone, _ = change(phone, engine, xforms, wife, "moved_out", moved_to="43")
    assert (gone.person_status, gone.household_id) == ("2", None)
    assert gone.residence_area == "430000000000"
    assert set(listed(phone)) == {child}
    assert Person.objects.count() == 3
    assert numbers == {p.id_no_hash and bytes(p.id_no_hash) for p in Person.objects.all()}
    assert not rebuild(area="", as_of=clock.today(), keep=False, progress=quiet).differences
