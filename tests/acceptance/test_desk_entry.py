"""Every form of xlsforms/ in the browser's component, and one filled in there through to the ledger; pictures in var/screenshots."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from pytest_django.live_server_helper import LiveServer

from server.audit.models import Act, AuditEntry
from server.core import clock
from server.ledgers.models import Person
from server.submissions.drain import drain_now
from server.submissions.models import Submission
from server.submissions.services.uploads import DESK
from tests.acceptance.browser import Clerk, start
from tests.conftest import STREET

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

FORMS = sorted(
    file.stem
    for file in (Path(__file__).parents[2] / "xlsforms").glob("*.xlsx")
    if file.stem != "correction"  # its list is only on phones
)
BARRIERS_OF_WEB_FORMS = {
    "aria-input-field-name": "drop-down lists are not tied to their question",
    "label": "nor are fields for dates",
    "landmark-unique": "each group of questions is a region of the same name",
    "color-contrast": "the button that asks for the place",
}
"""What axe-core finds in ODK Web Forms' own elements on /enter/…; all its other rules hold there."""
READY = "return document.body.dataset.entering || ''"


@pytest.fixture
def clerk(transactional_db, make_user, tmp_path) -> Iterator[Clerk]:
    from server.forms.services import publish
    from server.ops.demo.street import Size, make

    for name in (*FORMS, "correction"):
        file = Path(__file__).parents[2] / "xlsforms" / f"{name}.xlsx"
        publish(workbook=file.read_bytes(), filename=file.name, publisher=None, validate=False)
    make(Size(communities=1, households=12, quarters=1), lambda what, done, of: None)
    user = make_user("liuzhen", role="street", area=STREET)
    user.name = "刘珍"
    user.save()
    server = LiveServer("127.0.0.1")
    browser = start(tmp_path / "profile")
    session = Client()
    session.force_login(user)
    try:
        clerk = Clerk(browser, server.url, settings.VAR / "screenshots")
        clerk.go("/login")
        browser.add_cookie({"name": "sessionid", "value": session.cookies["sessionid"].value})
        yield clerk
    finally:
        browser.quit()
        server.stop()


def opened(clerk: Clerk, path: str) -> None:
    clerk.go(path)
    clerk.wait(lambda browser: browser.execute_script(READY))
    log = [entry for entry in clerk.browser.get_log("browser") if entry["level"] == "SEVERE"]
    assert clerk.browser.execute_script(READY) == "ready", (path, log)
    assert log == [], path


def test_every_form_opens_and_a_change_told_at_the_window_reaches_the_ledger(clerk):
    for form in FORMS:
        opened(clerk, f"/enter/{form}")
        clerk.picture(f"enter-{form}", whole=True)
        rules = {barrier.partition(":")[0] for barrier in clerk.barriers()}
        assert rules <= BARRIERS_OF_WEB_FORMS.keys(), form

    person = Person.objects.filter(person_status="1").exclude(household=None).order_by("pk").first()
    opened(clerk, f"/enter/quick_change?person={person.pk}")
    clerk.picture("enter-for-a-person", whole=True)
    chosen = clerk.browser.execute_script("return document.querySelector('#enter-form').innerText")
    assert person.name in chosen
    clerk.click("#enter-send")
    clerk.says("有的答案")
    assert not Submission.objects.filter(current_version__device_id=DESK).exists()
    for choice in clerk.all("#enter-form label"):
        if choice.text.strip() == "没有变化":
            choice.click()
    clerk.picture("enter-before-sending", whole=True)
    clerk.click("#enter-send")
    clerk.find("[data-stored=new]")
    clerk.picture("enter-stored")
    stored = Submission.objects.get(current_version__device_id=DESK)
    assert stored.submitter.username == "liuzhen"
    assert AuditEntry.objects.filter(act=Act.RECORD_ENTERED, object_id=str(stored.pk)).exists()
    drain_now()
    stored.refresh_from_db()
    assert stored.area_code == person.area_code
    person.refresh_from_db()
    assert person.source_submission == stored
    assert person.last_confirmed_on == clock.today()
    clerk.wait(lambda browser: browser.find_element("css selector", "[data-record]").is_displayed())
    clerk.go("/review")
    clerk.says("柜台")
