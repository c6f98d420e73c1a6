"""Review: the record beside its queue and the ledgers, and decisions one after the other."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from tests.conftest import COMMUNITY, STREET
from tests.factories.console import make_submission
from tests.factories.ledgers import id_number, member, street
from tests.factories.reviewed import make_sender

pytestmark = pytest.mark.django_db
MAN = id_number("1970-05-01", 1)


@pytest.fixture
def send(divisions, make_user):
    return make_sender(make_user("xie", role="worker", area=COMMUNITY))


def later(home):
    home.visited_at = "2026-06-02T09:00:00+08:00"
    return home


@pytest.mark.parametrize("waits", [False, True], ids=["counts", "waits for approval"])
def test_the_ledgers_value_stands_beside_each_answer_and_entries_by_name(send, log_in, waits):
    from server.ledgers.models import Person

    first = send(street(1, [member("陈大文", id_no=MAN, edu="70", disability="1")]))
    home = street(
        1, [member("陈大文", id_no=MAN, edu="20"), member("陈小文", key="child", edu="70")]
    )
    second = send(later(home), waits=waits)
    client = log_in("street", STREET)
    page = client.get(reverse("console:review-record", args=[second.pk])).content.decode()

    person = Person.objects.get(name="陈大文")
    assert f'<a href="{reverse("console:person", args=[person.pk])}">陈大文</a></th>' in page
    assert page.count("new in the ledger</span></th>") == 1
    household = reverse("console:household", args=[person.household_id])
    assert re.search(
        rf'Household</th><td><span class="answer"><a href="{household}">示范路1号', page
    )
    row = re.search(r'<th scope="row">Education</th>(.*?)</tr>', page, re.S)[1]
    assert re.sub(r"<[^>]+>|\s+", " ", row).split() == [
        "bachelor", "Ledger:", "junior", "high", "junior", "high",
    ]  # fmt: skip
    assert row.count("is-changed") == 1
    assert MAN not in page
    assert "chosen from the list" not in page
    assert "1 answer differs from the ledger" in page
    assert "Kind of disability" not in page, "a restricted column needs the role"
    of_first = client.get(reverse("console:review-record", args=[first.pk])).content.decode()
    assert ("is-changed" in of_first) is not waits, "beside the first survey stands the second"


def test_the_queue_keeps_its_filter_its_place_and_leads_on(street, log_in):
    records = [
        make_submission(
            street.form, street.worker, COMMUNITY, f"uuid:{name}", title=f"工业路{name}号"
        )
        for name in "abc"
    ]
    client = log_in("street", STREET)
    page = client.get("/review?search=工业路").content.decode()
    first, second, third = (
        reverse("console:review-record", args=[row.pk]) + "?search=%E5%B7%A5%E4%B8%9A%E8%B7%AF"
        for row in records
    )
    assert f'data-href="{first}"' in page
    page = client.get(second).content.decode()
    assert "2 of 3" in page
    assert f'rel="prev" href="{first}"' in page
    assert f'rel="next" href="{third}"' in page
    assert re.search(r'href="/review" aria-current="page"', page), "the menu shows where one is"
    assert street.submission.title not in page

    decide = (
        reverse("console:review-decide", args=[records[1].pk])
        + "?search=%E5%B7%A5%E4%B8%9A%E8%B7%AF"
    )
    assert f'action="{decide}"' in page
    answer = client.post(decide, {"state": "approved", "last_decision": "0"})
    assert answer.url == third
    page = client.get(third).content.decode()
    assert "2 of 2" in page
    taken_back = re.search(
        r'name="undo" value="1"><input[^>]*name="last_decision" value="(\d+)"', page
    )
    answer = client.post(decide, {"state": "received", "undo": "1", "last_decision": taken_back[1]})
    assert answer.url == second
    records[1].refresh_from_db()
    assert records[1].review_state == "received"
    assert 'name="undo"' not in client.get(third).content.decode(), "it is offered once"
    for row in (records[2], records[0], records[1]):
        address = (
            reverse("console:review-decide", args=[row.pk]) + "?search=%E5%B7%A5%E4%B8%9A%E8%B7%AF"
        )
        answer = client.post(address, {"state": "approved"})
    assert answer.url == "/review?search=%E5%B7%A5%E4%B8%9A%E8%B7%AF"
    assert "工业路b号" in client.get(answer.url).content.decode()


def test_a_decision_made_meanwhile_is_not_overwritten(street, log_in):
    mine, theirs, number = log_in(), log_in(), street.submission.pk
    decide = reverse("console:review-decide", args=[number])
    shown = mine.get(reverse("console:review-record", args=[number])).content.decode()
    assert 'name="last_decision" value="0"' in shown
    theirs.post(decide, {"state": "rejected", "reason": "wrong house", "last_decision": "0"})
    answer = mine.post(decide, {"state": "approved", "last_decision": "0"})
    assert answer.status_code == 409
    assert "decided “rejected” at" in answer.content.decode()
    street.submission.refresh_from_db()
    assert street.submission.review_state == "rejected"
    last = street.submission.decisions.get().pk
    answer = mine.post(decide, {"state": "approved", "last_decision": last})
    assert answer.status_code == 302, "who has seen it may decide otherwise"


def test_a_comment_is_written_beside_the_decisions(street, log_in):
    client, number = log_in(), street.submission.pk
    address = reverse("console:comment", args=[number])
    assert client.post(address, {"body": " "}).status_code == 400
    assert (
        "Ask for the room number"
        in client.post(address, {"body": "Ask for the room number"}).content.decode()
    )
    page = client.get(reverse("console:submission", args=[number])).content.decode()
    assert "Ask for the room number" in page
    assert log_in("county", "440106").post(address, {"body": "so"}).status_code == 403
    assert log_in("street", "440106005").post(address, {"body": "so"}).status_code == 404


def test_a_record_beside_the_queue_costs_a_bounded_number_of_queries(
    send, log_in, django_assert_max_num_queries
):
    for number in range(4):
        home = street(1, [member(f"陈{order}", key=f"m{order}", edu="20") for order in range(5)])
        submission = send(later(home) if number % 2 else home)
    client = log_in()
    with django_assert_max_num_queries(34):
        client.get(reverse("console:review-record", args=[submission.pk]))


def test_what_a_filter_shows_is_approved_by_one_act_and_taken_back(street, log_in):
    from server.audit.models import AuditEntry
    from server.submissions.models import Submission

    for number in range(4):
        make_submission(
            street.form, street.worker, COMMUNITY, f"uuid:{number}x", title=f"工业路{number}号",
            review_state=("has_issues" if number == 3 else "received"),
            flags=["clock"] if number == 2 else [],
        )  # fmt: skip
    rows = Submission.objects.filter(title__startswith="工业路")

    def states() -> list[str]:
        return list(rows.order_by("title").values_list("review_state", flat=True))

    before, client, query = states(), log_in("street", STREET), "?search=工业路"
    page = client.get("/review/approve" + query).content.decode()
    assert "Approve 2 records" in page
    assert "also 1 record with remarks" in page
    assert page.count("<tr data-href=") == 2, "a sample to look at"
    seen_at = re.search(r'name="seen_at" value="([^"]+)"', page)[1]
    late = make_submission(street.form, street.worker, COMMUNITY, "uuid:late", title="工业路9号")
    late.versions.update(received_at="2030-01-01T00:00:00Z")
    answer = client.post("/review/approve" + query, {"seen_at": seen_at, "reason": "spot check"})
    assert states() == ["approved", "approved", "received", "has_issues", "received"]
    logged = AuditEntry.objects.filter(act="review").get()
    assert (logged.object_type, logged.facts["submissions"], logged.facts["filters"]) == (
        "review", 2, ["search"],
    )  # fmt: skip
    page = client.get(answer.url).content.decode()
    assert "2 records were approved." in page
    undo = re.search(r'action="(/review/batches/[^"]+/undo[^"]*)"', page)[1]
    assert log_in("street", "440106005").post(undo).status_code == 403
    Submission.objects.get(title="工业路0号").decisions.create(
        state="rejected", user=street.worker, at="2030-01-01T00:00:00Z"
    )
    assert "1 approval was taken back." in client.post(undo, follow=True).content.decode()
    assert states() == ["approved", *before[1:], "received"], "what was decided since stands"
    assert log_in("county", "440106").get("/review/approve").status_code == 403
    assert client.post("/review/approve", {"seen_at": "yesterday"}).status_code == 400


def test_more_than_one_act_takes_is_refused(street, log_in, monkeypatch):
    from server.submissions.services import approving_many

    monkeypatch.setattr(approving_many, "MOST", 0)
    answer = log_in().post(
        "/review/approve", {"seen_at": "2030-01-01T00:00:00Z", "with_remarks": "on"}
    )
    assert answer.status_code == 422
    assert "1 records match; one act approves at most 0" in answer.content.decode()


def test_who_has_a_record_open_is_shown_to_others(street, make_user, log_in):
    from django.test import Client

    user = make_user("liuzhen", role="street", area=STREET)
    hers, mine = Client(), log_in()
    hers.force_login(user)
    address = reverse("console:review-record", args=[street.submission.pk])
    other = make_submission(street.form, street.worker, COMMUNITY, "uuid:other")
    hers.get(address)
    page = mine.get(address).content.decode()
    assert re.search(r"data-openings>Open elsewhere:\s+liuzhen", page)
    hers.get(reverse("console:review-record", args=[other.pk]))
    assert "data-openings" not in mine.get(address).content.decode()


def test_answers_of_one_form_are_columns_of_the_list(street, log_in):
    client = log_in("street", STREET)
    assert "Answers as columns" not in client.get("/review").content.decode()
    query = f"?form={street.form.form_id}&column=/data/outcome"
    page = client.get("/review" + query).content.decode()
    assert '<th scope="col">Outcome</th>' in page
    assert "<td>complete</td>" in page
    assert "Political status" not in page, "members are many"
    record = reverse("console:review-record", args=[street.submission.pk])
    assert "column=%2Fdata%2Foutcome" in client.get(record + query).content.decode()
    part = client.get("/review" + query, headers={"hx-request": "true", "hx-target": "results"})
    assert "<td>complete</td>" in part.content.decode()
    assert (
        f"/review/approve{query}".replace("/data/", "%2Fdata%2F").replace("&", "&amp;")
        in part.content.decode()
    )
