"""Sessions: a dump of their table opens nothing, and each ends by itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.sessions.backends.base import CreateError, UpdateError
from django.db import connection
from django.test import Client

from server.accounts.models import Session
from server.accounts.scripts import begin
from server.accounts.sessions import SessionStore
from server.core import clock
from server.ops.tasks import tidy

pytestmark = pytest.mark.django_db
START = clock.now()


@pytest.fixture
def at(monkeypatch):
    """at(minutes=61) moves the clock to so long after the start."""

    def move(**passed: int) -> None:
        monkeypatch.setattr(clock, "now", lambda: START + timedelta(**passed))

    move()
    return move


@pytest.fixture
def browser(at, make_user) -> Client:
    """Somebody who has just logged in at the log-in page."""
    make_user("wang")
    client = Client(headers={"user-agent": "Firefox of the desk"})
    given = {"username": "wang", "password": "correct horse"}
    assert client.post("/login", given, REMOTE_ADDR="198.51.100.7").status_code == 302
    return client


def opens(client: Client) -> bool:
    return client.get("/review").status_code == 200


def test_what_the_database_holds_opens_neither_the_console_nor_the_programs_door(
    browser, make_user
):
    """A dump of the table was a set of log-ins: the key was the cookie's value."""
    token = begin(user=make_user("li"), at=clock.now()).token
    cookie = browser.cookies[settings.SESSION_COOKIE_NAME].value
    assert opens(browser)
    with connection.cursor() as cursor:
        cursor.execute("select * from accounts_session")
        stored = [column for row in cursor.fetchall() for column in row]
        cursor.execute("select to_regclass('django_session')")
        assert cursor.fetchone() == (None,)
    texts = {
        text
        for column in stored
        for text in (
            [column]
            if isinstance(column, str)
            else [bytes(column).hex(), bytes(column).decode("latin-1")]
            if isinstance(column, bytes | memoryview)
            else []
        )
    }
    assert not any(cookie in text or token in text or "_auth_user" in text for text in texts)
    for text in texts - {""}:
        thief = Client()
        thief.cookies[settings.SESSION_COOKIE_NAME] = text.replace("\n", "").replace(";", "")
        assert not opens(thief)
        bearer = {"authorization": f"Bearer {text.encode('ascii', 'replace').decode()}"}
        assert thief.get("/v1/projects", headers=bearer).status_code == 401
    assert (
        Client(headers={"authorization": f"Bearer {token}"}).get("/v1/projects").status_code == 200
    )


def test_the_console_and_programs_do_not_take_each_others_keys(browser, make_user):
    token = begin(user=make_user("li"), at=clock.now()).token
    cookie = browser.cookies[settings.SESSION_COOKIE_NAME].value
    program = Client()
    program.cookies[settings.SESSION_COOKIE_NAME] = token
    assert not opens(program)
    bearer = {"authorization": f"Bearer {cookie}"}
    assert Client().get("/v1/projects", headers=bearer).status_code == 401


@pytest.mark.parametrize(("idle", "is_open"), [(59, True), (60, False), (61, False)])
def test_an_idle_session_ends_after_an_hour(browser, at, idle, is_open):
    at(minutes=idle)
    assert opens(browser) == is_open


def test_a_session_that_is_used_ends_after_twelve_hours_all_the_same(browser, at):
    for minutes in range(30, 12 * 60, 30):
        at(minutes=minutes)
        assert opens(browser)
    at(hours=11, minutes=59)
    assert opens(browser)
    at(hours=12)
    assert not opens(browser)


def test_an_office_may_choose_other_limits(settings, at, make_user):
    settings.RUHU_SESSION_IDLE_MINUTES, settings.RUHU_SESSION_HOURS = 10, 1
    client = Client()
    client.force_login(make_user("wang"))
    at(minutes=9)
    assert opens(client)
    at(minutes=19)
    assert not opens(client)


def test_the_use_of_a_session_is_written_down_once_a_minute_and_says_from_where(browser, at):
    row = Session.objects.get()
    assert (row.address, row.device) == ("198.51.100.7", "Firefox of the desk")
    at(seconds=59)
    opens(browser)
    assert Session.objects.get().last_used_at == START
    at(seconds=61)
    browser.get("/review", REMOTE_ADDR="198.51.100.8")
    row = Session.objects.get()
    assert (row.last_used_at, row.address) == (START + timedelta(seconds=61), "198.51.100.8")


def test_ended_sessions_are_deleted(browser, at):
    at(minutes=59)
    tidy()
    assert Session.objects.count() == 1
    at(minutes=60)
    tidy()
    assert not Session.objects.exists()


def test_the_store_keeps_djangos_promises(at, make_user):
    """A session that ended while its data changed is not begun again, and a key that exists is not given out twice."""
    store = SessionStore()
    store["seen"] = 1
    store.create()
    other = SessionStore(store.session_key)
    assert other.exists(store.session_key)
    store["seen"] = 2
    store.save()
    assert SessionStore(store.session_key)["seen"] == 2
    store.delete()
    with pytest.raises(UpdateError):
        other.save()
    taken = SessionStore()
    taken.create()
    again = SessionStore(taken.session_key)
    with pytest.raises(CreateError):
        again.save(must_create=True)


def test_data_that_cannot_be_opened_is_an_ended_session(browser):
    Session.objects.update(data=b"0" * 40)
    assert not opens(browser)
