"""The worker processes waiting submissions in whole batches, and one bad submission delays no other."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import OperationalError, connection

from server.accounts.models import FieldAccount
from server.quarantine.models import Quarantined
from server.quarantine.services import receive_or_quarantine
from server.submissions import drain as draining
from server.submissions.drain import drain_now, process_batch
from server.submissions.models import Submission, Waiting
from server.submissions.problems import OriginalNotHere, UnknownForm
from server.submissions.tasks import drain
from tests.factories.submissions import (
    RECEIVED_AT,
    instance,
    instance_id,
    make_form,
    make_phone,
    sender_of,
)

pytestmark = pytest.mark.django_db

batches: list[list[int]] = []
poison: set[int] = set()
trouble: list[Exception] = []


def note(ids) -> None:
    batches.append(list(ids))
    if trouble:
        raise trouble.pop()
    if poison & set(ids):
        raise ValueError("449901196501010016")


@pytest.fixture
def ids(divisions, settings):
    settings.AFTER_SUBMISSION = [
        "server.submissions.steps.place",
        f"{__name__}.note",
        "server.quarantine.steps.release",
    ]
    batches.clear()
    poison.clear()
    trouble.clear()
    make_form()
    phone = make_phone()
    return [
        receive_or_quarantine(
            document=instance(number), sender=sender_of(phone), received_at=RECEIVED_AT
        ).submission_id
        for number in range(5)
    ]


def test_all_waiting_submissions_are_processed_in_one_batch(ids) -> None:
    assert drain_now() == 5

    assert batches == [ids]
    assert not Waiting.objects.exists()
    assert not Submission.objects.filter(processed_at=None).exists()
    assert FieldAccount.objects.get().last_seen_at == RECEIVED_AT
    assert drain_now() == 0


def test_a_submission_that_is_queued_twice_is_processed_once(ids) -> None:
    Waiting.objects.create(submission_id=ids[0], queued_at=RECEIVED_AT)

    drain_now()

    assert batches == [ids]
    assert not Waiting.objects.exists()


def test_batches_have_a_size(ids) -> None:
    assert process_batch(2) == 2
    assert batches == [ids[:2]]
    assert Waiting.objects.count() == 3


def test_a_submission_on_which_a_step_fails_is_flagged_and_the_others_are_processed(
    ids, caplog
) -> None:
    poison.add(ids[2])
    caplog.set_level(logging.DEBUG)

    assert drain_now() == 5

    flagged = Submission.objects.get(pk=ids[2])
    assert flagged.flags == ["unprocessed"]
    assert flagged.area_code == "440106003001"  # placed all the same: its office sees it
    assert not Submission.objects.filter(processed_at=None).exists()
    assert not Waiting.objects.exists()
    assert "submission failed" in caplog.text
    assert "449901" not in caplog.text


def test_after_a_database_failure_all_submissions_still_wait(ids) -> None:
    trouble.append(OperationalError("gone"))

    with pytest.raises(OperationalError):
        drain_now()

    assert Waiting.objects.count() == 5
    assert not Submission.objects.exclude(processed_at=None).exists()
    assert drain_now() == 5


def test_the_job_processes_the_queue_polls_once_more_and_ends(ids, monkeypatch) -> None:
    monkeypatch.setattr(draining, "LINGER", 0.2)
    late = iter([ids[:1]])

    def sleep(_seconds: float) -> None:
        for (submission_id,) in late:
            Waiting.objects.create(submission_id=submission_id, queued_at=RECEIVED_AT)

    monkeypatch.setattr(draining.time, "sleep", sleep)

    assert drain() == 6
    assert batches == [ids, ids[:1]]


def test_a_long_drain_is_continued_by_another_job(ids, monkeypatch) -> None:
    with connection.cursor() as cursor:
        cursor.execute("delete from procrastinate_jobs")
        monkeypatch.setattr(draining, "SPAN", 0.0)

        assert drain() == 0

        cursor.execute("select queue_name, queueing_lock, status from procrastinate_jobs")
        assert cursor.fetchall() == [("pipeline", "drain", "todo")]


def test_documents_that_are_received_after_all_leave_the_quarantine(ids) -> None:
    sender = sender_of(make_phone("li"))
    edit = instance(11, deprecated=instance_id(10))
    later = instance(1, form_id="home_visit")
    for document, problem in ((edit, OriginalNotHere), (later, UnknownForm)):
        with pytest.raises(problem):
            receive_or_quarantine(document=document, sender=sender, received_at=RECEIVED_AT)
    assert Quarantined.objects.count() == 2

    make_form("home_visit")
    for document in (instance(10), edit, later):
        receive_or_quarantine(document=document, sender=sender, received_at=RECEIVED_AT)
    drain_now()

    assert not Quarantined.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_workers_process_one_batch_at_a_time_and_none_twice(ids) -> None:
    def work(_number: int) -> int:
        try:
            return sum(process_batch(1) for _turn in range(5))
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        counts = list(pool.map(work, range(2)))

    assert sum(counts) == 5
    assert sorted(number for batch in batches for number in batch) == ids
