"""GET /healthz."""

from __future__ import annotations

import pytest
from django.db import OperationalError, connection


def _heartbeat(seconds_ago: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat)"
            " VALUES (now() - make_interval(secs => %s))",
            [seconds_ago],
        )


@pytest.mark.django_db
def test_healthz_is_200_only_with_a_living_worker(client, django_assert_num_queries):
    with django_assert_num_queries(1):
        response = client.get("/healthz")
    assert response.status_code == 503
    assert response.json() == {"web": True, "worker": False, "database": True}

    _heartbeat(31)
    assert client.get("/healthz").status_code == 503

    _heartbeat(5)
    response = client.get("/healthz")
    assert response.status_code == 200
    assert response.json() == {"web": True, "worker": True, "database": True}
    assert response["Cache-Control"] == "no-store"
    assert client.post("/healthz").status_code == 405


@pytest.mark.django_db
def test_healthz_says_that_the_database_is_gone(client):
    def refuse(*_args: object) -> None:
        raise OperationalError("server closed the connection")

    with connection.execute_wrapper(refuse):
        response = client.get("/healthz")
    assert response.status_code == 503
    assert response.json() == {"web": True, "worker": False, "database": False}
