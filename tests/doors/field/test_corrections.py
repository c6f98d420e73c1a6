"""Answers are sent back to the phone that gave them, corrected there, and count in the record's place."""

from __future__ import annotations

import itertools
import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

import pytest
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.accounts.access import access_of
from server.accounts.models import RoleGrant, User
from server.core import clock
from server.corrections.models import Answer, AskedAnswer
from server.corrections.services import erase_parts
from server.erasure.services import ask_for_submission, consent
from server.forms import services as forms
from server.forms.models import Form
from server.ledgers.models import Household, Person
from server.ledgers.refolding.past import past_of
from server.ledgers.refolding.rebuild import rebuild
from server.submissions.drain import drain_now
from server.submissions.models import Submission
from server.submissions.services import set_approval
from tests.conftest import COMMUNITY
from tests.factories.field import Field, instance
from tests.factories.own_lists import listed
from tests.factories.submissions import make_phone

pytestmark = pytest.mark.django_db
CORRECTION = (Path(__file__).parents[3] / "xlsforms/correction.xlsx").read_bytes()
VERSION = "2026112801"
HOME = "8c0cf4f2-6a4f-4b62-9a0e-5b0a4a4b7d11"
SURVEY = [
    ["type", "name", "label::中文 (zh)", "bind::ruhu:saveto"],
    ["text", "area", "社区", "head.area_code"],
    ["text", "home", "家庭", "household.id"],
    ["text", "address", "住址", "household.address"],
    ["begin repeat", "members", "成员", "person"],
    ["text", "name", "姓名", "person.name"],
    ["text", "id_no", "身份证号", "person.id_no"],
    ["date", "birth", "出生日期", "person.birth_date"],
    ["select_one EDU", "edu", "学历", "person.edu"],
    ["date", "began", "何时上岗", "person.job_began_on"],
    ["image", "photo", "照片", ""],
    ["end repeat", "", "", ""],
]
SHEETS = {
    "survey": SURVEY[:9] + SURVEY[10:],
    "choices": [
        ["list_name", "name", "label::中文 (zh)"],
        ["EDU", "10", "研究生"],
        ["EDU", "70", "初中"],
    ],
    "settings": [
        ["form_id", "version", "form_title", "namespaces", "instance_name"],
        ["home", "1", "入户", 'ruhu="urn:ruhu:xforms"', "concat('家 ', ${address})"],
    ],
    "ledgers": [
        ["ledger", "at", "key", "link"],
        ["household", "", "id", ""],
        ["person", "members", "id_no", "member_of=household"],
    ],
}
ID_NO = "449901196501010016"
EDU, ADDRESS, NUMBER = "/data/members[1]/edu", "/data/address", "/data/members[1]/id_no"


def survey(
    edu: str = "70", *, iid: str = "uuid:first", meta: str = "", address: str = "示范路1号"
) -> bytes:
    member = f"<name>陈一</name><id_no>{ID_NO}</id_no><birth>1965-01-01</birth><edu>{edu}</edu>"
    return instance(
        "home",
        f"<area>{COMMUNITY}</area><home>{HOME}</home><address>{address}</address><members>{member}</members>",
        iid=iid,
        meta=f"{meta}<instanceName>家 {address}</instanceName>",
    )


@pytest.fixture
def home(people: Field) -> Field:
    for sheets in (SHEETS, CORRECTION):
        answer = people.publish(sheets)
        assert answer.status_code == 201, answer.content
    for form in ("home", "correction"):
        forms.offer(form=Form.objects.get(form_id=form), areas=["4401"], actor=None)
    people.taken(survey())
    return people


def phone_list(people: Field, name: str = "corrections") -> list[dict[str, str]]:
    """The rows as the phone gets them, by way of the manifest."""
    return list(listed(people.phone, "correction", name, VERSION)["rows"].values())


def list_hash(people: Field) -> str:
    answer = Client().get(f"{people.phone.base}/forms/correction/{VERSION}/manifest.xml")
    files = ElementTree.fromstring(answer.content)
    return {file[0].text: file[1].text for file in files}["corrections.csv"]


def send_back(people: Field, *answers: str, client: Client | None = None, **body: Any) -> Any:
    return (client or people.street).post(
        f"/api/v1/submissions/{quote('uuid:first', safe='')}/send-back/",
        json.dumps({"answers": answers, "reason": "与户口本不符", **body}),
        content_type="application/json",
    )


def standing(people: Field) -> list[tuple[str, str]]:
    answer = people.street.get(f"/api/v1/submissions/{quote('uuid:first', safe='')}/send-back/")
    return [(row["path"], row["state"]) for row in answer.json()]


