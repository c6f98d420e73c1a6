"""`./ruhu backup`: configure backups, make one now, list, verify, and keep them up while `./ruhu up` runs."""

from __future__ import annotations

import argparse
import base64
import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from server.ops.setup import application, backup_settings, environment, packages, trial
from server.ops.setup.backup_settings import S3, Status, Target, age
from server.ops.setup.cluster import Cluster
from server.ops.setup.database import Database
from server.ops.setup.locking import alone
from server.ops.setup.messages import SetupProblem, text
from server.ops.setup.places import Places
from server.ops.setup.preparation import prepared
from server.ops.setup.progress import Step
from server.ops.setup.repository import Repository

_DAY = 86_400.0
_NIGHT = range(1, 5)
"""Hours in which the database is copied each day; later in the day only when the night was missed."""
_AWAY_SECONDS = 600.0


@dataclass(frozen=True)
class Backups:
    """The configured backups of the private cluster."""

    places: Places
    cluster: Cluster
    target: Target
    repository: Repository

    @classmethod
    def configured(cls, places: Places) -> Backups:
        """Raises SetupProblem when there is no target, or the database is one of DATABASE_URL."""
        cluster = _private(Database.chosen(places))
        target = backup_settings.target_of(places)
        if target is None:
            raise SetupProblem("backup_off")
        phrase = backup_settings.passphrase(places)
        return cls(
            places, cluster, target, Repository(places, cluster, target, phrase, places.blobs)
        )

    @contextmanager
    def working(self) -> Iterator[Status]:
        """One piece of work at a time on the repository; what it notes in the status is stored, an error too."""
        with alone(self.places.var / "backup.lock", "purpose_backup"):
            status = backup_settings.status_of(self.places)
            status.place, status.each = self.target.place, self.target.each
            try:
                yield status
            except SetupProblem as problem:
                status.failed(str(problem))
                raise
            else:
                status.error = status.error_at = ""
            finally:
                backup_settings.keep_status(self.places, status)

    def begin(self) -> None:
        """Write the tools' settings and make the repository. Raises SetupProblem."""
        self.repository.check()
        self.repository.configure()
        if self.cluster.psql("postgres", "show archive_mode", quiet=True) != "on":
            raise SetupProblem("backup_not_begun")
        self.repository.create()

    def base(self, status: Status, *, full: bool) -> None:
        """Copy the database and bring the copied files in step."""
        self.repository.base(full=full)
        status.base_at = backup_settings.now()
        if full:
            status.full_at = status.base_at
        self.repository.sweep()
        status.swept_at = backup_settings.now()

    def point(self, status: Status) -> None:
        """Make a point that a restore can go back to."""
        begun, started = backup_settings.now(), time.monotonic()
        status.point = self.repository.point()
        status.point_at = begun
        status.point_took = round(time.monotonic() - started, 1)


def _private(database: Database) -> Cluster:
    if database.cluster is None:
        raise SetupProblem("backup_external")
    return database.cluster


# --- while serving ----------------------------------------------------------------


def watch(places: Places) -> int:
    """Keep the backups up until SIGTERM: a point each interval, a copy each night, a trial each week.

    `./ruhu up` runs this beside web and worker. An error is noted for the health page, and the
    next round tries again.
    """
    with contextlib.suppress(KeyboardInterrupt):
        backups = Backups.configured(places)
        begun = False
        while True:
            started = time.monotonic()
            try:
                if not begun:
                    backups.begin()
                    begun = True
                _round(backups)
            except SetupProblem as problem:
                begun = False
                _failed(places, problem)
            time.sleep(max(1.0, backups.target.each - (time.monotonic() - started)))
    return 0


def _failed(places: Places, problem: SetupProblem) -> None:
    status = backup_settings.status_of(places)
    if status.error != str(problem):
        print(text("backup_failed", reason=problem), file=sys.stderr, flush=True)
    status.failed(str(problem))
    backup_settings.keep_status(places, status)


def _round(backups: Backups) -> None:
    hour = datetime.now().astimezone().hour
    with backups.working() as status:
        if is_base_due(status, hour) or was_away(status):
            backups.base(status, full=is_full_due(status))
        backups.point(status)
    if is_trial_due(status, backups.target, hour):
        with backups.working() as status:
            trial.verify(backups, status)


