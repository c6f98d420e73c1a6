"""An office whose processes are killed at random while phones send: nothing may be lost or doubled.

    python tests/perf/kill.py [--submissions 5000] [--clients 20] [--seconds 300] [--photo-kb 60]

Makes a private PostgreSQL cluster of its own in a temporary folder, with fsync on, serves
household_survey from it under the supervisor of `./ruhu up`, and lets clients send as
Collect does: HEAD, then the same bytes again until 201 or 202. Meanwhile gunicorn and its
children, the worker, PostgreSQL's backends and its postmaster get SIGKILL. In the end every
record must be there exactly once with its bytes and files, the queue must be empty, and a
rebuild must find nothing to put right. Prints a table, then one JSON object; exit code 1
when a promise was broken.
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
from server.ops.setup.cluster import Cluster  # noqa: E402
from server.ops.setup.database import Database  # noqa: E402
from server.ops.setup.messages import SetupProblem  # noqa: E402
from server.ops.setup.places import Places  # noqa: E402
from tests.perf.killing import Killer, Phone, Sent  # noqa: E402

DRAINED_WITHIN = 300.0  # seconds after the last acknowledgement


def main() -> None:
    options = _options()
    if options.role:
        return {"office": _office, "prepare": _prepare, "verify": _verify}[options.role](options)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    folder = Path(tempfile.mkdtemp(prefix="ruhu-kill-"))
    folder.chmod(0o755)  # PostgreSQL's account has to reach its data
    try:
        figures = _run(Places(ROOT, folder), options)
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


def _run(places: Places, options: argparse.Namespace) -> dict[str, Any]:
    places.make()
    (places.var / "venv").symlink_to(sys.prefix)
    (places.var / "secret.keys").write_text(base64.b64encode(secrets.token_bytes(32)).decode())
    os.environ["RUHU_VAR"] = str(places.var)
    for name in ("DATABASE_URL", "RUHU_SECRET_KEYS", "RUHU_BLOBS"):
        os.environ.pop(name, None)
    seed = options.seed if options.seed is not None else secrets.randbelow(1 << 30)
    print(f"seed {seed}", file=sys.stderr)
    office = _start("office", places, options)
    try:
        url = _wait_until_served(places, office)
        made = json.loads((places.var / "prepared.json").read_text())
        sent, killer, seconds = _send(places, office, url, made, options, Random(seed))
        drained = _drain(places, office)
        if office.poll() is not None:
            log = (places.var / "log" / "office.log").read_text()[-1500:]
            raise SystemExit(f"the office ended with exit code {office.returncode}; its log: {log}")
        verified = json.loads(_told(_start("verify", places, options)))
    finally:
        office.terminate()
        office.wait(90)
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
        "drained_after_s": drained if drained is None else round(drained, 1),
        **verified,
        "rebuild_differences": rebuilt,
        "broken": broken,
    }


def _send(
    places: Places,
    office: subprocess.Popen[bytes],
    url: str,
    made: dict[str, Any],
    options: argparse.Namespace,
    random: Random,
) -> tuple[Sent, Killer, float]:
    """Every client its share, one after the other, until the last is acknowledged."""
    sent = Sent()
    killer = Killer(office.pid, places.var / "pg" / "data", each=options.each, random=random)
    documents = [document.encode() for document in made["documents"]]
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
        for number, token in enumerate(made["tokens"])
    ]
    threads = [threading.Thread(target=phone.run, daemon=True) for phone in phones]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        if time.monotonic() - started < options.seconds + 5:
            killer.maybe()
        if office.poll() is not None or time.monotonic() - started > 5 * options.seconds + 120:
            sent.give_up.set()
        time.sleep(0.05)
    (places.var / "sent.json").write_text(json.dumps(sent.acknowledged))
    return sent, killer, time.monotonic() - started


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


def _told(process: subprocess.Popen[bytes]) -> str:
    output, _none = process.communicate(timeout=1800)
    return output.decode().splitlines()[-1]


def _wait_until_served(places: Places, office: subprocess.Popen[bytes]) -> str:
    end = time.monotonic() + 120
    while time.monotonic() < end and office.poll() is None:
        if (places.var / "ready").exists():
            return str(instance.serving_at(places))
        time.sleep(0.1)
    raise SystemExit((places.var / "log" / "office.log").read_text()[-3000:])


def _drain(places: Places, office: subprocess.Popen[bytes]) -> float | None:
    """Seconds until the worker has taken up all that waits; None when it does not."""
    cluster, started = Cluster(places), time.monotonic()
    while time.monotonic() - started < DRAINED_WITHIN and office.poll() is None:
        with suppress(SetupProblem):  # killed just now
            if cluster.psql("ruhu", "SELECT count(*) FROM submissions_waiting") == "0":
                return time.monotonic() - started
        time.sleep(0.2)
    return None


# --- processes of their own ---------------------------------------------------


def _office(options: argparse.Namespace) -> None:
    """What `./ruhu up` does once everything is installed: the cluster, then web and worker."""
    places = Places(ROOT, options.folder)
    database = Database(places, Cluster(places))
    database.cluster.step().act()
    with (
        instance.only_one(places) as handle,
        instance.listen("127.0.0.1", 0) as listener,
        database.running(),
    ):
        prepared = _start("prepare", places, options).wait()
        assert prepared == 0, (places.var / "log" / "prepare.log").read_text()[-3000:]
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
    """Tables, the form, a phone for each client, and what households say."""
    from tests.factories.submissions import make_phone
    from tests.perf import accept, load

    load.django()
    documents, token = accept.prepare(min(accept.VARIANTS, options.submissions // options.clients))
    tokens = [token, *(make_phone(f"w{n}").token for n in range(1, options.clients))]
    told = {"documents": [document.decode() for document in documents], "tokens": tokens}
    (options.folder / "prepared.json").write_text(json.dumps(told))


def _verify(options: argparse.Namespace) -> None:
    """Compare what is stored with what was acknowledged, byte for byte."""
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
        files = {one.name: bytes(one.sha256).hex() for one in version.attachments.all()}
        wrong["files_missing"] += files != expected["files"]
        for digest in files.values():
            path = blobs.path_of(bytes.fromhex(digest))
            is_whole = path.exists() and _sha256(path.read_bytes()) == digest
            wrong["blobs_damaged"] += not is_whole
    ids = set(Submission.objects.values_list("instance_id", flat=True))
    report = rebuild(area="", keep=False, as_of=clock.today(), progress=lambda _done, _of: None)
    incoming = options.folder / "blobs" / "incoming"
    told = {
        "missing": len(set(acknowledged) - set(stored)) + len(set(acknowledged) - ids),
        "doubled": sum(count > 1 for count in stored.values()),
        "not_acknowledged": len(set(stored) - set(acknowledged)),
        "documents_altered": wrong["documents_altered"],
        "files_missing": wrong["files_missing"],
        "blobs_damaged": wrong["blobs_damaged"],
        "quarantined": Quarantined.objects.count(),
        "unprocessed": Submission.objects.filter(processed_at=None).count(),
        "flagged_unprocessed": Submission.objects.filter(flags__contains=["unprocessed"]).count(),
        "rebuild_differences": [f"{one.table}.{one.column}" for one in report.differences],
    }
    leftovers = len(list(incoming.iterdir())) if incoming.exists() else 0
    print(f"half-written files left behind: {leftovers}", file=sys.stderr)
    print(json.dumps(told))


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


if __name__ == "__main__":
    main()
