"""Kills the processes of an office at random while phones send, and checks that nothing is lost or stored twice.

    python tests/perf/kill.py [--submissions 5000] [--clients 20] [--seconds 300] [--photo-kb 60]

Makes a PostgreSQL cluster of its own in a temporary folder, with fsync on, serves
household_survey from it under the supervisor of `./ruhu up`, and lets clients send as
Collect does: HEAD, then the same bytes again until 201 or 202. Meanwhile gunicorn and its
children, the worker, PostgreSQL's backends and its postmaster get SIGKILL. In the end every
acknowledged record must be stored exactly once with its bytes and files, the queue must be
empty, and a rebuild must show no differences. Prints a table, then one JSON object; exit code 1
when one of these does not hold.

Standard error says when each phase ended. A run that cannot go on names its phase and the
reason there, with the last lines of every log, and prints no figures. Only the start-up has a
fixed time limit; the limits of the later phases grow with the time that the start-up took.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from random import Random
from shutil import rmtree
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "server.config.settings")

from server.ops.setup import application, instance, serving  # noqa: E402
from server.ops.setup.backup_settings import target_of  # noqa: E402
from server.ops.setup.cluster import Cluster  # noqa: E402
from server.ops.setup.database import Database  # noqa: E402
from server.ops.setup.messages import SetupProblem  # noqa: E402
from server.ops.setup.places import Places  # noqa: E402
from tests.perf.killing import Killer, Phone, Sent  # noqa: E402

STARTED_WITHIN = 900.0  # seconds
USUAL_START = 15.0  # seconds that the start-up takes on two idle cores
# Time limits in seconds on a machine that starts up as fast as that.
SENT_WITHIN = 120.0  # and five times --seconds
DRAINED_WITHIN = 300.0
VERIFIED_WITHIN = 600.0
STOPPED_WITHIN = 90.0
_LOG_LINES = 15


class RunFailed(Exception):
    """The run cannot go on; the message is the reason."""


class Progress:
    """The phase under way and the speed of the machine."""

    def __init__(self) -> None:
        self.phase = "start-up"
        self.slowness = 1.0
        self._started = time.monotonic()

    @property
    def elapsed(self) -> float:
        """Seconds since the phase began."""
        return time.monotonic() - self._started

    def limit(self, seconds: float) -> float:
        """The time limit on this machine for what takes that long on an idle one."""
        return seconds * self.slowness

    def next(self, phase: str) -> None:
        """End the phase and begin another one."""
        print(f"{self.phase} took {self.elapsed:.1f} s", file=sys.stderr, flush=True)
        self.phase, self._started = phase, time.monotonic()


def main() -> None:
    options = _options()
    if options.role:
        return {"office": _office, "prepare": _prepare, "verify": _verify}[options.role](options)
    signal.signal(signal.SIGTERM, _terminated)
    folder = Path(tempfile.mkdtemp(prefix="ruhu-kill-"))
    folder.chmod(0o755)  # PostgreSQL's account has to reach its data
    progress = Progress()
    try:
        figures = _run(Places(ROOT, folder), options, progress)
        if figures["broken"]:
            print(_logs(folder), file=sys.stderr)
    except RunFailed as failure:
        print(_logs(folder), file=sys.stderr)
        failed = f"failed in phase “{progress.phase}” after {progress.elapsed:.1f} s"
        raise SystemExit(f"{failed}: {failure}") from None
    finally:
        if options.keep:
            print(f"kept: {folder}", file=sys.stderr)
        else:
            rmtree(folder, ignore_errors=True)
    for name, value in figures.items():
        print(f"{name:<22} {value}")
    print(json.dumps(figures))
    sys.exit(1 if figures["broken"] else 0)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--submissions", type=int, default=5000)
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=300, help="to spread the sending over")
    parser.add_argument("--each", type=float, default=1.5, help="seconds between kills, on average")
    parser.add_argument("--photo-kb", type=int, default=60)
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--keep", action="store_true", help="leave the folder behind")
    parser.add_argument("--role", default="", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def _terminated(*_: object) -> None:
    raise RunFailed("SIGTERM received")


def _logs(folder: Path) -> str:
    """The last lines of every log of a run, PostgreSQL's included."""
    texts = []
    for log in sorted(
        [*folder.glob("log/*.log"), *folder.glob("pg/*.log"), *folder.glob("pg/log/*")]
    ):
        text = log.read_text(encoding="utf-8", errors="replace")
        lines = [line for line in text.splitlines() if line.strip()]
        texts += [f"--- {log.relative_to(folder)} ({len(lines)} lines)", *lines[-_LOG_LINES:]]
    return "\n".join(texts)


