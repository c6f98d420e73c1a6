"""Through nginx with api_docs/nginx.conf, Ruhu started as api_docs/behind-a-proxy.md says (items 24 and 25)."""

from __future__ import annotations

import http.client
import re
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from urllib.parse import quote, urlsplit

import pytest
import requests
from requests.adapters import HTTPAdapter
from requests.auth import HTTPDigestAuth

from server.accounts import lockout
from tests.acceptance.office import Office, free_port
from tests.acceptance.openrosa.checklist import item
from tests.acceptance.openrosa.line import (
    FORM,
    HEADERS,
    JPEG,
    SENT,
    Line,
    body_of,
    message_of,
    new_id,
    part,
    photo,
    record,
)
from tests.acceptance.openrosa.sync import MULTIPART, URL, every_get
from tests.acceptance.proxy import HOST, Proxy

BROWSER_PAGES = ("/", "/login", "/submissions", "/map", "/static/none.css", "/keys/")


@pytest.fixture(scope="module")
def proxy(line: Line, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    proxy = Proxy(tmp_path_factory.mktemp("nginx"), upstream=0)
    proxy.upstream = line.office.serve(
        processes=1, RUHU_BASE_URL=proxy.url, RUHU_BEHIND_TLS_PROXY="true"
    )
    proxy.start()
    try:
        Office.wait_for(
            lambda: requests.get(f"{proxy.url}/healthz", verify=proxy.authority, timeout=30).ok,
            "Ruhu behind nginx",
        )
        yield proxy
    finally:
        proxy.stop()


@pytest.fixture(scope="module")
def phone(line: Line, proxy: Proxy) -> Line:
    """The phone with its token, configured with the https address."""
    there = Line(line.office, proxy.url + urlsplit(line.base).path, line.staff, line.password)
    there.http.trust_env, there.http.verify = False, proxy.authority
    return there


def tls(proxy: Proxy) -> socket.socket:
    context = ssl.create_default_context(cafile=proxy.authority)
    line = socket.create_connection((HOST, proxy.tls_port), timeout=30)
    return context.wrap_socket(line, server_hostname=HOST)


def challenges(proxy: Proxy, port: int, method: str = "GET") -> list[str]:
    """The header lines, one by one, as Collect sees them."""
    if port == proxy.tls_port:
        context = ssl.create_default_context(cafile=proxy.authority)
        connection = http.client.HTTPSConnection(HOST, port, timeout=30, context=context)
    else:
        connection = http.client.HTTPConnection(HOST, port, timeout=30)
    connection.request(method, "/odk/formList")
    answer = connection.getresponse()
    answer.read()
    connection.close()
    assert answer.status == 401
    return answer.headers.get_all("WWW-Authenticate") or []


def test_basic_comes_first_over_tls_and_not_at_all_without(line: Line, proxy: Proxy) -> None:
    schemes = [header.split(" ")[0] for header in challenges(proxy, proxy.tls_port)]
    assert schemes == ["Basic", "Digest"]
    assert [header.split(" ")[0] for header in challenges(proxy, proxy.plain_port)] == ["Digest"]

    session = proxy.session()
    session.auth = line.password
    by_basic = session.get(f"{proxy.url}/odk/formList", timeout=30)
    assert by_basic.status_code == 200
    claimed = {"X-Forwarded-Proto": "https", "X-Forwarded-Ssl": "on", "X-Forwarded-Protocol": "ssl"}
    in_the_open = requests.get(
        f"{proxy.plain_url}/odk/formList", auth=line.password, headers=claimed, timeout=30
    )
    assert in_the_open.status_code == 401


def test_digest_signs_the_address_as_it_was_sent(line: Line, proxy: Proxy) -> None:
    session = proxy.session()
    session.auth = HTTPDigestAuth(*line.password)
    for query in (
        "",
        "?deviceID=collect%3Aabc&x=%e9%A9%AC",
        "?a=b//c/../d&%25=%2F+x",
        "?formID=a b",
    ):
        assert session.get(f"{proxy.url}/odk/formList{query}", timeout=30).status_code == 200, query
    odd = f"{proxy.url}/odk/forms/{FORM}/2/media/{quote('花 园.jpg')}"
    assert session.get(odd, timeout=30).status_code == 200
    sent = session.post(
        f"{proxy.url}/odk/submission?deviceID=x",
        data=record(new_id()),
        headers={"Content-Type": "text/xml"},
        timeout=30,
    )
    assert sent.status_code in SENT


def test_every_address_is_https_and_leads_there(phone: Line, proxy: Proxy) -> None:
    claimed = {"X-Forwarded-Host": "evil.example"}
    assert "evil.example" not in phone.get("/formList", **claimed).text
    for url in every_get(phone):
        assert url.startswith(f"{proxy.url}/key/")
        assert URL.fullmatch(url)
        assert phone.get(url).status_code == 200


@item(25)
def test_whatever_ruhu_takes_comes_through(line: Line, phone: Line, proxy: Proxy) -> None:
    session = proxy.session()
    session.auth = HTTPDigestAuth(*line.password)
    ids = ",".join(f"00000000-0000-4000-8000-{number:012}" for number in range(1800))
    integrity = f"{proxy.url}/odk/entities/integrity?id={ids}"
    assert len(integrity) > 65_536
    assert session.get(integrity, timeout=30).status_code == 200  # stands in a header once more
    assert phone.get("/formList?deviceID=" + "x" * 60_000).status_code == 200

    name = new_id()
    large = bytes(range(256)) * 4096 * 12
    assert phone.send(record(name), large__jpg=large).status_code in SENT
    assert line.files(name) == {"large.jpg": large}

    chunked = new_id()
    body = body_of([part(record(chunked)), photo("a.jpg")], "x")
    assert phone.post_body(iter([body[:100], body[100:]]), MULTIPART).status_code in SENT
    assert line.files(chunked) == {"a.jpg": JPEG}

    many = new_id()
    files = [photo(f"{number}.txt", b"same") for number in range(300)]
    assert phone.post(part(record(many)), *files).status_code in SENT


def test_a_large_upload_is_not_kept_by_nginx_on_its_way(phone: Line, proxy: Proxy) -> None:
    """Most of the body was sent, the rest is not: nginx has no file open that it lies in."""
    head = (
        f"POST {phone.address.path}/submission HTTP/1.1\r\nHost: {phone.address.netloc}\r\n"
        f"Content-Type: {MULTIPART}\r\nContent-Length: 3000000\r\n\r\n"
    ).encode()
    with tls(proxy) as connection:
        connection.sendall(head + bytes(2_000_000))
        time.sleep(0.3)
        assert [path for path in proxy.open_files() if "/body/" in path] == []


@item(24)
def test_phones_are_led_to_https_and_no_post_is_ever_redirected(
    line: Line, phone: Line, proxy: Proxy
) -> None:
    path = urlsplit(line.base).path
    plain = requests.Session()
    plain.headers.update(HEADERS)
    ask = {"timeout": 30, "allow_redirects": False}

    head = plain.head(f"{proxy.plain_url}{path}/submission?deviceID=x", **ask)
    assert head.status_code == 204
    assert head.headers["Location"] == f"{phone.base}/submission"
    claimed = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
    again = plain.head(f"{proxy.plain_url}{path}/submission", headers=claimed, **ask)
    assert again.headers["Location"] == f"{phone.base}/submission"
    assert "Location" not in phone.http.head(f"{phone.base}/submission", **ask).headers
    name = new_id()
    sent = phone.http.post(
        head.headers["Location"],
        params={"deviceID": "x"},
        data=record(name),
        headers={"Content-Type": "text/xml"},
        timeout=30,
    )
    assert sent.status_code in SENT
    refused = requests.head(f"{proxy.plain_url}/odk/submission", timeout=30)
    assert (refused.status_code, "Location" in refused.headers) == (401, False)

    # nginx ends a connection on which the answer overtook the body, without having said so.
    alone = {"headers": {"Connection": "close"}, **ask}
    for url in (
        f"{path}/submission",
        "/odk/submission",
        "/odk/submission/",
        "/v1/projects",
        "/api/v1/forms/",
        "/key/wrong/submission",
        *BROWSER_PAGES,
    ):
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            answer = plain.request(method, proxy.plain_url + url, data=b"x", **alone)
            assert not 300 <= answer.status_code < 400, (method, url)
    name = new_id()
    sent = plain.post(
        f"{proxy.plain_url}{path}/submission",
        data=record(name),
        headers={"Content-Type": "text/xml"},
        **ask,
    )
    assert sent.status_code in SENT
    assert line.count(name) == 1
    assert plain.get(f"{proxy.plain_url}{path}/formList", **ask).status_code == 200
    for page in BROWSER_PAGES:
        answer = plain.get(f"{proxy.plain_url}{page}?a=b", **ask)
        assert (answer.status_code, answer.headers["Location"]) == (
            301,
            f"https://{HOST}{page}?a=b",
        )


def test_one_address_does_not_take_everything(phone: Line, proxy: Proxy) -> None:
    """Requests at once, and log-ins a second; whoever comes from another address notices nothing."""
    slow = (
        f"POST /v1/sessions HTTP/1.1\r\nHost: {HOST}:{proxy.plain_port}\r\n"
        "Content-Length: 100\r\n\r\n{"
    ).encode()

    def opened(source: str) -> socket.socket:
        there = ("127.0.0.1", proxy.plain_port)
        return socket.create_connection(there, timeout=30, source_address=(source, 0))

    def status(source: str, path: str = "/odk/formList", method: str = "GET") -> int:
        with opened(source) as line:
            head = f"{method} {path} HTTP/1.1\r\nHost: {HOST}:{proxy.plain_port}\r\n"
            line.sendall(f"{head}Content-Length: 0\r\nConnection: close\r\n\r\n".encode())
            return int(line.recv(100).split(b" ")[1])

    with ExitStack() as lines:
        for number in range(200):
            line = lines.enter_context(opened("127.0.3.1"))
            line.sendall(slow.replace(b"/v1/sessions", b"/key/%d/submission" % number))
        Office.wait_for(lambda: status("127.0.3.1") == 429, "the address to have too many")
        assert status("127.0.3.2") == 401
    log_ins = [status("127.0.3.3", "/v1/sessions", "POST") for _ in range(60)]
    assert set(log_ins) == {400, 429}
    assert 30 <= log_ins.count(400) < 50
    assert status("127.0.3.4", "/v1/sessions", "POST") == 400
    assert status("127.0.3.3") == 401, "only log-ins are counted so strictly"


def test_people_log_in_over_tls_only(line: Line, proxy: Proxy) -> None:
    browser = proxy.session()
    page = browser.get(f"{proxy.url}/login", timeout=30)
    token = page.text.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    username, password = line.staff.auth
    form = {"username": username, "password": password, "csrfmiddlewaretoken": token}
    headers = {"Referer": f"{proxy.url}/login", "Origin": proxy.url}
    arrived = browser.post(f"{proxy.url}/login", data=form, headers=headers, timeout=30)
    assert (arrived.status_code, arrived.url) == (200, f"{proxy.url}/")
    assert {cookie.name for cookie in browser.cookies} >= {"sessionid"}
    assert all(cookie.secure for cookie in browser.cookies)
    assert "max-age" in arrived.headers["Strict-Transport-Security"]


class From(HTTPAdapter):
    """A client with another address of its own."""

    def __init__(self, address: str) -> None:
        self._address = address
        super().__init__()

    def init_poolmanager(self, *args: object, **kwargs: object) -> None:
        super().init_poolmanager(*args, **kwargs, source_address=(self._address, 0))  # type: ignore[arg-type]


def test_wrong_passwords_are_counted_where_they_come_from(line: Line, proxy: Proxy) -> None:
    """Else a stranger far away could keep the administrator out."""

    def guess(address: str, password: str, **headers: str) -> str:
        with proxy.session() as session:
            session.mount(proxy.url, From(address))
            body = {"email": line.staff.auth[0], "password": password}
            url = f"{proxy.url}/v1/sessions"
            refused = session.post(url, json=body, headers=headers, timeout=30)
            return str(refused.json()["details"]["problem"])

    for number in range(lockout.FAILURES):
        claimed = {"X-Forwarded-For": f"127.0.0.{number + 9}"}
        assert guess("127.0.0.3", f"wrong {number}", **claimed) == "credentials-refused"
    assert guess("127.0.0.3", "wrong once more") == "log-in-pause"
    assert guess("127.0.0.2", "wrong there, too") == "credentials-refused"


@pytest.fixture(scope="module")
def away(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """nginx in front of nobody."""
    away = Proxy(tmp_path_factory.mktemp("away"), upstream=free_port())
    away.start()
    try:
        yield away
    finally:
        away.stop()


def ask_in_every_way(there: Proxy, line: Line, token: str, secret: str) -> None:
    """Addresses that hold what must not be logged, wherever it can stand, legal and not."""
    session = there.session()
    session.auth = line.password
    for base in (there.url, there.plain_url):
        for path in (
            f"/key/{token}/formList?id_no={secret}",
            f"/key/{token}/forms/{FORM}/2/form.xml",
            f"/key/{token}",
            f"//key//{token}/submission",
            f"/key/{token}/{secret}",
            f"/api/v1/persons/?id_no={secret}",
            f"/{secret}?{secret}",
            f"/v1/sessions/{token}",
            f"/v1/key/{token}/projects/1/formList",
            f"/login?next=/persons?q={secret}",
        ):
            referer = {"Referer": base + path}
            session.get(base + path, headers=referer, timeout=30, allow_redirects=False)
        session.post(f"{base}/key/{token}/submission", data=record(new_id()), timeout=30)
    for broken in (
        f"GET /key/{token}/%zz HTTP/1.1",
        f"GET /key/{token}/formList HTTP/9",
        f"GET /key/{token}/formList",
        f"GET /key/{token}/formList HTTP/1.1",
        f"POST /key/{token}/submission HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: x",
        f"GET /key/{token}/../../.. HTTP/1.1\r\nHost: {HOST}",
        f"GET /key/{token}/formList?{'x' * 300_000} HTTP/1.1\r\nHost: {HOST}",
    ):
        with suppress(OSError), tls(there) as connection:  # too long a line is cut off
            connection.sendall(f"{broken}\r\n\r\n".encode())
            connection.shutdown(socket.SHUT_WR)
            connection.recv(1000)


def test_no_log_of_nginx_holds_a_token_a_query_or_a_password(
    line: Line, phone: Line, proxy: Proxy, away: Proxy
) -> None:
    token, secret = line.base.rpartition("/")[2], "449901196501010016"
    for there in (proxy, away):
        ask_in_every_way(there, line, token, secret)
        Office.wait_for(
            lambda there=there: there.logged().count("POST /key/***/submission ") >= 3,
            "the lines that are written when the connection is over",
        )
        logged = there.logged()
        for hidden in (token, secret, *line.password, *line.staff.auth, "?", FORM):
            assert hidden not in logged, hidden
        assert "GET /key/***/formList " in logged
    assert re.search(r"GET /api/v1/persons 4\d\d ", proxy.logged())
    assert re.search(r"POST /key/\*\*\*/submission 503 .* ruhu=502/", away.logged())


def test_while_ruhu_is_away_phones_are_told_so(away: Proxy) -> None:
    url = f"{away.url}/key/x/submission"
    answer = away.session().post(url, data=record(new_id()), timeout=30)
    assert (answer.status_code, answer.headers["X-OpenRosa-Version"]) == (503, "1.0")
    assert answer.headers["Content-Type"].startswith("text/xml")
    assert "保留记录" in message_of(answer)
