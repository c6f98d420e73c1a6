"""Quarantined documents whose form version or original comes are replayed without a person, once, with all their files."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from itertools import permutations

import pytest

from server.core import blobs, clock
from server.forms.models import Form
from server.forms.services import publish_workbook
from server.quarantine import services
from server.quarantine.models import Quarantined
from server.quarantine.services import receive_or_quarantine
from server.submissions.drain import drain_now
from server.submissions.models import Submission, SubmissionVersion
from server.submissions.problems import (
    EditSuperseded,
    FormClosed,
    OriginalNotHere,
    UnknownFormVersion,
)
from server.submissions.selectors import document_of
from server.submissions.services import Outcome
from tests.factories.quarantine import jobs, mend, refuse, take, work
from tests.factories.submissions import (
    FORM_ID,
    RECEIVED_AT,
    instance,
    instance_id,
    make_form,
    sender_of,
)
from tests.samples import xlsforms

pytestmark = pytest.mark.django_db


def test_a_moved_record_keeps_its_date_also_through_the_quarantine(phone) -> None:
    """The item's time of receipt is today, by which limits and dropping go; the submission keeps the first one."""
    mover = replace(sender_of(phone), may_backdate=True)
    dated = b'<data submissionDate="2019-02-03T04:05:06.000+08:00" '
    for number, sender in ((1, mover), (2, sender_of(phone))):
        document = instance(number, version="2026.2").replace(b"<data ", dated)
        with pytest.raises(UnknownFormVersion):
            receive_or_quarantine(document=document, sender=sender, received_at=RECEIVED_AT)
    assert {item.received_at for item in Quarantined.objects.all()} == {RECEIVED_AT}

    make_form(version="2026.2")
    at = clock.now()
    services.replay_ready(at=at)

    moved, sent = Submission.objects.order_by("instance_id")
    assert moved.received_at.isoformat() == "2019-02-02T20:05:06+00:00"
    assert sent.received_at == at


def test_an_item_that_waited_for_a_form_version_is_accepted_when_that_is_published(send) -> None:
    late = instance(1, version="2026.2")
    refuse(send, UnknownFormVersion, late, {"door.jpg": b"photo"})
    refuse(send, UnknownFormVersion, instance(2, version="2026.3"))
    assert services.replay_ready(at=clock.now()).accepted == 0

    make_form(version="2026.2")

    assert services.replay_ready(at=clock.now()) == services.Replayed(1, {})
    taken = Submission.objects.get()
    assert document_of(taken.current_version) == late
    assert blobs.read(taken.current_version.attachments.get().sha256) == b"photo"
    drain_now()
    kept = Quarantined.objects.get(instance_id=instance_id(1))
    assert (kept.accepted_as, kept.resolved_by) == (taken.current_version, None)
    assert send(late).outcome is Outcome.RESEND


def test_publication_queues_the_replay(phone) -> None:
    publish_workbook(
        workbook=xlsforms.workbook(xlsforms.HOUSEHOLD),
        filename="f.xlsx",
        publisher=None,
        validate=False,
    )

    assert jobs("replay_ready") == 1


def test_edits_that_overtook_their_original_are_accepted_when_it_comes(send) -> None:
    refuse(send, OriginalNotHere, instance(3, deprecated=instance_id(2)))
    refuse(send, OriginalNotHere, instance(2, deprecated=instance_id(1)))
    send(instance(1))
    drain_now()
    assert jobs("replay_ready") == 1

    assert services.replay_ready(at=clock.now()).accepted == 1  # 2; that lets 3 follow
    drain_now()
    assert services.replay_ready(at=clock.now()).accepted == 1

    submission = Submission.objects.get()
    assert submission.current_version.instance_id == instance_id(3)
    assert submission.versions.count() == 3


@pytest.mark.parametrize("order", list(permutations((1, 2, 3))), ids=str)
def test_a_chain_of_edits_ends_the_same_in_any_order_with_nothing_sent_twice(send, order) -> None:
    for number in order:
        original = instance_id(number - 1) if number > 1 else ""
        with suppress(OriginalNotHere):
            send(instance(number, deprecated=original))
    work()

    record = Submission.objects.get()
    assert (record.instance_id, record.current_version.instance_id) == (
        instance_id(1),
        instance_id(3),
    )
    assert record.versions.count() == 3


def test_an_edit_of_an_unknown_version_is_accepted_when_its_original_comes_too(send) -> None:
    """It is refused for the version first, then for the original; the phone sends nothing again."""
    refuse(send, UnknownFormVersion, instance(2, version="2026.2", deprecated=instance_id(1)))
    make_form(version="2026.2")
    work()
    assert Quarantined.objects.get().tried_reason == OriginalNotHere.type

    send(instance(1))
    work()

    assert Submission.objects.get().current_version.instance_id == instance_id(2)


