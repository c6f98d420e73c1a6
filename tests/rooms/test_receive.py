"""An upload is a new submission, a resend, more files, an edit, or quarantined."""

from __future__ import annotations

from dataclasses import replace

import psycopg
import pytest

from server.core import blobs
from server.core.problems import Problem
from server.forms.models import Form
from server.quarantine.models import Quarantined
from server.quarantine.services import receive_or_quarantine
from server.submissions.models import (
    Attachment,
    ReviewState,
    Submission,
    SubmissionVersion,
    Waiting,
)
from server.submissions.problems import (
    EditSuperseded,
    FormClosed,
    InstanceConflict,
    NoInstanceId,
    OriginalNotHere,
    UnknownForm,
    UnknownFormVersion,
)
from server.submissions.selectors import document_of
from server.submissions.services import IncomingFile, Outcome, Receipt
from server.submissions.services.receiving import MAX_DOCUMENT_MB
from tests.factories.submissions import (
    FORM_ID,
    RECEIVED_AT,
    household_instance,
    instance,
    instance_id,
    make_form,
    sender_of,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def send(phone):
    def send(document: bytes, **files: bytes) -> Receipt:
        incoming = [
            IncomingFile(name.replace("_", "."), "image/jpeg", lambda content=content: [content])
            for name, content in files.items()
        ]
        return receive_or_quarantine(
            document=document, files=incoming, sender=sender_of(phone), received_at=RECEIVED_AT
        )

    return send


def names(submission: Submission) -> dict[str, bytes]:
    files = Attachment.objects.filter(version=submission.current_version_id)
    return {file.name: blobs.read(file.sha256) for file in files}


def jobs() -> int:
    with psycopg.Cursor(_raw()) as cursor:
        return cursor.execute(
            "select count(*) from procrastinate_jobs where task_name = 'drain' and status = 'todo'"
        ).fetchone()[0]


def _raw():
    from django.db import connection

    connection.ensure_connection()
    return connection.connection


def test_a_new_record_is_kept_byte_for_byte_sealed_and_queued_once(send, phone) -> None:
    document = household_instance(1)

    receipt = send(document, photo_jpg=b"\xff\xd8photo", audit_csv=b"")
    send(household_instance(2))

    submission = Submission.objects.get(pk=receipt.submission_id)
    version = submission.current_version
    assert receipt.outcome is Outcome.NEW
    assert (submission.instance_id, submission.review_state) == (instance_id(1), "received")
    assert document_of(version) == document
    assert "测试1-0".encode() not in bytes(version.document)
    assert b"449901" not in bytes(version.document)
    assert (version.size, version.device_id) == (len(document), "collect:test")
    assert (version.submitter_id, version.field_account_id) == (
        phone.user_id,
        phone.field_account_id,
    )
    assert names(submission) == {"photo.jpg": b"\xff\xd8photo", "audit.csv": b""}
    assert Waiting.objects.count() == 2
    assert jobs() == 1


def test_the_accept_path_sends_one_statement(send, statements) -> None:
    send(instance(1))
    statements.clear()

    send(household_instance(2), photo_jpg=b"1")

    assert len(statements) == 1


def test_the_same_bytes_again_change_nothing(send) -> None:
    first = send(instance(1), photo_jpg=b"1")

    again = send(instance(1), photo_jpg=b"1")

    assert again == replace(first, outcome=Outcome.RESEND)
    assert send(instance(1)) == again
    assert (Submission.objects.count(), SubmissionVersion.objects.count()) == (1, 1)
    assert (Attachment.objects.count(), Waiting.objects.count()) == (1, 1)


def test_files_may_follow_in_any_number_of_requests(send) -> None:
    receipt = send(instance(1), a_jpg=b"a")

    assert send(instance(1), b_jpg=b"b").outcome is Outcome.ATTACHMENTS
    assert send(instance(1), b_jpg=b"b", c_jpg=b"").outcome is Outcome.ATTACHMENTS

    submission = Submission.objects.get(pk=receipt.submission_id)
    assert names(submission) == {"a.jpg": b"a", "b.jpg": b"b", "c.jpg": b""}


def test_the_first_whole_file_under_a_name_stays_and_a_cut_one_is_completed(send) -> None:
    receipt = send(instance(1), whole_jpg=b"first", cut_jpg=b"begin", empty_jpg=b"")

    send(instance(1), whole_jpg=b"other content", cut_jpg=b"beginning to end", empty_jpg=b"full")
    send(instance(1), cut_jpg=b"beg")

    submission = Submission.objects.get(pk=receipt.submission_id)
    assert names(submission) == {
        "whole.jpg": b"first",
        "cut.jpg": b"beginning to end",
        "empty.jpg": b"full",
    }


def test_other_content_under_a_known_id_is_refused_and_quarantined(send) -> None:
    send(instance(1))
    other = instance(1, met_whom="2")

    for _time in range(2):
        with pytest.raises(InstanceConflict):
            send(other, photo_jpg=b"1")

    kept = Quarantined.objects.get()
    assert (kept.reason, kept.form_id, kept.instance_id) == (
        "instance-conflict",
        FORM_ID,
        instance_id(1),
    )
    assert [file["name"] for file in kept.attachments] == ["photo.jpg"]
    assert "张三".encode() not in bytes(kept.document)
    assert Submission.objects.get().current_version.sha256 != kept.sha256


def test_the_same_id_in_another_form_is_another_record(send) -> None:
    make_form("home_visit")
    send(instance(1))

    assert send(instance(1, form_id="home_visit")).outcome is Outcome.NEW
    assert Submission.objects.count() == 2


def test_an_older_version_and_a_closing_form_still_take_records(send) -> None:
    make_form(version="2026.2")
    assert send(instance(1)).outcome is Outcome.NEW
    Form.objects.update(state="closing")

    assert send(instance(2)).outcome is Outcome.NEW


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        (instance(1, form_id="nobody_knows"), UnknownForm),
        (instance(1, version="1999"), UnknownFormVersion),
        (instance(1).replace(b"instanceID", b"other"), NoInstanceId),
        (instance(1, deprecated=instance_id(9)), OriginalNotHere),
        (b"<html/>", Problem),
        (b"not xml \xff", Problem),
        (b"", Problem),
    ],
)
def test_a_refused_upload_is_quarantined_whole_with_the_reason(send, document, problem) -> None:
    with pytest.raises(problem) as raised:
        send(document, photo_jpg=b"1")

    kept = Quarantined.objects.get()
    assert kept.reason == raised.value.type
    assert (kept.size, kept.area) == (len(document), "440106003001")
    assert "449901" not in kept.detail
    assert not Submission.objects.exists()
    assert not Waiting.objects.exists()


