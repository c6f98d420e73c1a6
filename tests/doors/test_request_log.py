"""The request id, the request log, and the answer to the unforeseen."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterator

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path
from structlog.stdlib import ProcessorFormatter

TOKEN = "tokenthatmustnotbelogged"


def _fine(request: HttpRequest, **_: str) -> HttpResponse:
    return HttpResponse("fine")


def _broken(request: HttpRequest, **_: str) -> HttpResponse:
    raise RuntimeError("449901196501010016 called 020-00001234")


def _absent(request: HttpRequest, **_: str) -> HttpResponse:
    return HttpResponse(status=404)


urlpatterns = [
    path("fine", _fine),
    path("elsewhere/key/<str:token>/broken", _broken),
    path("api/v1/broken", _broken),
    path("v1/broken", _broken),
    path("absent", _absent),
]
handler500 = "server.ops.middleware.unforeseen"


@pytest.fixture
def door() -> Iterator[Client]:
    with override_settings(ROOT_URLCONF=__name__):
        yield Client(raise_request_exception=False)


@pytest.fixture
def lines() -> Iterator[Callable[[], str]]:
    """What the server has logged so far, as its own formatter writes it."""
    root = logging.getLogger()
    written = logging.StreamHandler(io.StringIO())
    written.setFormatter(
        next(h.formatter for h in root.handlers if isinstance(h.formatter, ProcessorFormatter))
    )
    root.addHandler(written)
    yield written.stream.getvalue
    root.removeHandler(written)


def test_every_answer_carries_an_id_of_its_own(door):
    first, second = door.get("/fine"), door.get("/fine")
    assert len(first["X-Request-ID"]) == 16
    assert first["X-Request-ID"] != second["X-Request-ID"]


def test_what_went_well_makes_no_line_and_what_failed_makes_one(door, lines):
    door.get("/fine")
    assert lines() == ""
    response = door.get("/absent?q=449901196501010016")
    assert response.status_code == 404
    told = lines()
    assert told.count("\n") == 1
    assert "path=/absent" in told
    assert "4499" not in told
    assert response["X-Request-ID"] in told


def test_the_unforeseen_is_logged_masked_and_answered_with_the_id_alone(door, lines):
    response = door.get(f"/elsewhere/key/{TOKEN}/broken")
    assert response.status_code == 500
    assert response["Content-Type"].startswith("text/plain")
    assert response["X-Request-ID"] in response.content.decode()
    assert "RuntimeError" not in response.content.decode()

    told = lines()
    assert "RuntimeError" in told
    assert told.count("Traceback") == 1
    for secret in (TOKEN, "449901196501010016", "020-00001234"):
        assert secret not in told

    response = door.get("/v1/broken")  # as ODK Central words it
    assert response.json()["code"] == 500.1
    assert response.json()["details"] == {"request_id": response["X-Request-ID"]}

    response = door.get("/api/v1/broken")
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["request_id"] == response["X-Request-ID"]
