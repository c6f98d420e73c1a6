"""Forms and versions are called as people call them, at every door."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from django.test import Client
from lxml import etree

from tests.factories.field import Field, book, instance

pytestmark = pytest.mark.django_db
SURVEY = "type|name|label\ntext|a|A"
NAMES = (("家庭调查 v2.1 (a)", "第1版 @2026"), ("2026_x", "1.0+2"), ("_x", "a:b, c"))


@pytest.mark.parametrize(("form_id", "version"), NAMES)
def test_a_form_of_any_name_works_from_the_phone_to_the_table(
    people: Field, form_id: str, version: str
) -> None:
    answer = people.publish(
        {"survey": SURVEY, "settings": [["form_id", "version"], [form_id, version]]}
    )
    assert answer.status_code == 201, answer.content
    listed = etree.fromstring(Client().get(f"{people.phone.base}/formList").content)
    (form,) = (item for item in listed if item.findtext("{*}formID") == form_id)
    assert form.findtext("{*}version") == version
    fetched = Client().get(form.findtext("{*}downloadUrl"))
    assert f'id="{form_id}"'.encode() in fetched.content
    people.taken(instance(form_id, "<a>x</a>", version=version))
    assert [row["a"] for row in people.rows(form_id)] == ["x"]
    path = f"/forms/{quote(form_id)}"
    assert people.central(path).json()["version"] == version
    assert people.central(f"{path}/submissions.csv").status_code == 200
    assert people.central(f"{path}.svc/$metadata").status_code == 200
    assert people.central(f"{path}/versions/{quote(version)}.xml").content == fetched.content
    one = people.administrator.get(f"/api/v1/forms/{quote(form_id)}/")
    assert one.json()["version" if "version" in one.json() else "form_id"]
    state = people.administrator.patch(
        f"/api/v1/forms/{quote(form_id)}/", {"state": "closing"}, content_type="application/json"
    )
    assert state.status_code == 200, state.content


def test_an_encrypted_form_keeps_a_version_of_any_name(people: Field) -> None:
    from server.core.clock import now
    from server.forms import keys

    keys.make(form_id="加密 表", passphrase=None, at=now(), user=None)
    answer = people.publish(
        {"survey": SURVEY, "settings": [["form_id", "version"], ["加密 表", "第1版 (a)"]]}
    )
    assert answer.status_code == 201, answer.content
    assert answer.json()["version"].startswith("第1版 (a)-k")


def test_a_form_without_settings_is_called_as_its_file_and_has_no_version(people: Field) -> None:
    from server.forms.models import FormVersion

    answer = people.publish({"survey": SURVEY})
    assert answer.status_code == 201, answer.content
    made = answer.json()
    assert (made["form_id"], made["version"]) == ("form", "")
    assert "“form”" in " ".join(made["warnings"])
    listed = etree.fromstring(Client().get(f"{people.phone.base}/formList").content)
    (form,) = (item for item in listed if item.findtext("{*}formID") == "form")
    assert Client().get(form.findtext("{*}downloadUrl")).status_code == 200
    people.taken(b'<data id="form"><a>x</a><meta><instanceID>uuid:none</instanceID></meta></data>')
    assert [row["a"] for row in people.rows("form")] == ["x"]
    other = people.publish({"survey": "type|name|label\ntext|b|B"})
    assert other.status_code == 409
    assert "1" in other.json()["detail"]

    def central(method: str, path: str, body: bytes = b"", **headers: str) -> int:
        kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        response = getattr(people.administrator, method)(
            f"/v1/projects/1{path}", body, content_type=kind, secure=True, headers=headers
        )
        return int(response.status_code)

    workbook = book({"survey": SURVEY})
    name = {"x-xlsform-formid-fallback": quote("树木 登记")}
    assert central("post", "/forms?ignoreWarnings=true", workbook, **name) == 200
    draft = f"/forms/{quote('树木 登记')}/draft"
    assert central("post", f"{draft}/publish?version=2") == 200
    assert FormVersion.objects.get(form__form_id="树木 登记").version == "2"


def test_a_key_needs_a_version(people: Field) -> None:
    from server.core.clock import now
    from server.forms import keys

    keys.make(form_id="form", passphrase=None, at=now(), user=None)
    answer = people.publish({"survey": SURVEY})
    assert answer.status_code == 400
    assert answer.json()["faults"][0]["sheet"] == "settings"
