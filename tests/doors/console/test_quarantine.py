"""The quarantine pages: list, download, repair, replay, dismiss, reopen."""

from __future__ import annotations

import contextlib
import hashlib
import io
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from server.core import clock
from server.core.problems import Problem
from server.quarantine.models import Quarantined
from server.quarantine.services import receive_or_quarantine
from server.submissions.drain import drain_now
from server.submissions.models import Submission
from tests.conftest import COMMUNITY, OTHER_STREET_COMMUNITY
from tests.factories.audit import disclosed
from tests.factories.console import make_quarantined
from tests.factories.submissions import instance, instance_id, make_form, make_phone, sender_of


@pytest.fixture
def form(street):
    return make_form("quarantined_survey")


def address(page: str, item) -> str:
    return reverse(f"console:quarantine-{page}", args=[item.pk])


def late(street, number: int = 1, **values):
    return make_quarantined(
        street.worker,
        COMMUNITY,
        instance(number, form_id="quarantined_survey", version="0"),
        reason="unknown-form-version",
        form_id="quarantined_survey",
        form_version="0",
        instance_id=instance_id(number),
        **values,
    )


def test_an_item_is_shown_with_its_remedies_and_only_to_reviewers_of_its_area(
    street, form, log_in
) -> None:
    item = late(street)
    foreign = make_quarantined(street.worker, OTHER_STREET_COMMUNITY)
    client = log_in()
    front = '<a class="number alert" href="/quarantine">Quarantine<strong>1</strong></a>'
    assert front in client.get("/").content.decode()
    assert "/quarantine" not in log_in("county", "440106").get("/").content.decode()

    page = client.get(address("item", item)).content.decode()

    assert instance_id(1) in page
    assert "The form version is not known" in page
    assert "2026.1" in page
    assert "张三" not in page
    assert client.get(address("item", foreign)).status_code == 404
    assert log_in("county", "440106").get(address("item", item)).status_code == 403


def test_the_reason_is_shown_in_the_readers_language(street, form, log_in) -> None:
    first, other = instance(1, form_id="quarantined_survey"), "<data"
    phone = make_phone("zhao")
    for document in (first, first.replace(b"meta", b"meta ", 1), other.encode()):
        with contextlib.suppress(Problem):
            receive_or_quarantine(
                document=document, sender=sender_of(phone), received_at=clock.now()
            )
    drain_now()
    client = log_in()
    conflict, unreadable = Quarantined.objects.order_by("pk")

    pages = [
        client.get(address("item", item), headers={"accept-language": language}).content.decode()
        for item in (conflict, unreadable)
        for language in ("zh-hans", "en")
    ]

    assert "此前已收到 instanceID 相同而内容不同的记录" in pages[0]
    assert "was already received with different content" in pages[1]
    assert (
        reverse("console:submission", args=[Submission.objects.get(instance_id=instance_id(1)).pk])
        in pages[0]
    )
    assert "XML 无法读取：" in pages[2]
    assert "作为另一条记录收录" in pages[0]
    assert "作为另一条记录收录" not in pages[2], "it cannot even be read"
    listed = client.get(reverse("console:quarantine"), headers={"accept-language": "zh-hans"})
    assert "此前已收到 instanceID 相同而内容不同的记录" in listed.content.decode()


def test_a_conflict_shows_what_differs_and_what_to_do(street, form, log_in) -> None:
    form_id, phone = "quarantined_survey", make_phone("zhao")
    mine, theirs, again = (
        instance(number, form_id=form_id, met_whom=met, deprecated=edits)
        for number, met, edits in (
            (1, "1", ""), (2, "2", instance_id(1)), (3, "3", instance_id(1)),
        )
    )  # fmt: skip
    for document in (mine, mine.replace(b">1</met_whom>", b">4</met_whom>"), theirs, again):
        with contextlib.suppress(Problem):
            receive_or_quarantine(
                document=document, sender=sender_of(phone), received_at=clock.now()
            )
    drain_now()
    client = log_in()
    conflict, superseded = Quarantined.objects.order_by("pk")

    first, second = (
        client.get(address("item", item)).content.decode().partition("</main>")[0]
        for item in (conflict, superseded)
    )
    listed = client.get(reverse("console:quarantine"), {"reason": "edit-superseded"})

    assert "<td>Met</td><td>2</td><td><strong>4</strong></td>" in first
    assert "<td>Met</td><td>2</td><td><strong>3</strong></td>" in second
    assert "Two different records arrived under one instanceID" in first
    assert "Two people corrected one record" in second
    assert "Try again" not in first + second, "it would end as before"
    assert "Accept with this version" not in first + second
    assert "Two people corrected one record" in listed.content.decode()
    assert address("item", conflict) not in listed.content.decode()
    empty = client.get(reverse("console:quarantine"), {"reason": "form-closed"}).content.decode()
    assert "Nothing waits for this reason" in empty


