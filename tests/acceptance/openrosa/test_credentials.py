"""User name and password, by Digest and by Basic (items 29–33, 35–37, 39–41, 43)."""

from __future__ import annotations

import base64
import json
import re
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest
import requests

from server.accounts.lockout import FAILURES
from tests.acceptance.openrosa.checklist import item
from tests.acceptance.openrosa.line import SENT, Line, body_of, new_id, part, record
from tests.acceptance.openrosa.sync import MULTIPART
from tests.acceptance.openrosa.wire import Answer, Wire
from tests.doors.openrosa.digest_client import DigestPhone, challenge_of, challenges

LIST = "/odk/formList"
SUBMISSION = "/odk/submission"


def basic(username: str, password: str, encoding: str = "utf-8") -> str:
    return "Basic " + base64.b64encode(f"{username}:{password}".encode(encoding)).decode()


@pytest.fixture
def phone(line: Line) -> DigestPhone:
    """Answers Digest challenges, without TLS."""
    return phone_of(line, *line.password)


def phone_of(line: Line, username: str, password: str, *, tls: bool = False) -> DigestPhone:
    phone = DigestPhone(username, password)
    phone.client = Wire(line.office, tls=tls)  # type: ignore[assignment]
    return phone


def assert_taken_by_collect(line: str) -> None:
    """okhttp-digest's rules for a challenge of either scheme."""
    scheme, _space, rest = line.partition(" ")
    parts = dict(re.findall(r'(\w+)=(?:"([^"]*)"|[^\s,]+)', rest))
    assert parts["realm"]
    if scheme == "Digest":
        assert line.startswith("Digest ")
        assert "Basic" not in line
        assert parts["nonce"]
        assert re.search(r'qop="?[^"]*\bauth\b(?!-)', rest)
        assert re.search(r'algorithm="?MD5"?(,|$)', rest)
        assert 'charset="UTF-8"' in rest
    else:
        assert scheme == "Basic"


@item(29, "A04")
def test_challenges_are_such_as_collect_takes(line: Line) -> None:
    for tls, schemes in ((False, ["Digest"]), (True, ["Basic", "Digest"])):
        for method, target in (("GET", LIST), ("HEAD", SUBMISSION), ("POST", SUBMISSION)):
            headers = challenges(Wire(line.office, tls=tls).generic(method, target))
            assert [header.split(" ")[0] for header in headers] == schemes, (tls, method)
            for header in headers:
                assert_taken_by_collect(header)


@item(30, "A05")
def test_without_tls_a_phone_works_by_digest(line: Line, phone: DigestPhone) -> None:
    assert phone.send("GET", "formList").status_code == 200
    assert phone.send("HEAD", "submission").status_code == 204
    name = new_id()
    body = body_of([part(record(name))], "x")
    sent = phone.send("POST", "submission", data=body, content_type=MULTIPART)
    assert sent.status_code in SENT
    assert line.document(name) == record(name)
    in_the_open = Wire(line.office).generic("GET", LIST, HTTP_AUTHORIZATION=basic(*line.password))
    assert in_the_open.status_code == 401
    assert len(challenges(in_the_open)) == 1


ALL = (("GET", "formList"), ("HEAD", "submission"), ("POST", "submission"))


def refusals(
    line: Line, username: str, document: bytes, targets: tuple[tuple[str, str], ...] = ALL
) -> list[Answer]:
    """The answers to a client with a wrong password, by Digest and by Basic, for each request."""
    body, answers, password = body_of([part(document)], "x"), [], "wrong"
    for method, path in targets:
        sent = {"data": body, "content_type": MULTIPART} if method == "POST" else {}
        answers.append(phone_of(line, username, password).send(method, path, **sent))
        header = basic(username, password)
        wire = Wire(line.office, tls=True)
        answers.append(wire.generic(method, f"/odk/{path}", HTTP_AUTHORIZATION=header, **sent))
    return answers


@item(31, "A06")
def test_a_wrong_password_is_challenged_anew_and_nothing_is_stored(line: Line) -> None:
    name = new_id()
    for answer in refusals(line, line.password[0], record(name)):
        assert answer.status_code == 401
        assert "stale" not in challenge_of(answer)
    assert line.count(name) == 0


