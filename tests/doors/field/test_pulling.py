"""Briefcase's one login: forms, files and records with a name and a password."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from django.test import Client

from tests.factories.field import Field, id_of, instance

pytestmark = pytest.mark.django_db(transaction=True)


def person(name: str) -> Client:
    proof = base64.b64encode(f"{name}:correct horse".encode()).decode()
    return Client(headers={"authorization": f"Basic {proof}"})


def get(client: Client, path: str, **query: Any) -> Any:
    return client.get(f"/odk/{path}", query, secure=True)


@pytest.mark.parametrize("role", ["street", "administrator"])
def test_a_person_of_an_office_pulls_forms_and_records_with_one_login(
    people: Field, make_user, role: str
) -> None:
    make_user("puller", role=role)
    form = people.form(
        "type|name|label\nbegin group|g|G\nselect_one_from_file households.csv|h|H\ntext|area|A\nend group||"
    )
    from server.forms.models import Form

    Form.objects.filter(form_id=form).update(state=Form.State.CLOSED)  # its records can be pulled
    client = person("puller")

    listed = get(client, "formList").content.decode()
    assert f"<formID>{form}</formID>" in listed
    assert get(client, f"forms/{form}/1/form.xml").status_code == 200
    manifest = get(client, f"forms/{form}/1/manifest.xml").content.decode()
    assert "households.csv" in manifest
    media = get(client, f"forms/{form}/1/media/households.csv")
    assert b"".join(media).startswith(b"name,label")
    assert get(client, "view/submissionList", formId=form).status_code == 200


def test_who_neither_works_in_an_area_nor_reads_records_unmasked_gets_no_forms(
    people: Field, make_user
) -> None:
    make_user("county", role="county")
    assert get(person("county"), "formList").status_code == 403


def test_a_phone_gets_its_own_forms_and_no_records(people: Field) -> None:
    form = people.form("type|name|label\ntext|a|A")
    document = instance(form, "<a>1</a>")
    people.taken(document)
    assert Client().get(f"{people.phone.base}/formList").status_code == 200
    path = f"{people.phone.base}/view/submissionList?formId={form}"
    assert Client().get(path).status_code == 403
    assert id_of(document)
