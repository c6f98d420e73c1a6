"""What a proxy says of its clients, believed only where RUHU_BEHIND_TLS_PROXY names one."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.test import Client

from server.accounts.services import add_worker

pytestmark = pytest.mark.django_db
HTTPS = "https://ruhu.example"


@pytest.fixture
def token(divisions) -> str:
    return add_worker(username="li", areas=["440106003001"], actor=None).token


def seen(client: Client, **headers: str) -> str:
    """The address the application takes the client for."""
    response = client.get("/healthz", REMOTE_ADDR="10.0.0.1", headers=headers)
    return str(response.wsgi_request.META["REMOTE_ADDR"])


def test_the_address_is_the_one_the_proxy_saw(settings) -> None:
    claimed = {"X-Forwarded-For": "192.0.2.7, 198.51.100.4"}
    assert seen(Client(), **claimed) == "10.0.0.1"
    settings.RUHU_BEHIND_TLS_PROXY = True
    assert seen(Client(), **claimed) == "198.51.100.4"
    assert seen(Client(), **{"X-Forwarded-For": "2001:db8::1"}) == "2001:db8::1"
    assert seen(Client()) == "10.0.0.1"


def test_a_phone_that_came_by_http_is_led_to_the_same_host_only(settings, token) -> None:
    def head(host: str = "ruhu.example", *, secure: bool = False) -> str | None:
        response = Client().head(f"/key/{token}/submission?x=1", secure=secure, HTTP_HOST=host)
        assert (response.status_code, response.content) == (204, b"")
        return response.headers.get("Location")

    assert head() is None
    settings.RUHU_BASE_URL = f"{HTTPS}/"
    assert head() is None, "nobody told how it came"
    settings.RUHU_BEHIND_TLS_PROXY = True
    assert head() == head("RUHU.example:80") == f"{HTTPS}/key/{token}/submission"
    assert head(secure=True) is None
    assert head("192.0.2.7:8000") is None, "Collect takes another host for an attack"
    assert head("[2001:db8::1]:8000") is None
    settings.RUHU_BASE_URL = "http://ruhu.example"
    assert head() is None
    settings.RUHU_BASE_URL = HTTPS
    assert Client().head("/key/wrong/submission").status_code == 403


@pytest.mark.parametrize("base", [HTTPS, f"{HTTPS}/", f"{HTTPS}/office/"])
def test_a_page_of_the_base_url_may_post_however_that_is_written(base) -> None:
    """Django compares with what browsers send as Origin, which has no path and no slash."""
    told = subprocess.run(
        [sys.executable, "-c", "from server.config import settings as s; print(s.CSRF_TRUSTED_ORIGINS)"],
        env={**os.environ, "RUHU_BASE_URL": base},
        capture_output=True,
        text=True,
        check=True,
    )  # fmt: skip
    assert told.stdout.strip() == f"['{HTTPS}']"
