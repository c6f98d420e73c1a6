"""A clerk reviews from the keyboard, in a real browser: one key a record."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test import Client
from pytest_django.live_server_helper import LiveServer
from selenium.webdriver.common.by import By

from tests.acceptance.browser import Clerk, start
from tests.conftest import COMMUNITY, STREET
from tests.factories.console import make_street, make_submission

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
RECORDS = 20
ALLOWED = 24
"""Key presses for so many records, after the first is open."""


@pytest.fixture
def clerk(divisions, make_user, tmp_path) -> Iterator[Clerk]:
    street = make_street(make_user)
    for number in range(RECORDS + 1):
        make_submission(
            street.form, street.worker, COMMUNITY, f"uuid:n{number}", title=f"工业路{number}号"
        )
    client = Client()
    client.force_login(make_user("liuzhen", role="street", area=STREET))
    server, browser = LiveServer("127.0.0.1"), start(tmp_path / "profile")
    try:
        clerk = Clerk(browser, server.url, settings.VAR / "screenshots")
        clerk.go("/login")
        session = client.cookies[settings.SESSION_COOKIE_NAME]
        browser.add_cookie({"name": settings.SESSION_COOKIE_NAME, "value": session.value})
        yield clerk
    finally:
        browser.quit()
        server.stop()


def test_twenty_records_take_no_more_than_twenty_four_keys(clerk):
    from server.submissions.models import Submission

    clerk.go("/review?search=工业路")
    clerk.click("tr[data-href] a")
    pressed = 0

    def press(*keys: str) -> None:
        nonlocal pressed
        address = clerk.browser.current_url
        for key in keys:
            clerk.browser.switch_to.active_element.send_keys(key)
            pressed += len(key)
        clerk.wait(lambda browser: browser.current_url != address)
        clerk.find(".decide-form")

    for _record in range(RECORDS - 1):
        press("a")
    press("f", "门牌", "\ue007")
    assert pressed <= ALLOWED
    rows = Submission.objects.filter(title__startswith="工业路")
    assert rows.filter(review_state="approved").count() == RECORDS - 1
    assert rows.get(review_state="has_issues").decisions.get().reason == "门牌"
    press("u")
    assert not rows.filter(review_state="has_issues").exists(), "the last decision is taken back"

    assert clerk.browser.execute_script("return window.scrollY") == 0, "it opens at its head"
    clerk.browser.find_element(By.TAG_NAME, "body").send_keys("?")
    assert clerk.find("#keys").is_displayed()
    clerk.click("#keys button")
    clerk.click(".record [data-keys]")
    assert clerk.find("#keys").is_displayed()
