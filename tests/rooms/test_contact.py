"""What a phone's requests say of it: last contact, application, clock; written at most once a minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from server.accounts import contact
from server.accounts.models import FieldAccount, User
from server.accounts.services import add_worker
from server.core import clock
from server.submissions import drain
from server.submissions.audit_log import finished_at
from server.submissions.models import Submission
from server.submissions.services.queueing import queue
from tests.doors.openrosa.digest_client import DigestPhone
from tests.factories.submissions import instance, make_form, make_phone

AT = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
COLLECT = "org.odk.collect.android/v2026.1.2 Dalvik/2.1.0 (Linux; U; Android 9; EML-AL00)"


@pytest.mark.parametrize(
    ("header", "ahead"),
    [
        ("Mon, 23 Nov 2026 02:30:00 GMT", 0),  # Collect: half past two, morning or afternoon
        ("Mon, 23 Nov 2026 02:45:30 GMT", 930),
        ("Mon, 23 Nov 2026 01:30:00 GMT", -3600),
        ("Mon, 23 Nov 2026 14:31:00 GMT", 60),  # clients that write the hour in full
        ("Tue, 24 Nov 2026 02:30:00 GMT", 43200),  # at least: it may mean the afternoon of that day
        ("Thu, 01 Jan 1970 12:00:10 GMT", -1795400990),
        ("Mon, 23 Nov 9999 02:30:00 GMT", 2**31 - 1),
        ("Mon, 32 Nov 2026 02:30:00 GMT", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_the_clock_error_is_read_from_a_date_without_am_or_pm(header, ahead) -> None:
    assert contact.clock_ahead(header, AT) == ahead


def test_noon_and_midnight_are_twelve() -> None:
    noon = AT.replace(hour=12, minute=0)
    for moment in (noon, noon - timedelta(hours=12)):
        assert contact.clock_ahead("Mon, 23 Nov 2026 12:00:05 GMT", moment) == 5


def test_the_application_is_named_shortly() -> None:
    assert contact.app(COLLECT) == "Collect v2026.1.2 · Android 9"
    assert contact.app("curl/8.5") == "curl/8.5"
    assert contact.app("") == ""


@pytest.mark.django_db
def test_a_contact_is_recorded_once_a_minute(divisions, monkeypatch) -> None:
    worker = add_worker(username="li", areas=["440106003001"], actor=None)
    written = []
    run = contact.run
    monkeypatch.setattr(
        contact, "run", lambda *arguments: written.append(arguments) or run(*arguments)
    )

    def ask() -> FieldAccount:
        address = f"/key/{worker.token}/submission?deviceID=collect%3Aabc"
        date = (clock.now() + timedelta(minutes=30)).strftime("%a, %d %b %Y %I:%M:%S GMT")
        answer = Client().head(address, HTTP_USER_AGENT=COLLECT + "\0", HTTP_DATE=date)
        assert answer.status_code == 204
        return FieldAccount.objects.get()

    account = ask()
    assert (account.user_agent, account.device_id) == (COLLECT, "collect:abc")
    assert abs(account.clock_ahead - 1800) < 5
    assert ask().last_seen_at == account.last_seen_at
    assert len(written) == 1
    FieldAccount.objects.update(last_seen_at=clock.now() - timedelta(seconds=61))
    assert ask().last_seen_at > account.last_seen_at
    assert len(written) == 2


@pytest.mark.django_db
def test_the_contact_of_a_phone_with_a_password_is_recorded_with_the_user(divisions) -> None:
    worker = add_worker(username="li", areas=["440106003001"], actor=None)

    DigestPhone("li", worker.password).send("HEAD", "submission", HTTP_USER_AGENT=COLLECT)

    assert User.objects.get(username="li").user_agent == COLLECT
    assert FieldAccount.objects.get().last_seen_at is None


def test_a_phone_is_silent_after_three_days() -> None:
    assert contact.is_silent(None, AT - timedelta(days=4), AT)
    assert contact.is_silent(AT - timedelta(days=4), AT - timedelta(days=90), AT)
    assert not contact.is_silent(AT - timedelta(days=2), AT - timedelta(days=90), AT)


@pytest.mark.django_db
def test_a_slow_upload_does_not_count_as_a_slow_clock(divisions) -> None:
    """A buffering proxy forwards an upload late, with the Date of the moment the phone began to send."""
    worker = add_worker(username="li", areas=["440106003001"], actor=None)
    began = (clock.now() - timedelta(minutes=30)).strftime("%a, %d %b %Y %I:%M:%S GMT")

    Client().post(f"/key/{worker.token}/submission", {}, HTTP_DATE=began, HTTP_USER_AGENT=COLLECT)

    account = FieldAccount.objects.get()
    assert (account.user_agent, account.clock_ahead) == (COLLECT, None)


def ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def audit(*events: tuple[str, datetime]) -> bytes:
    """An audit log as Collect writes it with tracked changes (openrosa.md, Attachments)."""
    lines = [
        "event,node,start,end,old-value,new-value",
        f'question,/data/note,{ms(AT) - 10**9},{ms(AT) - 10**9},,"two\nlines, ""quoted"""',
        *(f"{event},,{ms(at)}," for event, at in events),
    ]
    return "\n".join(lines).encode()


