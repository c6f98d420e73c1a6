"""The submissions list, one submission, its files, and the decision."""

from __future__ import annotations

import io
from collections import Counter

import pytest
from django.test import Client
from django.urls import reverse
from PIL import Image
from procrastinate.contrib.django.models import ProcrastinateJob

from server.console import thumbnails
from server.console.tasks import draw_preview
from server.core import blobs
from tests.conftest import COMMUNITY, OTHER_COMMUNITY, STREET
from tests.factories.audit import disclosed
from tests.factories.console import ID_NO, attach, make_submission, photo_bytes

pytestmark = pytest.mark.django_db
HTMX = {"hx-request": "true", "hx-target": "results"}


def rows(response) -> int:
    return response.content.decode().count("<tr data-href=")


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 3),
        ("state=received,edited,has_issues", 2),
        ("state=approved", 1),
        ("area=440106003001", 2),
        ("area=440106003", 3),
        ("search=棠荫路", 3),
        ("search=nowhere", 0),
        ("flag=outside_area", 1),
        ("received_from=2026-11-20", 3),
        ("received_to=2026-11-19", 0),
        ("form=not_a_form", 0),
        ("page=99", 3),
    ],
)
def test_the_list_is_narrowed_by_its_filters(street, log_in, query, count):
    make_submission(street.form, street.worker, COMMUNITY, "uuid:b", review_state="approved")
    make_submission(street.form, street.worker, OTHER_COMMUNITY, "uuid:c", flags=["outside_area"])
    client = log_in("street", STREET)
    assert rows(client.get("/submissions?" + query)) == count
    assert rows(client.get("/submissions?" + query, headers=HTMX)) == count


def test_htmx_gets_the_results_alone(street, log_in):
    client = log_in()
    whole, part = client.get("/submissions"), client.get("/submissions", headers=HTMX)
    assert "<html" in whole.content.decode()
    assert "<html" not in part.content.decode()
    assert "no-store" in part.headers["Cache-Control"]


def test_an_empty_list_says_why(street, log_in):
    client = log_in()
    assert (
        "Nothing matches these filters."
        in client.get("/submissions?search=nowhere").content.decode()
    )
    street.submission.review_state = "approved"
    street.submission.save()
    assert "Nothing waits for a decision." in client.get("/review").content.decode()


def test_a_list_costs_the_same_however_long(street, log_in, django_assert_max_num_queries):
    for number in range(60):
        make_submission(street.form, street.worker, COMMUNITY, f"uuid:{number}x")
    client = log_in()
    with django_assert_max_num_queries(10):
        response = client.get("/submissions")
    assert rows(response) == 50
    assert rows(client.get("/submissions?page=2")) == 11


def test_answers_are_shown_by_label_in_the_active_language_and_numbers_masked(street, log_in):
    client = log_in()
    address = reverse("console:submission", args=[street.submission.pk])
    english = client.get(address).content.decode()
    assert "Outcome" in english
    assert "complete" in english
    chinese = client.get(address, headers={"accept-language": "zh-hans"}).content.decode()
    assert "走访结果" in chinese
    assert "完成" in chinese
    for page in (english, chinese):
        assert ID_NO not in page
        assert ID_NO[:4] + "*" * 14 in page


def test_an_edit_shows_what_it_changed_masked_as_answers_are(street, log_in):
    edit(
        street.submission,
        {ID_NO: "449901196501010198", ">1</outcome>": ">3</outcome>", "01</": "02</"},
    )
    address = reverse("console:submission", args=[street.submission.pk])

    text = log_in().get(address).content.decode()

    assert "2 answers changed" in text
    assert "<td>Outcome</td><td>complete</td><td><strong>3</strong></td>" in text
    assert "Members 1 · ID number" in text
    assert ID_NO not in text
    assert "449901196501010198" not in text
    trusted = log_in("street", STREET, "restricted").get(address).content.decode()
    assert "3 answers changed" in trusted
    assert "Members 1 · Political status" in trusted


