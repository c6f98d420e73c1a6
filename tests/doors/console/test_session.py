"""Log in, log out, language, guessing."""

from __future__ import annotations

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


def attempt(client, password, username="wang"):
    return client.post(
        "/login",
        {"username": username, "password": password},
        headers={"accept-language": "en"},
    )


def test_logging_in_leads_to_where_one_was_going(client, make_user):
    make_user("wang")
    assert attempt(client, "wrong").status_code == 200
    response = client.post(
        "/login?next=/review", {"username": "wang", "password": "correct horse", "next": "/review"}
    )
    assert (response.status_code, response.url) == (302, "/review")
    assert client.post("/logout").url == "/login"
    assert client.get("/review").status_code == 302


def test_an_address_elsewhere_is_not_followed(client, make_user):
    make_user("wang")
    response = client.post(
        "/login",
        {"username": "wang", "password": "correct horse", "next": "https://elsewhere.example/"},
    )
    assert response.url == "/"


def test_chinese_comes_first_and_english_is_one_click_away(client, db):
    page = client.get("/login").content.decode()
    assert '<html lang="zh-hans">' in page
    client.post("/language", {"language": "en", "next": "/login"})
    assert '<html lang="en">' in client.get("/login").content.decode()


def test_nothing_is_ever_fetched_from_elsewhere(client, db):
    response = client.get("/login")
    assert response.headers["Content-Security-Policy"].startswith("default-src 'self'")
    assert "http://" not in response.content.decode().replace("http://www.w3.org", "")
    assert "https://" not in response.content.decode()


def test_what_is_not_there_has_a_page(client, make_user):
    client.force_login(make_user("wang"))
    response = client.get("/no/such/page", headers={"accept-language": "en"})
    assert response.status_code == 404
    assert "outside your area" in response.content.decode()


@pytest.mark.parametrize(
    ("address", "secure", "warned"),
    [
        ("198.51.100.7", False, True),
        ("198.51.100.7", True, False),
        ("127.0.0.1", False, False),
        ("::1", False, False),
        ("", False, False),
    ],
)
def test_the_log_in_page_warns_when_a_password_would_be_sent_in_the_open(
    db, address, secure, warned
):
    for language, words in (("en", "not encrypted"), ("zh-hans", "没有加密")):
        client = Client(headers={"accept-language": language})
        page = client.get("/login", REMOTE_ADDR=address, secure=secure).content.decode()
        assert ("data-in-the-open" in page) == warned
        assert (words in page) == warned