def is_base_due(status: Status, hour: int) -> bool:
    """Whether the database is to be copied: each night, at once the first time or after a missed night."""
    old = age(status.base_at)
    return old > 1.5 * _DAY or (old > 0.75 * _DAY and hour in _NIGHT)


def was_away(status: Status) -> bool:
    """Whether the repository was away for so long that the database's log may have been given up meanwhile.

    pgBackRest then drops log and tells PostgreSQL that all is well, so that the office goes on;
    what follows can be restored from a new copy only.
    """
    return bool(status.error) and age(status.point_at) > _AWAY_SECONDS


def is_full_due(status: Status) -> bool:
    """Whether the copy is to be a full one: each week."""
    return age(status.full_at) > 6.5 * _DAY


def is_trial_due(status: Status, target: Target, hour: int) -> bool:
    """Whether a backup is to be restored on trial: at night, or when one is two days overdue."""
    if not target.verify_days:
        return False
    old = age(status.verified_at)
    begun = age(status.full_at) if status.verified_at == "" else old
    late = begun > (target.verify_days + 2) * _DAY
    return late or (min(old, begun) > (target.verify_days - 0.5) * _DAY and hour in _NIGHT)


# --- commands ------------------------------------------------------------------------


def tools(places: Places) -> Step:
    """Install pgBackRest and rclone, which only an installation with backups needs."""
    lacking = [package for package in packages.BACKUPS if not package.present()]
    return Step("step_backup_tools", lambda: not lacking, lambda: packages.install(places, lacking))


def command(places: Places, words: Sequence[str]) -> int:
    """`./ruhu backup WORD …`."""
    options = _parser().parse_args(words)
    acts: dict[str, Callable[[Places, argparse.Namespace], int]] = {
        "to": _to,
        "off": _off,
        "now": _now,
        "list": _list,
        "verify": _verify,
        "keys": _keys,
        "watch": lambda places, _options: watch(places),
    }
    return acts[options.act](places, options)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override]
        raise SetupProblem("bad_words", reason=message)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="./ruhu backup", description="Encrypted backups of database and files.")
    acts = parser.add_subparsers(dest="act", required=True, parser_class=_Parser)
    to = acts.add_parser("to", help="back up to a folder or to S3 from now on")
    to.add_argument("place", metavar="FOLDER|s3://BUCKET/PREFIX")
    to.add_argument("--each", type=int, default=60, metavar="SECONDS",
                    help="how much may be lost at most (default: 60)")  # fmt: skip
    to.add_argument("--keep", type=int, default=4, metavar="WEEKS",
                    help="weekly full copies that are kept (default: 4)")  # fmt: skip
    to.add_argument("--verify-days", type=int, default=7, metavar="DAYS",
                    help="restore on trial after so many days; 0 never does (default: 7)")  # fmt: skip
    to.add_argument("--endpoint", default="", metavar="HOST", help="of S3; access key and secret "
                    "are taken from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")  # fmt: skip
    to.add_argument("--region", default="us-east-1", help="of S3 (default: us-east-1)")
    to.add_argument("--no-verify-tls", action="store_true",
                    help="accept any certificate of the endpoint")  # fmt: skip
    acts.add_parser("off", help="end the backups; what is backed up stays")
    now = acts.add_parser("now", help="make a point to go back to, and a copy of the database")
    now.add_argument("--full", action="store_true", help="copy all of it")
    now.add_argument("--point", action="store_true", help="only the point")
    acts.add_parser("list", help="list the copies, and say how old they are")
    acts.add_parser(
        "verify", help="restore the newest state on trial, and look whether it is whole"
    )
    keys = acts.add_parser("keys", help="write everything that a restore needs beside the backup")
    keys.add_argument("file", type=Path)
    acts.add_parser("watch", help="keep the backups up; './ruhu up' does that")
    return parser


