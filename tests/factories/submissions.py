"""Forms, phones and instances for tests of receiving, small and of household size."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

FORM_ID = "household_survey"
VERSION = "2026.1"
RECEIVED_AT = datetime(2026, 11, 20, 2, 30, tzinfo=UTC)

MAPPING: dict[str, Any] = {
    "format": 1,
    "digest": "",
    "root": "data",
    "head": {
        "area_code": "/data/visit/community_code",
        "observed_at": "/data/visit/visited_at",
        "loc": "/data/place/loc",
        "met_whom": "/data/visit/met_whom",
    },
    "records": [],
    "questions": {},
}
QUESTIONS: dict[str, Any] = {
    "items": [
            {"path": "/data/visit", "name": "visit", "type": "group", "kind": "group",
             "label": {"zh": "走访", "en": "Visit"}, "list": "", "depth": 0},
            {"path": "/data/visit/met_whom", "name": "met_whom", "type": "select_one",
             "kind": "question", "label": {"zh": "见到", "en": "Met"}, "list": "MW", "depth": 1},
            {"path": "/data/members", "name": "members", "type": "repeat", "kind": "repeat",
             "label": {"zh": "成员", "en": "Members"}, "list": "", "depth": 0},
            {"path": "/data/members/name", "name": "name", "type": "text", "kind": "question",
             "label": {"zh": "姓名", "en": "Name"}, "list": "", "depth": 1},
            {"path": "/data/members/skills", "name": "skills", "type": "select_multiple",
             "kind": "question", "label": {"zh": "技能", "en": "Skills"}, "list": "SK", "depth": 1},
    ],
    "choices": {
        "MW": {"1": {"zh": "本人", "en": "the person"}},
        "SK": {"a": {"zh": "电工", "en": "electrician"}, "b": {"zh": "焊工", "en": "welder"}},
    },
}  # fmt: skip


def make_form(
    form_id: str = FORM_ID, version: str = VERSION, *, area: str | None = "", state: str = "open"
) -> Any:
    """Add a version to a form; a new form is offered in the area ("" is everywhere, None is nobody)."""
    from server.forms.models import Form, FormAudience, FormVersion

    form, is_new = Form.objects.get_or_create(
        form_id=form_id, defaults={"title": "入户调查", "state": state}
    )
    xform = f"<h:html><!-- {form_id} {version} --></h:html>".encode()
    edition = FormVersion.objects.create(
        form=form,
        version=version,
        title=form.title,
        xform=xform,
        md5=hashlib.md5(xform, usedforsecurity=False).hexdigest(),
        workbook_sha256=hashlib.sha256(xform).digest(),
        mapping=MAPPING,
        questions=QUESTIONS,
    )
    form.current_version = edition
    form.save()
    if is_new and area is not None:
        FormAudience.objects.create(form=form, area=area)
    return edition


@dataclass(frozen=True)
class Phone:
    """A worker's phone: its token, user and field account."""

    token: str
    user_id: int
    field_account_id: int

    @property
    def base(self) -> str:
        return f"/key/{self.token}"


def make_phone(username: str = "wang", area: str = "440106003001") -> Phone:
    """A community worker with a phone; the area's division must exist."""
    from server.accounts.services import add_worker

    worker = add_worker(username=username, areas=[area], actor=None)
    return Phone(worker.token, worker.user.pk, worker.field_account.pk)


def sender_of(phone: Phone, areas: tuple[str, ...] = ("440106003001",)) -> Any:
    """The Sender of an upload from this phone."""
    from server.submissions.services import Sender

    return Sender(phone.user_id, phone.field_account_id, areas, "collect:test", "pytest")


def instance(
    number: int | str,
    *,
    form_id: str = FORM_ID,
    version: str = VERSION,
    deprecated: str = "",
    answers: str = "",
    met_whom: str = "1",
    visited_at: str = "2026-11-20T09:30:00.000+08:00",
    area: str = "440106003001",
    loc: str = "23.1301 113.3501 12.0 8.5",
) -> bytes:
    """A short but complete instance, as Collect writes it."""
    edits = f"<deprecatedID>{deprecated}</deprecatedID>" if deprecated else ""
    return (
        f'<?xml version=\'1.0\' ?><data id="{form_id}" version="{version}"'
        ' xmlns:orx="http://openrosa.org/xforms">'
        f"<visit><community_code>{area}</community_code><visited_at>{visited_at}</visited_at>"
        f"<met_whom>{met_whom}</met_whom></visit><place><loc>{loc}</loc></place>"
        f"<members><name>张三</name><skills>a b</skills></members>{answers}"
        f"<orx:meta><orx:instanceID>{instance_id(number)}</orx:instanceID>{edits}"
        "<orx:instanceName>入户 示范路1号</orx:instanceName></orx:meta></data>"
    ).encode()


def instance_id(number: int | str) -> str:
    return f"uuid:00000000-0000-4000-8000-{number:0>12}"


def household_instance(number: int, *, form_id: str = FORM_ID, version: str = VERSION) -> bytes:
    """An instance of about 10 KB with three members; each number is another household."""

    def line(member: int) -> str:
        # A made-up county code: no such ID number is ever allocated.
        numbered = (
            f"4499{number % 100:02d}19{60 + member * 13:02d}0101{(number + member) % 1000:03d}X"
        )
        answers = "".join(
            f"<question_{topic:02d}>一段不长的回答，第 {number * 7 + topic} 号</question_{topic:02d}>"
            for topic in range(36)
        )
        return (
            f"<members><name>测试{number}-{member}</name><id_no>{numbered}</id_no>"
            f"<phone>0200000{number % 10000:04d}</phone><edu>60</edu>{answers}</members>"
        )

    answers = "".join(
        f"<topic_{topic:02d}>住户的第 {topic} 项情况 {number}</topic_{topic:02d}>"
        for topic in range(40)
    )
    return instance(
        number,
        form_id=form_id,
        version=version,
        answers=f"<home>{answers}</home>" + "".join(line(member) for member in range(3)),
    )
