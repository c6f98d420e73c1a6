"""Moving entries from state to state over REST: what is needed, who may, what follows elsewhere, undoing as one."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.test import Client

from server.core import clock
from server.ledgers import services
from server.ledgers.models import AssistanceCase, DeskAct, Offer, Person, Petition, Vacancy
from server.ledgers.refolding.rebuild import rebuild
from tests.conftest import STREET
from tests.doors.api.conftest import assert_problem
from tests.factories.ledgers import Filled, id_number, make_versions, member, store, street, uuid_of

pytestmark = pytest.mark.django_db
AS_OF = date(2026, 11, 23)
BECAUSE = "核对材料"


@pytest.fixture
def send(divisions, make_user):
    worker, versions, numbers = (
        make_user("xie", role="worker", area=STREET),
        make_versions(),
        iter(range(99)),
    )

    def send(filled: Filled) -> Any:
        submission = store(
            filled,
            version=versions[filled.form],
            submitter=worker,
            instance_id=f"uuid:{uuid_of(str(next(numbers)))}",
        )
        services.merge_submissions(submission_ids=[submission.pk], as_of=AS_OF)
        return submission

    return send


@pytest.fixture
def desk(divisions, make_user) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(make_user("zhang", role="street", area=STREET))
    return client


@pytest.fixture
def offered(send):
    """Somebody unemployed with a case, a vacancy, and an offer of it to the person."""
    seeking = {
        "emp_status": "21", "work_capacity": "1", "job_willing": "1", "hukou_type": "10",
        "spell.unemp_date": "2026-02-01", "id_no": id_number("1970-05-01", 1),
    }  # fmt: skip
    send(street(1, [member(key="p", **seeking)]))
    send(
        Filled(
            form="employer",
            employer_id=uuid_of("employer"),
            household={"name": "示范厂", "n_staff": 3},
            members=[{"title": "保安", "n_wanted": 1, "expires_on": "2026-12-31"}],
        )
    )
    return send(
        Filled(
            form="offer",
            visited_at="2026-03-10T09:00:00+08:00",
            person_id=str(Person.objects.get().pk),
            members=[
                {
                    "vacancy_id": str(Vacancy.objects.get().pk),
                    "offered_on": "2026-03-10",
                    "response": "1",
                }
            ],
        )
    )


def post(client: Client, path: str, **body: Any) -> Any:
    return client.post(f"/api/v1{path}", body, content_type="application/json")


def unchanged() -> bool:
    return not rebuild(
        area="", keep=False, as_of=clock.today(), progress=lambda *_: None
    ).differences


def test_an_offer_is_followed_to_the_job_and_fills_the_vacancy(offered, desk):
    offer = Offer.objects.get()
    assert (offer.state, offer.case_id) == (
        "2",
        AssistanceCase.objects.get(subject_household=None).pk,
    )
    moves = desk.get(f"/api/v1/offers/{offer.pk}/moves/").json()
    assert [move["to"] for move in moves] == ["3", "4", "5", "6", "7"]
    assert moves[3] == {
        "column": "state", "to": "6", "label": "hired", "needs": [],
        "takes": ["hired_on", "wage", "contract", "insured"], "needs_evidence": False, "may": True,
    }  # fmt: skip
    values = {"hired_on": "2026-03-15", "wage": "2600"}
    act = post(
        desk, f"/offers/{offer.pk}/moves/", to="6", values=values, reason=BECAUSE, evidence=["15"]
    )
    assert act.status_code == 201
    offer.refresh_from_db()
    assert (offer.state, offer.result, str(offer.hired_on), offer.verified_level) == (
        "6",
        "2",
        "2026-03-15",
        4,
    )
    vacancy = desk.get(f"/api/v1/vacancies/{offer.vacancy_id}/").json()
    assert (vacancy["n_filled"], vacancy["state"]) == (1, "5")
    assert AssistanceCase.objects.get(subject_household=None).offers_n == 1
    assert unchanged()

    acts = desk.get(f"/api/v1/offers/{offer.pk}/acts/").json()
    assert [(item["kind"], item["column"], item["evidence"]) for item in acts] == [
        ("state", "state", ["15"])
    ]
    assert post(desk, f"/offers/{offer.pk}/acts/{acts[0]['id']}/undo/").status_code == 204
    offer.refresh_from_db()
    assert (offer.state, offer.wage, Vacancy.objects.get().n_filled) == ("2", None, 0)
    assert unchanged()


def test_what_is_not_possible_is_refused_with_what_is(offered, desk):
    path = f"/offers/{Offer.objects.get().pk}/moves/"
    body = assert_problem(post(desk, path, to="8", reason=BECAUSE), "move-impossible", 409)
    assert body["detail"] == (
        "The entry is in the state “accepted”, from which it cannot go to “retained”."
        " It can go to: 3 refused, 4 considering, 5 interviewed, 6 hired, 7 not hired."
    )
    post(desk, path, to="6", reason=BECAUSE)
    assert_problem(post(desk, path, to="9", reason=BECAUSE), "move-lacks-values", 422)
    wrong = {"left_reason": "05", "channel": "1"}
    assert_problem(
        post(desk, path, to="9", values=wrong, reason=BECAUSE), "column-not-of-move", 422
    )
    bad = {"left_reason": "none"}
    assert_problem(post(desk, path, to="9", values=bad, reason=BECAUSE), "bad-column-value", 422)
    unknown = post(desk, path, to="9", values={"left_reason": "05"}, reason=BECAUSE, evidence=["0"])
    assert_problem(unknown, "bad-column-value", 422)
    assert_problem(
        post(desk, path, to="9", values={"left_reason": "05"}, reason=" "), "invalid-request", 400
    )
    assert_problem(
        post(desk, path, to="9", column="wage", reason=BECAUSE), "column-not-of-move", 422
    )


def test_a_case_is_certified_step_by_step(offered, desk):
    case = AssistanceCase.objects.get(subject_household=None)
    path = f"/cases/{case.pk}/moves/"
    assert_problem(post(desk, path, to="3", reason=BECAUSE), "move-lacks-values", 422)
    for to, values in (
        ("3", {"community_opinion": "属实"}),
        ("4", {"notice_from": "2026-11-01", "notice_to": "2026-11-08"}),
        ("5", {"street_opinion": "同意"}),
    ):
        assert post(desk, path, to=to, values=values, reason=BECAUSE).status_code == 201
    case.refresh_from_db()
    assert (case.state, case.street_opinion, str(case.notice_to)) == ("6", "同意", "2026-11-08")
    assert case.certified_on is not None
    assert unchanged()


def test_a_death_needs_its_proof(offered, desk):
    path = f"/persons/{Person.objects.get().pk}/moves/"
    died = {"death_date": "2026-11-01"}
    assert_problem(post(desk, path, to="3", values=died, reason=BECAUSE), "move-lacks-values", 422)
    assert post(desk, path, to="3", values=died, reason=BECAUSE, evidence=["12"]).status_code == 201
    assert Person.objects.get().person_status == "3"


def test_a_petition_is_for_the_restricted_role(send, desk, make_user):
    send(
        Filled(
            form="petition",
            visit={
                "received_on": "2026-03-01",
                "topic": "1",
                "content": "欠薪",
                "person_name": "陈一",
            },
        )
    )
    petition = Petition.objects.get()
    assert str(petition.due_on) == "2026-03-16"
    path = f"/petitions/{petition.pk}/moves/"
    assert desk.get("/api/v1/petitions/").json()["count"] == 0
    assert_problem(post(desk, path, to="2", reason=BECAUSE), "not-found", 404)
    trusted = Client()
    trusted.force_login(make_user("qian", role="street", area=STREET))
    from server.accounts.models import RoleGrant, User

    RoleGrant.objects.create(user=User.objects.get(username="qian"), role="restricted", area=STREET)
    assert trusted.get("/api/v1/petitions/").json()["results"][0]["content"] == "欠薪"
    assert post(trusted, path, to="2", reason=BECAUSE).status_code == 201
    petition.refresh_from_db()
    assert petition.state == "2"
    assert post(trusted, path, to="5", values={"result": "1"}, reason=BECAUSE).status_code == 201
    assert unchanged()


def test_a_value_is_corrected_and_an_entry_voided(offered, desk):
    offer = Offer.objects.get()
    body = {"column": "channel", "value": "3", "reason": BECAUSE}
    assert post(desk, f"/offers/{offer.pk}/correct/", **body).status_code == 201
    offer.refresh_from_db()
    assert offer.channel == "3"
    assert post(desk, f"/offers/{offer.pk}/void/", reason=BECAUSE).status_code == 201
    assert not Offer.objects.exists()
    assert AssistanceCase.objects.get(subject_household=None).offers_n == 0
    assert unchanged()


def test_a_voided_entry_comes_back_when_the_act_is_undone(offered, desk):
    offer = Offer.objects.get()
    post(desk, f"/offers/{offer.pk}/void/", reason=BECAUSE)
    assert_problem(desk.get(f"/api/v1/offers/{offer.pk}/"), "not-found", 404)
    (act,) = desk.get(f"/api/v1/offers/{offer.pk}/acts/").json()
    assert (act["kind"], act["reason"]) == ("void", BECAUSE)
    assert post(desk, f"/offers/{offer.pk}/acts/{act['id']}/undo/").status_code == 204
    assert desk.get(f"/api/v1/offers/{offer.pk}/").json()["channel"] == offer.channel
    assert unchanged()


def test_the_console_lists_what_was_voided_with_its_undo(offered, desk):
    offer = Offer.objects.get()
    assert "Voided entries" not in desk.get("/ledgers/offers").content.decode()
    gone = desk.post(f"/ledgers/offers/{offer.pk}/void", {"reason": BECAUSE})
    assert gone["Location"] == "/ledgers/offers/voided"
    assert "/ledgers/offers/voided" in desk.get("/ledgers/offers").content.decode()
    page = desk.get("/ledgers/offers/voided").content.decode()
    act = DeskAct.objects.get()
    assert BECAUSE in page
    assert f"/desk-acts/{act.pk}/undo" in page
    assert desk.post(f"/desk-acts/{act.pk}/undo").status_code == 200
    assert Offer.objects.get().pk == offer.pk
    assert (
        "No entry of this ledger is voided." in desk.get("/ledgers/offers/voided").content.decode()
    )


def test_a_rejected_record_takes_its_offer_with_it(offered):
    from server.submissions.models import Submission

    Submission.objects.filter(pk=offered.pk).update(review_state="rejected")
    services.merge_submissions(submission_ids=[offered.pk], as_of=AS_OF)
    assert not Offer.objects.exists()
    assert AssistanceCase.objects.get(subject_household=None).offers_n == 0
    assert unchanged()
