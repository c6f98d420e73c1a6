"""retiree_visit in both form engines, and what the phone's door makes of it: who comes, lives, proves it, leaves, dies."""

from __future__ import annotations

from datetime import timedelta

import pytest

from server.core import clock
from server.core.sealing import unseal_text
from server.ledgers.models import Dependant, Person, Retiree, RetireeChange, Visit
from server.ledgers.refolding.rebuild import rebuild
from tests.acceptance.engine import EngineError, Hints, Refused
from tests.acceptance.engine.lists import HERE, HOUSEHOLD, LODGER, MEDIA, PERSON, RETIREE, TODAY
from tests.acceptance.test_household_survey import member
from tests.acceptance.walks import (
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

pytestmark = pytest.mark.engine
DAY = (TODAY - timedelta(days=20)).isoformat()
SAFE = {"name": "陈新", "dependant_name": "陈小", "monthly_pension": "2600.5", "next_visit": None,
        "doubt": "样貌不符", "consent": "1", "has_dependants": "1"}  # fmt: skip


def met(**answers):
    known = {**HERE, "find_by": "retiree", "retiree": RETIREE, "outcome": "1"}
    for day in ("retired_on", "transferred_in_on", "change_on", "death_date", "pension_stopped_on",
                "dependant_birth", "provided_from", "provided_to"):  # fmt: skip
        known[day] = DAY
    return Hints({**known, **SAFE, **answers}, repeats={"dependants": 1}, skip=0)


NEW = {"find_by": "name", "named": LODGER}
WALKS = {
    **{f"somebody listed: {event}": met(event=event) for event in
       ("back", "out", "abroad", "stopped", "died", "info")},
    "a visit": met(event="visit", next_visit=(TODAY + timedelta(days=90)).isoformat()),
    "nobody in": met(event="visit", outcome="3"),
    "a proof of life": met(event="qual", qual_result="passed"),
    "a proof in doubt": met(event="qual", qual_result="doubt", mode="4"),
    "newly retired": met(**NEW, event="new", is_party="1"),
    "moved in": met(find_by="new", id_type="01", event="in"),
    "moved in without a document": met(find_by="new", id_type="99", event="in"),
    "a member": met(find_by="home", household=HOUSEHOLD, at_home="d" + PERSON[1:-1] + "2", event="new"),
}  # fmt: skip


def test_every_question_is_answered_alike_in_both_engines(engine, web_engine, xforms):
    xform = xforms["retiree_visit"]
    assert walked(engine, web_engine, xform, WALKS) == questions_of(xform)


def test_nobody_is_entered_twice_and_only_the_listed_leave(engine, xforms):
    with pytest.raises(Refused, match="已在退休名单上"):
        engine.fill(
            xforms["retiree_visit"], MEDIA, 2, met(find_by="home", at_home=PERSON, event="new")
        )
    with pytest.raises(EngineError, match="not among the choices"):
        engine.fill(xforms["retiree_visit"], MEDIA, 2, met(**NEW, event="died"))
    tomorrow = (TODAY + timedelta(days=1)).isoformat()
    with pytest.raises(Refused, match="不能晚于今天"):
        engine.fill(xforms["retiree_visit"], MEDIA, 2, met(event="died", death_date=tomorrow))


@pytest.fixture
def phone(divisions):
    return street_phone()


@pytest.mark.django_db
def test_retired_people_come_are_visited_prove_that_they_live_and_go(phone, engine, xforms):
    head, wife = member(70, name="陈大"), member(66, name="李二", relation="1", sex="2")
    surveyed(phone, engine, xforms, head, wife)
    ids = {row["person_name"]: row["name"] for row in rows(phone, "retiree_visit", "persons")}

    def report(**answers):
        known = {"community": only_one, "mode": "2", "find_by": "retiree", "outcome": "1"}
        has = {"has_dependants": str(int(answers["event"] == "new"))}
        hints = Hints({**known, **has, **answers}, repeats={"dependants": 1}, skip=1)
        send(phone, engine.fill(xforms["retiree_visit"], lists(phone, "retiree_visit"), 4, hints))

    basics = {"find_by": "name", "event": "new", "former_employer": "示范厂", "health": "2",
              "life_status": "1", "dependant_name": "陈小", "relation": "2"}  # fmt: skip
    retired = (clock.today() - timedelta(days=400)).isoformat()
    report(**basics, named=ids["陈大"], retired_on=retired, monthly_pension="2600.5", is_party="1")
    report(**basics, named=ids["李二"], retired_on=DAY)
    he = Retiree.objects.get(person__name="陈大")
    assert (he.state, he.former_employer, str(he.retired_on)) == ("1", "示范厂", retired)
    assert unseal_text(he.monthly_pension, "monthly_pension") == "2600.5"
    assert he.is_party
    assert Person.objects.get(name="陈大").emp_status == "31"
    assert {(d.name, d.relation) for d in Dependant.objects.all()} == {("陈小", "2")}
    assert set(RetireeChange.objects.values_list("change_kind", flat=True)) == {"11"}
    listed = {row["person_name"]: row["name"] for row in rows(phone, "retiree_visit", "retirees")}

    report(retiree=listed["陈大"], event="visit", health="3", life_status="2", needs="6",
           remark="独居")  # fmt: skip
    report(retiree=listed["陈大"], event="qual", qual_method="2", qual_result="passed")
    he.refresh_from_db()
    assert (he.health, he.life_status, he.qual_method) == ("3", "2", "2")
    assert he.qual_on == clock.today()
    visit = Visit.objects.get(purpose="8", needs=["6"])
    assert (visit.findings, visit.person.name) == ("独居", "陈大")
    assert [r["person_name"] for r in rows(phone, "retiree_visit", "retirees")] == ["李二", "陈大"]

    report(retiree=listed["陈大"], event="died", death_date=clock.today().isoformat(),
           death_proof="12", informant="家属", claims="funeral survivor")  # fmt: skip
    report(retiree=listed["李二"], event="out", change_on=clock.today().isoformat())
    he.refresh_from_db()
    assert (he.state, he.funeral_claim, he.survivor_claim, he.death_proof) == ("3", "4", "4", "12")
    dead = Person.objects.get(name="陈大")
    assert (dead.person_status, dead.death_date) == ("3", clock.today())
    assert Retiree.objects.get(person__name="李二").state == "2"
    kinds = RetireeChange.objects.values_list("change_kind", flat=True)
    assert sorted(kinds) == ["11", "11", "21", "22"]
    assert rows(phone, "retiree_visit", "retirees") == []
    assert Retiree.objects.count() == 2
    assert not rebuild(area="", as_of=clock.today(), keep=False, progress=quiet).differences
