"""The REST interface is what its document says: committed, complete, and kept by the answers."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from jsonschema import Draft202012Validator

from server.accounts.models import RoleGrant, User
from server.api.document import document
from server.ledgers.definitions.columns import columns_of
from server.ledgers.definitions.ledgers import DEFINITIONS, LEDGERS
from tests.conftest import COMMUNITY, STREET
from tests.factories.console import make_street
from tests.factories.declared import make_declared

LISTS = (
    "forms", "submissions", *(definition.path for definition in DEFINITIONS.values()),
    "exceptions", "links", "divisions", "field-accounts",
)  # fmt: skip


@pytest.fixture(scope="module")
def api() -> dict[str, Any]:
    return document()


@pytest.fixture
def client(divisions, make_user) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(make_user("li", role="street", area=STREET))
    return client


def conforms(api: dict[str, Any], path: str, response: Any, *, method: str = "get") -> None:
    """The answer fits what the document says of this status and content type."""
    operation = api["paths"][f"/api/v1{path}"][method]
    told = operation["responses"].get(str(response.status_code), operation["responses"]["default"])
    media = response["Content-Type"].partition(";")[0]
    schema = {**told["content"][media]["schema"], "components": api["components"]}
    validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    faults = [
        f"{fault.json_path}: {fault.message}" for fault in validator.iter_errors(response.json())
    ]
    assert not faults


def test_the_document_is_served_to_anyone_in_one_language(db):
    committed = (settings.BASE_DIR / "api_docs" / "openapi.yaml").read_bytes()
    for language in ("zh-CN", "en"):
        answer = Client(headers={"accept-language": language}).get("/api/v1/schema/")
        assert (answer.status_code, answer.content) == (200, committed)
    answer = Client(headers={"accept": "application/vnd.oai.openapi+json"}).get("/api/v1/schema/")
    assert (answer.status_code, answer.json()) == (200, document())


def test_every_column_is_told_with_both_labels(api):
    for model in LEDGERS.values():
        properties = api["components"]["schemas"][model.__name__]["properties"]
        for column in columns_of(model).values():
            if column.name == "loc" or column.kind == "point":
                continue
            title = properties[column.name].get("title", "")
            assert column.label.zh in title
            assert column.label.en in title


def test_code_lists_are_told_with_their_labels(api):
    edu = api["components"]["schemas"]["CodeEDU"]
    assert "20" in edu["enum"]
    assert "`20`" in edu["description"]


@pytest.mark.parametrize("name", LISTS)
def test_lists_conform(api, client, make_user, name):
    from server.accounts.services import issue_token

    street = make_street(make_user)
    issue_token(user=street.worker, actor=None)
    make_declared(COMMUNITY, person=street.person, employer=street.employer)
    RoleGrant.objects.create(user=User.objects.get(username="li"), role="restricted", area=STREET)
    response = client.get(f"/api/v1/{name}/")
    assert response.json()["results"] or name == "spells"
    conforms(api, f"/{name}/", response)


@pytest.mark.parametrize("name", ["households", "employers", "visits", "submissions", "divisions"])
def test_geojson_conforms(api, client, make_user, name):
    make_street(make_user)
    response = client.get(f"/api/v1/{name}/?format=geojson")
    assert response.json()["features"]
    conforms(api, f"/{name}/", response)


def test_details_conform(api, client, make_user):
    street = make_street(make_user)
    for name, key, variable in (
        ("households", street.household.pk, "id"),
        ("persons", street.person.pk, "id"),
        ("employers", street.employer.pk, "id"),
        ("cases", street.case.pk, "id"),
        ("submissions", street.submission.instance_id, "instance_id"),
        ("exceptions", street.exception.pk, "id"),
        ("links", street.link.pk, "id"),
        ("divisions", street.household.area_code, "code"),
        ("forms", "household_survey", "form_id"),
    ):
        conforms(api, f"/{name}/{{{variable}}}/", client.get(f"/api/v1/{name}/{key}/"))
    versions = client.get("/api/v1/forms/household_survey/versions/")
    conforms(api, "/forms/{form_id}/versions/", versions)


def test_problems_conform(api, client, make_user):
    make_street(make_user)
    conforms(api, "/persons/", client.get("/api/v1/persons/?sex=1&no=1"))
    nobody = "00000000-0000-4000-8000-000000000000"
    conforms(api, "/persons/{id}/", client.get(f"/api/v1/persons/{nobody}/"))
    empty = client.post("/api/v1/field-accounts/", {}, content_type="application/json")
    conforms(api, "/field-accounts/", empty, method="post")
