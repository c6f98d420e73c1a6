"""service_application in both form engines, and what the phone's door makes of its ten services."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest

from server.core import clock
from server.ledgers.models import (
    Agency,
    Certificate,
    Flexible,
    Floating,
    Loan,
    Person,
    Training,
    Transfer,
)
from server.ledgers.refolding.rebuild import rebuild
from tests.acceptance.engine import Hints, Refused, citizen_id
from tests.acceptance.engine.lists import HERE, HOUSEHOLD, LODGER, MEDIA, PERSON, TODAY
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
DAYS = ("unemp_date", "work_since", "flex_since", "cancel_date", "moved_on", "came_on", "in_on")
SERVICES = ("unemployed", "employed", "flexible", "cancel", "certificate", "loan", "training", "transfer",
            "floating", "agency")  # fmt: skip


def applied(**answers):
    known = {**HERE, **dict.fromkeys(DAYS, DAY), "consent": "1", "name": "陈新", "amount": "20000",
             "base": "3000", "find_by": "name", "named": LODGER}  # fmt: skip
    return Hints({**known, **answers}, skip=0)


WALKS = {
    **{service: applied(service=service, dest="5") for service in SERVICES},
    **{f"a transfer within {dest}": applied(service="transfer", dest=dest) for dest in "1234"},
    "somebody who left": applied(service="floating", direction="2"),
    "no longer looking": applied(service="cancel", cancel_reason="12"),
    "a member": applied(service="training", find_by="home", household=HOUSEHOLD, at_home=PERSON),
    "a newcomer": applied(service="agency", find_by="new", id_type="01"),
    "a newcomer without a document": applied(service="agency", find_by="new", id_type="99"),
    "a newcomer who declines": applied(find_by="new", consent="0"),
}


def test_every_question_is_answered_alike_in_both_engines(engine, web_engine, xforms):
    xform = xforms["service_application"]
    assert walked(engine, web_engine, xform, WALKS) == questions_of(xform)


@pytest.mark.parametrize(("service", "question", "answer", "message"), [
    ("unemployed", "unemp_date", (TODAY + timedelta(days=1)).isoformat(), "不能晚于今天"),
    ("loan", "amount", "300001", "30万元以内"),
    ("unemployed", "months_benefit", "25", "填0到24"),
])  # fmt: skip
def test_days_and_amounts_are_checked(engine, xforms, service, question, answer, message):
    with pytest.raises(Refused, match=message):
        engine.fill(
            xforms["service_application"], MEDIA, 2, applied(service=service, **{question: answer})
        )


@pytest.fixture
def phone(divisions):
    return street_phone()


@pytest.mark.django_db
def test_each_service_reaches_its_ledger_and_waits_for_the_desk(phone, engine, xforms):
    surveyed(phone, engine, xforms, member(40, name="陈大"), job_willing="1", emp_status="21")
    (listed,) = rows(phone, "service_application", "persons")
    media = lists(phone, "service_application")

    def apply(service, /, **answers):
        known = {**dict.fromkeys(DAYS, DAY), "community": only_one, "find_by": "name",
                 "named": listed["name"], "service": service}  # fmt: skip
        hints = Hints({**known, **answers}, skip=1)
        send(phone, engine.fill(xforms["service_application"], media, 4, hints))

    confirmed = Person.objects.get(name="陈大").last_confirmed_on
    apply("certificate", basis="2", materials="01 03")
    apply("loan", cert_no="A1", project="早餐店", amount="20000", guarantee="1")
    apply("training", training_kind="4", course="电工")
    apply("floating", direction="1", other_place="43", floating_employer="示范厂")
    apply("agency", agency_service="1", in_from="示范厂", base="3000")
    certificate, loan, training = (
        Certificate.objects.get(),
        Loan.objects.get(),
        Training.objects.get(),
    )
    assert (certificate.state, certificate.cert_type, certificate.materials) == (
        "1",
        "02",
        ["01", "03"],
    )
    assert (loan.state, loan.project, loan.amount_asked) == ("1", "早餐店", 20000)
    assert (training.state, training.course) == ("1", "电工")
    filing = Floating.objects.get()
    assert (filing.origin_area, filing.dest_area) == ("430000000000", listed["community"])
    assert Agency.objects.get().state == "1"
    person = Person.objects.get(name="陈大")
    assert person.last_confirmed_on == confirmed
    assert {row.person_id for row in (certificate, loan, training, filing)} == {person.pk}

    def end(name, kind, **answers):
        hints = {"community": only_one, "mode": "2", "find_by": "name", "change": "result",
                 "named": {row["person_name"]: row["name"] for row in rows(phone, "quick_change", "persons")}[name],
                 "entry_kind": kind, "ended_on": clock.today().isoformat(), **answers}  # fmt: skip
        send(
            phone,
            engine.fill(
                xforms["quick_change"], lists(phone, "quick_change"), 5, Hints(hints, skip=1)
            ),
        )

    end("陈大", "training", training_result="5")
    end("陈大", "floating")
    training.refresh_from_db()
    filing.refresh_from_db()
    assert (training.state, filing.left_on) == ("5", clock.today())

    apply("unemployed", unemp_reason="02", months_benefit="3", proofs="03")
    spell = Person.objects.get(name="陈大").spells.get(end_on=None)
    assert (spell.reg_type, spell.reg_date, spell.proof) == ("1", clock.today(), ["03"])
    assert (spell.unemp_reason, spell.benefit_months) == ("02", 3)
    assert Person.objects.get(name="陈大").emp_status == "20"
    apply("cancel", cancel_reason="12")
    spell.refresh_from_db()
    assert (spell.cancel_reason, str(spell.cancel_date), spell.reg_type) == ("12", DAY, "4")
    assert Person.objects.get(name="陈大").emp_status == "21"

    number = citizen_id(Random(1), born=TODAY.replace(year=TODAY.year - 30, day=1), sex="1")
    for service, more in (
        ("flexible", {"flex_form": "02", "flex_insurance": "1 2"}),
        ("transfer", {"dest": "3", "organised": "1"}),
    ):
        apply(service, find_by="new", consent="1", name="陈新", id_no=number, phone=None, **more)
    newcomer = Person.objects.get(name="陈新")
    flexible, transfer = Flexible.objects.get(), Transfer.objects.get()
    assert {flexible.person_id, transfer.person_id} == {newcomer.pk}
    assert (flexible.form, flexible.insurance) == ("02", ["1", "2"])
    assert (transfer.dest_kind, transfer.dest_area) == ("3", listed["community"][:4] + "0" * 8)
    assert newcomer.consent_at is not None
    end("陈新", "transfer", end_reason="13")
    end("陈新", "flexible", end_reason="08")
    flexible.refresh_from_db()
    transfer.refresh_from_db()
    assert (flexible.end_on, flexible.end_reason) == (clock.today(), "08")
    assert (transfer.returned_on, transfer.return_reason) == (clock.today(), "13")
    left = {row["person_name"]: row for row in rows(phone, "quick_change", "persons")}
    assert not left["陈新"]["transfer"] + left["陈新"]["flexible"] + left["陈大"]["floating"]
    assert not left["陈大"]["course"]
    assert Person.objects.count() == 2
    assert not rebuild(area="", as_of=clock.today(), keep=False, progress=quiet).differences
