"""A small street with everything a console page can show, written straight into the tables."""

from __future__ import annotations

import hashlib
import io
import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

from tests.conftest import COMMUNITY, OTHER_STREET_COMMUNITY

ID_NO = "44990119650101018X"
PHONE = "020-00001234"
AT = datetime(2026, 11, 20, 2, 30, tzinfo=UTC)

MAPPING: dict[str, Any] = {
    "format": 1,
    "digest": "",
    "root": "data",
    "head": {"area_code": "/data/community_code"},
    "repeats": ["/data/members"],
    "records": [
        {"ledger": "person", "at": "/data/members", "repeat": True, "keys": [], "links": {}}
    ],
    "questions": {
        "/data/members/name": [[0, "name", "name", ""]],
        "/data/members/id_no": [[0, "id_no", "id_no", ""]],
        "/data/members/political": [[0, "political", "code", "POL"]],
    },
}


def _item(
    path: str, kind: str, zh: str, en: str, depth: int, list_name: str = ""
) -> dict[str, Any]:
    kind_type = "select_one" if list_name else "text" if kind == "question" else kind
    return {
        "path": path,
        "name": path.rsplit("/", 1)[1],
        "type": kind_type,
        "kind": kind,
        "label": {"zh": zh, "en": en},
        "list": list_name,
        "depth": depth,
    }


QUESTIONS: dict[str, Any] = {
    "items": [
        _item("/data/outcome", "question", "走访结果", "Outcome", 0, "VO"),
        {**_item("/data/photo", "question", "门牌照片", "Photo", 0), "type": "image"},
        _item("/data/members", "repeat", "家庭成员", "Members", 0),
        _item("/data/members/name", "question", "姓名", "Name", 1),
        _item("/data/members/id_no", "question", "身份证号码", "ID number", 1),
        _item("/data/members/political", "question", "政治面貌", "Political status", 1, "POL"),
    ],
    "choices": {
        "VO": {"1": {"zh": "完成", "en": "complete"}},
        "POL": {"01": {"zh": "中共党员", "en": "CPC member"}},
    },
}
DOCUMENT = (
    "<data id='household_survey' version='2026112001'><outcome>1</outcome>"
    "<members><name>陈大文</name>"
    f"<id_no>{ID_NO}</id_no><political>01</political></members>"
    "<photo>door.jpg</photo><meta><instanceID>uuid:one</instanceID></meta></data>"
)


@dataclass(frozen=True, slots=True)
class Street:
    """What was made; `foreign` rows lie in another street."""

    worker: Any
    form: Any
    submission: Any
    photo: Any
    household: Any
    person: Any
    case: Any
    employer: Any
    exception: Any
    link: Any
    foreign_submission: Any
    foreign_photo: Any
    foreign_household: Any
    foreign_person: Any
    foreign_case: Any
    foreign_employer: Any
    foreign_exception: Any
    foreign_link: Any


def entry(area: str, **columns: Any) -> dict[str, Any]:
    return {
        "id": uuid.uuid4(),
        "area_code": area,
        "observed_at": AT,
        "verified_level": 2,
        **columns,
    }


def make_form(form_id: str = "household_survey") -> Any:
    from server.forms.models import Form, FormAudience, FormVersion

    form = Form.objects.create(form_id=form_id, title="城乡劳动力基本状况调查表")
    version = FormVersion.objects.create(
        form=form,
        version="2026112001",
        title=form.title,
        xform=b"<h:html/>",
        md5="0" * 32,
        workbook_sha256=bytes(32),
        mapping=MAPPING,
        questions=QUESTIONS,
    )
    form.current_version = version
    form.save()
    FormAudience.objects.create(form=form, area="")
    return form


def make_home(form: Any, area: str) -> None:
    """Let the form belong to one area and be offered there alone, as if its administrator had published it."""
    from server.forms.models import FormAudience, FormHome

    FormHome.objects.update_or_create(form_id=form.form_id, defaults={"areas": [area]})
    form.audience.all().delete()
    FormAudience.objects.create(form=form, area=area)


