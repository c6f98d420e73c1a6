"""https for `./ruhu up`: nginx with the site file of api_docs, in front of a web server that only this machine reaches.

nginx proves itself to the web processes by a secret header, so that they believe nobody
else's `X-Forwarded-…` (decision 0272). What the certificate is decides who can connect:
browsers and ODK Collect trust public authorities; one of the office's own is trusted by
browsers that have imported it, and never by Collect.
"""

from __future__ import annotations

import os
import secrets
import signal
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from server.ops.setup import instance, nginx, shell
from server.ops.setup.account import Account
from server.ops.setup.backup_settings import write_private
from server.ops.setup.messages import SetupProblem, text
from server.ops.setup.places import Places
from server.ops.setup.supervise import Program, Supervisor

_LOOK_SECONDS = 10.0
_RENEW_SECONDS = 6 * 3600.0
HSTS_SECONDS = 15_768_000
_OWN_HSTS_SECONDS = 604_800
"""Short, because an office with an authority of its own may go back to plain http."""
_MAIN = """\
worker_processes auto;
daemon off;
pid {folder}/nginx.pid;
error_log {log}/nginx-error.log error;
{user}
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


@dataclass(frozen=True)
class Tls:
    """How https is served: under which name, on which ports, with which certificate."""

    places: Places
    name: str
    host: str
    port: int
    http_port: int | None
    certificate: Path
    key: Path
    is_own: bool
    """Whether the certificate is of the office's own authority."""
    fingerprint: str = ""
    token: str = field(default_factory=lambda: secrets.token_hex(32), repr=False)

    @property
    def folder(self) -> Path:
        return self.places.var / "tls"

    @property
    def url(self) -> str:
        """The address for people and phones."""
        if given := os.environ.get("RUHU_BASE_URL"):
            return given.rstrip("/")
        name = f"[{self.name}]" if ":" in self.name else self.name
        return f"https://{name}" if self.port == 443 else f"https://{name}:{self.port}"

    @property
    def plain_url(self) -> str:
        """The http address, for phones that do not trust the certificate; "" when there is none."""
        if self.http_port is None:
            return ""
        name = f"[{self.name}]" if ":" in self.name else self.name
        return f"http://{name}" if self.http_port == 80 else f"http://{name}:{self.http_port}"

    def variables(self) -> dict[str, str]:
        """Environment variables of web and worker."""
        return {
            "RUHU_BASE_URL": self.url,
            "RUHU_BEHIND_TLS_PROXY": "true",
            "RUHU_PROXY_TOKEN": self.token,
            "RUHU_TLS_AUTHORITY": "own" if self.is_own else "public",
        }

    def program(self, web_port: int, account: Account | None) -> Program:
        """nginx, for the supervisor; its worker processes run as `account` when we are root."""
        write_private(self.folder / "site.conf", self._site(web_port))
        program = nginx.program(self.places)
        assert program is not None  # noqa: S101 the set-up fetches it
        user = f"user {account.name};" if account else ""
        if not account and os.geteuid() == 0:
            user = "user root;"
        main = _MAIN.format(folder=self.folder, log=self.places.log.parent, user=user)
        write_private(self.folder / "nginx.conf", main)
        log = self.places.log.parent / "nginx-error.log"
        command = [
            str(program),
            "-c",
            str(self.folder / "nginx.conf"),
            "-p",
            str(self.folder),
            "-e",
            str(log),
        ]
        return Program("tls", command, shell.inherited(), grace=10)

    def _site(self, web_port: int) -> str:
        """The committed site file with this installation's names, ports and secret."""
        site = (self.places.root / "api_docs" / "nginx.conf").read_text(encoding="utf-8")
        hsts = _OWN_HSTS_SECONDS if self.is_own else HSTS_SECONDS
        address = "" if self.host in ("0.0.0.0", "") else f"{_bracketed(self.host)}:"  # noqa: S104 nginx's default
        plain = f"    listen {address}{self.http_port};\n" if self.http_port is not None else ""
        to = "https://$host" if self.port == 443 else f"https://$host:{self.port}"
        replaced = (
            ("    listen 80;\n    listen [::]:80;\n", plain),
            ("    listen 443 ssl;\n    listen [::]:443 ssl;\n", f"    listen {address}{self.port} ssl;\n"),
            ("server_name ruhu.example;", f"server_name {self.name};\n    error_page 497 =301 {to}$request_uri;"),
            ("/etc/letsencrypt/live/ruhu.example/fullchain.pem", _quoted(self.certificate)),
            ("/etc/letsencrypt/live/ruhu.example/privkey.pem", _quoted(self.key)),
            ("max-age=15768000", f"max-age={hsts}"),
            ("/var/log/nginx", str(self.places.log.parent)),
            ("https://$host$request_uri", f"{to}$request_uri"),
            ("    proxy_set_header X-Forwarded-For      $remote_addr;\n",
             f"    proxy_set_header X-Forwarded-For      $remote_addr;\n    proxy_set_header X-Ruhu-Proxy         {self.token};\n"),
            ("http://127.0.0.1:8000", f"http://127.0.0.1:{web_port}"),
        )  # fmt: skip
        for old, new in replaced:
            assert old in site, old  # noqa: S101 a test holds the site file to it
            site = site.replace(old, new)
        return site

    def show(self) -> None:
        """Tell on the terminal who can connect."""
        if self.is_own:
            print(text("tls_own", authority=self.folder / "ca.pem", fingerprint=self.fingerprint))
            if self.plain_url:
                print(text("tls_phones_plain", url=self.plain_url))
        elif is_trusted(self.name, self.host, self.port):
            print(text("tls_public"))
        else:
            print(text("tls_unknown", name=self.name))