def _to(places: Places, options: argparse.Namespace) -> int:
    database = Database.chosen(places)
    cluster = _private(database)
    if options.each < 5 or options.keep < 1 or options.verify_days < 0:
        raise SetupProblem("bad_words", reason="--each 5, --keep 1, --verify-days 0 at least")
    place = options.place if options.place.startswith(S3) else str(Path(options.place).absolute())
    target = Target(
        place, each=options.each, keep=options.keep, verify_days=options.verify_days,
        endpoint=options.endpoint.removeprefix("https://"), region=options.region,
        access_key=os.environ.get("AWS_ACCESS_KEY_ID", ""),
        access_secret=os.environ.get("AWS_SECRET_ACCESS_KEY", ""),
        verify_tls=not options.no_verify_tls,
    )  # fmt: skip
    if target.is_s3 and not (target.bucket and target.endpoint and target.access_secret):
        raise SetupProblem("backup_s3_lacks")
    progress = prepared(places, database)
    progress.run(tools(places))
    if cluster.version() is not None:
        Repository(places, cluster, target, "", places.blobs).mark()
    phrase = backup_settings.passphrase(places, make=True)
    backup_settings.keep_target(places, target)
    if cluster.alive():
        Repository(places, cluster, target, phrase, places.blobs).configure()
        print(text("backup_next_start", place=place))
    else:
        backups = Backups.configured(places)
        backups.repository.configure()
        with backups.cluster.running(), backups.working() as status:
            application.tables(places, Database(places, backups.cluster)).act()
            backups.begin()
            backups.base(status, full=True)
            backups.point(status)
        print(text("backup_begun", place=place, each=target.each))
    print(text("backup_keep_keys", file=backup_settings.key_file(places)))
    return 0


def _off(places: Places, _options: argparse.Namespace) -> int:
    backups = Backups.configured(places)
    backup_settings.keep_target(places, None)
    backups.repository.forget()
    print(text("backup_ended", place=backups.target.place))
    return 0


@contextmanager
def _ready(places: Places) -> Iterator[Backups]:
    """The backups, with their tools installed and the database running. Raises SetupProblem."""
    backups = Backups.configured(places)
    prepared(places, Database(places, backups.cluster)).run(tools(places))
    backups.repository.configure()
    with backups.cluster.running():
        backups.begin()
        yield backups


def _now(places: Places, options: argparse.Namespace) -> int:
    with _ready(places) as backups, backups.working() as status:
        if not options.point:
            backups.base(status, full=options.full or not status.full_at)
        backups.point(status)
    print(text("backup_made", place=backups.target.place, at=_local(status.point_at)))
    return 0


def _list(places: Places, _options: argparse.Namespace) -> int:
    backups = Backups.configured(places)
    backups.repository.check()
    backups.repository.configure()
    for copy in backups.repository.copies():
        size = int(copy["info"]["repository"]["delta"]) // 2**20
        at = datetime.fromtimestamp(copy["timestamp"]["stop"]).astimezone()
        print(f"{at:%Y-%m-%d %H:%M}  {copy['type']:<5}  {size:>7} MB  {copy['label']}")
    status = backup_settings.status_of(places)
    print(text("backup_state", point=_local(status.point_at), verified=_local(status.verified_at)))
    if status.error:
        print(text("backup_failed", reason=status.error))
        return 1
    return 0


def _local(moment: str) -> str:
    if not moment:
        return text("never")
    return f"{datetime.fromisoformat(moment).astimezone():%Y-%m-%d %H:%M:%S}"


def _verify(places: Places, _options: argparse.Namespace) -> int:
    with _ready(places) as backups, backups.working() as status:
        if not status.base_at:
            backups.base(status, full=True)
        counted = trial.verify(backups, status)
    for name, count in counted.items():
        print(f"{name:<32} {count:>10}")
    print(text("backup_verified", at=_local(status.point_at)))
    return 0


def _keys(places: Places, options: argparse.Namespace) -> int:
    backups = Backups.configured(places)
    sealing = sealing_keys(places)
    content = backup_settings.recovery_text(
        backups.target, backup_settings.passphrase(places), sealing
    )
    try:
        handle = os.open(options.file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise SetupProblem("no_recovery_file", path=options.file, reason=error.strerror) from None
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    print(text("backup_keys_written" if sealing else "backup_keys_half", file=options.file))
    return 0


def sealing_keys(places: Places) -> list[str]:
    """The sealing keys in base64, current first; empty when a command gives them."""
    if given := os.environ.get("RUHU_SECRET_KEYS"):
        return given.replace(",", " ").split()
    if os.environ.get("RUHU_KEYS_COMMAND"):
        return []
    path = environment.key_file(places)
    keys = path.read_text().split() if path.exists() else []
    return [key for key in keys if len(base64.b64decode(key)) == 32]
