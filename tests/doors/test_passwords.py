"""User name and password, by the same rule at every door: who guesses waits, and nobody else."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.test import Client

from server.accounts import hashing, lockout, passwords
from server.accounts.models import PasswordFailures, User
from server.accounts.problems import LogInsBusy
from server.accounts.services import add_worker
from tests.factories.submissions import make_form

pytestmark = pytest.mark.django_db
RIGHT = "correct horse"
OFFICE, ELSEWHERE = "198.51.100.7", "203.0.113.9"
IN, WRONG, WAIT = "in", "wrong", "wait"
Knock = Callable[..., str]


def basic(username: str, password: str) -> dict[str, str]:
    proof = base64.b64encode(f"{username}:{password}".encode()).decode()
    return {"authorization": f"Basic {proof}", "accept-language": "en"}


def at_the_console(username: str, password: str, **meta: str) -> str:
    given = {"username": username, "password": password}
    answer = Client(headers={"accept-language": "en"}).post("/login", given, **meta)
    if answer.status_code == 302:
        return IN
    return WAIT if "Wait 15 minutes" in answer.content.decode() else WRONG


def over_rest(username: str, password: str, **meta: str) -> str:
    answer = Client(headers=basic(username, password)).get("/api/v1/forms/", **meta)
    if answer.status_code == 429:
        assert int(answer["Retry-After"]) > 60
    return {200: IN, 401: WRONG, 429: WAIT}[answer.status_code]


def outcome(status: int, body: str) -> str:
    """IN, WRONG or WAIT, read from an answer with one status for all refusals."""
    if status in (200, 204):
        return IN
    assert status == 401, body
    return WAIT if "15 minutes" in body else WRONG


def at_v1(username: str, password: str, **meta: str) -> str:
    body = json.dumps({"email": username, "password": password})
    client = Client(headers={"accept-language": "en"})
    answer = client.post("/v1/sessions", body, "application/json", **meta)
    return outcome(answer.status_code, answer.content.decode())


def by_phone(username: str, password: str, **meta: str) -> str:
    client = Client(headers=basic(username, password))
    answer = client.get("/odk/formList", secure=True, **meta)
    return outcome(answer.status_code, answer.content.decode())


DOORS = [at_the_console, over_rest, at_v1, by_phone]


@pytest.fixture(params=DOORS, ids=lambda door: door.__name__)
def knock(request, divisions, make_user) -> Knock:
    """A door, and two workers of one office who may log in at it."""
    make_form()
    for name in ("li", "mu"):
        make_user(name, role="worker")

    def knock(
        username: str = "li", password: str = RIGHT, address: str = OFFICE, through: str = ""
    ) -> str:
        meta = {"HTTP_X_FORWARDED_FOR": through} if through else {}
        return request.param(username, password, REMOTE_ADDR=address, **meta)

    return knock


def guess(knock: Knock, times: int = lockout.FAILURES, **how: str) -> set[str]:
    return {knock(password=f"guess {number}", **how) for number in range(times)}


def test_who_guesses_waits_and_nobody_else_in_the_office_does(knock) -> None:
    assert guess(knock) == {WRONG}

    assert [knock(), knock(password="another guess")] == [WAIT, WAIT]
    assert knock("mu") == IN
    assert knock(address=ELSEWHERE) == IN
    PasswordFailures.objects.update(latest_at=lockout.clock.now() - lockout.PAUSE)
    assert knock() == IN


def test_guessing_a_name_that_nobody_has_looks_the_same(knock, request) -> None:
    nobody = f"nobody {request.node.name}"
    assert guess(knock, username=nobody) == {WRONG}
    assert knock(nobody) == WAIT


def test_a_right_password_forgets_the_wrong_ones(knock) -> None:
    for _ in range(2):
        assert guess(knock, lockout.FAILURES - 1) == {WRONG}
        assert knock() == IN
    who = lockout.caller("li", OFFICE, "desk"), lockout.caller("li", OFFICE, "phone")
    assert not PasswordFailures.objects.filter(who__in=[caller.pair for caller in who]).exists()


def test_the_same_wrong_password_again_is_no_further_guess(knock) -> None:
    """A phone with an old password tries all day; the others of that name in the office go on."""
    assert {knock(password="last year's") for _ in range(3 * lockout.FAILURES)} == {WRONG}

    assert knock() == IN


def test_a_password_remembered_as_right_is_accepted_during_a_pause(knock) -> None:
    assert knock() == IN
    guess(knock)
    assert knock() == IN


def test_phones_are_counted_apart_from_office_staff(knock, request) -> None:
    guess(knock)
    is_phone = "by_phone" in request.node.name
    shut = [door for door in DOORS if (door is by_phone) == is_phone]
    assert {door("li", RIGHT, REMOTE_ADDR=OFFICE) for door in shut} == {WAIT}
    assert {door("li", RIGHT, REMOTE_ADDR=OFFICE) for door in DOORS if door not in shut} == {IN}


def test_behind_the_configured_proxy_its_header_gives_the_address(knock, settings) -> None:
    settings.RUHU_BEHIND_TLS_PROXY = True
    ours, theirs = f"forged, {OFFICE}", f"{OFFICE}, {ELSEWHERE}"
    guess(knock, through=theirs)

    assert knock(through=theirs) == WAIT
    assert knock(through=ours) == IN


def test_without_the_proxy_the_header_is_ignored(knock) -> None:
    for number in range(lockout.FAILURES):
        assert knock(password=f"guess {number}", through=f"198.51.100.{number}") == WRONG
    assert knock() == WAIT


def test_one_password_is_not_tried_on_all_names_and_the_office_still_gets_in(
    knock, request
) -> None:
    assert knock() == IN
    passwords._right._until.clear()  # another process, which remembers nothing
    tried = [
        knock(f"made up {request.node.name} {number}", "summer 2026")
        for number in range(lockout.NAMES_AT_AN_ADDRESS + 3)
    ]

    assert tried == [WRONG] * lockout.NAMES_AT_AN_ADDRESS + [WAIT] * 3
    assert knock() == IN, "li has logged in from there before"
    assert knock("mu") == WAIT, "mu has not"
    assert knock("mu", address=ELSEWHERE) == IN
    assert guess(knock) == {WRONG}
    assert knock(password="yet another") == WAIT, "whoever is known there waits for guessing, too"


def test_one_name_is_not_guessed_from_many_addresses_and_its_owner_still_gets_in(knock) -> None:
    assert knock() == IN
    passwords._right._until.clear()
    tried = [
        knock(password=f"guess {number}", address=f"203.0.113.{number}")
        for number in range(lockout.FAILURES_OF_A_NAME + 3)
    ]

    assert tried == [WRONG] * lockout.FAILURES_OF_A_NAME + [WAIT] * 3
    assert [knock(address=ELSEWHERE), knock("mu", address=ELSEWHERE)] == [WAIT, IN]
    assert knock() == IN


def test_of_many_log_ins_at_once_few_wait_and_the_others_learn_when_to_come(
    divisions, make_user, monkeypatch
) -> None:
    make_form()
    make_user("li")
    monkeypatch.setattr(hashing, "_places", threading.Semaphore(0))  # all are taken
    client = Client(headers=basic("li", RIGHT))
    login = {"username": "li", "password": RIGHT}
    body = json.dumps({"email": "li", "password": RIGHT})
    answers = {
        "console": client.post("/login", login),
        "REST": client.get("/api/v1/forms/"),
        "/v1": client.post("/v1/sessions", body, "application/json"),
        "phone": client.get("/odk/formList", secure=True),
    }

    for door, answer in answers.items():
        assert (answer.status_code, answer.get("Retry-After")) == (429, "30"), door


def test_hashes_are_computed_two_at_a_time_and_wait_no_longer_than_promised(monkeypatch) -> None:
    monkeypatch.setattr(hashing, "PATIENCE", 0.2)
    running, most, lock = [0], [0], threading.Lock()
    go_on = threading.Event()

    def compute() -> None:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        go_on.wait(5)
        with lock:
            running[0] -= 1

    def request() -> str:
        try:
            hashing.done(compute)
        except LogInsBusy:
            return "busy"
        return "done"

    with ThreadPoolExecutor(20) as threads:
        outcomes = [threads.submit(request) for _ in range(20)]
        assert {outcome.result(5) for outcome in outcomes} == {"busy"}
        go_on.set()
        assert threads.submit(request).result(5) == "done"
    assert most[0] == hashing.AT_ONCE


def test_a_whole_ipv6_network_is_one_caller(knock) -> None:
    for number in range(lockout.FAILURES):
        assert knock(password=f"guess {number}", address=f"2001:db8:1:2::{number}") == WRONG
    assert knock(address="2001:db8:1:2:ffff::1") == WAIT
    assert knock(address="2001:db8:1:3::1") == IN


def test_addresses_are_what_they_mean() -> None:
    def who(address: str) -> str:
        return lockout.caller("li", address, "desk")

    assert who("::ffff:198.51.100.7") == who(OFFICE) != who("::ffff:198.51.100.8")
    assert who("fe80::1%eth0") == who("fe80::2%eth0") != who("fe80:1::1%eth0")
    assert len({who(odd) for odd in ("", "unix:", "198.51.100.7:80", "[2001:db8::1]:80")}) == 4


def test_a_log_in_without_a_password_forgets_nothing(divisions, make_user) -> None:
    make_user("li")
    guess(lambda password: at_the_console("li", password), lockout.FAILURES - 1)

    assert at_the_console("li", "") == WRONG
    assert at_the_console("li", "one guess more") == WRONG
    assert at_the_console("li", RIGHT) == WAIT


def test_a_password_is_kept_as_the_hasher_of_today_would_and_stays_the_phones(
    divisions, settings
) -> None:
    make_form()
    worker = add_worker(username="li", areas=["440106003001"], actor=None)
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.Argon2PasswordHasher",
        *settings.PASSWORD_HASHERS,
    ]

    assert by_phone("li", worker.password) == IN

    user = User.objects.get(username="li")
    assert user.password.startswith("argon2")
    assert user.device_secret


def test_neither_names_nor_addresses_are_kept_and_old_counts_go(divisions, make_user) -> None:
    guess(lambda password: at_the_console("li", password, REMOTE_ADDR=OFFICE), 2)
    rows = list(PasswordFailures.objects.values())
    assert OFFICE not in str(rows)
    # names there, the pair, the name anywhere, and what the audit log counts of unknown names
    assert sorted(row["failures"] for row in rows) == [1, 2, 2, 2]
    lockout.forget_old()
    assert PasswordFailures.objects.exists()
    PasswordFailures.objects.update(latest_at=lockout.clock.now() - timedelta(days=2))
    lockout.forget_old()
    assert not PasswordFailures.objects.exists()