def edit(submission, replaced):
    """One more version of a record, with some of its text replaced."""
    from server.core import sealing
    from server.submissions.models import SubmissionVersion

    first = submission.current_version
    document = sealing.unseal_document(bytes(first.document)).decode()
    for old, new in replaced.items():
        assert old in document
        document = document.replace(old, new)
    submission.current_version = SubmissionVersion.objects.create(
        submission=submission,
        form=first.form,
        form_version=first.form_version,
        instance_id="uuid:edit",
        deprecated_id=first.instance_id,
        sha256=b"0" * 32,
        document=sealing.seal_document(document.encode()),
        size=len(document),
        received_at=first.received_at,
        submitter=first.submitter,
    )
    submission.save()


def test_the_page_unseals_and_parses_each_version_once(street, log_in, monkeypatch):
    from server.core import sealing, xml

    edit(street.submission, {">1</outcome>": ">3</outcome>"})  # its files have still to come
    calls = []

    def counted(function):
        def call(data, context):
            calls.append((function.__name__, context if function is unseal else "xml"))
            return function(data, context)

        return call

    unseal = sealing.unseal
    monkeypatch.setattr(sealing, "unseal", counted(unseal))
    monkeypatch.setattr(xml.etree, "fromstring", counted(xml.etree.fromstring))

    page = log_in().get(reverse("console:submission", args=[street.submission.pk]))

    text = page.content.decode()
    assert "1 answer changed" in text
    assert "data-missing-files" in text
    assert Counter(calls) == {("unseal", "document"): 2, ("fromstring", "xml"): 2}


def test_files_that_the_answers_name_and_that_have_not_come_are_listed(street, log_in):
    client = log_in()
    address = reverse("console:submission", args=[street.submission.pk])
    assert "data-missing-files" not in client.get(address).content.decode()
    street.photo.delete()
    page = client.get(address).content.decode()
    assert "Missing files" in page
    assert '<li class="code">door.jpg</li>' in page


def test_a_restricted_answer_needs_the_role(street, log_in):
    address = reverse("console:submission", args=[street.submission.pk])
    assert "CPC member" not in log_in("street", STREET).get(address).content.decode()
    client = log_in("street", STREET, "restricted")
    assert "CPC member" in client.get(address).content.decode()


def test_the_page_costs_a_bounded_number_of_queries(street, log_in, django_assert_max_num_queries):
    client = log_in()
    with django_assert_max_num_queries(20):
        client.get(reverse("console:submission", args=[street.submission.pk]))


def drawn(client, file):
    """The answer to a request for the preview, once the worker has done its work."""
    address = reverse("console:preview", args=[file.pk])
    client.get(address)
    for job in ProcrastinateJob.objects.filter(task_name=thumbnails.DRAW, status="todo"):
        draw_preview(**job.args)
    ProcrastinateJob.objects.filter(task_name=thumbnails.DRAW).delete()
    return client.get(address)


def test_a_place_is_held_until_the_worker_has_drawn_the_preview(street, log_in):
    client = log_in()
    address = reverse("console:preview", args=[street.photo.pk])
    page = reverse("console:submission", args=[street.submission.pk])
    first, again = client.get(address), client.get(address)

    assert first["Content-Type"] == again["Content-Type"] == "image/gif"
    assert (first["Cache-Control"], first["Retry-After"]) == ("no-store", "2")
    assert ProcrastinateJob.objects.filter(task_name=thumbnails.DRAW).count() == 1
    assert "data-undrawn" in client.get(page).content.decode()
    assert drawn(client, street.photo)["Content-Type"] == "image/jpeg"
    assert "data-undrawn" not in client.get(page).content.decode()


def test_a_photo_erased_before_its_preview_is_drawn_leaves_the_queue_at_work(street, log_in):
    client = log_in()
    client.get(reverse("console:preview", args=[street.photo.pk]))
    blobs.path_of(street.photo.sha256).unlink()

    assert drawn(client, street.photo).status_code == 404


