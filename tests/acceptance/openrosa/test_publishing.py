"""What a publication changes on phones, and what it leaves unchanged (items 58–60, 70, 78, 79, 91)."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import requests

from tests.acceptance.openrosa.checklist import item
from tests.acceptance.openrosa.conftest import MEDIA, book, offer, publish
from tests.acceptance.openrosa.line import FORM, OLD, VERSION, Line
from tests.acceptance.openrosa.sync import LIST, listed, manifest_of, md5, media_of

KEPT = "conformance_kept"
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_OTHER = """
| survey   |
|          | type | name | label |
|          | text | a    | 甲    |
| settings |
|          | form_title | form_id | version   |
|          | 另一张     | {id}    | {version} |
"""
NCNAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")


def upload(line: Line, workbook: bytes, media: Mapping[str, bytes] = MEDIA) -> requests.Response:
    files = [("workbook", ("form.xlsx", workbook)), *(("media", file) for file in media.items())]
    return line.staff.post(f"{line.office.url}/api/v1/forms/", files=files, timeout=60)


def shell(line: Line, code: str) -> None:
    """Run code in the server, for states that no request can make."""
    line.office.run("shell", "--no-imports", "-c", f"from server.forms.models import *\n{code}")


@item(58)
def test_what_is_refused_or_only_a_draft_changes_nothing(line: Line) -> None:
    def forms_on_the_phone() -> list[bytes]:
        forms = listed(line)
        return [line.get("/formList").content] + [
            line.get(form["downloadUrl"]).content for form in forms
        ]

    before = forms_on_the_phone()
    good = book(FORM, VERSION)
    changed = book(FORM, VERSION, _OTHER)
    for workbook in (good[:-100], changed, b"PK no workbook"):
        refused = upload(line, workbook)
        assert 400 <= refused.status_code < 500, refused.text
    assert upload(line, book(FORM, "3"), {}).status_code == 400, "its media are missing"
    draft = f"{line.office.url}/v1/projects/1/forms/{FORM}/draft?ignoreWarnings=true"
    headers = {"X-Forwarded-Proto": "https", "Content-Type": WORKBOOK}
    kept = line.staff.post(draft, data=book(FORM, "3"), headers=headers, timeout=60)
    assert kept.status_code == 200, kept.text
    assert forms_on_the_phone() == before
    assert line.staff.delete(draft, headers=headers, timeout=30).status_code == 200


@item(59)
def test_a_thousand_forms_are_listed_within_seconds(line: Line) -> None:
    before = len(line.xml("/formList").findall(f"{LIST}xform"))
    with many_forms(line, 1000):
        for _again in range(2):
            began = time.monotonic()
            answer = line.xml("/formList")
            assert time.monotonic() - began < 3
            assert len(answer.findall(f"{LIST}xform")) == before + 1000
    assert len(line.xml("/formList").findall(f"{LIST}xform")) == before


@contextmanager
def many_forms(line: Line, count: int) -> Iterator[None]:
    shell(
        line,
        "from django.db.models import F, OuterRef, Subquery\n"
        "from server.accounts.models import User\n"
        f"like = FormVersion.objects.get(form__form_id='{FORM}', version='{VERSION}')\n"
        "user = User.objects.get(username='conformance')\n"
        "forms = Form.objects.bulk_create(\n"
        f"    Form(form_id=f'many_{{n}}', title=f'第 {{n}} 种') for n in range({count}))\n"
        "FormVersion.objects.bulk_create(\n"
        "    FormVersion(form=form, version='1', title=form.title, xform=like.xform, md5=like.md5,\n"
        "                workbook_sha256=like.workbook_sha256, mapping={}, questions={})\n"
        "    for form in forms)\n"
        "FormAudience.objects.bulk_create(FormAudience(form=form, user=user) for form in forms)\n"
        "mine = FormVersion.objects.filter(form=OuterRef('pk')).values('pk')\n"
        "Form.objects.filter(form_id__startswith='many_').update(current_version=Subquery(mine))",
    )
    try:
        yield
    finally:
        shell(
            line,
            "many = Form.objects.filter(form_id__startswith='many_')\n"
            "many.update(current_version=None)\n"
            "FormVersion.objects.filter(form__in=many).delete()\n"
            "many.delete()",
        )


@item(60)
def test_the_list_is_the_same_in_every_language(line: Line) -> None:
    answers = [
        line.get("/formList", **{"Accept-Language": language})
        for language in ("zh-CN", "en", "en-GB;q=0.8, de", "*", "")
    ]
    assert len({answer.content for answer in answers}) == 1
    assert len({answer.headers["ETag"] for answer in answers}) == 1


@item(70)
def test_every_version_is_served_as_it_was_published(line: Line) -> None:
    publish(line.office, (KEPT, OLD))
    offer(line.office, line.staff, KEPT, "conformance")
    (first,) = listed(line, f"?formID={KEPT}")
    content = line.get(first["downloadUrl"]).content
    assert md5(content) == first["hash"].removeprefix("md5:")
    assert line.ask(f"forms/{KEPT}/xform/").content == content

    publish(line.office, (KEPT, VERSION))
    (second,) = listed(line, f"?formID={KEPT}")
    assert second["hash"] != first["hash"]
    assert line.get(first["downloadUrl"]).content == content
    assert line.ask(f"forms/{KEPT}/xform/", version=OLD).content == content
    everything = listed(line, f"?formID={KEPT}&listAllVersions=true")
    assert first["hash"] in [form["hash"] for form in everything]


@item(78)
def test_a_manifest_that_cannot_be_made_whole_is_an_error(line: Line) -> None:
    (form,) = listed(line, f"?formID={FORM}")
    whole = line.get(form["manifestUrl"])
    named = f"form_version__form__form_id='{FORM}', form_version__version='{VERSION}'"
    shell(
        line,
        f"media = FormMedia.objects.filter({named}).first()\n"
        "FormMedia.objects.create(form_version=media.form_version, filename='vanished.csv', kind='entity_list')",
    )
    try:
        broken = line.get(form["manifestUrl"])
    finally:
        shell(line, "FormMedia.objects.filter(filename='vanished.csv').delete()")
    assert broken.status_code >= 400
    assert "mediaFile" not in broken.text
    assert line.get(form["manifestUrl"]).content == whole.content


@item(79)
def test_media_change_with_the_version_and_never_under_it(line: Line) -> None:
    publish(line.office, (KEPT, "3"))
    offer(line.office, line.staff, KEPT, "conformance")

    def hashes() -> dict[str, str]:
        (form,) = listed(line, f"?formID={KEPT}")
        return {file["filename"]: file["hash"] for file in manifest_of(line, form)}

    before = hashes()
    other = {**MEDIA, "colours.csv": b"name,label\nblue,\xe8\x93\x9d\n"}
    refused = upload(line, book(KEPT, "3"), other)
    assert 400 <= refused.status_code < 500
    assert hashes() == before
    publish(line.office, (KEPT, "4"), media=other)
    after = hashes()
    assert after["colours.csv"] == f"md5:{md5(other['colours.csv'])}" != before["colours.csv"]
    assert after["花 园.jpg"] == before["花 园.jpg"]


@item(91)
def test_property_names_are_plain_and_differ_by_more_than_case(line: Line) -> None:
    lists = {file["filename"]: file for file in media_of(line) if file["type"]}
    assert set(lists) >= {"households.csv", "cases.csv", "employers.csv", "communities.csv"}
    for file in lists.values():
        header = line.get(file["downloadUrl"]).content.decode().splitlines()[0]
        names = header.split(",")
        assert all(NCNAME.fullmatch(name) for name in names), names
        assert len({name.casefold() for name in names}) == len(names)