def test_a_closed_form_refuses_new_records_but_answers_resends(send) -> None:
    send(instance(1))
    Form.objects.update(state="closed")

    with pytest.raises(FormClosed):
        send(instance(2))
    assert send(instance(1)).outcome is Outcome.RESEND
    assert send(instance(1), late_jpg=b"1").outcome is Outcome.ATTACHMENTS


def test_a_document_larger_than_any_form_makes_is_refused_and_kept(send) -> None:
    with pytest.raises(Problem) as raised:
        send(b"<a>" + b" " * MAX_DOCUMENT_MB * 1024 * 1024 + b"</a>")

    assert raised.value.status == 413
    assert Quarantined.objects.get().size > MAX_DOCUMENT_MB * 1024 * 1024


def test_an_edit_is_a_new_version_and_carries_named_files_forward(send) -> None:
    photo = "<photo>photo.jpg</photo>"
    first = send(instance(1, answers=photo), photo_jpg=b"photo", old_jpg=b"unnamed now")
    Waiting.objects.all().delete()
    edit = instance(2, deprecated=instance_id(1), answers=photo, met_whom="2")

    receipt = send(edit, new_jpg=b"new")
    again = send(edit, new_jpg=b"new")

    submission = Submission.objects.get()
    assert (receipt.outcome, receipt.submission_id) == (Outcome.EDIT, first.submission_id)
    assert again == replace(receipt, outcome=Outcome.RESEND)
    assert submission.instance_id == instance_id(1)
    assert submission.review_state == ReviewState.EDITED
    assert submission.current_version.instance_id == instance_id(2)
    assert names(submission) == {"photo.jpg": b"photo", "new.jpg": b"new"}
    assert submission.versions.count() == 2
    assert Waiting.objects.count() == 1


