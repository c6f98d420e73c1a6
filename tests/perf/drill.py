"""The drill: while phones send, everything is killed and the data folder destroyed; a backup brings it back.

    python tests/perf/drill.py [--seconds 4] [--each 5] [--clients 4]

Serves household_survey from a cluster of its own, as tests/perf/kill.py does, with backups to a
folder. In the middle of the traffic supervisor, web, worker, backup and PostgreSQL get
SIGKILL, and var/ is deleted. Then the backup is restored into another folder with the file of
`./ruhu backup keys`, served, and the phones send everything again. What was acknowledged and
is not in the backup must be no older than the interval, and after the resends everything must
be there once, whole, with a rebuild that shows no differences. Prints one JSON object; exit
code 1 when one of these does not hold.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from random import Random
from shutil import rmtree
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "server.config.settings")

from server.ops.setup import application, backup_settings, instance, restore, serving  # noqa: E402
from server.ops.setup.backup_settings import Target  # noqa: E402
from server.ops.setup.cluster import Cluster  # noqa: E402
from server.ops.setup.database import Database  # noqa: E402
from server.ops.setup.places import Places  # noqa: E402
from server.ops.setup.progress import Progress as Steps  # noqa: E402
from server.ops.setup.repository import Repository  # noqa: E402
from tests.perf import kill  # noqa: E402
from tests.perf.killing import MARK, _body  # noqa: E402

WITHIN = 300.0
_PHOTO = b"\xff\xd8" + bytes(range(256)) * 40


def main() -> None:
    options = _options()
    if options.role:
        return {"restore": _restore, "serve": _serve}[options.role](options)
    base = Path(tempfile.mkdtemp(prefix="ruhu-drill-"))
    base.chmod(0o755)  # PostgreSQL's account has to reach its data and the backups
    for name in ("DATABASE_URL", "RUHU_SECRET_KEYS", "RUHU_BLOBS", "RUHU_SESSION_KEY"):
        os.environ.pop(name, None)
    try:
        figures = _run(base, options)
    except BaseException:
        for folder in ("before", "after"):
            if (base / folder).exists():
                print(kill._logs(base / folder), file=sys.stderr)
        raise
    finally:
        _end_all(base)
        rmtree(base, ignore_errors=True)
    print(json.dumps(figures))
    sys.exit(1 if figures["broken"] else 0)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=4, help="of traffic after a point")
    parser.add_argument("--each", type=int, default=5, help="seconds between two points")
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--submissions", type=int, default=400, help=argparse.SUPPRESS)
    parser.add_argument("--role", default="", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--keys", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


# --- the run ------------------------------------------------------------------


def _run(base: Path, options: argparse.Namespace) -> dict[str, Any]:
    took: dict[str, float] = {}
    places = _places(base / "before")
    (places.var / "secret.keys").write_text(base64.b64encode(secrets.token_bytes(32)).decode())
    target = Target(str(base / "target"), each=options.each, verify_days=0)
    target.folder.mkdir(mode=0o755)
    backup_settings.passphrase(places, make=True)
    backup_settings.keep_target(places, target)
    Repository(places, Cluster(places), target, "", places.blobs).mark()
    keys = base / "keys.txt"
    with _timed(took, "start"):
        office = kill._start("office", places, options)
        url = kill._wait_until_served(places, office, kill.Progress())
        backing = _start(places, "-m", "server.ops.setup", "backup", "watch")
        _ruhu(places, "backup", "keys", str(keys))
        _until(lambda: backup_settings.status_of(places).point, "the first point", backing)
    prepared = json.loads((places.var / "prepared.json").read_text())
    sender = Sender(url, prepared, options.clients)
    with _timed(took, "traffic"):
        sender.begin()
        _until(lambda: len(sender.acknowledged) > 20, "some records", office)
        begun = time.time()
        _until(lambda: _point_at(places) > begun, "a point that has them", backing)
        time.sleep(options.seconds)
    points = backup_settings.status_of(places)
    destroyed_at = time.time()
    _destroy(places, office, backing)
    sender.end()
    with _timed(took, "restore"):
        after = _places(base / "after")
        _checked(_start_role("restore", after, options, "--keys", str(keys)))
    with _timed(took, "serve"):
        office = _start_role("serve", after, options)
        url = kill._wait_until_served(after, office, kill.Progress())
    cluster = Cluster(after)
    kept = set(
        cluster.psql("ruhu", "select instance_id from submissions_submissionversion").split()
    )
    lost = {name: at for name, at in sender.acknowledged.items() if name not in kept}
    with _timed(took, "resend"):
        refused = sender.send_again(url)
    (after.var / "sent.json").write_text(json.dumps(sender.digests()))
    drained = kill._drain(after, office, kill.Progress())
    with _timed(took, "verify"):
        verified = kill._verified(kill._start("verify", after, options), kill.Progress())
        audit = _checked(
            subprocess.Popen(
                application.command(after, "audit", "verify"),
                env=_environment(after),
                stdout=sys.stderr,
            ),
            fails=False,
        )
    office.terminate()
    office.wait(60)
    verified.pop("not_acknowledged")  # taken in, but the answer did not come through
    oldest = max((destroyed_at - at for at in lost.values()), default=0.0)
    point_age = destroyed_at - datetime.fromisoformat(points.point_at).timestamp()
    broken = [name for name, wrong in verified.items() if wrong]
    broken += ["older_than_the_point"] * (oldest > point_age + 1)
    # A point is made each interval, and is one when its files are copied and its log is archived.
    allowed = options.each + 2 * max(points.point_took, 1.0) + 2
    broken += ["lost_too_much"] * (oldest > allowed) + ["refused"] * bool(refused)
    broken += ["audit"] * bool(audit) + ["queue"] * (drained is None)
    broken += ["nothing_sent"] * (len(kept) < 5)
    return {
        "acknowledged": len(sender.acknowledged),
        "restored": len(kept),
        "lost": len(lost),
        "oldest_lost_s": round(oldest, 1),
        "allowed_s": round(allowed, 1),
        "point_age_s": round(point_age, 1),
        "point_took_s": points.point_took,
        "refused": refused,
        "seconds": {phase: round(seconds, 1) for phase, seconds in took.items()},
        **verified,
        "broken": broken,
    }


def _point_at(places: Places) -> float:
    moment = backup_settings.status_of(places).point_at
    return datetime.fromisoformat(moment).timestamp() if moment else 0.0


class Sender:
    """Phones that send records with a photo until the server is gone, and keep them all, as phones do."""

    def __init__(self, url: str, prepared: dict[str, Any], clients: int) -> None:
        self._url = url
        self._documents = [document.encode() for document in prepared["documents"]]
        self._tokens = prepared["tokens"][:clients]
        self._gone = threading.Event()
        self._threads: list[threading.Thread] = []
        self._sent: dict[str, tuple[str, bytes, dict[str, bytes]]] = {}
        self.acknowledged: dict[str, float] = {}
        """instanceID → when it was acknowledged."""

    def begin(self) -> None:
        for number, token in enumerate(self._tokens):
            thread = threading.Thread(target=self._run, args=(token, Random(number)), daemon=True)
            thread.start()
            self._threads.append(thread)

    def end(self) -> None:
        self._gone.set()
        for thread in self._threads:
            thread.join(30)

    def _run(self, token: str, random: Random) -> None:
        while not self._gone.is_set():
            own = secrets.token_hex(16)
            name = f"{own[:8]}-{own[8:12]}-4{own[13:16]}-8{own[17:20]}-{own[20:]}"
            document = random.choice(self._documents).replace(MARK, name.encode())
            files = {f"{own[:8]}.jpg": _PHOTO + random.randbytes(2000)}
            instance = f"uuid:{name}"
            self._sent[instance] = (token, document, files)
            if self._post(self._url, token, document, files) in (201, 202):
                self.acknowledged[instance] = time.time()
            else:
                return  # the server is gone
            time.sleep(0.05)

    def send_again(self, url: str) -> int:
        """Send every record again, acknowledged or not; how many were refused."""
        refused = 0
        for name, (token, document, files) in self._sent.items():
            if self._post(url, token, document, files) in (201, 202):
                self.acknowledged.setdefault(name, time.time())
            else:
                refused += 1
        return refused

    def digests(self) -> dict[str, Any]:
        """What was sent, as tests/perf/kill.py compares it."""
        return {
            name: {
                "document": kill._sha256(document),
                "files": {file: kill._sha256(content) for file, content in files.items()},
            }
            for name, (_token, document, files) in self._sent.items()
        }

    def _post(self, url: str, token: str, document: bytes, files: dict[str, bytes]) -> int:
        where = urlsplit(url)
        connection = HTTPConnection(where.hostname or "", where.port, timeout=20)
        headers = {
            "X-OpenRosa-Version": "1.0",
            "Content-Type": "multipart/form-data; boundary=ruhu-kill-41aa09",
        }
        try:
            connection.request(
                "POST", f"/key/{token}/submission", _body(document, files), headers=headers
            )
            return connection.getresponse().status
        except (OSError, HTTPException):
            return 0
        finally:
            connection.close()


def _destroy(places: Places, *programs: subprocess.Popen[bytes]) -> None:
    """SIGKILL to everything at once, then no folder is left."""
    cluster = Cluster(places)
    postmaster = int((cluster.data / "postmaster.pid").read_text().split()[0])
    home = cluster.home
    for process in [*programs]:
        for child in _below(process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        os.kill(postmaster, signal.SIGKILL)
    for process in programs:
        process.wait(30)
    for _attempt in range(50):
        rmtree(places.var, ignore_errors=True)
        rmtree(home, ignore_errors=True)
        if not places.var.exists():
            return
        time.sleep(0.1)
    raise kill.RunFailed("the data folder could not be destroyed")


def _below(pid: int) -> list[int]:
    """The process and all it has started."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(each for child in children for each in _below(int(child)))]


