"""A record is deleted and restored by office staff, and erased for good by two administrators."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from urllib3.filepost import encode_multipart_formdata

from server.accounts.access import access_of
from server.accounts.services import add_worker
from server.audit.models import AuditEntry
from server.core import blobs, clock
from server.core.sealing import unseal_document
from server.erasure.models import Erasure
from server.erasure.services import finish_all
from server.forms.models import FormAudience
from server.ledgers.models import ContributionRow, DeskAct, Household, IdentityKey, Person
from server.ledgers.refolding.rebuild import rebuild
from server.ledgers.services import correct
from server.quarantine.models import Quarantined
from server.submissions.drain import drain_now
from server.submissions.models import Attachment, Submission, SubmissionVersion
from tests.conftest import COMMUNITY, STREET
from tests.factories.ledgers import Filled, id_number, make_versions, member, uuid_of
from tests.factories.two_areas import OTHER_STREET, instance_named, written

pytestmark = pytest.mark.django_db(transaction=True)
HOME, WIFE, HUSBAND = uuid_of("home"), uuid_of("wife"), uuid_of("husband")
SURVEY = Filled(
    household_id=HOME,
    household={"address": "示范路1号"},
    members=[
        member(key="wife", name="李妻", id_no=id_number("1970-05-01", 2)),
        member(key="husband", name="王夫", id_no=id_number("1968-05-01", 1)),
    ],
)
VISIT = Filled(
    form="home_visit",
    visited_at="2026-03-05T09:00:00+08:00",
    person_id=HUSBAND,
    household_id=HOME,
    person={"emp_status": "21"},
)


def office(user: Any) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


class Phone:
    """A worker's phone that sends records with files."""

    def __init__(self) -> None:
        self.token = add_worker(username="worker", areas=[COMMUNITY], actor=None).token

    def send(self, document: bytes, **files: bytes) -> Any:
        parts: dict[str, Any] = {"xml_submission_file": ("x.xml", document, "text/xml")}
        parts |= {name: (f"{name}.jpg", data, "image/jpeg") for name, data in files.items()}
        body, kind = encode_multipart_formdata(parts)
        return Client().post(f"/key/{self.token}/submission", body, content_type=kind)


@pytest.fixture
def phone(divisions, make_user) -> Phone:
    for version in make_versions().values():
        version.form.current_version = version
        version.form.save()
        FormAudience.objects.create(form=version.form, area="")
    phone = Phone()
    for filled, name in ((SURVEY, "survey"), (VISIT, "visit")):
        assert phone.send(written(filled, name), door=b"a door").status_code == 201
    drain_now()
    return phone


@pytest.fixture
def boss(make_user) -> Any:
    return make_user("boss", role="administrator", area=STREET)


@pytest.fixture
def second(make_user) -> Any:
    return make_user("second", role="administrator", area=STREET)


def submission(name: str = "survey") -> Submission:
    return Submission.objects.get(instance_id=instance_named(name))


def address(name: str = "survey") -> str:
    return f"/api/v1/submissions/{instance_named(name)}/"


def post(user: Any, path: str, body: dict[str, Any] | None = None) -> Any:
    return office(user).post(path, body or {}, content_type="application/json")


def ask(user: Any, **what: Any) -> Any:
    return post(user, "/api/v1/erasures/", {"cause": "consent", "reason": "本人撤回同意", **what})


def no_differences() -> bool:
    report = rebuild(area="", keep=False, as_of=clock.today(), progress=lambda *_done: None)
    return report.differences == []


# --- deleting ---


def test_a_deleted_record_counts_nowhere_until_it_is_restored(phone, make_user):
    clerk = make_user("clerk", area=STREET)
    assert office(clerk).delete(address()).status_code == 400  # no reason
    assert office(clerk).delete(f"{address()}?reason=重复").status_code == 204
    drain_now()

    assert office(clerk).get(address()).status_code == 404
    assert not Household.objects.exists()
    assert list(Person.objects.values_list("pk", flat=True).filter(name="李妻")) == []
    assert no_differences()
    listed = office(clerk).get("/api/v1/deletions/").json()["results"]
    assert [(row["instance_id"], row["reason"]) for row in listed] == [
        (instance_named("survey"), "重复")
    ]

    number = listed[0]["id"]
    assert post(clerk, f"/api/v1/deletions/{number}/restore/").status_code == 200
    drain_now()
    assert Household.objects.get().address == "示范路1号"
    assert Person.objects.count() == 2
    assert office(clerk).get("/api/v1/deletions/").json()["count"] == 0
    assert post(clerk, f"/api/v1/deletions/{number}/restore/").status_code == 404
    acts = list(AuditEntry.objects.filter(object_type="submission").values_list("act", flat=True))
    assert {"submission_deleted", "submission_restored"} <= set(acts)