PHOTO = "<photo>photo.jpg</photo>"


@pytest.mark.parametrize("late", ["before the edits", "between them", "after them"])
def test_a_late_file_reaches_the_edits_that_name_it_whenever_it_comes(send, late) -> None:
    first = instance(1, answers=PHOTO)
    uploads = [
        (first, {}),
        (instance(2, deprecated=instance_id(1), answers=PHOTO), {}),
        (instance(3, deprecated=instance_id(2), answers=PHOTO), {}),
        (instance(4, deprecated=instance_id(3)), {}),
    ]
    place = {"before the edits": 1, "between them": 2, "after them": 4}[late]
    uploads.insert(place, (first, {"photo_jpg": b"photo", "extra_jpg": b"extra"}))

    for document, files in uploads:
        send(document, **files)

    kept = {
        version.instance_id: {
            file.name: blobs.read(file.sha256) for file in version.attachments.all()
        }
        for version in Submission.objects.get().versions.all()
    }
    assert kept == {
        instance_id(1): {"photo.jpg": b"photo", "extra.jpg": b"extra"},
        instance_id(2): {"photo.jpg": b"photo"},
        instance_id(3): {"photo.jpg": b"photo"},
        instance_id(4): {},
    }


def test_a_file_that_was_cut_off_is_completed_in_the_edits_too(send) -> None:
    send(instance(1, answers=PHOTO), photo_jpg=b"begin")
    send(instance(2, deprecated=instance_id(1), answers=PHOTO))

    send(instance(1, answers=PHOTO), photo_jpg=b"beginning to end")

    assert names(Submission.objects.get()) == {"photo.jpg": b"beginning to end"}


def test_an_edits_own_file_takes_the_place_of_the_one_carried_forward(send) -> None:
    """As audit.csv, which has the same name in each, when it comes in the second request."""
    send(instance(1, answers=PHOTO), photo_jpg=b"of the first")
    edit = instance(2, deprecated=instance_id(1), answers=PHOTO)
    send(edit)
    send(instance(3, deprecated=instance_id(2), answers=PHOTO))

    send(edit, photo_jpg=b"its own")
    send(edit, photo_jpg=b"yet another")

    assert names(Submission.objects.get()) == {"photo.jpg": b"its own"}
    first = SubmissionVersion.objects.get(instance_id=instance_id(1))
    assert blobs.read(first.attachments.get().sha256) == b"of the first"


def test_edits_chain_and_only_the_current_version_can_be_edited(send) -> None:
    send(instance(1))
    send(instance(2, deprecated=instance_id(1)))
    assert send(instance(3, deprecated=instance_id(2))).outcome is Outcome.EDIT

    with pytest.raises(EditSuperseded):
        send(instance(4, deprecated=instance_id(1)))

    assert Submission.objects.get().current_version.instance_id == instance_id(3)
    assert Quarantined.objects.get().instance_id == instance_id(4)
    assert send(instance(1)).outcome is Outcome.RESEND


def test_an_edit_that_overtook_its_original_is_accepted_when_it_is_sent_again(send) -> None:
    edit = instance(2, deprecated=instance_id(1))
    with pytest.raises(OriginalNotHere):
        send(edit)

    send(instance(1))

    assert send(edit).outcome is Outcome.EDIT
