"""Sending answers back on the page of a record, and where they stand."""

from __future__ import annotations

import pytest

from server.accounts.access import Worker
from server.core import clock
from server.corrections.models import AskedAnswer
from server.corrections.services import note_fetch
from tests.factories.sent_back import make_correction_form

pytestmark = pytest.mark.django_db
OUTCOME = "/data/outcome"


@pytest.fixture
def staff(street, log_in):
    make_correction_form()
    return log_in("street")


def send_back(staff, street, **given):
    posted = {"answer": [OUTCOME], "reason": "看党员证", **given}
    return staff.post(f"/submissions/{street.submission.pk}/send-back", posted)


def page(staff, street, path="/submissions/{}"):
    return staff.get(path.format(street.submission.pk)).content.decode()


def test_a_ticked_answer_is_sent_back_and_its_way_is_shown(staff, street):
    before = page(staff, street)
    assert f'name="answer" value="{OUTCOME}"' in before
    assert 'value="/data/photo"' not in before
    assert "Nothing of this record was sent back." not in before
    answer = send_back(staff, street)
    assert (answer.status_code, answer.headers["location"]) == (
        302,
        f"/submissions/{street.submission.pk}",
    )
    shown = page(staff, street)
    assert "1 answer was put on the worker" in shown
    assert "waits for the phone" in shown
    assert "sent back · waits for the phone" in page(staff, street, "/submissions")
    assert "sent back · waits for the phone" in page(staff, street, "/review")
    worker = Worker(street.worker.pk, (street.submission.area_code,))
    note_fetch(worker=worker, field_account_id=None, at=clock.now())
    assert 'on the phone</span> <span class="small">since 20' in page(staff, street)
    taken = staff.post(f"/submissions/{street.submission.pk}/send-back/withdraw", {"queue": "1"})
    assert taken.headers["location"] == f"/review/{street.submission.pk}"
    shown = page(staff, street)
    assert "1 answer was withdrawn." in shown
    assert "Withdraw what waits" not in shown
    assert "sent back" not in page(staff, street, "/submissions")


def test_what_is_wrong_is_said_where_the_ticks_stay(staff, street):
    htmx = {"headers": {"hx-request": "true"}}
    path = f"/submissions/{street.submission.pk}/send-back"
    answer = staff.post(path, {"reason": "x"}, **htmx)
    assert answer.status_code == 400
    assert "Choose at least one answer" in answer.content.decode()
    assert staff.post(path, {"answer": [OUTCOME]}, **htmx).status_code == 400
    sent = staff.post(path, {"answer": [OUTCOME], "reason": "x", "last_decision": "0"}, **htmx)
    assert sent.headers["hx-redirect"] == f"/submissions/{street.submission.pk}"
    again = staff.post(
        path, {"answer": ["/data/members[1]/name"], "reason": "x", "last_decision": "0"}
    )
    assert again.status_code == 409  # somebody decided since the page was opened
    assert AskedAnswer.objects.count() == 1


def test_readers_who_do_not_review_see_it_and_change_nothing(staff, street, log_in):
    send_back(staff, street)
    worker = log_in("worker", street.submission.area_code)
    shown = page(worker, street)
    assert "waits for the phone" in shown
    assert 'name="answer"' not in shown
    assert send_back(worker, street).status_code == 403
