"""What a request calls the server goes into addresses for phones: a stranger cannot choose it."""

from __future__ import annotations

import socket

import pytest
from django.test import Client

from server.ops import hosts
from tests.factories.submissions import instance

OURS = ("localhost", "localhost:8000", "127.0.0.1", "[::1]:8000", "192.168.1.5:8000", "10.0.0.8",
        "172.20.0.2", "[fd00::7]", "169.254.3.4", "100.64.0.9", socket.gethostname())  # fmt: skip
STRANGE = ("evil.example", "evil.example:8000", "8.8.8.8", "[2606:4700::1111]:80", "localhost.evil.example",
           f"{socket.gethostname()}.evil.example")  # fmt: skip


@pytest.fixture(autouse=True)
def _hosts_are_guessed(settings) -> None:
    settings.RUHU_GUESSES_HOSTS = True
    settings.ALLOWED_HOSTS = ["*"]


def test_phones_are_told_the_address_they_called_if_it_is_this_machines(phone):
    for host in OURS:
        answer = Client().get(f"{phone.base}/formList", HTTP_HOST=host)
        assert answer.status_code == 200, host
        assert f"http://{host}/key/".encode() in answer.content
    for host in STRANGE:
        for path in (
            f"{phone.base}/formList",
            "/login",
            "/api/v1/forms/",
            "/v1/projects",
            "/healthz",
        ):
            answer = Client(headers={"accept-language": "en"}).get(path, HTTP_HOST=host)
            assert answer.status_code == 400, (host, path)
            assert answer.headers["Content-Type"].startswith("text/plain")
            assert "RUHU_BASE_URL" in answer.content.decode()
            assert "://" not in answer.content.decode()


def test_a_record_is_taken_whatever_the_phone_calls_the_server(phone):
    answer = Client().post(
        f"{phone.base}/submission",
        instance(1),
        content_type="text/xml",
        HTTP_HOST="old.name.example",
    )
    assert answer.status_code == 201
    assert b"old.name" not in answer.content


def test_the_name_that_the_setting_gives_is_known(phone, settings):
    settings.RUHU_BASE_URL = "https://ruhu.example"
    for host in ("ruhu.example", "RUHU.example:8443", "ruhu.example."):
        assert Client().get(f"{phone.base}/formList", HTTP_HOST=host).status_code == 200
    assert Client().get(f"{phone.base}/formList", HTTP_HOST="ruhu.example.evil").status_code == 400


def test_a_public_address_is_known_while_it_is_this_machines(monkeypatch):
    assert not hosts.is_ours("203.0.114.9")
    monkeypatch.setattr(hosts, "_is_assigned_here", lambda address: address == "203.0.114.9")
    assert hosts.is_ours("203.0.114.9")
    assert hosts.is_ours("[::ffff:203.0.114.9]")


def test_what_is_listed_is_all_that_is_answered(phone, settings):
    settings.RUHU_GUESSES_HOSTS, settings.ALLOWED_HOSTS = False, ["ruhu.example"]
    assert Client().get("/login", HTTP_HOST="ruhu.example").status_code == 200
    assert Client().get("/login", HTTP_HOST="192.168.1.5").status_code == 400