def _end_all(base: Path) -> None:
    """Stop what a failed run left running below the folder."""
    for name in ("before", "after"):
        cluster = Cluster(Places(ROOT, base / name))
        with contextlib.suppress(Exception):
            if cluster.home.exists() and cluster.alive():
                cluster.stop()


# --- processes ------------------------------------------------------------------


def _places(folder: Path) -> Places:
    """A folder as `./ruhu` leaves it once all programs are installed."""
    places = Places(ROOT, folder)
    places.make()
    (places.var / "venv").symlink_to(sys.prefix)
    (places.var / "session.key").write_text(secrets.token_hex(32))
    os.environ["RUHU_VAR"] = str(folder)
    return places


def _environment(places: Places) -> dict[str, str]:
    database = Database(places, Cluster(places))
    return application.environment(places, database)


def _start(places: Places, *words: str) -> subprocess.Popen[bytes]:
    variables = {**os.environ, "RUHU_VAR": str(places.var), "PYTHONPATH": str(ROOT)}
    with (places.var / "log" / "drill.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-P", "-W", "ignore", *words], env=variables, stdout=log, stderr=log
        )


def _start_role(
    role: str, places: Places, options: argparse.Namespace, *more: str
) -> subprocess.Popen[bytes]:
    words = ("--role", role, "--folder", str(places.var), "--processes", str(options.processes))
    return _start(places, str(Path(__file__)), *words, *more)


