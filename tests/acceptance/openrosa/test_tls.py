"""https as `./ruhu up --tls-name` serves it: nginx with the committed site file, a certificate of the office's own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from requests.auth import HTTPDigestAuth

from server.ops.setup.messages import SetupProblem
from server.ops.setup.places import Places, here
from server.ops.setup.tls import Tls, TlsWanted, is_trusted
from tests.acceptance.office import ROOT, Office, free_port
from tests.acceptance.openrosa.line import Line

HOST = "localhost"


@dataclass
class Served:
    """https that is served, and the port of the web server behind nginx."""

    tls: Tls
    web_port: int

    def get(self, path: str, **options: object) -> requests.Response:
        session = requests.Session()
        session.trust_env = False
        verify = str(self.tls.folder / "ca.pem")
        return session.get(f"{self.tls.url}{path}", verify=verify, timeout=30, **options)


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Places:
    places = Places(ROOT, tmp_path_factory.mktemp("tls"))
    places.make()
    places.venv.symlink_to(sys.prefix)
    (places.var / "nginx").symlink_to(here().var / "nginx")
    return places


@pytest.fixture(scope="module")
def served(line: Line, places: Places) -> Iterator[Served]:
    wanted = TlsWanted(HOST, None, None, free_port())
    port = free_port()
    wanted.check_ports("127.0.0.1", port)
    tls = wanted.arranged(places, "127.0.0.1", port)
    web_port = line.office.serve(processes=1, **tls.variables())
    program = tls.program(web_port, None)
    nginx = subprocess.Popen(program.command, env=dict(program.environment))
    served = Served(tls, web_port)
    try:
        Office.wait_for(lambda: _answers(served), "https")
        yield served
    finally:
        nginx.terminate()
        nginx.wait(20)


def _answers(served: Served) -> bool:
    try:
        return served.get("/healthz").ok
    except requests.ConnectionError:
        return False


def schemes(answer: requests.Response) -> set[str]:
    offered = answer.headers["WWW-Authenticate"]
    return {word for word in ("Basic", "Digest") if f"{word} " in offered}


def test_a_browser_with_the_authority_gets_the_log_in_page_over_tls(served: Served) -> None:
    page = served.get("/login")
    assert page.status_code == 200
    assert page.raw.headers.getlist("Strict-Transport-Security") == ["max-age=604800"]
    assert "data-browsers-only" in page.text
    assert "data-in-the-open" not in page.text
    assert all(cookie.secure for cookie in page.cookies)
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(f"{served.tls.url}/login", verify=True, timeout=30)
    assert not is_trusted(HOST, "127.0.0.1", served.tls.port)


@pytest.mark.parametrize("port", ["http", "https"])
def test_http_leads_browsers_to_https(served: Served, port: str) -> None:
    number = served.tls.http_port if port == "http" else served.tls.port
    answer = requests.get(f"http://{HOST}:{number}/login?next=/", allow_redirects=False, timeout=30)
    assert answer.status_code == 301
    assert answer.headers["Location"] == f"{served.tls.url}/login?next=/"


def test_phones_log_in_by_digest_and_get_https_addresses(line: Line, served: Served) -> None:
    answer = served.get("/odk/formList", auth=HTTPDigestAuth(*line.password))
    assert answer.status_code == 200
    assert f"{served.tls.url}/odk/" in answer.text
    assert "http://" not in answer.text.replace("http://openrosa.org", "")
    path = urlsplit(line.base).path
    assert f"{served.tls.url}{path}/" in served.get(f"{path}/formList").text
    assert schemes(served.get("/odk/formList")) == {"Basic", "Digest"}
    plain = requests.get(f"{served.tls.plain_url}/odk/formList", timeout=30)
    assert schemes(plain) == {"Digest"}  # a password in the open is not asked for


def test_what_others_claim_to_forward_is_not_believed(served: Served) -> None:
    claimed = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example"}
    past_nginx = f"http://127.0.0.1:{served.web_port}/odk/formList"
    for proof in ({}, {"X-Ruhu-Proxy": "guessed"}):
        answer = requests.get(past_nginx, headers={**claimed, **proof}, timeout=30)
        assert schemes(answer) == {"Digest"}
    proven = requests.get(
        past_nginx, headers={"X-Forwarded-Proto": "https", "X-Ruhu-Proxy": served.tls.token}, timeout=30
    )  # fmt: skip
    assert schemes(proven) == {"Basic", "Digest"}
    through = requests.get(f"{served.tls.plain_url}/odk/formList", headers=claimed, timeout=30)
    assert schemes(through) == {"Digest"}


def test_the_authority_is_kept_and_certifies_this_name_only(
    served: Served, places: Places, tmp_path: Path
) -> None:
    again = TlsWanted(HOST, None, None, None).arranged(places, "127.0.0.1", 1)
    assert again.fingerprint == served.tls.fingerprint
    for private in ("ca.key", "privkey.pem", "nginx.conf", "site.conf"):
        assert (served.tls.folder / private).stat().st_mode & 0o77 == 0
    pair = served.tls.certificate, served.tls.key
    given = TlsWanted("", *pair, None).arranged(places, "127.0.0.1", 443)
    assert (given.name, given.is_own, given.url) == (HOST, False, f"https://{HOST}")
    with pytest.raises(SetupProblem) as other_name:
        TlsWanted("other.example", *pair, None).arranged(places, "127.0.0.1", 443)
    assert other_name.value.key == "tls_name"
    with pytest.raises(SetupProblem) as other_key:
        TlsWanted("", pair[0], served.tls.folder / "ca.key", None).arranged(places, "", 443)
    assert other_key.value.key == "tls_bad"
    with pytest.raises(SetupProblem) as half:
        TlsWanted("", pair[0], None, None).arranged(places, "", 443)
    assert half.value.key == "tls_pair"