def _run(places: Places, options: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    places.make()
    (places.var / "venv").symlink_to(sys.prefix)
    (places.var / "secret.keys").write_text(base64.b64encode(secrets.token_bytes(32)).decode())
    os.environ["RUHU_VAR"] = str(places.var)
    for name in ("DATABASE_URL", "RUHU_SECRET_KEYS", "RUHU_BLOBS"):
        os.environ.pop(name, None)
    seed = options.seed if options.seed is not None else secrets.randbelow(1 << 30)
    print(f"seed {seed}", file=sys.stderr, flush=True)
    office = _start("office", places, options)
    try:
        url = _wait_until_served(places, office, progress)
        progress.slowness = max(1.0, progress.elapsed / USUAL_START)
        progress.next("sending")
        prepared = json.loads((places.var / "prepared.json").read_text())
        sent, killer = _send(places, office, url, prepared, options, Random(seed), progress)
        seconds = progress.elapsed
        progress.next("draining")
        drained = _drain(places, office, progress)
        progress.next("verifying")
        verified = _verified(_start("verify", places, options), progress)
        progress.next("stopping")
    except BaseException:
        with suppress(RunFailed):  # the first failure is the one to report
            _stop(office, progress)
        raise
    _stop(office, progress)
    progress.next("the end")
    rebuilt = verified.pop("rebuild_differences")
    broken = [name for name, wrong in verified.items() if wrong]
    broken += ["rebuild"] if rebuilt else []
    broken += ["unacknowledged"] if len(sent.acknowledged) != options.submissions else []
    broken += ["queue"] if drained is None else []
    return {
        "seed": seed,
        "submissions": options.submissions,
        "acknowledged": len(sent.acknowledged),
        "seconds": round(seconds, 1),
        "kills": dict(sorted(killer.killed.items())),
        "answers": dict(sorted(sent.answers.items())),
        "lost_connections": sent.lost,
        "longest_outage_s": round(sent.longest_outage, 1),
        "drained_after_s": None if drained is None else round(drained, 1),
        **verified,
        "rebuild_differences": rebuilt,
        "broken": broken,
    }


def _send(
    places: Places,
    office: subprocess.Popen[bytes],
    url: str,
    prepared: dict[str, Any],
    options: argparse.Namespace,
    random: Random,
    progress: Progress,
) -> tuple[Sent, Killer]:
    """Let each client send its share, and kill processes meanwhile, until all is acknowledged."""
    sent = Sent()
    killer = Killer(office.pid, places.var / "pg" / "data", each=options.each, random=random)
    documents = [document.encode() for document in prepared["documents"]]
    pause = options.seconds * options.clients / options.submissions
    phones = [
        Phone(
            f"{url}/key/{token}",
            documents,
            count=len(range(number, options.submissions, options.clients)),
            photo_bytes=options.photo_kb * 1024,
            pause=pause,
            random=Random(random.random()),
            sent=sent,
        )
        for number, token in enumerate(prepared["tokens"])
    ]
    threads = [threading.Thread(target=phone.run, daemon=True) for phone in phones]
    limit = progress.limit(5 * options.seconds + SENT_WITHIN)
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        if progress.elapsed < options.seconds + 5:
            killer.maybe()
        if office.poll() is not None or progress.elapsed > limit:
            sent.give_up.set()
        time.sleep(0.05)
    acknowledged = f"{len(sent.acknowledged)} of {options.submissions} records acknowledged"
    print(f"{acknowledged}; killed: {dict(killer.killed)}", file=sys.stderr, flush=True)
    _check_runs(office)
    (places.var / "sent.json").write_text(json.dumps(sent.acknowledged))
    return sent, killer


def _start(role: str, places: Places, options: argparse.Namespace) -> subprocess.Popen[bytes]:
    database = Database(places, Cluster(places))
    words = ["--role", role, "--folder", str(places.var), "--processes", str(options.processes)]
    log = (places.var / "log" / f"{role}.log").open("ab")
    with log:
        return subprocess.Popen(
            [sys.executable, "-W", "ignore", __file__, *words, "--clients", str(options.clients)],
            env=application.environment(places, database),
            stdout=subprocess.PIPE if role == "verify" else log,
            stderr=log,
        )


def _verified(process: subprocess.Popen[bytes], progress: Progress) -> dict[str, Any]:
    """The counts that the process of role "verify" prints."""
    try:
        output, _none = process.communicate(timeout=progress.limit(VERIFIED_WITHIN))
    except subprocess.TimeoutExpired:
        process.kill()
        raise RunFailed("the comparison with what was acknowledged took too long") from None
    if process.returncode:
        raise RunFailed(f"the comparison ended with exit code {process.returncode}")
    counts: dict[str, Any] = json.loads(output.decode().splitlines()[-1])
    return counts


def _check_runs(office: subprocess.Popen[bytes]) -> None:
    if office.poll() is not None:
        raise RunFailed(f"the office ended by itself with exit code {office.returncode}")


def _wait_until_served(places: Places, office: subprocess.Popen[bytes], progress: Progress) -> str:
    """The office's address, once web server, worker and database are ready."""
    while not (places.var / "ready").exists():
        _check_runs(office)
        if progress.elapsed > STARTED_WITHIN:
            raise RunFailed("the office did not become ready")
        time.sleep(0.1)
    return str(instance.serving_at(places))


def _drain(places: Places, office: subprocess.Popen[bytes], progress: Progress) -> float | None:
    """Seconds until the worker has processed all waiting submissions; None if time runs out."""
    cluster = Cluster(places)
    while progress.elapsed < progress.limit(DRAINED_WITHIN):
        _check_runs(office)
        with suppress(SetupProblem):  # the server was killed just now
            if cluster.psql("ruhu", "SELECT count(*) FROM submissions_waiting") == "0":
                return progress.elapsed
        time.sleep(0.2)
    return None


def _stop(office: subprocess.Popen[bytes], progress: Progress) -> None:
    """End the office as SIGTERM does, with all its processes."""
    office.terminate()
    try:
        office.wait(progress.limit(STOPPED_WITHIN))
    except subprocess.TimeoutExpired:
        office.kill()
        raise RunFailed("the office did not stop at SIGTERM") from None


# --- processes of their own ---------------------------------------------------


def _office(options: argparse.Namespace) -> None:
    """Run the cluster, then web server and worker, as `./ruhu up` does once everything is installed."""
    serving.READY_WITHIN = int(STARTED_WITHIN)  # a slow machine is not what is tested
    places = Places(ROOT, options.folder)
    database = Database(places, Cluster(places, archive=target_of(places)))
    database.cluster.step().act()
    with (
        instance.only_one(places) as handle,
        instance.listen("127.0.0.1", 0) as listener,
        database.running(),
    ):
        code = _start("prepare", places, options).wait()
        if code:
            raise SystemExit(f"the preparation ended with exit code {code}: see prepare.log")
        host, port = listener.getsockname()[:2]
        instance.announce(handle, f"http://{host}:{port}")
        serving.serve(
            places,
            database,
            [
                serving.web(places, database, listener, options.processes),
                serving.worker(places, database),
            ],
            (host, port),
            when_ready=(places.var / "ready").touch,
        )


def _prepare(options: argparse.Namespace) -> None:
    """Make the tables, the form and a phone for each client; write documents and tokens to prepared.json."""
    from tests.factories.submissions import make_phone
    from tests.perf import accept, load

    load.django()
    documents, token = accept.prepare(min(accept.VARIANTS, options.submissions // options.clients))
    tokens = [token, *(make_phone(f"w{n}", accept.STREET).token for n in range(1, options.clients))]
    prepared = {"documents": [document.decode() for document in documents], "tokens": tokens}
    (options.folder / "prepared.json").write_text(json.dumps(prepared))


def _verify(options: argparse.Namespace) -> None:
    """Compare what is stored with what was acknowledged, byte for byte; prints the number of faults by kind."""
    import django

    django.setup()
    from server.core import blobs, clock
    from server.core.sealing import unseal_document
    from server.ledgers.refolding.rebuild import rebuild
    from server.quarantine.models import Quarantined
    from server.submissions.models import Submission, SubmissionVersion

    acknowledged: dict[str, Any] = json.loads((options.folder / "sent.json").read_text())
    stored = Counter(SubmissionVersion.objects.values_list("instance_id", flat=True))
    wrong: Counter[str] = Counter()
    versions = SubmissionVersion.objects.prefetch_related("attachments")
    for version in versions.iterator(chunk_size=500):
        expected = acknowledged.get(version.instance_id)
        if expected is None:
            continue
        if _sha256(unseal_document(bytes(version.document))) != expected["document"]:
            wrong["documents_altered"] += 1
        files = {file.name: bytes(file.sha256).hex() for file in version.attachments.all()}
        wrong["files_missing"] += files != expected["files"]
        for digest in files.values():
            sha256 = bytes.fromhex(digest)
            is_whole = blobs.exists(sha256) and _sha256(blobs.read(sha256)) == digest
            wrong["blobs_damaged"] += not is_whole
    ids = set(Submission.objects.values_list("instance_id", flat=True))
    report = rebuild(area="", keep=False, as_of=clock.today(), progress=lambda _done, _of: None)
    incoming = options.folder / "blobs" / "incoming"
    counts = {
        "missing": len(set(acknowledged) - set(stored)) + len(set(acknowledged) - ids),
        "doubled": sum(count > 1 for count in stored.values()),
        "not_acknowledged": len(set(stored) - set(acknowledged)),
        "documents_altered": wrong["documents_altered"],
        "files_missing": wrong["files_missing"],
        "blobs_damaged": wrong["blobs_damaged"],
        "quarantined": Quarantined.objects.count(),
        "unprocessed": Submission.objects.filter(processed_at=None).count(),
        "flagged_unprocessed": Submission.objects.filter(flags__contains=["unprocessed"]).count(),
        "rebuild_differences": [
            f"{difference.table}.{difference.column}" for difference in report.differences
        ],
    }
    leftovers = len(list(incoming.iterdir())) if incoming.exists() else 0
    print(f"half-written files left behind: {leftovers}", file=sys.stderr)
    print(json.dumps(counts))


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


if __name__ == "__main__":
    main()
