"""The last lines of a start: address, log-ins, the QR code for Collect."""

from __future__ import annotations

import base64
import json
import os
import socket
import subprocess
import zlib
from pathlib import Path
from typing import Any

from server.ops.setup import application
from server.ops.setup.database import Database
from server.ops.setup.messages import text
from server.ops.setup.places import Places
from server.ops.setup.progress import Step
from server.ops.setup.stamps import digest
from server.ops.setup.tls import Tls

POPULATED = "populated"
"""The stamp of a database that has its first accounts."""
_BEGUN = "demo"
_LOCAL = ("127.0.0.1", "::1", "localhost")


def address(host: str, port: int) -> str:
    """The URL for people and phones: RUHU_BASE_URL, else this machine's own address."""
    if base_url := os.environ.get("RUHU_BASE_URL"):
        return base_url.rstrip("/")
    shown = _outward() if host in ("0.0.0.0", "::", "") else host  # noqa: S104
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"


def in_the_open(host: str, url: str) -> bool:
    """Whether what is sent to this address crosses a network without encryption."""
    behind_tls = os.environ.get("RUHU_BEHIND_TLS_PROXY", "").lower() in ("true", "1", "yes", "on")
    return host not in _LOCAL and not (behind_tls and url.startswith("https://"))


def _outward() -> str:
    """This machine's address on its network. connect() on a datagram socket sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


class FirstPeople:
    """The first accounts: those of the demo street, or one administrator.

    The demo passwords and the demo worker's code are shown at every start, from a file that
    only its owner can read. The password of a real administrator is shown once and not stored.
    """

    def __init__(self, places: Places, database: Database, *, empty: bool, url: str) -> None:
        self.places, self.database, self.empty, self.url = places, database, empty, url
        self.administrator: dict[str, Any] | None = None

    def step(self) -> Step:
        """The step that makes the first accounts, unless this database has had it."""
        if self.empty:
            return Step("step_admin", self._populated, self._add_administrator)
        return Step("step_demo", self._populated, self._demo)

    def _populated(self) -> bool:
        return self.database.stamps.fresh(POPULATED, "1")

    def _ask(self, *words: str, follow: bool = False) -> list[dict[str, Any]]:
        step = "step_admin" if self.empty else "step_demo"
        return application.rows(self.places, self.database, step, *words, follow=follow)

    def _add_administrator(self) -> str:
        if not self._ask("user", "list"):
            [self.administrator] = self._ask(
                "user", "add", "admin", "--role", "administrator", "--area", "", "--must-choose"
            )
        self.database.stamps.write(POPULATED, "1")
        return ""

    def _demo(self) -> str:
        stamps = self.database.stamps
        if stamps.fresh(_BEGUN, "1") or not self._ask("divisions", "list"):
            stamps.write(_BEGUN, "1")  # the next start finishes an interrupted demo
            [demo] = self._ask("demo", "--base-url", self.url, follow=True)
            if demo["logins"]:
                self._keep({"url": self.url, "logins": demo["logins"]})
        stamps.write(POPULATED, "1")
        return ""

    def _keep(self, people: dict[str, Any]) -> None:
        self._people_file.unlink(missing_ok=True)
        handle = os.open(self._people_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(people, file, ensure_ascii=False)

    @property
    def _people_file(self) -> Path:
        return self.places.var / f"demo-people-{digest(self.database.url)[:12]}.json"

    def show(self, host: str, tls: Tls | None = None) -> None:
        """Print the address, who can connect, the log-ins and the QR code; `host` is the address listened on."""
        print(f"\n{text('welcome', url=self.url)}")
        if tls:
            tls.show()
        elif in_the_open(host, self.url):
            print(text("plain_http"))
        if self.administrator:
            print(text("login_once", **self.administrator))
        people = self._people()
        if people:
            workers = [login for login in people["logins"] if "collect" in login]
            for login in [login for login in people["logins"] if "collect" not in login]:
                print(text("login", **{**login, "role": text(f"role_{login['role']}")}))
            for worker in workers[:1]:
                served = tls.plain_url if tls and tls.is_own and tls.plain_url else self.url
                base_url = worker["base_url"].replace(people["url"], served, 1)
                print(text("qr", name=worker["username"], url=base_url))
                self._print_code(worker["collect"], base_url)
                if host in _LOCAL and not os.environ.get("RUHU_BASE_URL"):
                    print(text("qr_local", host=host))
        elif self.administrator:
            print(text("no_worker"))
        else:
            print(text("login_known"))
        print(text("ctrl_c"), flush=True)

    def _people(self) -> dict[str, Any] | None:
        try:
            return dict(json.loads(self._people_file.read_text(encoding="utf-8")))
        except (OSError, ValueError):
            return None

    def _print_code(self, settings: dict[str, Any], base_url: str) -> None:
        """Print Collect's settings as a QR code, with the address of this start."""
        settings["general"]["server_url"] = base_url
        packed = zlib.compress(json.dumps(settings, ensure_ascii=False).encode())
        code = "import segno, sys; segno.make(sys.stdin.read(), error='l').terminal(compact=True)"
        subprocess.run(
            [str(self.places.python), "-c", code],
            input=base64.b64encode(packed).decode(),
            env=application.environment(self.places, self.database),
            text=True,
            check=False,
        )
