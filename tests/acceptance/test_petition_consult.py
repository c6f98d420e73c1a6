"""petition_consult in both form engines, and what the phone's door makes of it: petitions that few see, talks, matters of employers."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from server.accounts.models import RoleGrant
from server.core import clock
from server.core.sealing import unseal_text
from server.ledgers.models import Consultation, Employer, Inspection, Person, Petition
from server.ledgers.refolding.rebuild import rebuild
from tests.acceptance.engine import Hints, Refused
from tests.acceptance.engine.lists import EMPLOYER, HERE, HOUSEHOLD, LODGER, MEDIA, PERSON, TODAY
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
NEXT = (TODAY + timedelta(days=30)).isoformat()


def about(**answers):
    known = {**HERE, "amount": "5000", "next_check": NEXT, "n_people": "6", "employer": EMPLOYER}
    return Hints({**known, **answers}, skip=0)


WALKS = {
    "a named petition": about(kind="petition", signed="named"),
    "an anonymous petition": about(kind="petition", signed="anonymous", mode="2", n_people="1"),
    "advice to a member": about(
        kind="consult", find_by="home", household=HOUSEHOLD, at_home=PERSON
    ),
    "guidance to somebody": about(kind="guidance", find_by="name", named=LODGER),
    "advice to nobody by name": about(kind="consult", find_by="nobody"),
    "outreach": about(kind="publicity"),
    **{kind: about(kind=kind) for kind in ("aid", "report", "dispute", "incident", "hidden")},
    "an employer that is not listed": about(kind="dispute", employer=None),
}


def test_every_question_is_answered_alike_in_both_engines(engine, web_engine, xforms):
    xform = xforms["petition_consult"]
    assert walked(engine, web_engine, xform, WALKS) == questions_of(xform)


def test_days_and_numbers_are_checked(engine, xforms):
    for wrong, message in (
        (about(kind="hidden", next_check="2026-01-01"), "不能早于当天"),
        (about(kind="petition", signed="named", n_people="0"), "填1到9999"),
        (about(kind="report", amount="-1"), "不能小于0"),
    ):
        with pytest.raises(Refused, match=message):
            engine.fill(xforms["petition_consult"], MEDIA, 2, wrong)


@pytest.fixture
def phone(divisions):
    return street_phone()


@pytest.mark.django_db
def test_petitions_are_for_the_restricted_role_and_talks_confirm_nobody(
    phone, engine, xforms, make_user
):
    surveyed(phone, engine, xforms, member(40, name="陈大"), emp_status="21")
    (listed,) = rows(phone, "petition_consult", "persons")
    confirmed = Person.objects.get().last_confirmed_on

    def report(kind, **answers):
        hints = Hints({"community": only_one, "kind": kind, **answers}, skip=1)
        filled = engine.fill(xforms["petition_consult"], lists(phone, "petition_consult"), 4, hints)
        send(phone, filled)
        return filled.instance_id

    sent = report("petition", signed="named", petitioner="李投诉", n_people="6", topic="1",
                  content="示范厂拖欠工资", urgent="1", channel="2")  # fmt: skip
    report("consult", find_by="name", named=listed["name"], about="2", answer="到窗口登记")
    report("publicity", audience="40", handed_out="35", answer="招聘政策")
    report(
        "dispute", employer_name="示范厂", issues="1 2", n_workers="6", action="约谈", mediation="4"
    )
    report("hidden", employer_name="另一厂", issues="1", action="回访", level="1", next_check=NEXT)

    petition = Petition.objects.get()
    assert (petition.state, petition.urgent, petition.n_people) == ("1", True, 6)
    assert petition.received_on == clock.today()
    assert petition.due_on > clock.today()
    assert unseal_text(petition.person_name, "person_name") == "李投诉"
    talk = Consultation.objects.get(topic="2")
    assert (talk.person.name, talk.mode, talk.answer) == ("陈大", "3", "到窗口登记")
    assert Consultation.objects.get(topic="8").handed_out_n == 35
    assert Person.objects.get().last_confirmed_on == confirmed
    dispute, risk = Inspection.objects.get(kind="3"), Inspection.objects.get(kind="5")
    assert (dispute.employer.name, dispute.issue, dispute.mediation) == ("示范厂", ["1", "2"], "4")
    assert (risk.risk, str(risk.next_check)) == ("1", NEXT)
    assert set(Employer.objects.values_list("name", flat=True)) == {"示范厂", "另一厂"}

    def seen(*roles):
        client = Client()
        user = make_user(f"clerk{len(roles)}", role="street", area=listed["community"][:9])
        for role in roles:
            RoleGrant.objects.create(user=user, role=role, area=listed["community"][:9])
        client.force_login(user)
        answer = client.get(f"/api/v1/submissions/{sent}/")
        assert answer.status_code == 200
        return client, answer.content.decode()

    outsider, shown = seen()
    assert "李投诉" not in shown
    assert "拖欠" not in shown
    assert outsider.get("/api/v1/petitions/").json()["count"] == 0
    insider, shown = seen("restricted")
    assert "示范厂拖欠工资" in shown
    assert insider.get("/api/v1/petitions/").json()["count"] == 1
    assert not rebuild(area="", as_of=clock.today(), keep=False, progress=quiet).differences