def test_the_phone_of_a_deleted_record_has_done_its_part(phone, make_user):
    clerk = make_user("clerk", area=STREET)
    office(clerk).delete(f"{address()}?reason=重复")
    edit = written(
        replace(SURVEY, household={"address": "新"}), "edit", edits=instance_named("survey")
    )

    assert phone.send(written(SURVEY, "survey")).status_code == 201
    assert phone.send(edit).status_code == 201
    drain_now()

    assert not Household.objects.exists()
    (item,) = Quarantined.objects.all()
    assert (item.reason, item.area) == ("original-deleted", COMMUNITY)
    assert office(clerk).get(f"/quarantine/{item.pk}").status_code == 200
    assert post(clerk, f"/api/v1/quarantine/{item.pk}/replay/").status_code == 409
    (row,) = office(clerk).get("/api/v1/deletions/").json()["results"]
    post(clerk, f"/api/v1/deletions/{row['id']}/restore/")
    assert post(clerk, f"/api/v1/quarantine/{item.pk}/replay/").status_code == 200
    drain_now()
    assert Household.objects.get().address == "新"


@pytest.mark.parametrize(
    ("role", "area", "status"),
    [("worker", COMMUNITY, 403), ("county", "440106", 403), ("street", OTHER_STREET, 404)],
)
def test_only_the_office_of_the_area_deletes(phone, make_user, role, area, status):
    user = make_user("somebody", role=role, area=area)
    assert office(user).delete(f"{address()}?reason=重复").status_code == status
    assert office(user).get("/api/v1/deletions/").json()["count"] == 0
    assert submission().current_version_id is not None


def test_staff_delete_and_restore_on_pages(phone, make_user):
    client = office(make_user("clerk", area=STREET))
    number = submission().pk
    assert "Delete" in client.get(reverse("console:submission", args=[number])).content.decode()
    page = client.post(reverse("console:delete", args=[number]), {"reason": "重复"}, follow=True)
    assert "示范路1号" not in page.content.decode()
    assert "重复" in page.content.decode()
    assert client.get(reverse("console:submission", args=[number])).status_code == 404
    deletion = submission().deletions.get()
    page = client.post(reverse("console:restore", args=[deletion.pk]), follow=True)
    assert page.status_code == 200
    assert page.redirect_chain[-1][0] == reverse("console:submission", args=[number])
    assert "No record is deleted." in client.get(reverse("console:deleted")).content.decode()


def test_a_client_of_central_deletes_and_restores(phone, make_user):
    import json

    make_user("clerk", area=STREET)
    body = json.dumps({"email": "clerk", "password": "correct horse"})
    token = Client().post("/v1/sessions", body, content_type="application/json").json()["token"]
    client = Client(headers={"authorization": f"Bearer {token}"})
    record = f"/v1/projects/1/forms/ledger_survey/submissions/{instance_named('survey')}"
    assert client.delete(record).json() == {"success": True}
    assert client.get(record).status_code == 404
    assert client.post(f"{record}/restore").json() == {"success": True}
    assert client.get(record).status_code == 200
    assert client.post(f"{record}/restore").status_code == 404


# --- erasing a record ---


def erase(boss: Any, second: Any, **what: Any) -> Erasure:
    asked = ask(boss, **what)
    assert asked.status_code == 201, asked.content
    done = post(second, f"/api/v1/erasures/{asked.json()['id']}/consent/")
    assert done.status_code == 200, done.content
    return Erasure.objects.get(pk=asked.json()["id"])