@cache
def photo_bytes(size: tuple[int, int] = (1200, 900), orientation: int = 1) -> bytes:
    from PIL import Image

    image = Image.new("RGB", size, (70, 120, 160))
    image.paste((230, 200, 120), (0, 0, size[0] // 2, size[1] // 3))
    exif = Image.Exif()
    exif[0x0112] = orientation
    out = io.BytesIO()
    image.save(out, "JPEG", exif=exif)
    return out.getvalue()


def make_submission(form: Any, worker: Any, area: str, instance: str, **columns: Any) -> Any:
    from server.core import sealing
    from server.submissions.models import Submission, SubmissionVersion

    document = DOCUMENT.replace("uuid:one", instance).encode()
    submission = Submission.objects.create(
        form=form,
        instance_id=instance,
        submitter=worker,
        area_code=area,
        **{
            "received_at": AT,
            "observed_at": AT,
            "processed_at": AT,
            "title": "棠荫路1号 2026-11-20",
            **columns,
        },
    )
    version = SubmissionVersion.objects.create(
        submission=submission,
        form=form,
        form_version=form.current_version,
        instance_id=instance,
        sha256=hashlib.sha256(document).digest(),
        document=sealing.seal_document(document),
        size=len(document),
        received_at=AT,
        submitter=worker,
    )
    submission.current_version = version
    submission.save()
    return submission


def make_deleted(
    form: Any, worker: Any, area: str, instance: str = "uuid:deleted", **values: Any
) -> Any:
    """A deleted submission of the worker."""
    from server.submissions.models import Deletion

    submission = make_submission(form, worker, area, instance)
    version, submission.current_version = submission.current_version, None
    submission.save()
    return Deletion.objects.create(
        **{
            "submission": submission,
            "version": version,
            "reason": "重复",
            "user": worker,
            "at": AT,
            **values,
        }
    )


def make_renamed(user: Any, area: str) -> Any:
    """A change of a division's name that the user made; it is undone."""
    from server.geo.models import DivisionChange

    return DivisionChange.objects.create(
        division_id=area, takes_effect_on=AT.date(), name_before="旧社区", name="新社区",
        reason="批复", evidence="民政〔2026〕1号", made_at=AT, made_by=user, undone_at=AT,
        undone_by=user,
    )  # fmt: skip


def make_erasure(submission: Any, user: Any, **values: Any) -> Any:
    """A request to erase the submission."""
    from server.erasure.models import Erasure

    return Erasure.objects.create(
        **{
            "subject": "submission",
            "submission": submission,
            "area_code": submission.area_code,
            "cause": "error",
            "reason": "录错了人",
            "asked_by": user,
            "asked_at": AT,
            **values,
        }
    )


def attach(submission: Any, name: str, content: bytes) -> Any:
    from server.core import blobs
    from server.submissions.models import Attachment

    blob = blobs.store([content])
    return Attachment.objects.create(
        version=submission.current_version,
        name=name,
        sha256=blob.sha256,
        md5=blob.md5.hex(),
        size=blob.size,
        received_at=AT,
    )


def make_place(worker: Any, form: Any, area: str, suffix: str, lon: float) -> tuple[Any, ...]:
    """One submission with a photo, a household with a person, a case, a visit, an employer, an exception."""
    from django.contrib.gis.geos import Point

    from server.core.sealing import seal_text
    from server.ledgers.models import (
        AssistanceCase,
        Employer,
        Household,
        LedgerException,
        Membership,
        Person,
        Vacancy,
        Visit,
    )

    at = Point(lon, 23.125, srid=4326)
    submission = make_submission(
        form, worker, area, f"uuid:{suffix}", location=at, accuracy=8.0, located_area=area,
        flags=["inaccurate"],
    )  # fmt: skip
    photo = attach(submission, "door.jpg", photo_bytes())
    household = Household.objects.create(
        **entry(
            area,
            hh_no=f"{suffix}-0001",
            address=f"棠荫路{suffix}号",
            loc=at,
            loc_accuracy=8,
            n_members=1,
            assisted_categories=["B01", "B02"],
            source_submission=submission,
            recorded_by=worker,
        )
    )
    person = Person.objects.create(
        **entry(
            area,
            name=f"陈大文{suffix}",
            id_type="01",
            id_no=seal_text(ID_NO, "id_no"),
            phone=seal_text(PHONE, "phone"),
            sex="1",
            birth_date=date(1965, 1, 1),
            emp_status="21",
            political="01",
            household=household,
            is_4050=True,
        )
    )
    household.head_person = person
    household.save(update_fields=["head_person"])
    Membership.objects.create(
        id=uuid.uuid4(), household=household, person=person, role="hukou", relation="0",
        from_on=date(2026, 3, 1), contribution=1,
    )  # fmt: skip
    case = AssistanceCase.objects.create(
        **entry(
            area,
            case_no=f"C-{suffix}",
            subject_person=person,
            category=["B01", "B02"],
            level="1",
            state="6",
            opened_on=date(2026, 9, 1),
            next_due=date(2026, 11, 1),
            linked_worker=worker,
        )
    )
    Visit.objects.create(
        **entry(
            area,
            person=person,
            household=household,
            purpose="3",
            mode="1",
            visited_at=AT - timedelta(days=40),
            outcome="1",
            met_whom="1",
            recorded_by=worker,
            source_submission=submission,
        )
    )
    employer = Employer.objects.create(
        **entry(area, name=f"示范制衣厂{suffix}", address="工业路2号", loc=at, n_staff=25,
                phone=seal_text(PHONE, "phone"))
    )  # fmt: skip
    Vacancy.objects.create(
        **entry(area, vacancy_no=f"V-{suffix}", employer=employer, title="缝纫工", n_wanted=5,
                n_filled=1, wage_min=2600, state="3", expires_on=date(2026, 12, 20))
    )  # fmt: skip
    exception = LedgerException.objects.create(
        kind="conflict", family="person", entry=person.pk, column="edu",
        contribution=int(suffix), area_code=area, opened_at=AT,
    )  # fmt: skip
    return submission, photo, household, person, case, employer, exception


def make_street(make_user: Any) -> Street:
    """Two places in two streets, served by one worker of the first."""
    worker = make_user("xie", role="worker", area=COMMUNITY)
    form = make_form()
    here = make_place(worker, form, COMMUNITY, "1", 113.355)
    there = make_place(worker, form, OTHER_STREET_COMMUNITY, "2", 113.375)
    link, foreign_link = make_link(here[3], there[3])
    make_link(here[5], there[5])
    return Street(worker, form, *here, link, *there, foreign_link)


def make_link(here: Any, there: Any) -> tuple[Any, Any]:
    """Two streets know a person or an employer by the same number; the sides of both."""
    from server.ledgers.models import EntryLink, IdentityKey
    from server.ledgers.refolding.links import reconcile_links

    family = here._meta.model_name
    identity = f"{'id_no' if family == 'person' else 'uscc'}:{uuid.uuid4()}"
    for row in (here, there):
        IdentityKey.objects.create(
            family=family,
            key=uuid.uuid4(),
            entry=row.pk,
            identity=identity,
            office=row.area_code[:9],
        )
    reconcile_links([identity], AT.date())
    return EntryLink.objects.get(entry=here.pk), EntryLink.objects.get(entry=there.pk)


def make_stranger_key(number: int = 1) -> Any:
    """A key without its private half; nobody computed it."""
    from server.forms.models import EncryptionKey

    return EncryptionKey.objects.create(
        public_key=b"%d" % number, fingerprint=f"{number:064x}", opening="none", created_at=AT
    )


def make_quarantined(worker: Any, area: str, document: bytes = b"<data", **values: Any) -> Any:
    """Something a phone of the worker sent that could not be taken."""
    import hashlib

    from server.core.sealing import seal_document
    from server.quarantine.models import Quarantined

    return Quarantined.objects.create(
        **{
            "received_at": AT,
            "reason": "form-closed",
            "form_id": "old_form",
            "sha256": hashlib.sha256(document).digest(),
            "document": seal_document(document),
            "size": len(document),
            "stored_bytes": len(document),
            "submitter": worker,
            "area": area,
            **values,
        }
    )
