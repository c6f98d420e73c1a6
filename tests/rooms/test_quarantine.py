"""Refused documents are kept within limits, repaired, replayed, dismissed, or dropped by a command."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta

import pytest
from django.core.management import call_command
from hypothesis import given
from hypothesis import strategies as st

from server.accounts.access import access_of
from server.core import blobs, clock
from server.core.problems import ReasonMissing
from server.forms.models import Form
from server.quarantine import rewriting, services
from server.quarantine.export import archive
from server.quarantine.models import Quarantined, QuarantineRefusal
from server.quarantine.problems import AlreadyResolved, NotKept
from server.submissions import envelope
from server.submissions.drain import drain_now
from server.submissions.models import Attachment, Submission, SubmissionVersion
from server.submissions.problems import (
    EditSuperseded,
    FormClosed,
    InstanceConflict,
    MayNotReview,
    OriginalNotHere,
    UnknownForm,
    UnknownFormVersion,
)
from server.submissions.selectors import document_of
from server.submissions.services import Outcome
from tests.conftest import STREET
from tests.factories.quarantine import mend, refuse, sending, take
from tests.factories.submissions import (
    FORM_ID,
    RECEIVED_AT,
    instance,
    instance_id,
    make_form,
    make_phone,
)

pytestmark = pytest.mark.django_db


def test_a_conflict_is_resolved_by_keeping_both(send, clerk) -> None:
    send(instance(1))
    other = instance(1, met_whom="2")
    item = refuse(send, InstanceConflict, other, {"door.jpg": b"2"})

    mend(item, clerk, "new_instance")
    mend(item, clerk, "new_instance")  # twice is the same record
    receipt = take(item, clerk)

    assert receipt.outcome is Outcome.NEW
    assert Submission.objects.count() == 2
    with pytest.raises(AlreadyResolved):
        take(item, clerk)
    assert send(other, {"later.jpg": b"3"}).outcome is Outcome.ATTACHMENTS
    names = Attachment.objects.filter(version__submission=receipt.submission_id)
    assert {file.name for file in names} == {"door.jpg", "later.jpg"}
    item.refresh_from_db()
    assert (item.resolved_by, services.replaying.received_document(item)) == (clerk, other)
    drain_now()
    assert Quarantined.objects.filter(pk=item.pk).exists()


def test_after_a_conflict_each_phone_corrects_the_record_that_it_sent(send, clerk) -> None:
    """Two phones held one half-sent record, finished it differently, and office staff kept both."""
    other = sending(make_phone("zhao"))
    first = send(instance(1))
    item = refuse(other, InstanceConflict, instance(1, met_whom="2"))
    mend(item, clerk, "new_instance")
    second = take(item, clerk)

    theirs = other(instance(3, deprecated=instance_id(1), met_whom="2"))
    ours = send(instance(2, deprecated=instance_id(1)))

    assert theirs.submission_id == second.submission_id
    assert ours.submission_id == first.submission_id


def test_a_conflict_is_resolved_by_an_edit_or_by_keeping_the_first(send, clerk) -> None:
    send(instance(1))
    second = refuse(send, InstanceConflict, instance(1, met_whom="2"))
    third = refuse(send, InstanceConflict, instance(1, met_whom="3"))

    mend(second, clerk, "as_edit")
    assert take(second, clerk).outcome is Outcome.EDIT
    with pytest.raises(ReasonMissing):
        services.dismiss(
            item=third, reason=" ", user=clerk, access=access_of(clerk), at=clock.now()
        )
    services.dismiss(
        item=third, reason="第一份正确", user=clerk, access=access_of(clerk), at=clock.now()
    )

    submission = Submission.objects.get()
    assert submission.versions.count() == 2
    assert b"<met_whom>2<" in document_of(submission.current_version)
    refuse(send, InstanceConflict, instance(1, met_whom="3"))
    assert Quarantined.objects.count() == 2


def test_a_dismissal_is_taken_back_and_stays_on_record(send, clerk, make_user) -> None:
    send(instance(1))
    item = refuse(send, InstanceConflict, instance(1, met_whom="2"))
    by_clerk = {"user": clerk, "access": access_of(clerk), "at": clock.now()}
    services.dismiss(item=item, reason="第一份正确", **by_clerk)
    far = make_user("far", area="440106005")

    with pytest.raises(MayNotReview):
        services.reopen(item=item, reason="核对", user=far, access=access_of(far), at=clock.now())
    with pytest.raises(ReasonMissing):
        services.reopen(item=item, reason=" ", **by_clerk)
    services.reopen(item=item, reason="看错了", **by_clerk)
    services.reopen(item=item, reason="再点一次", **by_clerk)

    item.refresh_from_db()
    assert (item.resolved_at, item.resolved_by, item.resolved_note) == (None, None, "")
    reopening = item.reopenings.get()
    assert (reopening.dismissed_by, reopening.dismissed_note, reopening.reason) == (
        clerk,
        "第一份正确",
        "看错了",
    )
    mend(item, clerk, "as_edit")
    assert take(item, clerk).outcome is Outcome.EDIT
    with pytest.raises(AlreadyResolved):
        services.reopen(item=item, reason="看错了", **by_clerk)


def test_a_superseded_edit_becomes_the_newest_when_a_person_says_so(send, clerk) -> None:
    send(instance(1))
    send(instance(2, deprecated=instance_id(1)))
    item = refuse(send, EditSuperseded, instance(3, deprecated=instance_id(1)))

    mend(item, clerk, "as_edit")
    take(item, clerk)

    versions = SubmissionVersion.objects.order_by("pk")
    assert versions.last().deprecated_id == instance_id(2)


def test_a_corrected_document_is_accepted_and_the_received_bytes_stay_beside_it(
    send, clerk
) -> None:
    from server.core.xml import BadXml

    item = refuse(send, BadXml, b"<data id='household_survey'", {"a.jpg": b"a"})
    with pytest.raises(BadXml):
        mend(item, clerk, "corrected", document=b"<data")
    mend(item, clerk, "corrected", document=instance(1))
    take(item, clerk)

    assert document_of(SubmissionVersion.objects.get()) == instance(1)
    item.refresh_from_db()
    repair = item.repairs.get()
    assert (repair.user, repair.reason) == (clerk, "核对")
    with archive(item) as packed, zipfile.ZipFile(io.BytesIO(packed.read())) as held:
        assert held.read("record.xml") == b"<data id='household_survey'"
        assert held.read("repairs/1-corrected.xml") == instance(1)
        assert held.read("files/a.jpg") == b"a"
        assert json.loads(held.read("about.json"))["reason"] == "bad-xml"


def test_the_right_form_version_can_be_chosen(send, clerk) -> None:
    item = refuse(send, UnknownFormVersion, instance(1, version="2025.9"))
    with pytest.raises(UnknownFormVersion):
        mend(item, clerk, "form_version", version="2024")
    mend(item, clerk, "form_version", version="2026.1")
    take(item, clerk)
    assert Submission.objects.get().instance_id == instance_id(1)
    assert send(instance(1, version="2025.9")).outcome is Outcome.RESEND


def test_bytes_that_were_accepted_as_another_record_are_not_accepted_again(send, clerk) -> None:
    """The phone goes on sending until it is answered 201, also after its form version or original has come."""
    edit = instance(2, deprecated=instance_id(1))
    other = instance(3, form_id="other_survey")
    kept = refuse(send, OriginalNotHere, edit)
    moved = refuse(send, UnknownForm, other, {"a.jpg": b"a"})
    mend(kept, clerk, "new_instance")
    mend(moved, clerk, "form_version", form_id=FORM_ID, version="2026.1")
    taken = [take(item, clerk) for item in (kept, moved)]
    send(instance(1))
    make_form("other_survey")

    again = [send(edit), send(other, {"b.jpg": b"b"})]

    assert [receipt.version_id for receipt in again] == [receipt.version_id for receipt in taken]
    assert SubmissionVersion.objects.count() == 3
    files = Attachment.objects.filter(version=taken[1].version_id)
    assert {file.name for file in files} == {"a.jpg", "b.jpg"}


def test_only_reviewers_of_the_area_decide(send, make_user) -> None:
    item = refuse(send, UnknownFormVersion, instance(1, version="x"))
    for role, area in (("street", "440106005"), ("county", "440106"), ("worker", STREET)):
        user = make_user(role, role=role, area=area)
        with pytest.raises(MayNotReview):
            take(item, user)
        with pytest.raises(MayNotReview):
            mend(item, user, "new_instance")


def test_limits_keep_one_phone_from_filling_the_disk_and_are_counted(send, settings) -> None:
    settings.RUHU_QUARANTINE_DAY_ITEMS = 2
    for number in (1, 2):
        refuse(send, UnknownFormVersion, instance(number, version="x"))
    content = b"only this upload brought it"

    refuse(send, NotKept, instance(3, version="x"), {"a.jpg": content})
    refuse(send, NotKept, instance(4, version="x"))
    refuse(send, UnknownFormVersion, instance(1, version="x"), {"b.jpg": b"still kept"})

    assert Quarantined.objects.count() == 2
    counted = QuarantineRefusal.objects.get()
    assert (counted.limit, counted.count) == ("phone_count", 2)
    from hashlib import sha256

    assert not blobs.path_of(sha256(content).digest()).exists()
    assert send(instance(9)).outcome is Outcome.NEW


@pytest.mark.parametrize(
    ("setting", "limit"),
    [("ITEM_MB", "item"), ("DAY_MB", "phone_bytes"), ("TOTAL_MB", "total")],
)
def test_each_limit_holds(send, settings, setting, limit) -> None:
    setattr(settings, f"RUHU_QUARANTINE_{setting}", 0)
    refused = instance(1, version="x")
    with pytest.raises(NotKept):
        send(refused)
    assert not Quarantined.objects.exists()
    assert QuarantineRefusal.objects.get().limit == limit


def test_dropping_is_explicit_and_leaves_files_others_name(send, capsys, monkeypatch) -> None:
    old = RECEIVED_AT - timedelta(days=100)
    for number, files in ((1, {"own.jpg": b"own"}), (2, {"shared.jpg": b"shared"})):
        with pytest.raises(UnknownFormVersion):
            send(instance(number, version="x"), files, at=old)
    send(instance(3), {"shared.jpg": b"shared"})
    monkeypatch.setattr(clock, "now", lambda: RECEIVED_AT + timedelta(days=3650))

    call_command("quarantine", "drop", "--older-than", "90d")
    assert Quarantined.objects.count() == 2
    call_command("quarantine", "drop", "--older-than", "90d", "--yes")

    assert not Quarantined.objects.exists()
    assert "已清除 2 条，文件 1 个。" in capsys.readouterr().out


def test_commands_replay_by_number_and_by_reason(send, capsys, tmp_path) -> None:
    Form.objects.update(state="closed")
    refuse(send, FormClosed, instance(1))
    item = refuse(send, FormClosed, instance(2))
    Form.objects.update(state="open")

    call_command("quarantine", "export", str(item.pk), str(tmp_path / "q.zip"))
    call_command("quarantine", "replay", str(item.pk))
    call_command("quarantine", "replay", "--reason", "form-closed")
    call_command("quarantine", "limits")

    assert Submission.objects.count() == 2
    assert zipfile.is_zipfile(tmp_path / "q.zip")
    assert "已收录：1" in capsys.readouterr().out


@given(st.text("abc-:/'\"<&中文", min_size=1), st.text("abc1", max_size=5))
def test_renaming_changes_nothing_but_the_name(name: str, original: str) -> None:
    named = name.strip() or "x"
    document = instance(7, deprecated=instance_id(6))

    parsed = envelope.parse(rewriting.rename(document, instance_id=named, deprecated_id=original))

    assert (parsed.instance_id, parsed.deprecated_id) == (named, original)
    assert parsed.form_id == FORM_ID
    back = rewriting.rename(
        rewriting.rename(document, instance_id=named),
        instance_id=instance_id(7),
        deprecated_id=instance_id(6),
    )
    assert envelope.parse(back) == envelope.parse(document)