def test_an_erased_record_leaves_a_tombstone_and_nothing_else(phone, boss, second):
    door = hashlib.sha256(b"a door").digest()
    edit = written(
        replace(SURVEY, household={"address": "新"}), "edit", edits=instance_named("survey")
    )
    assert phone.send(edit).status_code == 201
    drain_now()
    erasure = erase(boss, second, form="ledger_survey", instance_id=instance_named("survey"))

    assert not Household.objects.exists()
    assert not ContributionRow.objects.filter(submission=submission()).exists()
    versions = SubmissionVersion.objects.filter(submission=submission())
    assert [bytes(version.document) for version in versions] == [b"", b""]
    assert all(version.erased_at and len(bytes(version.sha256)) == 32 for version in versions)
    assert not Attachment.objects.filter(version__in=versions).exists()
    assert submission().title == ""
    assert office(boss).get(address()).status_code == 404
    drain_now()
    assert no_differences()

    later = clock.now() + timedelta(hours=2)
    finish_all(at=later)
    assert blobs.path_of(door).exists()  # the visit has the same file
    erasure.refresh_from_db()
    assert (erasure.state, erasure.n_submissions) == ("done", 1)
    entry = AuditEntry.objects.get(act="erased")
    assert (entry.actor_name, entry.reason) == ("second", "本人撤回同意")


def test_the_files_of_an_erased_record_go_once_nothing_names_them(phone, boss, second):
    assert phone.send(written(SURVEY, "survey"), room=b"a room").status_code == 201
    sha256 = hashlib.sha256(b"a room").digest()
    preview = blobs.path_of(sha256).parent.parent / "thumbnails" / sha256.hex()[:2]
    preview.mkdir(parents=True)
    (preview / f"{sha256.hex()}-480.jpg").write_bytes(b"small")
    erasure = erase(boss, second, form="ledger_survey", instance_id=instance_named("survey"))
    finish_all(at=clock.now())
    erasure.refresh_from_db()
    assert erasure.state == "consented"  # the same bytes may belong to an upload of this hour
    assert finish_all(at=clock.now() + timedelta(hours=2)) == 1
    assert not blobs.path_of(sha256).exists()
    assert list(preview.iterdir()) == []


def test_what_was_erased_does_not_come_back(phone, boss, second):
    erase(boss, second, form="ledger_survey", instance_id=instance_named("survey"))
    edit = written(SURVEY, "edit", edits=instance_named("survey"))
    other = written(replace(SURVEY, household={"address": "别"}), "survey")
    for document in (written(SURVEY, "survey"), edit, other):
        for files in ({}, {"door": b"a door"}):
            answer = phone.send(document, **files)
            assert answer.status_code == 410
            assert "从手机中删除" in answer.content.decode()
    drain_now()
    assert not Household.objects.exists()
    assert not Quarantined.objects.exists()
    assert not Attachment.objects.filter(version__submission=submission()).exists()


def test_erasing_takes_copies_out_of_the_quarantine(phone, boss, second):
    phone.send(written(replace(SURVEY, household={"address": "别"}), "survey"))
    assert Quarantined.objects.get().reason == "instance-conflict"
    erase(boss, second, form="ledger_survey", instance_id=instance_named("survey"))
    assert not Quarantined.objects.exists()


def test_erasing_takes_two_administrators_of_the_area(phone, boss, second, make_user):
    what = {"form": "ledger_survey", "instance_id": instance_named("survey")}
    clerk = make_user("clerk", area=STREET)
    stranger = make_user("stranger", role="administrator", area=OTHER_STREET)
    assert ask(clerk, **what).status_code == 403
    assert ask(stranger, **what).status_code == 404
    assert ask(boss, **(what | {"cause": "whim"})).status_code == 400
    assert ask(boss, **(what | {"reason": " "})).status_code == 400
    asked = ask(boss, **what)
    assert ask(second, **what).status_code == 409
    path = f"/api/v1/erasures/{asked.json()['id']}"
    assert post(boss, f"{path}/consent/").status_code == 403
    assert post(clerk, f"{path}/consent/").status_code == 404
    assert post(stranger, f"{path}/consent/").status_code == 404
    assert Household.objects.exists()
    assert post(boss, f"{path}/refuse/").json()["state"] == "withdrawn"
    assert post(second, f"{path}/consent/").status_code == 409
    again = ask(boss, **what).json()["id"]
    assert post(second, f"/api/v1/erasures/{again}/refuse/").json()["state"] == "refused"
    assert Household.objects.exists()