def correction(row: dict[str, str], answer: str, *, iid: str, element: str = "new_choice") -> bytes:
    return instance(
        "correction",
        f"<head><asked>{row['name']}</asked></head><community_code>{row['community']}</community_code>"
        f"<old_instance>{row['instance']}</old_instance><old_path>{row['path']}</old_path>"
        f"<answer><{element}>{answer}</{element}></answer>",
        version=VERSION,
        iid=iid,
    )


def person() -> Any:
    return Person.objects.get()


def review(people: Field, instance_id: str, state: str) -> None:
    answer = people.street.post(
        f"/api/v1/submissions/{quote(instance_id, safe='')}/review/",
        json.dumps({"state": state, "reason": "再问一次"}),
        content_type="application/json",
    )
    assert answer.status_code == 201, answer.content
    drain_now()


def differences() -> list[Any]:
    return rebuild(area="", keep=False, as_of=clock.today(), progress=lambda *_: None).differences


def test_an_answer_goes_to_the_phone_and_comes_back_corrected(home: Field) -> None:
    before = list_hash(home)
    assert person().edu == "70"
    answer = send_back(home, EDU, ADDRESS)
    assert answer.status_code == 201, answer.content
    assert standing(home) == [(ADDRESS, "waiting"), (EDU, "waiting")]
    assert list_hash(home) != before
    rows = {row["path"]: row for row in phone_list(home)}
    assert rows[EDU]["old_value"] == "初中"
    assert (rows[EDU]["question"], rows[EDU]["reason"]) == ("学历", "与户口本不符")
    assert (rows[EDU]["type"], rows[ADDRESS]["type"]) == ("select_one", "text")
    assert standing(home) == [(ADDRESS, "on_phone"), (EDU, "on_phone")]
    choices = phone_list(home, "correction_choices")
    assert [(row["list"], row["code"], row["label"]) for row in choices] == [
        (rows[EDU]["list"], "10", "研究生"),
        (rows[EDU]["list"], "70", "初中"),
    ]
    home.taken(correction(rows[EDU], "10", iid="uuid:correction"))
    assert standing(home) == [(ADDRESS, "on_phone"), (EDU, "answered")]
    assert [row["path"] for row in phone_list(home)] == [ADDRESS]
    entry = person()
    assert entry.edu == "10"
    origins = home.street.get(f"/api/v1/persons/{entry.pk}/origins/").json()
    origin = next(row for row in origins if row["column"] == "edu")
    assert (origin["instance_id"], origin["corrected_by"]) == ("uuid:first", "uuid:correction")
    assert origin["path"] == EDU
    assert differences() == []


def test_a_rejected_correction_comes_back_with_its_reason(home: Field) -> None:
    send_back(home, EDU)
    (row,) = phone_list(home)
    home.taken(correction(row, "10", iid="uuid:correction"))
    review(home, "uuid:correction", "rejected")
    assert person().edu == "70"
    assert standing(home) == [(EDU, "waiting")]
    (again,) = phone_list(home)
    assert again["name"] == row["name"]
    assert again["reason"] == "与户口本不符 → 再问一次"
    assert int(again["__version"]) > int(row["__version"])
    assert standing(home) == [(EDU, "on_phone")]
    review(home, "uuid:correction", "approved")
    assert (person().edu, phone_list(home)) == ("10", [])
    assert differences() == []


def test_a_rejection_by_a_program_waits_for_its_comment(home: Field) -> None:
    send_back(home, EDU)
    home.taken(correction(phone_list(home)[0], "10", iid="uuid:correction"))
    path = "/v1/projects/1/forms/correction/submissions/uuid%3Acorrection"
    how = {"content_type": "application/json", "secure": True}
    assert home.administrator.patch(path, '{"reviewState": "rejected"}', **how).status_code == 200
    assert (standing(home), phone_list(home)) == ([(EDU, "comment")], [])
    answer = home.administrator.post(f"{path}/comments", '{"body": "看原件"}', **how)
    assert answer.status_code == 200
    assert phone_list(home)[0]["reason"].endswith("看原件")


def test_what_is_withdrawn_leaves_the_phone_and_replaces_nothing(home: Field) -> None:
    send_back(home, EDU)
    (row,) = phone_list(home)
    address = "/api/v1/submissions/uuid%3Afirst/send-back/withdraw/"
    assert home.street.post(address).status_code == 200
    assert (standing(home), phone_list(home)) == ([(EDU, "withdrawn")], [])
    assert home.record("uuid:first").json()["review_state"] == "received"
    assert home.street.post(address).status_code == 409
    home.taken(correction(row, "10", iid="uuid:late"))
    assert person().edu == "70"
    assert exceptions(home) == [("correction_fault", "uuid:late")]
    review(home, "uuid:late", "rejected")
    assert exceptions(home) == []


