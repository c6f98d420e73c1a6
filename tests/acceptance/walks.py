"""Ways through a form in both engines, and the doors by which a phone gets lists and sends what was filled in."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from lxml import etree

from server.core import clock
from server.forms.models import FormVersion
from server.forms.services import publish
from server.submissions.drain import drain_now
from tests.acceptance.engine import Engine, Filled, Hints
from tests.acceptance.engine.households import Member, survey
from tests.acceptance.engine.lists import MEDIA
from tests.acceptance.office import FORMS
from tests.acceptance.test_two_engines import assert_agree, filled_twice
from tests.factories.submissions import Phone, make_phone

_CONTROLS = ("input", "select", "select1", "upload", "trigger")


def walked(
    engine: Engine,
    web_engine: Engine,
    xform: bytes,
    walks: Mapping[str, Hints],
    media: Mapping[str, bytes] = MEDIA,
) -> set[str]:
    """The questions that any of the walks answers; both engines must ask and store the same on each."""
    answered: set[str] = set()
    for hints in walks.values():
        filled, other = filled_twice(engine, web_engine, xform, hints, media)
        assert_agree(filled, other)
        answered |= {prompt.name for prompt in filled.prompts.values()}
    return answered


def questions_of(xform: bytes) -> set[str]:
    """The names of all questions and notes that the form can show."""
    body = next(etree.fromstring(xform).iter("{http://www.w3.org/1999/xhtml}body"))
    return {
        element.get("ref").rpartition("/")[2]
        for element in body.iter()
        if etree.QName(element).localname in _CONTROLS
    }


# --- through the phone's door ---


def street_phone() -> Phone:
    """A worker's phone of a street in which all committed forms are published."""
    for form in FORMS:
        publish(workbook=form.read_bytes(), filename=form.name, publisher=None, validate=False)
    return make_phone("wang")


def lists(phone: Phone, form: str = "quick_change") -> dict[str, bytes]:
    """The entity lists as the phone gets them with a form."""
    version = FormVersion.objects.get(current_of__form_id=form).version
    manifest = Client().get(f"{phone.base}/forms/{form}/{version}/manifest.xml").content
    return {
        file.findtext("{*}filename"): Client().get(file.findtext("{*}downloadUrl")).getvalue()
        for file in etree.fromstring(manifest)
    }


def rows(phone: Phone, form: str, name: str) -> list[dict[str, str]]:
    """The rows of an entity list as the phone gets it with a form."""
    return list(csv.DictReader(io.StringIO(lists(phone, form)[f"{name}.csv"].decode())))


def send(phone: Phone, filled: Filled) -> None:
    """Send what was filled in, with its files, and let the worker process it."""
    files = {
        name: SimpleUploadedFile(name, b"\xff\xd8\xff\xe0 picture", "image/jpeg")
        for name in filled.attachments
    }
    document = SimpleUploadedFile("form.xml", filled.instance_xml, "text/xml")
    response = Client().post(f"{phone.base}/submission", {"xml_submission_file": document, **files})
    assert response.status_code == 201, response.content
    drain_now()


def surveyed(
    phone: Phone, engine: Engine, xforms: Mapping[str, bytes], *people: Member, **answers: Any
) -> None:
    """The household as a survey three days ago registers it."""
    media = {**MEDIA, **lists(phone, "household_survey")}
    day = (clock.now() - timedelta(days=3)).isoformat()
    hints = {"community": only_one, "mode": "2", "visited_at": day, "emp_status": "21", **answers}
    send(
        phone, engine.fill(xforms["household_survey"], media, 22, survey([*people], hints, skip=1))
    )


def only_one(prompt: Any, _random: Any) -> str:
    """The first choice of a question."""
    answer: str = prompt.choices[0].value
    return answer


def as_it_is(prompt: Any, _random: Any) -> str | None:
    """What the question holds already."""
    answer: str | None = prompt.answer
    return answer


def quiet(_done: int, _of: int) -> None:
    """Show no progress of a rebuild."""