@dataclass(frozen=True)
class TlsWanted:
    """The options of `./ruhu up` that ask for https."""

    name: str
    certificate: Path | None
    key: Path | None
    http_port: int | None

    def check_ports(self, host: str, port: int) -> None:
        """Raises SetupProblem when a port is taken, before any work begins."""
        for wanted in (port, self.http_port):
            if wanted is not None:
                instance.listen(host, wanted).close()

    def arranged(self, places: Places, host: str, port: int) -> Tls:
        """How https is served; makes a certificate of the office's own when none is given. Raises SetupProblem."""
        name, certificate, key = self.name, self.certificate, self.key
        if certificate is None or key is None:
            if certificate or key or not name:
                raise SetupProblem("tls_pair")
            own = places.var / "tls"
            fingerprint = _authority(places, "make", str(own), name).strip()
            pair = own / "fullchain.pem", own / "privkey.pem"
            return Tls(places, name, host, port, self.http_port, *pair, True, fingerprint)
        certificate, key = certificate.absolute(), key.absolute()
        check_pair(certificate, key)
        names = _authority(places, "names", str(certificate)).split()
        if not names or (name and not any(_covers(pattern, name) for pattern in names)):
            raise SetupProblem("tls_name", name=name or "?", names=" ".join(names) or "?")
        name = name or names[0].removeprefix("*.")
        return Tls(places, name, host, port, self.http_port, certificate, key, False)


def check_pair(certificate: Path, key: Path) -> None:
    """Raises SetupProblem unless the files are a certificate and its key."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(
            certificate, key, password=lambda: b""
        )
    except (OSError, ssl.SSLError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SetupProblem("tls_bad", certificate=certificate, private=key, reason=reason) from None


def is_trusted(name: str, host: str, port: int) -> bool:
    """Whether this machine's list of public authorities vouches for what is served."""
    called = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    context = ssl.create_default_context()
    try:
        with (
            socket.create_connection((called, port), timeout=5) as line,
            context.wrap_socket(line, server_hostname=name),
        ):
            return True
    except OSError:
        return False


def watching(tls: Tls) -> Callable[[Supervisor], None]:
    """For the supervisor: nginx takes up a renewed certificate; one of the office's own is renewed here."""
    state, due, renewal = _state(tls), time.monotonic() + _LOOK_SECONDS, time.monotonic()

    def look(supervisor: Supervisor) -> None:
        nonlocal state, due, renewal
        now = time.monotonic()
        if now < due:
            return
        due = now + _LOOK_SECONDS
        if tls.is_own and now - renewal > _RENEW_SECONDS:
            renewal = now
            _authority(tls.places, "make", str(tls.folder), tls.name)
        if (fresh := _state(tls)) != state:
            state = fresh
            supervisor.send_signal("tls", signal.SIGHUP)

    return look


def _state(tls: Tls) -> tuple[int, ...]:
    try:
        return tuple(path.stat().st_mtime_ns for path in (tls.certificate, tls.key))
    except OSError:
        return ()


def _authority(places: Places, *words: str) -> str:
    command = [str(places.python), "-P", "-m", "server.ops.setup.authority", *words]
    variables = shell.inherited(PYTHONPATH=str(places.root))
    return shell.run(places, "step_certificate", command, environment=variables, quiet=True)


def _covers(pattern: str, name: str) -> bool:
    pattern, name = pattern.lower(), name.lower()
    if pattern.startswith("*."):
        return name.partition(".")[2] == pattern[2:]
    return pattern == name


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _quoted(path: Path) -> str:
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'
