"""Entry at the desk: which forms, what they are sent, and the record that comes back (decision 0354)."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from server.accounts.models import RoleGrant
from server.audit.models import Act, AuditEntry
from server.forms.models import Form, FormAudience, FormMedia, FormVersion
from server.quarantine.models import Quarantined
from server.submissions.drain import drain_now
from server.submissions.models import Attachment, Submission, SubmissionVersion
from server.submissions.services.uploads import DESK
from tests.conftest import STREET
from tests.factories.submissions import FORM_ID, instance, instance_id, make_form
from tests.samples.xlsforms import committed

pytestmark = pytest.mark.django_db(transaction=True)

OTHER = "440106005001"


@pytest.fixture
def form(divisions) -> FormVersion:
    edition = make_form(area=STREET)
    for name in ("persons.csv", "households.csv"):
        FormMedia.objects.create(
            form_version=edition, filename=name, kind=FormMedia.Kind.ENTITY_LIST
        )
    return edition


@pytest.fixture
def clerk(form, log_in) -> Client:
    return log_in("street", STREET)


def send(client: Client, document: bytes, *photos: str, form_id: str = FORM_ID):
    files = {name: SimpleUploadedFile(name, b"photo of " + name.encode()) for name in photos}
    sent = {"xml_submission_file": SimpleUploadedFile("x.xml", document), **files}
    return client.post(f"/enter/{form_id}/send", sent, headers={"hx-request": "true"})


def test_a_record_of_the_desk_is_a_record_like_any_other_and_says_where_it_comes_from(clerk):
    answer = send(clerk, instance(1), "door.jpg")
    assert answer.status_code == 201
    row = Submission.objects.get()
    assert f"Stored as record {row.pk}" in answer.content.decode()
    version = SubmissionVersion.objects.get()
    assert (version.device_id, version.field_account, version.sender_areas) == (
        DESK,
        None,
        [STREET],
    )
    assert Attachment.objects.get().name == "door.jpg"
    entered = AuditEntry.objects.get(act=Act.RECORD_ENTERED)
    assert (entered.object_id, entered.actor) == (str(row.pk), row.submitter)
    drain_now()
    row.refresh_from_db()
    assert row.area_code == "440106003001"
    for page in ("/submissions", "/review", f"/submissions/{row.pk}"):
        assert "at the desk" in clerk.get(page).content.decode(), page


def test_sent_twice_it_is_stored_once_and_other_bytes_of_that_number_are_refused(clerk):
    assert send(clerk, instance(1)).status_code == 201
    again = send(clerk, instance(1))
    assert (again.status_code, 'data-stored="resend"' in again.content.decode()) == (201, True)
    assert AuditEntry.objects.filter(act=Act.RECORD_ENTERED).count() == 1
    assert send(clerk, instance(1, met_whom="9")).status_code == 409
    assert Submission.objects.count() == 1


def test_a_later_file_is_added_to_the_record(clerk):
    send(clerk, instance(1))
    assert send(clerk, instance(1), "late.jpg").status_code == 201
    assert Attachment.objects.get().name == "late.jpg"


def test_what_is_no_record_is_refused_in_words_and_kept_for_repair(clerk):
    answer = send(clerk, b"<data")
    assert answer.status_code == 400
    assert "data-problem" in answer.content.decode()
    assert Quarantined.objects.count() == 1
    nothing = clerk.post(f"/enter/{FORM_ID}/send", {}, headers={"hx-request": "true"})
    assert (nothing.status_code, Quarantined.objects.count()) == (400, 1)


def test_a_record_of_another_form_is_refused(clerk):
    other = make_form("other_form", area=STREET)
    document = instance(1, form_id="other_form", version=other.version)
    assert send(clerk, document).status_code == 400
    assert send(clerk, document, form_id="other_form").status_code == 201


def test_too_large_a_record_is_refused(clerk, settings):
    settings.RUHU_UPLOAD_MAX_MB = 0
    assert send(clerk, instance(1)).status_code == 413
    assert not Submission.objects.exists()


def test_a_record_about_another_area_waits_for_its_office_and_the_sender_learns_nothing(clerk):
    answer = send(clerk, instance(1, area=OTHER))
    assert answer.status_code == 201
    drain_now()
    assert Submission.objects.get().current_version is None
    assert instance_id(1) not in clerk.get("/submissions").content.decode()


def test_an_edit_replaces_the_record_of_the_own_area(clerk):
    send(clerk, instance(1))
    drain_now()
    assert send(clerk, instance(2, deprecated=instance_id(1))).status_code == 201
    assert Submission.objects.get().current_version.instance_id == instance_id(2)


@pytest.mark.parametrize("role", ["county", "restricted"])
def test_who_sends_no_records_enters_none(form, log_in, role):
    client = log_in(role, STREET)
    assert client.get("/enter").status_code == 403
    assert send(client, instance(1)).status_code == 403
    assert not Submission.objects.exists()


def test_a_form_of_another_area_closed_or_encrypted_is_not_offered(clerk, form, log_in):
    addresses = [f"/enter/{FORM_ID}{part}" for part in ("", "/form.xml", "/files/persons.csv")]

    def statuses(client: Client = clerk) -> set[int]:
        asked = {client.get(address).status_code for address in addresses}
        return asked | {send(client, instance(1)).status_code}

    FormAudience.objects.update(area="440106005")
    assert statuses() == {404}
    assert statuses(log_in("administrator", "")) == {200, 201}, "the county has that street"
    FormAudience.objects.update(area="4401")
    Form.objects.update(state=Form.State.CLOSED)
    assert statuses() == {404}
    assert clerk.get("/enter").content.decode().count("/enter/") == 0
    assert clerk.get("/enter/no%00form").status_code == 404


def test_lists_hold_the_own_areas_rows_and_their_reading_is_recorded(street, log_in):
    FormMedia.objects.create(
        form_version=street.form.current_version,
        filename="persons.csv",
        kind=FormMedia.Kind.ENTITY_LIST,
    )
    clerk = log_in("street", STREET)
    answer = clerk.get(f"/enter/{street.form.form_id}/files/persons.csv")
    assert answer.status_code == 200
    assert str(street.foreign_person.pk) not in answer.content.decode()
    assert clerk.get(f"/enter/{street.form.form_id}/files/other.csv").status_code == 404
    assert clerk.get(f"/enter?person={street.foreign_person.pk}").status_code == 404
    assert clerk.get(f"/enter?person={uuid4()}").status_code == 404
    assert clerk.get("/enter?person=nobody").status_code == 404


def test_the_page_of_a_form_alone_may_style_and_compile_what_the_component_needs(clerk, form):
    FormVersion.objects.filter(pk=form.pk).update(xform=committed("service_application"))
    page = clerk.get(f"/enter/{FORM_ID}")
    assert "'unsafe-inline'" in page.headers["Content-Security-Policy"]
    script = page.headers["Content-Security-Policy"].split("script-src ")[1].split(";")[0]
    assert script == "'self' 'wasm-unsafe-eval'"
    assert "unsafe" not in clerk.get("/enter").headers["Content-Security-Policy"]


def test_somebody_unknown_is_started_with_the_typed_number_which_is_in_no_address(
    clerk, form, caplog
):
    number = "449901199001010016"
    FormVersion.objects.filter(pk=form.pk).update(xform=committed("service_application"))
    words = {"column": "person.id_no", "number": number, "reason": "came to the window"}
    found_nobody = clerk.post("/find", words).content.decode()
    assert f'action="/enter/{FORM_ID}"' in found_nobody
    page = clerk.post(f"/enter/{FORM_ID}", {"number": number})
    assert f'["/data/newcomer/id_no", "{number}"]' in page.content.decode()
    assert number not in caplog.text


def test_roles_of_a_worker_and_of_the_desk_send_for_all_their_areas(form, log_in):
    client = log_in("street", STREET)
    user = client.session["_auth_user_id"]
    RoleGrant.objects.create(user_id=user, role="worker", area="440106005001")
    assert send(client, instance(1)).status_code == 201
    assert set(SubmissionVersion.objects.get().sender_areas) == {STREET, "440106005001"}