def test_a_preview_is_small_upright_and_without_the_cameras_notes(street, log_in):
    sideways = attach(street.submission, "side.jpg", photo_bytes((1200, 900), orientation=6))
    response = drawn(log_in(), sideways)
    image = Image.open(io.BytesIO(response.content))
    assert (response.headers["Content-Type"], image.size) == ("image/jpeg", (360, 480))
    assert not image.getexif()
    assert "private" in response.headers["Cache-Control"]
    assert not disclosed()


@pytest.mark.parametrize("content", [b"", b"<svg onload=alert(1)>", b"\xff\xd8\xff\xe0 torn"])
def test_what_is_no_photo_has_no_preview(street, log_in, content):
    file = attach(street.submission, "odd.jpg", content)
    assert drawn(log_in(), file).status_code == 404


def test_a_photo_that_claims_too_many_pixels_is_not_opened(street, log_in):
    import struct
    import zlib

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")  # fmt: skip
    file = attach(street.submission, "bomb.png", bomb)
    assert drawn(log_in(), file).status_code == 404


def picture(kind: str, size: tuple[int, int], **options) -> bytes:
    out = io.BytesIO()
    Image.new("L", size).save(out, kind, **options)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (picture("PNG", (5000, 4900)), 200),
        (picture("PNG", (5100, 5000)), 404),
        (picture("JPEG", (8000, 6000)), 200),  # a phone's camera
        (picture("JPEG", (5100, 5000), progressive=True), 404),
        (picture("PPM", (30, 30)), 404),
        (picture("TIFF", (30, 30)), 404),
    ],
    ids=["25 M", "too many", "camera", "progressive", "PPM", "TIFF"],
)
def test_pictures_are_opened_in_few_formats_and_with_few_pixels(street, log_in, content, expected):
    file = attach(street.submission, "photo.jpg", content)
    assert drawn(log_in(), file).status_code == expected


def test_an_original_is_downloaded_by_its_button_and_logged(street, log_in):
    client = log_in()
    address = reverse("console:file", args=[street.photo.pk])
    assert client.get(address).status_code == 405, "a link from elsewhere fetches nothing"
    assert not disclosed()
    response = client.post(address)
    assert b"".join(response) == photo_bytes()
    assert response.headers["Content-Disposition"].startswith("attachment")
    (logged,) = disclosed()
    assert (logged.act, logged.facts["columns"], logged.area_code) == (
        "media",
        ["door.jpg"],
        COMMUNITY,
    )
    assert "door.jpg" in client.get("/disclosures").content.decode()


def test_a_file_that_could_be_a_page_is_only_downloaded(street, log_in):
    file = attach(street.submission, "page.html", b"<script>alert(1)</script>")
    response = log_in().post(reverse("console:file", args=[file.pk]))
    assert b"".join(response) == b"<script>alert(1)</script>"
    assert response.headers["Content-Disposition"].startswith("attachment")
    assert response.headers["Content-Type"] == "application/octet-stream"


def test_a_decision_is_taken_explained_and_taken_back(street, log_in):
    client = log_in()
    address = reverse("console:decide", args=[street.submission.pk])

    def state() -> str:
        street.submission.refresh_from_db()
        return street.submission.review_state

    refused = client.post(address, {"state": "rejected", "reason": " "}, headers=HTMX)
    assert refused.status_code == 400
    assert "Give a reason" in refused.content.decode()
    assert state() == "received"
    answer = client.post(address, {"state": "rejected", "reason": "wrong house"}, headers=HTMX)
    assert "wrong house" in answer.content.decode()
    assert state() == "rejected"
    client.post(address, {"state": "received", "reason": ""})
    assert state() == "received"
    assert [row.state for row in street.submission.decisions.all()] == ["rejected", "received"]
    assert client.post(address, {"state": "nonsense"}).status_code == 400