@item(32, "A07")
def test_an_unknown_user_is_answered_as_a_wrong_password_is(line: Line) -> None:
    def fixed_part(answer: Answer) -> tuple[object, ...]:
        passing = ("Date", "X-Request-ID")
        headers = [
            (name, re.sub('nonce="[^"]*"', "", value))
            for name, value in answer.items()
            if name not in passing
        ]
        return answer.status_code, headers, answer.content

    wrong = refusals(line, line.password[0], record(new_id()), ALL[::2])
    unknown = refusals(line, "nobody_at_all", record(new_id()), ALL[::2])
    assert list(map(fixed_part, unknown)) == list(map(fixed_part, wrong))


@item(33, "A08")
def test_malformed_headers_are_challenged(line: Line) -> None:
    for header in (
        "Digest",
        'Digest username="',
        'Digest username="a", nonce=, uri="/"',
        "Digest " + "a=," * 3000,
        'Digest username="\\',
        "Basic",
        "Basic Og==",
        "Basic !!!",
        "Basic bm8gY29sb24=",
        "Basic " + "A" * 9000,
        basic("", "x"),
        basic("l\0i", "x"),
        "Bearer x",
        "  ",
        b"Basic \xff\xfe",
        b'Digest username="\xe9\xa9"',
    ):
        for tls in (False, True):
            for method, target in (("GET", LIST), ("POST", SUBMISSION)):
                wire = Wire(line.office, tls=tls)
                answer = wire.generic(method, target, HTTP_AUTHORIZATION=header)
                assert answer.status_code in (400, 401), header
                assert b"OpenRosaResponse" in answer.content
                assert answer.status_code == 400 or challenges(answer)


@item(35, "A10")
def test_a_nonce_serves_again_with_a_rising_count(line: Line, phone: DigestPhone) -> None:
    assert phone.send("GET", "formList").status_code == 200
    before = phone.asked
    for path in ("formList?a=1", "formList", "entities/integrity?id=x"):
        assert phone.send("GET", path).status_code == 200
    assert phone.asked == before + 3, "each was answered at once"


@item(36, "A11")
def test_an_answer_for_another_address_is_refused(line: Line, phone: DigestPhone) -> None:
    phone.send("GET", "formList")
    answer = phone.answer("GET", f"{LIST}?formID=a")
    for method, target, status in (
        ("GET", f"{LIST}?formID=a", 200),
        ("GET", f"{LIST}?formID=b", 401),
        ("GET", LIST, 401),
        ("HEAD", f"{LIST}?formID=a", 401),
        ("HEAD", f"{SUBMISSION}?formID=a", 401),
    ):
        sent = Wire(line.office).generic(method, target, HTTP_AUTHORIZATION=answer)
        assert sent.status_code == status, (method, target)


@item(37, "A12")
def test_twenty_requests_at_once_all_succeed(line: Line, phone: DigestPhone) -> None:
    phone.send("GET", "formList")
    over_tls = Wire(line.office, tls=True)
    header = basic(*line.password)
    over_tls.generic("GET", LIST, HTTP_AUTHORIZATION=header)  # now the password is known

    def ask(number: int) -> int:
        match number % 3:
            case 0:
                answer = phone.answer("GET", f"{LIST}?n={number}")
                wire = Wire(line.office)
                sent = wire.generic("GET", f"{LIST}?n={number}", HTTP_AUTHORIZATION=answer)
            case 1:
                sent = over_tls.generic("GET", LIST, HTTP_AUTHORIZATION=header)
            case _:
                return line.get("/formList").status_code
        return sent.status_code

    with ThreadPoolExecutor(20) as pool:
        assert set(pool.map(ask, range(21))) == {200}


@item(39)
def test_digest_signs_the_target_as_it_was_sent(line: Line, phone: DigestPhone) -> None:
    picture = quote("花 园.jpg")
    for path in (
        "formList?deviceID=collect%3Aabcdefgh12345678",
        "formList?x=%e9%A9%ac&y=a+b&z=%2F%2f",
        "formList?a=b?c=d&deviceID=x",
        "formList?",
        f"forms/conformance_probe/2/media/{picture}",
        f"forms/conformance_probe/2/media/{picture.lower()}?a=%zz",
        "formList/",
        # Collect asks after all its offline entities at once; the address stands in the header again.
        f"entities/integrity?id={','.join(['00000000-0000-4000-8000-000000000000'] * 1000)}",
    ):
        assert phone.send("GET", path).status_code == 200, path


