"""Every page of the console for people with a keyboard, a screen reader or weak eyes: axe-core finds no barrier."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pytest
from django.conf import settings
from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import NoReverseMatch, reverse
from pytest_django.live_server_helper import LiveServer

from server.console.urls import urlpatterns
from tests.acceptance.browser import Clerk, start
from tests.conftest import STREET
from tests.factories.console import Street, make_street

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WIDTHS = ((1366, 768), (390, 844))
ENGLISH = ("/", "/submissions", "/exceptions", "/persons", "/field-accounts", "/audit")
"""Looked at in English as well: the markup is the same, words are longer."""


@pytest.fixture
def street(transactional_db, divisions, make_user) -> Street:
    return make_street(make_user)


@pytest.fixture
def administrator(street, make_user) -> Client:
    client = Client()
    client.force_login(make_user("zhou", role="administrator", area=STREET))
    return client


@pytest.fixture
def clerk(administrator, tmp_path) -> Iterator[Clerk]:
    browser = start(tmp_path / "profile")
    server = LiveServer("127.0.0.1")
    clerk = Clerk(browser, server.url, settings.VAR / "screenshots")
    try:
        clerk.go("/login")
        name = settings.SESSION_COOKIE_NAME
        browser.add_cookie({"name": name, "value": administrator.cookies[name].value})
        yield clerk
    finally:
        browser.quit()
        server.stop()


def pages_of_entries(street: Street) -> list[str]:
    """The pages of an entry of each kind, and some beside it."""
    person, employer = street.person.pk, street.employer.pk
    return [
        f"/submissions/{street.submission.pk}",
        f"/review/{street.submission.pk}",
        f"/households/{street.household.pk}",
        f"/persons/{person}",
        f"/persons/{person}/vacancies",
        f"/cases/{street.case.pk}",
        f"/employers/{employer}",
        f"/exceptions/{street.exception.pk}/settle",
        f"/people/{street.worker.pk}",
        f"/visits/due/{street.worker.pk}/day-sheet",
        "/ledgers/employers",
        "/ledgers/employers/voided",
        "/help/registration",
    ]


def pages_of_the_console(client: Client) -> list[str]:
    """Every page that opens without a number in its address."""
    addresses = []
    for pattern in urlpatterns:
        with suppress(NoReverseMatch):
            addresses.append(reverse(f"console:{pattern.name}"))
    return [address for address in addresses if is_page(client.get(address))]


def is_page(answer: HttpResponseBase) -> bool:
    return (
        answer.status_code == 200
        and not answer.streaming
        and b"<html" in getattr(answer, "content", b"")
    )


def test_axe_finds_no_barrier_on_any_page(clerk, administrator, street):
    entries, pages = pages_of_entries(street), pages_of_the_console(administrator)
    assert {entry: administrator.get(entry).status_code for entry in entries} == dict.fromkeys(
        entries, 200
    )
    assert len(pages) > 30
    barriers = []
    for page in [*pages, *entries]:
        clerk.go(page)
        for width, height in WIDTHS:
            with clerk.as_wide_as(width, height):
                barriers += [f"{page} at {width}: {barrier}" for barrier in clerk.barriers()]
    clerk.go("/")
    clerk.click(".language button")
    for page in ENGLISH:
        clerk.go(page)
        barriers += [f"{page} in English: {barrier}" for barrier in clerk.barriers()]
    clerk.browser.delete_all_cookies()
    clerk.go("/login")
    barriers += [f"/login: {barrier}" for barrier in clerk.barriers()]
    assert not barriers, "\n".join(barriers)
