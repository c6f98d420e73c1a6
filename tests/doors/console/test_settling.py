"""Exceptions are settled and values corrected from pages that show the sources."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from tests.conftest import COMMUNITY, STREET
from tests.factories.console import make_street
from tests.factories.ledgers import id_number, member, street
from tests.factories.reviewed import make_sender

pytestmark = pytest.mark.django_db
MAN = id_number("1970-05-01", 1)
BAD = MAN[:-1] + ("1" if MAN[-1] != "1" else "2")


@pytest.fixture
def send(divisions, make_user):
    return make_sender(make_user("xie", role="worker", area=COMMUNITY))


@pytest.fixture
def made_street(divisions, make_user):
    return make_street(make_user)


def exception(kind: str):
    from server.ledgers.models import LedgerException

    return LedgerException.objects.filter(kind=kind, resolved_at=None).first()


def test_a_conflict_is_settled_by_choosing_one_of_its_values(send, log_in):
    from server.ledgers.models import Person

    first = send(street(1, [member("陈大文", id_no=MAN, edu="70")]), review_state="approved")
    home = street(1, [member("陈大文", id_no=MAN, edu="20")])
    home.visited_at = "2026-06-02T09:00:00+08:00"
    second = send(home)
    conflict, client = exception("conflict"), log_in("street", STREET)
    assert conflict.column == "edu"
    settle = reverse("console:settle", args=[conflict.pk])
    assert f'href="{settle}"' in client.get("/exceptions").content.decode()
    page = client.get(settle).content.decode()
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", page, re.S)
    values = [re.sub(r"<[^>]+>|\s+", " ", row) for row in rows if "This is right" in row]
    assert ["junior high" in text or "bachelor" in text for text in values] == [True, True]
    assert "in the ledger" in next(text for text in values if "junior high" in text)
    for submission, when in ((first, "2026-03-02"), (second, "2026-06-02")):
        row = next(
            row for row in rows if reverse("console:submission", args=[submission.pk]) in row
        )
        assert when in row
        assert "V3" in row if submission == first else "V2" in row
    bachelor = next(row for row in rows if "bachelor" in row and "contribution" in row)
    chosen = re.search(r'name="contribution" value="(\d+)"', bachelor)[1]
    answer = client.post(settle, {"contribution": chosen, "reason": "saw the diploma"}, follow=True)
    assert Person.objects.get().edu == "20"
    assert exception("conflict") is None
    page = answer.content.decode()
    assert client.post(settle, {"contribution": "1", "reason": "late"}).status_code == 409
    reopen = re.search(r'action="(/exceptions/\d+/reopen)"', page)[1]
    assert client.get(settle).status_code == 200
    assert "open again" in client.post(reopen, follow=True).content.decode()
    assert Person.objects.get().edu == "70"
    assert exception("conflict").pk == conflict.pk
    assert client.post(reopen).status_code == 409
    assert client.post(settle, {"contribution": "1", "reason": "gone"}).status_code == 422


def test_a_bad_number_is_corrected_where_it_is_reported(send, log_in):
    from server.ledgers.models import Person
    from server.ledgers.reading.masking import plain

    send(street(1, [member("陈大文", key="a", id_no=BAD)]))
    client, bad = log_in("street", STREET), exception("bad_id")
    settle = reverse("console:settle", args=[bad.pk])
    page = client.get(settle).content.decode()
    assert BAD not in page
    assert BAD[:4] + "*" * 14 in page
    assert (
        client.post(settle, {"resolution": "correct", "value": "", "reason": "card"}).status_code
        == 400
    )
    client.post(settle, {"resolution": "correct", "value": MAN, "reason": "saw the card"})
    assert plain(Person.objects.get(), "id_no") == MAN
    assert exception("bad_id") is None


def test_two_entries_stand_side_by_side_and_are_joined_with_undo(send, log_in):
    from server.ledgers.models import Person

    same = {"birth_date": "1970-05-01", "phone": "020-00001234"}
    send(street(1, [member("陈大文", key="a", edu="70", **same)]))
    send(street(2, [member("陈大文", key="b", edu="20", **same)]))
    duplicate, client = exception("possible_duplicate"), log_in("street", STREET)
    settle = reverse("console:settle", args=[duplicate.pk])
    page = client.get(settle).content.decode()
    row = re.search(r'<tr class="differs"><th scope="row">education</th>(.*?)</tr>', page, re.S)[1]
    assert {"junior high", "bachelor"} == {
        text for text in ("junior high", "bachelor") if text in row
    }
    answer = client.post(settle, {"resolution": "same", "reason": "one person"}, follow=True)
    assert Person.objects.count() == 1
    client.post(re.search(r'action="(/exceptions/\d+/reopen)"', answer.content.decode())[1])
    assert Person.objects.count() == 2
    assert exception("possible_duplicate").pk == duplicate.pk


def test_an_exception_offers_what_else_resolves_it_and_takes_that_back(send, log_in):
    from server.submissions.models import ReviewState

    record = send(street(1, [member("陈大文", key="a", id_no=BAD)]))
    client, bad = log_in("street", STREET), exception("bad_id")
    settle = reverse("console:settle", args=[bad.pk])
    page = client.get(settle).content.decode()
    assert re.findall(r'name="resolution" value="(\w+)"', page) == ["correct", "send_back"]
    asked = {"resolution": "send_back", "reason": "which digit"}
    answer = client.post(settle, asked, follow=True).content.decode()
    record.refresh_from_db()
    assert record.review_state == ReviewState.HAS_ISSUES
    client.post(re.search(r'action="(/exceptions/\d+/reopen)"', answer)[1])
    record.refresh_from_db()
    assert record.review_state == ReviewState.RECEIVED
    assert client.post(settle, {"resolution": "void", "reason": "not offered"}).status_code == 409


def test_what_has_no_value_to_choose_takes_a_note_and_other_desks_see_nothing(made_street, log_in):
    settle = reverse("console:settle", args=[made_street.exception.pk])
    client = log_in("street", STREET)
    assert client.get(settle).status_code == 200
    assert client.post(settle, {"reason": ""}).status_code == 400
    assert client.post(settle, {"reason": "saw the diploma"}).status_code == 302
    made_street.exception.refresh_from_db()
    assert made_street.exception.resolution == "saw the diploma"
    assert log_in("county", "440106").get(settle).status_code == 403
    assert log_in("street", "440106005").get(settle).status_code == 404


def test_a_value_is_corrected_beside_its_sources_after_a_preview_and_taken_back(send, log_in):
    from server.ledgers.models import DeskAct, Person

    send(street(1, [member("陈大文", id_no=MAN, edu="70", emp_status="21", disability="1")]))
    person, client = Person.objects.get(), log_in("street", STREET)
    home = reverse("console:person", args=[person.pk])
    correct = reverse("console:correct", args=["persons", person.pk, "edu"])
    assert f'href="{correct}"' in client.get(home).content.decode()
    page = client.get(correct).content.decode()
    assert "junior high" in page
    assert "2026-03-02" in page
    preview = client.post(correct, {"value": "20", "preview": "1"}, headers={"hx-request": "true"})
    row = re.search(r"education</th>(.*?)</tr>", preview.content.decode())[1]
    assert "junior high" in row
    assert "bachelor" in row
    person.refresh_from_db()
    assert (person.edu, DeskAct.objects.count()) == ("70", 0), "a preview leaves nothing"
    answer = client.post(correct, {"value": "20", "reason": "saw the diploma"}, follow=True)
    person.refresh_from_db()
    assert person.edu == "20"
    assert "takes it back" in answer.content.decode()
    page = client.get(correct).content.decode()
    assert re.search(r"bachelor</strong>.*?in the ledger.*?corrected by office staff", page, re.S)
    client.post(re.search(r'hx-post="(/desk-acts/\d+/undo)"', answer.content.decode())[1])
    person.refresh_from_db()
    assert person.edu == "70"
    hidden = reverse("console:correct", args=["persons", person.pk, "disability"])
    assert client.get(hidden).status_code == 404
    assert log_in("street", STREET, "restricted").get(hidden).status_code == 200
    assert log_in("street", "440106005").get(correct).status_code == 404
    assert client.post(correct, {"contribution": "123", "reason": "gone"}).status_code == 409


def test_a_visit_to_the_home_stands_on_the_pages_of_its_members_and_their_cases(
    made_street, log_in
):
    import uuid

    from server.ledgers.models import Visit

    visit = Visit.objects.get(person=made_street.person)
    visit.pk, visit.person, visit.findings = uuid.uuid4(), None, "屋顶漏水"
    visit.save(force_insert=True)
    made_street.household.building, made_street.household.room = "3栋", "502"
    made_street.household.save()
    client = log_in("street", STREET)
    for page in ("person", "case"):
        address = reverse(f"console:{page}", args=[getattr(made_street, page).pk])
        assert "屋顶漏水" in client.get(address).content.decode(), page
    person = reverse("console:person", args=[made_street.person.pk])
    assert "棠荫路1号 3栋 502" in client.get(person).content.decode()


def test_before_a_form_waits_for_approval_the_page_says_how_many_records_leave(made_street, log_in):
    page = log_in("administrator", "").get("/forms").content.decode()
    assert "2 records leave the ledgers and the phones until they are approved." in page