def test_what_counts_once_approved_is_seen_as_such(street, log_in):
    from server.submissions.models import ApprovedVersion, SubmissionVersion

    client, number = log_in(), street.submission.pk
    address = reverse("console:submission", args=[number])
    assert "once approved</span>" not in client.get("/review").content.decode()
    assert rows(client.get("/review?awaits_approval=true")) == 0
    street.form.needs_approval = True
    street.form.save()
    make_submission(street.form, street.worker, COMMUNITY, "uuid:b", review_state="approved")
    queue = client.get("/review").content.decode()
    assert queue.count(">counts once approved</span>") == 1
    assert rows(client.get("/review?awaits_approval=true")) == 1
    assert rows(client.get("/submissions?awaits_approval=true")) == 1
    page = client.get(address).content.decode()
    assert "This submission counts in the ledgers once it is approved." in page
    assert "This record changes nothing in the ledgers before it is approved." in page
    version = SubmissionVersion.objects.get(pk=street.submission.current_version_id)
    version.pk, version.instance_id = None, "uuid:before"
    version.save(force_insert=True)
    ApprovedVersion.objects.create(submission=street.submission, version=version)
    page = client.get(address).content.decode()
    assert "The ledgers have the version of 2026-11-20 10:30" in page
    decided = client.post(reverse("console:decide", args=[number]), {"state": "approved"})
    assert "The ledgers have the version" not in decided.content.decode()


def test_a_decision_about_what_was_corrected_meanwhile_is_not_taken(street, log_in):
    client, number = log_in(), street.submission.pk
    page = client.get(reverse("console:submission", args=[number])).content.decode()
    assert 'name="version" value="uuid:1"' in page
    street.submission.versions.update(instance_id="uuid:1 corrected")
    decision = {"state": "approved", "version": "uuid:1"}
    answer = client.post(reverse("console:decide", args=[number]), decision, headers=HTMX)
    assert answer.status_code == 409
    assert "corrected after you opened it" in answer.content.decode()
    over_rest = client.post("/api/v1/submissions/uuid:1/review/", decision, "application/json")
    assert over_rest.json()["type"].endswith("decided-unseen")
    street.submission.refresh_from_db()
    assert street.submission.review_state == "received"


def test_a_decision_leads_to_the_next_in_the_queue(street, log_in):
    client, first = log_in(), street.submission
    second, third = (
        make_submission(street.form, street.worker, COMMUNITY, f"uuid:{name}") for name in "bc"
    )
    make_submission(street.form, street.worker, COMMUNITY, "uuid:d", review_state="approved")
    for decided, following in ((second, third), (third, first)):
        page = client.post(reverse("console:decide", args=[decided.pk]), {"state": "approved"})
        link = f'href="{reverse("console:submission", args=[following.pk])}"'
        assert link in page.content.decode()
    page = client.post(reverse("console:decide", args=[first.pk]), {"state": "approved"})
    assert "Nothing else waits" in page.content.decode()


def test_a_decision_from_another_site_is_refused(street, log_in):
    client = Client(enforce_csrf_checks=True)
    client.cookies = log_in().cookies
    address = reverse("console:decide", args=[street.submission.pk])
    assert client.post(address, {"state": "approved"}).status_code == 403


def test_what_could_not_be_taken_is_listed_with_its_reason(street, log_in):
    from server.quarantine.models import Quarantined

    Quarantined.objects.create(
        received_at=street.submission.received_at, reason="form-closed", form_id="old_form",
        sha256=bytes(32), document=b"", size=10, submitter=street.worker, area=COMMUNITY,
    )  # fmt: skip
    page = log_in().get("/quarantine").content.decode()
    assert "old_form" in page
    assert "The form is closed" in page


def test_changes_do_not_name_restricted_columns_to_others(street, log_in):
    from server.ledgers.models import ContributionRow

    ContributionRow.objects.create(
        id=street.submission.current_version_id * 65536, family="person", entry=street.person.pk,
        keys=[street.person.pk], submission=street.submission, path="/data/members[1]",
        observed_at=street.submission.received_at, received_at=street.submission.received_at,
        instance_id="uuid:1", worker=street.worker, level=2, area_code=COMMUNITY,
        values={"name": "陈大文1", "political": "01"},
    )  # fmt: skip
    address = reverse("console:submission", args=[street.submission.pk])
    page = log_in("street", STREET).get(address).content.decode()
    assert reverse("console:person", args=[street.person.pk]) in page
    assert "political" not in page
    assert "political" in log_in("street", STREET, "restricted").get(address).content.decode()
