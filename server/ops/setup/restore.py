"""`./ruhu restore`: bring a backup back into an empty clone, with the keys supplied."""

from __future__ import annotations

import argparse
import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from server.ops.setup import application, backup_settings, environment
from server.ops.setup.backup import tools
from server.ops.setup.backup_settings import Recovery
from server.ops.setup.cluster import Cluster
from server.ops.setup.cluster_folders import data_home
from server.ops.setup.database import Database
from server.ops.setup.locking import alone
from server.ops.setup.messages import SetupProblem, text
from server.ops.setup.packages import postgresql_here
from server.ops.setup.places import Places
from server.ops.setup.preparation import Purpose, prepared
from server.ops.setup.progress import Progress, Step
from server.ops.setup.repository import Repository
from server.ops.setup.welcome import POPULATED


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override]
        raise SetupProblem("bad_words", reason=message)


def command(places: Places, words: Sequence[str]) -> int:
    """`./ruhu restore --keys FILE …`."""
    parser = _Parser(
        prog="./ruhu restore", description="Bring a backup back into a clone without data."
    )
    parser.add_argument("--keys", type=Path, required=True, metavar="FILE",
                        help="as './ruhu backup keys' wrote it")  # fmt: skip
    parser.add_argument("--from", dest="place", default="", metavar="FOLDER|s3://BUCKET/PREFIX",
                        help="where the backup lies now (default: as FILE says)")  # fmt: skip
    parser.add_argument("--at", type=_moment, metavar="TIME", help="go back to this moment, "
                        "'2026-11-27 10:30', not to the newest point")  # fmt: skip
    options = parser.parse_args(words)
    recovery = backup_settings.recovery_of(options.keys)
    if options.place:
        place = options.place
        if not place.startswith(backup_settings.S3):
            place = str(Path(place).absolute())
        recovery = replace(recovery, target=replace(recovery.target, place=place))
    return restore(places, recovery, options.at)


def _moment(word: str) -> datetime:
    """A local time for argparse. Raises ValueError."""
    return datetime.fromisoformat(word).astimezone()


def restore(places: Places, recovery: Recovery, at: datetime | None) -> int:
    """Restore database and files, and leave the clone ready for `./ruhu up`; returns the exit code.

    Interrupted, it begins anew. Raises SetupProblem, also when there are data already.
    """
    database = Database.chosen(places)
    cluster = database.cluster
    if cluster is None:
        raise SetupProblem("backup_external")
    places.make()
    if cluster.version() is not None and not cluster.restoring.exists():
        raise SetupProblem("restore_not_empty", path=cluster.link)
    _keep_keys(places, recovery)
    progress = prepared(places, database, Purpose.RESTORING)
    progress.total += 5
    progress.run(tools(places))
    moment = bring_back(places, database, recovery, at, progress)
    shown = datetime.fromisoformat(moment).astimezone()
    print(text("restored", at=f"{shown:%Y-%m-%d %H:%M:%S}"))
    return 0


def bring_back(
    places: Places,
    database: Database,
    recovery: Recovery,
    at: datetime | None,
    progress: Progress,
) -> str:
    """Restore database and files where all programs are installed; the moment restored to, ISO 8601. Raises SetupProblem."""
    cluster = database.cluster
    assert cluster is not None  # noqa: S101 the caller has looked
    account = cluster.account
    home = data_home(cluster.link, account.uid, account.gid)
    cluster.restoring.touch()
    shutil.rmtree(home / "data", ignore_errors=True)
    repository = Repository(places, cluster, recovery.target, recovery.backup, places.blobs)
    repository.check()
    repository.configure()
    _need_postgresql(repository.postgresql(), cluster)
    point = repository.newest_point()
    with alone(places.setup_lock, "purpose_setup"):
        _write_data(progress, repository, home, point["name"], at)
    with database.running():
        with alone(database.lock, "purpose_tables"):
            progress.run(application.tables(places, database))
        moment = at.isoformat() if at else point["at"]
        application.manage(places, database, "step_restored", "restored", "--at", moment)
    return moment


def _write_data(
    progress: Progress, repository: Repository, home: Path, point: str, at: datetime | None
) -> None:
    cluster, places = repository.cluster, repository.places
    until = (
        ("--type=time", f"--target={at:%Y-%m-%d %H:%M:%S%z}")
        if at
        else ("--type=name", f"--target={point}")
    )

    def write_database() -> str:
        folder = home / "data"
        folder.mkdir(mode=0o700)
        os.chown(folder, cluster.account.uid, cluster.account.gid)
        repository.restore_database(folder, *until)
        return ""

    def write_files() -> str:
        places.blobs.mkdir(mode=0o700, parents=True, exist_ok=True)
        repository.restore_files(places.blobs, erased=at is not None)
        return ""

    def recover() -> str:
        cluster.recover()
        cluster.stamps.write(POPULATED, "1")  # no demo street beside the office's data
        cluster.stop()
        repository.forget()
        cluster.restoring.unlink()
        return ""

    for key, act in (
        ("step_restore_database", write_database),
        ("step_restore_files", write_files),
        ("step_recover", recover),
    ):
        progress.run(Step(key, lambda: False, act))


def _keep_keys(places: Places, recovery: Recovery) -> None:
    """Put the sealing keys into their file, unless they come from elsewhere. Raises SetupProblem for other keys there."""
    if os.environ.get("RUHU_SECRET_KEYS") or os.environ.get("RUHU_KEYS_COMMAND"):
        return
    path = environment.key_file(places)
    if not recovery.sealing:
        if not path.exists():
            raise SetupProblem("key_lost", path=path)
        return
    content = "".join(f"{key}\n" for key in recovery.sealing)
    if path.exists() and path.read_text().split() != recovery.sealing:
        raise SetupProblem("restore_other_key", path=path)
    backup_settings.write_private(path, content)


def _need_postgresql(version: int, cluster: Cluster) -> None:
    if version not in postgresql_here():
        raise SetupProblem("cluster_version_missing", path=cluster.link, version=version)