@item(40)
def test_an_old_nonce_is_stale_and_a_fresh_answer_follows(line: Line, phone: DigestPhone) -> None:
    given = line.office.run(
        "shell", "--no-imports", "-c",
        "import time\n"
        "from server.openrosa.digest import LIFETIME, challenge\n"
        "print(challenge(time.time() - LIFETIME + 60))\n"
        "print(challenge(time.time() - LIFETIME - 60))",
    )  # fmt: skip
    recent, old = (
        challenge_of(Answer(401, [("WWW-Authenticate", header)], b""))
        for header in given.splitlines()
    )
    phone.challenge = recent
    assert phone.send("GET", "formList").status_code == 200
    assert phone.asked == 1, "its time has not run out"
    phone.challenge = old
    header = phone.answer("GET", LIST)
    for tls in (False, True):
        refused = Wire(line.office, tls=tls).generic("GET", LIST, HTTP_AUTHORIZATION=header)
        assert (refused.status_code, challenge_of(refused)["stale"]) == (401, "true")
        assert challenges(refused)[0].startswith("Digest "), "the one to go on with"
    assert phone.send("GET", "formList").status_code == 200
    assert phone.asked == 3


@item(41)
def test_passwords_and_names_beyond_ascii_work(line: Line) -> None:
    worker = line.office.add_worker("josé", "440106005001")
    by_digest = phone_of(line, "josé", str(worker["password"]))
    assert by_digest.send("GET", "formList").status_code == 200

    password = "pässwort-é"
    line.office.run(
        "shell", "--no-imports", "-c",
        "from server.accounts.models import User\n"
        "user = User.objects.get(username='josé')\n"
        f"user.set_password({json.dumps(password)})\n"
        "user.save()",
    )  # fmt: skip
    over_tls = Wire(line.office, tls=True)
    for encoding in ("iso-8859-1", "utf-8"):  # Collect's, and everybody else's
        header = basic("josé", password, encoding)
        assert over_tls.generic("GET", LIST, HTTP_AUTHORIZATION=header).status_code == 200


@item(43)
def test_wrong_passwords_make_one_name_wait_and_nobody_else_at_the_address(line: Line) -> None:
    """Console and REST keep to the same rule: tests/doors/test_passwords.py."""

    def log_in(username: str, password: str) -> Answer:
        header = basic(username, password)
        return Wire(line.office, tls=True).generic("GET", LIST, HTTP_AUTHORIZATION=header)

    counted = FAILURES - 3  # each that is looked at costs a slow hash
    line.office.run(
        "shell", "--no-imports", "-c",
        "from server.accounts import lockout\n"
        "who = lockout.caller('guessed', '127.0.0.1', 'phone')\n"
        f"for _ in range({counted}): lockout.failed(who)",
    )  # fmt: skip
    answers = [log_in("guessed", f"guess {number}") for number in range(9)]
    # All web processes count together, so that none of the further guesses slips through.
    waits = ["15 分钟" in answer.content.decode() for answer in answers]
    assert waits == [False] * 3 + [True] * 6

    assert log_in(*line.password).status_code == 200
    assert at_the_console(line, *line.staff.auth) == 302  # type: ignore[misc]
    assert line.get("/formList").status_code == 200
    stale = phone_of(line, line.password[0], "last year's")
    for _ in range(FAILURES + 1):
        assert log_in(line.password[0], "last year's").status_code == 401
        assert stale.send("HEAD", "submission").status_code == 401
    assert log_in(*line.password).status_code == 200


def at_the_console(line: Line, username: str, password: str) -> int:
    page = requests.get(f"{line.office.url}/login", timeout=30)
    hidden = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
    assert hidden
    given = {"csrfmiddlewaretoken": hidden[1], "username": username, "password": password}
    cookies = page.cookies.get_dict()
    sent = requests.post(page.url, given, cookies=cookies, allow_redirects=False, timeout=30)
    return sent.status_code
