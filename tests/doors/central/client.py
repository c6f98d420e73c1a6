"""How the tests of /v1 ask, and how its errors look."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client

FORMS = "/v1/projects/1/forms"
FORM = f"{FORMS}/household_survey"
LISTS = "/v1/projects/1/datasets"
TABLE = f"{FORM}.svc/Submissions"
MEMBERS = f"{TABLE}.members"
RECORD = f"{FORM}/submissions/uuid:1"
PASSWORD = "correct horse"


def get(client: Client, path: str, **query: Any) -> Any:
    """Over https, as Basic wants it."""
    named = {f"${name}": value for name, value in query.items()}
    return client.get(path, named or None, secure=True)


def table(client: Client, path: str = TABLE, **query: Any) -> dict[str, Any]:
    response = get(client, path, **query)
    body = response.getvalue()
    assert response.status_code == 200, body
    assert response["OData-Version"] == "4.0"
    return json.loads(body)


def assert_central(response: Any, code: float) -> dict[str, Any]:
    """The error in Central's shape."""
    assert response.status_code == int(code), response.content
    body: dict[str, Any] = response.json()
    assert body["code"] == code, body
    assert body["message"]
    assert set(body) == {"message", "code", "details"}
    return body


def log_in(username: str, password: str = PASSWORD) -> Any:
    body = json.dumps({"email": username, "password": password})
    return Client().post("/v1/sessions", body, content_type="application/json")


def bearer(token: str) -> Client:
    return Client(headers={"authorization": f"Bearer {token}"})