@pytest.mark.parametrize(
    ("element", "answer", "fault"),
    [("new_choice", "99", "choice"), ("new_text", "", "empty"), ("new_choices", "10 99", "choice")],
)
def test_an_answer_that_does_not_fit_is_an_exception_and_changes_nothing(
    home: Field, element: str, answer: str, fault: str
) -> None:
    send_back(home, EDU)
    (row,) = phone_list(home)
    home.taken(correction(row, answer, iid="uuid:wrong", element=element))
    assert person().edu == "70"
    assert exceptions(home) == [("correction_fault", "uuid:wrong")]
    (shown,) = home.street.get("/api/v1/submissions/uuid%3Afirst/send-back/").json()
    assert (shown["state"], shown["fault"], shown["new_value"]) == ("answered", fault, answer)
    assert differences() == []
    review(home, "uuid:wrong", "rejected")
    assert (exceptions(home), standing(home)) == ([], [(EDU, "waiting")])


def exceptions(people: Field) -> list[tuple[str, str]]:
    rows = people.street.get("/api/v1/exceptions/?open=true").json()["results"]
    return [(row["kind"], row["submission"]) for row in rows]


def test_where_the_form_needs_approval_a_correction_counts_once_approved(home: Field) -> None:
    set_approval(form_id="home", needed=True, at=clock.now(), actor=None)
    drain_now()
    review(home, "uuid:first", "approved")
    send_back(home, EDU)
    drain_now()
    assert not Person.objects.exists()  # the record has issues now
    home.taken(correction(phone_list(home)[0], "10", iid="uuid:correction"))
    review(home, "uuid:first", "approved")
    assert person().edu == "70"
    review(home, "uuid:correction", "approved")
    assert person().edu == "10"
    assert differences() == []


def test_phones_get_neither_numbers_nor_the_rows_of_others(home: Field) -> None:
    assert send_back(home, NUMBER).status_code == 201
    (row,) = phone_list(home)
    assert row["old_value"] == "（已填写，手机上不显示）"
    assert ID_NO[:6] not in "".join(row.values())
    other = make_phone("li", COMMUNITY)
    assert listed(other, "correction", "corrections", VERSION)["rows"] == {}
    home.taken(correction(row, "449901196501020012", iid="uuid:number", element="new_text"))
    shown = home.street.get("/api/v1/submissions/uuid%3Afirst/send-back/").json()
    assert "449901196501020012" not in json.dumps(shown)


def test_only_the_asked_worker_corrects(home: Field) -> None:
    send_back(home, EDU)
    (row,) = phone_list(home)
    other = replace(home, phone=make_phone("li", COMMUNITY))
    other.taken(correction(row, "10", iid="uuid:other"))
    assert person().edu == "70"
    assert exceptions(home) == [("correction_fault", "uuid:other")]


@pytest.mark.parametrize(
    ("answers", "body", "status", "problem"),
    [
        (["/data/members[1]/birth"], {}, 400, "cannot-be-asked-again"),  # protected
        (["/data/members[2]/edu"], {}, 400, "cannot-be-asked-again"),
        (["/data/area"], {}, 400, "cannot-be-asked-again"),  # where the record stands
        (["/data/home"], {}, 400, "cannot-be-asked-again"),  # whose it is
        ([EDU], {"version": "uuid:other"}, 409, "decided-unseen"),
        ([], {}, 400, "nothing-to-send-back"),
        ([EDU], {"reason": " "}, 400, "invalid-request"),
    ],
)
def test_what_cannot_be_sent_back_is_refused(
    home: Field, answers: list[str], body: Any, status: int, problem: str
) -> None:
    answer = send_back(home, *answers, **body)
    assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (status, problem)
    assert phone_list(home) == []


def test_an_answer_is_sent_back_once_and_only_where_a_phone_shows_it(home: Field) -> None:
    assert send_back(home, EDU).status_code == 201
    assert send_back(home, EDU).status_code == 409
    form = Form.objects.get(form_id="correction")
    forms.offer_only(form=form, areas=["4403"], users=[], actor=None)
    answer = send_back(home, ADDRESS)
    assert (answer.status_code, answer.json()["title"]) == (409, "No phone would show it")