def test_an_edit_is_accepted_when_its_original_comes_out_of_the_quarantine(send, clerk) -> None:
    Form.objects.update(state="closed")
    original = refuse(send, FormClosed, instance(1))
    edit = refuse(send, FormClosed, instance(2, deprecated=instance_id(1)))
    Form.objects.update(state="open")
    with pytest.raises(OriginalNotHere):
        take(edit, clerk)

    take(original, clerk)
    work()

    assert Submission.objects.get().current_version.instance_id == instance_id(2)


def test_an_edit_finds_its_original_that_a_repair_renamed(send, clerk) -> None:
    """Two people corrected one record, and the one who came late went on correcting."""
    send(instance(1))
    send(instance(2, deprecated=instance_id(1)))
    late = refuse(send, EditSuperseded, instance(3, deprecated=instance_id(1)))
    refuse(send, OriginalNotHere, instance(4, deprecated=instance_id(3)))
    refuse(send, OriginalNotHere, instance(5, deprecated=instance_id(4)))

    mend(late, clerk, "as_edit")
    take(late, clerk)
    assert jobs("replay_ready") == 1
    work()

    assert Submission.objects.get().current_version.instance_id == instance_id(5)
    last = refuse(send, EditSuperseded, instance(6, deprecated=instance_id(3)))
    mend(last, clerk, "as_edit")
    assert take(last, clerk).outcome is Outcome.EDIT


def test_an_edit_whose_xml_was_corrected_waits_for_its_original_as_others_do(send, clerk) -> None:
    from server.core.xml import BadXml

    item = refuse(send, BadXml, b"<data id='household_survey'")
    mend(item, clerk, "corrected", document=instance(2, deprecated=instance_id(1)))
    with pytest.raises(OriginalNotHere):
        take(item, clerk)
    item = Quarantined.objects.get()
    assert (item.form_id, item.instance_id) == (FORM_ID, instance_id(2))

    send(instance(1))
    work()

    assert Submission.objects.get().current_version.instance_id == instance_id(2)


def test_a_document_quarantined_for_two_reasons_is_accepted_once(send) -> None:
    edit = instance(2, version="2026.2", deprecated=instance_id(1))
    refuse(send, UnknownFormVersion, edit, {"a.jpg": b"a"})
    make_form(version="2026.2")
    refuse(send, OriginalNotHere, edit, {"b.jpg": b"b"})
    refuse(send, OriginalNotHere, instance(3, version="2026.2", deprecated=instance_id(2)))
    send(instance(1))

    assert services.replay_ready(at=clock.now()) == services.Replayed(1, {})
    assert jobs("replay_ready") == 1
    work()

    versions = {version.instance_id: version for version in Submission.objects.get().versions.all()}
    assert set(versions) == {instance_id(number) for number in (1, 2, 3)}
    names = {file.name for file in versions[instance_id(2)].attachments.all()}
    assert names == {"a.jpg", "b.jpg"}


def test_files_of_a_refused_request_reach_the_version_that_a_later_request_stores(send) -> None:
    edit = instance(2, deprecated=instance_id(1))
    refuse(send, OriginalNotHere, edit, {"a.jpg": b"a"})
    send(instance(1))
    send(edit, {"b.jpg": b"b"})

    drain_now()

    names = {file.name for file in Submission.objects.get().current_version.attachments.all()}
    assert names == {"a.jpg", "b.jpg"}
    assert not Quarantined.objects.exists()


@pytest.mark.parametrize("is_drained", [True, False])
def test_a_repair_is_not_accepted_once_the_phone_got_the_original_bytes_in(
    send, clerk, is_drained
) -> None:
    edit = instance(2, deprecated=instance_id(1))
    item = refuse(send, OriginalNotHere, edit)
    mend(item, clerk, "new_instance")
    send(instance(1))
    receipt = send(edit)

    if is_drained:
        drain_now()
    services.replay_ready(at=clock.now())

    assert SubmissionVersion.objects.count() == 2
    item.refresh_from_db()
    assert item.accepted_as_id == receipt.version_id
    assert item.repairs.exists()


def test_a_replay_that_fails_again_is_noted_and_not_repeated_by_itself(send) -> None:
    refuse(send, UnknownFormVersion, instance(1, version="2026.2"))
    send(instance(1))
    make_form(version="2026.2")

    assert services.replay_ready(at=clock.now()).refused == {"instance-conflict": 1}
    assert services.replay_ready(at=clock.now()) == services.Replayed(0, {})
    assert Quarantined.objects.get().tried_reason == "instance-conflict"