def test_the_page_does_not_claim_that_all_was_accepted_when_a_limit_kept_something_out(
    street, form, log_in, settings
) -> None:
    settings.RUHU_QUARANTINE_DAY_ITEMS = 0
    document = instance(1, form_id="quarantined_survey", version="0")
    with contextlib.suppress(Problem):
        receive_or_quarantine(
            document=document, sender=sender_of(make_phone("zhao")), received_at=clock.now()
        )

    listed = log_in().get(reverse("console:quarantine")).content.decode()

    assert "too many in a day from one phone" in listed
    assert "no copy of it exists here" in listed
    assert "everything that phones sent was accepted" not in listed


def test_a_download_needs_a_reason_and_is_logged(street, form, log_in) -> None:
    item = late(street)
    client = log_in()

    assert client.post(address("download", item), {"reason": ""}).status_code == 400
    assert not disclosed()
    response = client.post(address("download", item), {"reason": "核对原始记录"})

    with zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content))) as held:
        assert hashlib.sha256(held.read("record.xml")).digest() == item.sha256
    (disclosure,) = disclosed()
    assert (disclosure.act, disclosure.object_type, disclosure.object_id) == (
        "export",
        "quarantine",
        str(item.pk),
    )
    log = client.get(reverse("console:disclosures")).content.decode()
    assert reverse("console:quarantine-item", args=[item.pk]) in log
    assert "the record as received" in log


def test_a_replay_that_fails_shows_why_and_one_that_succeeds_links_to_the_submission(
    street, form, log_in
) -> None:
    item = late(street)
    client = log_in()

    failed = client.post(address("replay", item)).content.decode()
    taken = client.post(
        address("repair", item), {"act": "form_version", "version": "2026.1", "reason": "核对"}
    ).content.decode()

    assert "is not known here" in failed
    assert "nothing was lost" in failed
    submission = Submission.objects.get(form=form.form)
    assert reverse("console:submission", args=[submission.pk]) in taken
    assert "Already resolved" in client.post(address("replay", item)).content.decode()


def test_a_corrected_xml_is_uploaded_and_accepted(street, form, log_in) -> None:
    item = make_quarantined(street.worker, COMMUNITY, b"<data", reason="bad-xml")
    document = instance(5, form_id="quarantined_survey")
    upload = SimpleUploadedFile("a.xml", document, "text/xml")

    page = log_in().post(
        address("repair", item), {"act": "corrected", "document": upload, "reason": "补全"}
    )

    assert "Accepted" in page.content.decode()
    assert Submission.objects.filter(instance_id=instance_id(5)).exists()


def test_all_items_of_one_reason_are_replayed_and_one_is_dismissed(street, form, log_in) -> None:
    first, second = late(street, 1), late(street, 2)
    client = log_in()
    client.post(address("dismiss", first), {"reason": "测试数据"})
    make_form("quarantined_survey", "0")

    client.post(reverse("console:quarantine-replay-all"), {"reason": "unknown-form-version"})

    page = client.get(reverse("console:quarantine") + "?is_settled=true").content.decode()
    assert address("item", first) in page
    assert "Dismissed" in page
    assert "Accepted" in page
    assert Submission.objects.filter(form__form_id="quarantined_survey").count() == 1
    second.refresh_from_db()
    assert second.is_accepted

    desk = client.post(address("reopen", first), {"reason": "看错了"}).content.decode()
    assert "测试数据" in desk
    assert "看错了" in desk
    assert "Try again" in desk
    assert "Reopen" in client.post(address("dismiss", first), {"reason": "测试"}).content.decode()
    assert client.post(address("reopen", second), {"reason": "看错了"}).status_code == 409