def test_an_edit_and_a_correction_compose_in_the_order_of_receipt(home: Field) -> None:
    send_back(home, EDU, ADDRESS)
    rows = {row["path"]: row for row in phone_list(home)}
    home.taken(correction(rows[EDU], "10", iid="uuid:correction"))
    edited = "<deprecatedID>uuid:first</deprecatedID>"
    home.taken(survey("70", iid="uuid:second", meta=edited, address="示范路2号"))
    assert person().edu == "10"  # the edit left that answer alone
    assert standing(home) == [(ADDRESS, "edited"), (EDU, "answered")]
    home.taken(correction(rows[ADDRESS], "示范路3号", iid="uuid:address", element="new_text"))
    assert Household.objects.get().address == "示范路3号"  # received later
    edited = "<deprecatedID>uuid:second</deprecatedID>"
    home.taken(survey("70", iid="uuid:third", meta=edited, address="示范路4号"))
    assert Household.objects.get().address == "示范路4号"
    assert differences() == []


ACTS = st.lists(
    st.sampled_from(
        [
            *("send", "send", "correct", "correct", "correct", "edit", "edit", "reject", "approve"),
            *("reject correction", "approve correction", "withdraw"),
        ]
    ),
    min_size=4,
    max_size=9,
)


@settings(
    max_examples=5,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(acts=ACTS, seed=st.integers(0, 2**16))
def test_whatever_is_corrected_edited_rejected_and_undone_is_what_a_rebuild_makes(
    home: Field, acts: list[str], seed: int
) -> None:
    choose, number, current = random.Random(seed), itertools.count(), "uuid:first"
    corrections: list[str] = []
    before = transaction.savepoint()
    for act in ["send", *acts]:
        iid = f"uuid:{seed}-{next(number)}"
        if act == "send":
            send_back(home, *choose.sample([EDU, ADDRESS], choose.choice([1, 2])))
        elif act == "correct" and (rows := phone_list(home)):
            row = choose.choice(rows)
            typed = choose.choice(["10", "70", "99"])
            home.taken(correction(row, typed, iid=iid))
            corrections.append(iid)
        elif act == "edit":
            meta = f"<deprecatedID>{current}</deprecatedID>"
            place = choose.choice(["示范路1号", "示范路2号"])
            current = home.taken(
                survey(choose.choice(["10", "70"]), iid=iid, meta=meta, address=place)
            )
        elif act in ("reject correction", "approve correction") and corrections:
            review(home, choose.choice(corrections), f"{act.split()[0]}ed".replace("ee", "e"))
        elif act in ("reject", "approve"):
            review(home, "uuid:first", {"reject": "rejected", "approve": "approved"}[act])
        elif act == "withdraw":
            home.street.post("/api/v1/submissions/uuid%3Afirst/send-back/withdraw/")
    drain_now()
    assert differences() == []
    for entry in Person.objects.all():
        past = past_of(str(entry.pk), on=clock.today(), known_by=clock.now())
        assert past.row("person", str(entry.pk))["edu"] == entry.edu
    transaction.savepoint_rollback(before)


def test_what_is_erased_leaves_no_word_of_what_was_sent_back(home: Field) -> None:
    send_back(home, EDU, ADDRESS)
    rows = {row["path"]: row for row in phone_list(home)}
    home.taken(correction(rows[EDU], "10", iid="uuid:correction"))
    record = Submission.objects.get(instance_id="uuid:first")
    staff = [make(f"chief-{number}") for number in (1, 2)]
    asked = ask_for_submission(
        submission=record, cause="error", reason="错", user=staff[0],
        access=access_of(staff[0]), at=clock.now(),
    )  # fmt: skip
    consent(erasure=asked, user=staff[1], access=access_of(staff[1]), at=clock.now())
    assert set(AskedAnswer.objects.values_list("base_value", "shown_value")) == {("", "")}
    assert set(Answer.objects.values_list("value", flat=True)) == {""}
    assert not Submission.objects.filter(current_version__isnull=False).exists()
    assert (phone_list(home), differences()) == ([], [])


def make(username: str) -> User:
    user = User.objects.create(username=username)
    RoleGrant.objects.create(user=user, role="administrator", area="4401")
    return user


def test_an_erased_member_moves_what_was_sent_back_behind(home: Field) -> None:
    send_back(home, EDU)
    row = AskedAnswer.objects.get()
    row.place, row.counts = "/data/members[3]/edu", [3]
    row.save()
    assert erase_parts(row.submission_id, ["/data/members[1]"]) == set()
    row.refresh_from_db()
    assert (row.place, row.counts) == (EDU.replace("[1]", "[2]"), [2])
    erase_parts(row.submission_id, ["/data/members[2]"])
    row.refresh_from_db()
    assert (row.base_value, row.withdrawn_at is None) == ("", False)