def test_administrators_erase_on_pages(phone, boss, second):
    number = submission().pk
    asked = {"cause": "error", "reason": "录错了人"}
    page = office(boss).post(reverse("console:erase-submission", args=[number]), asked, follow=True)
    assert "录错了人" in page.content.decode()
    assert "Withdraw" in page.content.decode()
    erasure = Erasure.objects.get()
    client = office(second)
    assert "Erase for good" in client.get(reverse("console:erasures")).content.decode()
    waiting = client.get(reverse("console:submission", args=[number])).content.decode()
    assert "waits for a second administrator" in waiting
    page = client.post(
        reverse("console:decide-erasure", args=[erasure.pk]), {"decision": "consent"}, follow=True
    )
    assert page.status_code == 200
    assert not Household.objects.exists()


# --- erasing a person ---


def test_erasing_a_person_spares_the_others_of_the_household(phone, boss, second):
    husband = Person.objects.get(name="王夫")
    correct(
        family="person",
        entry=husband.pk,
        column="name",
        value="王大夫",
        reason="本人来改",
        access=access_of(boss),
        at=clock.now(),
    )
    erasure = erase(boss, second, person=str(husband.pk))

    assert list(Person.objects.values_list("name", flat=True)) == ["李妻"]
    assert Household.objects.get().address == "示范路1号"
    assert not DeskAct.objects.exists()
    assert not IdentityKey.objects.filter(entry=husband.pk).exists()
    assert not ContributionRow.objects.filter(entry=husband.pk).exists()
    version = submission().current_version
    document = unseal_document(bytes(version.document)).decode()
    assert "李妻" in document
    assert "王夫" not in document
    assert bytes(submission("visit").versions.get().document) == b""  # about him alone
    assert erasure.n_submissions == 2
    drain_now()
    assert no_differences()
    assert phone.send(written(SURVEY, "survey"), door=b"a door").status_code == 201
    drain_now()
    assert not Person.objects.filter(name="王夫").exists()
    assert phone.send(written(VISIT, "visit")).status_code == 410


def test_a_person_of_another_area_is_not_erased_from_here(phone, make_user):
    stranger = make_user("stranger", role="administrator", area=OTHER_STREET)
    person = Person.objects.get(name="王夫").pk
    assert ask(stranger, person=str(person)).status_code == 404
    assert ask(stranger, person=str(uuid_of("nobody"))).status_code == 404


# --- all data about a person ---


def test_a_person_gets_all_that_is_kept_as_one_file(phone, make_user):
    clerk = make_user("clerk", area=STREET)
    husband = Person.objects.get(name="王夫")
    path = f"/api/v1/persons/{husband.pk}/dossier/"
    assert post(clerk, path, {"reason": ""}).status_code == 400
    answer = post(clerk, path, {"reason": "本人申请查阅"})
    assert answer.status_code == 200
    whole = answer.json()
    number = id_number("1968-05-01", 1)
    values = {value["column"]: value["value"] for value in whole["parts"][0]["values"]}
    assert values["id_no"] == number
    assert {source["what"] for source in whole["sources"]} == {"survey", "home_visit"} or len(
        whole["sources"]
    ) == 2
    assert number in answer.content.decode().split('"sources"')[1]
    assert {row["address"] for row in whole["memberships"]} == {"示范路1号"}
    assert whole["looks"][-1]["reason"] == "本人申请查阅"
    assert AuditEntry.objects.filter(act="subject_access", object_id=str(husband.pk)).exists()

    page = office(clerk).post(
        reverse("console:dossier", args=[husband.pk]), {"reason": "本人申请查阅"}
    )
    assert page.headers["Content-Disposition"].startswith("attachment")
    assert number in page.content.decode()
    assert str(husband.pk) in page.headers["Content-Disposition"]


@pytest.mark.parametrize(
    ("role", "area", "status"),
    [("worker", COMMUNITY, 403), ("county", "440106", 403), ("street", OTHER_STREET, 404)],
)
def test_only_who_may_look_behind_masks_gives_all_data(phone, make_user, role, area, status):
    user = make_user("somebody", role=role, area=area)
    husband = Person.objects.get(name="王夫")
    path = f"/api/v1/persons/{husband.pk}/dossier/"
    assert post(user, path, {"reason": "本人申请查阅"}).status_code == status
    page = office(user).post(reverse("console:dossier", args=[husband.pk]), {"reason": "想看看"})
    assert page.status_code == status