def test_the_audit_log_tells_when_a_record_was_finished() -> None:
    started, finished = AT - timedelta(days=5), AT - timedelta(days=4)
    log = audit(("form start", started), ("form save", finished), ("form finalize", finished))
    assert finished_at(log) == finished
    assert finished_at(log[-40:]) == finished, "the end is enough"
    long_answer = f"question,/data/x,{ms(started)},{ms(finished)},,".encode() + b"x" * 100
    assert finished_at(long_answer) == finished
    for nothing in (
        b"",
        b"event,node,start,end",
        b"a,b,c,d\n",
        b"x,,9999999999999999,",
        b"\xff,,1,",
    ):
        assert finished_at(nothing) is None


@pytest.fixture
def sending(divisions):
    """sending(number, days) → the phone's account after a record that was finished so many days before it came."""
    make_form()
    phone = make_phone()

    def send(number: int, days: float, name: str = "audit.csv") -> FieldAccount:
        log = audit(("form finalize", clock.now() - timedelta(days=days)))
        parts = {
            "xml_submission_file": SimpleUploadedFile("x.xml", instance(number), "text/xml"),
            name: SimpleUploadedFile(name, log, "text/csv"),
        }
        assert Client().post(f"{phone.base}/submission", parts).status_code == 201
        drain.drain_now()
        return FieldAccount.objects.get()

    return send


@pytest.mark.django_db
def test_the_time_on_the_phone_is_that_of_the_newest_record(sending) -> None:
    account = sending(1, 5.0)
    assert contact.time_on_phone(account) == pytest.approx(
        timedelta(days=5), abs=timedelta(minutes=1)
    )
    assert contact.time_on_phone(sending(2, 0.0)) < timedelta(minutes=1)
    sending(3, 2.0)
    queue(Submission.objects.values_list("pk", flat=True), at=clock.now())
    drain.drain_now()
    assert contact.time_on_phone(FieldAccount.objects.get()).days == 2, (
        "the newest counts, in any order"
    )
    account = sending(4, 5.0, name="notes.csv")
    assert account.record_received_at
    assert contact.time_on_phone(account) is None, "a form without an audit log tells nothing"


@pytest.mark.django_db
def test_an_older_record_merged_again_leaves_the_newest_on_the_phones_account(sending) -> None:
    sending(1, 5.0)
    newest = sending(2, 1.0)
    queue([Submission.objects.earliest("pk").pk], at=clock.now())
    drain.drain_now()
    account = FieldAccount.objects.get()
    assert account.record_received_at == newest.record_received_at
    assert contact.time_on_phone(account).days == 1

    FieldAccount.objects.update(record_received_at=None, record_finished_at=None)
    queue(Submission.objects.values_list("pk", flat=True), at=clock.now())
    drain.drain_now()
    assert contact.time_on_phone(FieldAccount.objects.get()).days == 1, "of several at once"


@pytest.mark.django_db
def test_the_time_on_the_phone_is_corrected_by_the_clock_error(sending) -> None:
    account = sending(1, 365.0)
    account.clock_ahead = -round(timedelta(days=365).total_seconds())
    assert abs(contact.time_on_phone(account)) < timedelta(minutes=1)
    assert contact.time_on_phone(sending(2, -400.0)) is None, "of the future"
