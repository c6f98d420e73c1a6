"""What one request may ask for: words of a search, seconds of a query, depth of JSON. More is a problem, not a failure."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import Client

from server.core.filters import MOST_WORDS
from tests.factories.console import make_street

LISTS = {
    "console": "/households?search={}",
    "map": "/map/search?q={}",
    "REST": "/api/v1/persons/?search={}",
}


def words(number: int) -> str:
    return "+".join("abcdefghijklm"[n % 13] for n in range(number))


@pytest.fixture
def desk(street, asking) -> dict[str, Client]:
    """A member of the office's staff, at the console and over REST."""
    console = Client(headers={"accept-language": "en"})
    assert console.post("/login", {"username": "xie", "password": "correct horse"}).status_code
    rest = asking("street")
    console.force_login(type(street.submission.submitter).objects.get(username="street-440106003"))
    return {"console": console, "map": console, "REST": rest}


@pytest.mark.parametrize("door", LISTS)
def test_a_search_looks_for_few_words(desk, door) -> None:
    client = desk[door]
    assert client.get(LISTS[door].format(words(MOST_WORDS))).status_code == 200
    answer = client.get(LISTS[door].format(words(2_000)))
    if door == "REST":
        assert answer.status_code == 400
        assert answer.json()["errors"] == [
            {
                "pointer": "#/search",
                "code": "too_many_words",
                "detail": "Search for at most 10 words.",
            }
        ]
    elif door == "console":
        assert answer.status_code == 400
        assert "Search for at most 10 words." in answer.content.decode()
    else:
        assert answer.status_code == 200, "the map looks for the first ten"


@pytest.fixture
def slow_database(transactional_db) -> Iterator[None]:
    """A database that takes longer for records and entries than a statement may take."""
    slow = ("ledgers_person", "ledgers_household", '"submissions_submission"')

    def sleep(execute, sql, params, many, context):
        if any(table in sql for table in slow):
            return execute("select pg_sleep(5)", None, False, context)
        return execute(sql, params, many, context)

    with connection.cursor() as cursor:
        cursor.execute("set statement_timeout = '100ms'")
    try:
        with connection.execute_wrapper(sleep):
            yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("reset statement_timeout")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("door", [*LISTS, "/v1"])
def test_a_query_that_takes_too_long_is_a_problem(
    transactional_db, divisions, make_user, asking, request, door
) -> None:
    street = make_street(make_user)
    client = asking("street")
    console = Client(headers={"accept-language": "en"})
    console.post("/login", {"username": "street-440106003", "password": "correct horse"})
    request.getfixturevalue("slow_database")
    if door == "/v1":
        client = Client(headers={"accept-language": "en"})
        login = {"email": "street-440106003", "password": "correct horse"}
        token = client.post("/v1/sessions", json.dumps(login), "application/json").json()["token"]
        bearer = {"authorization": f"Bearer {token}"}
        record = f"{street.form.form_id}/submissions/{street.submission.instance_id}"
        answer = client.get(f"/v1/projects/1/forms/{record}", headers=bearer)
    else:
        client = client if door == "REST" else console
        answer = client.get(LISTS[door].format("a"))
    assert answer.status_code == 422
    assert "takes too long" in answer.content.decode()


@pytest.mark.parametrize(
    "path", ["/api/v1/persons/find/", "/v1/sessions", "/api/v1/submissions/{}/review/"]
)
def test_json_is_not_nested_without_end(street, asking, path) -> None:
    deep = '{"a":' + "[" * 100_000 + "]" * 100_000 + "}"
    address = path.format(street.submission.instance_id)
    answer = asking("street").post(address, deep, "application/json")
    assert answer.status_code == 400, answer.content[:300]
