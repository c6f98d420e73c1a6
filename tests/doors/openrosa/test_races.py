"""Many phones at once, each in a thread with its own connection to a database that really commits."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections, transaction
from django.test import Client

from server.quarantine import services
from server.quarantine.models import Quarantined
from server.quarantine.services import receive_or_quarantine
from server.submissions.models import Attachment, Submission, SubmissionVersion
from server.submissions.services import receiving
from tests.factories.submissions import (
    RECEIVED_AT,
    household_instance,
    instance,
    instance_id,
    sender_of,
)

pytestmark = pytest.mark.django_db(transaction=True)
RACERS = 20


def race(phone, documents: list[bytes], files: list[dict[str, bytes]] | None = None) -> list[int]:
    """Send all at the same moment; the answers' status codes."""
    barrier = Barrier(len(documents))

    def send(number: int) -> int:
        parts = {"xml_submission_file": SimpleUploadedFile("x.xml", documents[number])}
        for name, content in (files[number] if files else {}).items():
            parts[name] = SimpleUploadedFile(name, content)
        try:
            barrier.wait()
            return Client().post(f"{phone.base}/submission", parts).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(documents)) as pool:
        return list(pool.map(send, range(len(documents))))


def test_twenty_copies_at_once_are_all_acknowledged_and_kept_once(phone) -> None:
    statuses = race(phone, [instance(1)] * RACERS)

    assert statuses == [201] * RACERS
    assert (Submission.objects.count(), SubmissionVersion.objects.count()) == (1, 1)
    assert not Quarantined.objects.exists()


def test_copies_with_different_files_bring_all_files(phone) -> None:
    files = [{f"{number}.jpg": b"%d" % number, "same.jpg": b"same"} for number in range(RACERS)]

    statuses = race(phone, [instance(1)] * RACERS, files)

    assert statuses == [201] * RACERS
    assert Attachment.objects.count() == RACERS + 1


def test_twenty_different_records_at_once_are_all_kept(phone) -> None:
    documents = [household_instance(number) for number in range(RACERS)]

    statuses = race(phone, documents)

    assert statuses == [201] * RACERS
    assert Submission.objects.count() == RACERS


def test_of_two_contents_under_one_id_one_wins_and_the_others_are_told(phone) -> None:
    documents = [instance(1, met_whom=str(number % 2)) for number in range(RACERS)]

    statuses = race(phone, documents)

    assert sorted(statuses) == [201] * (RACERS // 2) + [409] * (RACERS // 2)
    assert SubmissionVersion.objects.count() == 1
    assert Quarantined.objects.count() == 1


def test_an_edit_sent_many_times_at_once_is_applied_once(phone) -> None:
    receive_or_quarantine(document=instance(1), sender=sender_of(phone), received_at=RECEIVED_AT)
    edit = instance(2, deprecated=instance_id(1))

    statuses = race(phone, [edit] * RACERS)

    assert statuses == [201] * RACERS
    assert SubmissionVersion.objects.count() == 2


def test_two_edits_of_one_version_at_once_leave_one_and_a_message(phone) -> None:
    receive_or_quarantine(document=instance(1), sender=sender_of(phone), received_at=RECEIVED_AT)
    edits = [instance(number, deprecated=instance_id(1)) for number in (2, 3)]

    statuses = race(phone, edits)

    assert sorted(statuses) == [201, 409]
    assert SubmissionVersion.objects.count() == 2


def test_an_edit_that_finds_its_record_busy_is_tried_again_and_not_given_up(
    phone, monkeypatch
) -> None:
    monkeypatch.setattr(receiving, "LOCK_TIMEOUT", "50ms")
    edit = instance(2, deprecated=instance_id(1))
    assert race(phone, [edit]) == [404]
    receive_or_quarantine(document=instance(1), sender=sender_of(phone), received_at=RECEIVED_AT)

    def replayed() -> services.Replayed:
        try:
            return services.replay_ready(at=RECEIVED_AT)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as other:
        with transaction.atomic():
            Submission.objects.select_for_update().get()
            assert other.submit(replayed).result().refused == {"instance-busy": 1}
            assert race(phone, [edit]) == [423]
        assert other.submit(replayed).result().accepted == 1
    assert Submission.objects.get().versions.count() == 2


def test_a_connection_the_database_closed_is_replaced_without_the_phone_noticing(phone) -> None:
    receive_or_quarantine(document=instance(1), sender=sender_of(phone), received_at=RECEIVED_AT)
    connections["default"].connection.close()

    receive_or_quarantine(document=instance(2), sender=sender_of(phone), received_at=RECEIVED_AT)

    assert Submission.objects.count() == 2