def _ruhu(places: Places, *words: str) -> None:
    _checked(_start(places, "-m", "server.ops.setup", *words))


def _checked(process: subprocess.Popen[bytes], *, fails: bool = True) -> int:
    code = process.wait(WITHIN)
    if code and fails:
        raise kill.RunFailed(f"{process.args}: exit code {code}")
    return code


def _until(condition: Any, what: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + WITHIN
    while not condition():
        if process.poll() is not None or time.monotonic() > end:
            raise kill.RunFailed(f"waited in vain for {what}")
        time.sleep(0.1)


@contextlib.contextmanager
def _timed(took: dict[str, float], phase: str) -> Iterator[None]:
    started = time.monotonic()
    yield
    took[phase] = time.monotonic() - started
    print(f"{phase} took {took[phase]:.1f} s", file=sys.stderr, flush=True)


def _restore(options: argparse.Namespace) -> None:
    """`./ruhu restore` after its set-up."""
    places = Places(ROOT, options.folder)
    recovery = backup_settings.recovery_of(options.keys)
    restore._keep_keys(places, recovery)
    database = Database(places, Cluster(places))
    restore.bring_back(places, database, recovery, None, Steps(4))


def _serve(options: argparse.Namespace) -> None:
    """`./ruhu up` after its set-up."""
    serving.READY_WITHIN = int(WITHIN)
    places = Places(ROOT, options.folder)
    database = Database(places, Cluster(places))
    with (
        instance.only_one(places) as handle,
        instance.listen("127.0.0.1", 0) as listener,
        database.running(),
    ):
        host, port = listener.getsockname()[:2]
        instance.announce(handle, f"http://{host}:{port}")
        programs = [
            serving.web(places, database, listener, options.processes),
            serving.worker(places, database),
        ]
        ready = places.var / "ready"
        serving.serve(places, database, programs, (host, port), when_ready=ready.touch)


if __name__ == "__main__":
    main()
