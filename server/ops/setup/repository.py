"""The backup repository: the database by pgBackRest, the stored files by rclone, both encrypted (decision 0271).

A *point* is what a restore goes back to. First a restore point is written into the
database's log, then the files stored since the last point are copied, then the log is
archived, then the point is noted in the repository. A file is stored before the row that
names it, so every row of a point has its files.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from server.ops.setup import shell
from server.ops.setup.backup_settings import Target, now
from server.ops.setup.cluster import Cluster
from server.ops.setup.cluster_folders import reachable
from server.ops.setup.cluster_settings import PGBACKREST, STANZA
from server.ops.setup.messages import SetupProblem
from server.ops.setup.places import Places

_STEP: Final = "step_backup"
_MARKER: Final = "ruhu-backup"
_POINT: Final = "point.json"
_OVERLAP_SECONDS: Final = 120
_ARCHIVED_WITHIN: Final = 120.0
_QUEUE: Final = "8GB"
"""As much of the database's log waits for a repository that is away; beyond it the office's disk comes first."""


class Repository:
    """The repository of one target, and the cluster that is backed up to it or restored from it."""

    def __init__(
        self, places: Places, cluster: Cluster, target: Target, passphrase: str, blobs: Path
    ) -> None:
        self.places, self.cluster, self.target, self.blobs = places, cluster, target, blobs
        self._passphrase = passphrase
        self._obscured = ""

    # --- preparing -----------------------------------------------------------

    def mark(self) -> None:
        """Mark the target's folder as ours, so that a disk that is not mounted is noticed. Raises SetupProblem."""
        if self.target.is_s3:
            return
        folder = self.target.folder
        account = self.cluster.account
        if not folder.is_dir():
            raise SetupProblem("backup_no_folder", folder=folder)
        if not reachable(folder, account.uid, account.gid):
            raise SetupProblem("backup_unreachable", folder=folder, owner=account.name)
        (folder / _MARKER).touch(0o600)
        for name, owner in (("postgres", account.uid), ("files", os.geteuid())):
            part = folder / name
            part.mkdir(mode=0o700, exist_ok=True)
            os.chown(part, owner, -1)

    def check(self) -> None:
        """Raises SetupProblem when the target's folder is not there, as when its disk is not mounted."""
        if not self.target.is_s3 and not (self.target.folder / _MARKER).exists():
            raise SetupProblem("backup_not_there", folder=self.target.folder)

    def configure(self) -> None:
        """Write pgBackRest's settings beside the cluster's data, for its account only; they hold the passphrase."""
        home, account = self.cluster.home, self.cluster.account
        values = {
            "repo1-cipher-type": "aes-256-cbc",
            "repo1-cipher-pass": self._passphrase,
            "repo1-retention-full": self.target.keep,
            "repo1-bundle": "y",
            "compress-type": "lz4",
            "process-max": 2,
            "start-fast": "y",
            "archive-push-queue-max": _QUEUE,
            "archive-timeout": 60,
            "log-level-console": "warn",
            "log-level-file": "off",
            "lock-path": home / "pgbackrest-lock",
            "spool-path": home / "pgbackrest-spool",
            **self._where(),
        }
        lines = ["[global]", *(f"{name}={value}" for name, value in values.items())]
        lines += [f"[{STANZA}]", f"pg1-path={self.cluster.data}"]
        lines += [f"pg1-socket-path={self.cluster.socket}", "pg1-user=postgres", ""]
        path = home / PGBACKREST
        draft = path.with_suffix(".new")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write("\n".join(lines))
        os.chown(draft, account.uid, account.gid)
        draft.replace(path)

    def _where(self) -> dict[str, object]:
        target = self.target
        if not target.is_s3:
            return {"repo1-path": target.folder / "postgres"}
        return {
            "repo1-type": "s3",
            "repo1-path": f"/{target.prefix}/postgres".replace("//", "/"),
            "repo1-s3-bucket": target.bucket,
            "repo1-s3-endpoint": target.endpoint,
            "repo1-s3-region": target.region,
            "repo1-s3-key": target.access_key,
            "repo1-s3-key-secret": target.access_secret,
            "repo1-s3-uri-style": "path",
            "repo1-storage-verify-tls": "y" if target.verify_tls else "n",
        }

    def forget(self) -> None:
        """Remove pgBackRest's settings with the passphrase in them."""
        (self.cluster.home / PGBACKREST).unlink(missing_ok=True)

    # --- the two tools ---------------------------------------------------------

    def pgbackrest(self, *words: str | Path) -> str:
        """Run pgBackRest as the cluster's account. Raises SetupProblem."""
        return self.cluster.run_quietly(
            _STEP,
            "pgbackrest",
            f"--config={self.cluster.home / PGBACKREST}",
            f"--stanza={STANZA}",
            *words,
        )

    def rclone(self, *words: str | Path, entered: str | None = None) -> str:
        """Run rclone, which knows the files' part of the repository as `stored:`. Raises SetupProblem."""
        command = ["rclone", "--config", "", "--stats=0", "--log-level", "ERROR", *map(str, words)]
        result = subprocess.run(
            command,
            input=entered,
            env={**self._rclone_environment(), "PATH": os.environ.get("PATH", "/usr/bin:/bin")},
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode:
            shell.note(self.places, f"{_STEP}: rclone → {result.returncode}\n{result.stderr}")
            raise shell.failure(self.places, _STEP, result.stderr)
        return result.stdout

    def _rclone_environment(self) -> dict[str, str]:
        target = self.target
        if not self._obscured:
            self._obscured = subprocess.run(
                ["rclone", "obscure", "-"],
                input=self._passphrase,
                capture_output=True,
                text=True,
                check=True,
            ).stdout.strip()
        below = f"plain:{target.bucket}/{target.prefix}" if target.is_s3 else str(target.folder)
        values = {
            "STORED_TYPE": "crypt",
            "STORED_REMOTE": f"{below.rstrip('/')}/files",
            "STORED_PASSWORD": self._obscured,
            "STORED_FILENAME_ENCRYPTION": "standard",
        }
        if target.is_s3:
            values |= {
                "PLAIN_TYPE": "s3",
                "PLAIN_PROVIDER": "Other",
                "PLAIN_ENDPOINT": f"https://{target.endpoint}",
                "PLAIN_REGION": target.region,
                "PLAIN_ACCESS_KEY_ID": target.access_key,
                "PLAIN_SECRET_ACCESS_KEY": target.access_secret,
            }
        environment = {f"RCLONE_CONFIG_{name}": value for name, value in values.items()}
        if not target.verify_tls:
            environment["RCLONE_NO_CHECK_CERTIFICATE"] = "true"
        return environment

    # --- backing up --------------------------------------------------------------

    def create(self) -> None:
        """Make the repository for this cluster, unless it exists. Raises SetupProblem, also for another cluster's."""
        self.pgbackrest("stanza-create")

    def base(self, *, full: bool) -> None:
        """Copy the database: everything, or what has changed since the last copy. Old copies are dropped."""
        self.check()
        self.pgbackrest(f"--type={'full' if full else 'incr'}", "backup")

    def copies(self) -> list[dict[str, Any]]:
        """The copies of the database in the repository, oldest first."""
        stanzas = json.loads(self.pgbackrest("--output=json", "info"))
        return list(stanzas[0].get("backup", [])) if stanzas else []

    def postgresql(self) -> int:
        """The major version of the backed-up cluster. Raises SetupProblem when there is no copy."""
        stanzas = json.loads(self.pgbackrest("--output=json", "info"))
        if not stanzas or not stanzas[0].get("backup"):
            raise SetupProblem("backup_empty", place=self.target.place)
        return int(str(stanzas[0]["db"][-1]["version"]).partition(".")[0])

    def point(self) -> str:
        """Make a point that a restore can go back to; returns its name. Raises SetupProblem."""
        self.check()
        name = f"ruhu-{time.time_ns() // 1_000_000}"
        self._psql(f"select pg_create_restore_point('{name}')")
        self._copy_new_files()
        segment = self._psql("select pg_walfile_name(pg_switch_wal())")
        self._wait_until_archived(segment)
        self.rclone("rcat", f"stored:{_POINT}", entered=json.dumps({"name": name, "at": now()}))
        return name

    def _wait_until_archived(self, segment: str) -> None:
        until = time.monotonic() + _ARCHIVED_WITHIN
        question = f"select coalesce(last_archived_wal >= '{segment}', false) from pg_stat_archiver"  # noqa: S608 PostgreSQL named it
        while self._psql(question) != "t":
            if time.monotonic() > until:
                raise SetupProblem("backup_archive_late", log=self.cluster.home / "log")
            time.sleep(0.2)

    def _psql(self, statement: str) -> str:
        return self.cluster.psql("postgres", statement, quiet=True)

    def _copy_new_files(self) -> None:
        """Copy the files stored or sealed anew since the last point; all of them at the first one."""
        stamp = self.places.backup / "files-copied"
        begun = time.time()
        since = stamp.stat().st_mtime - _OVERLAP_SECONDS if stamp.exists() else 0.0
        fresh = list(_stored_since(self.blobs, since))
        if fresh:
            self._copy_listed(fresh)
        stamp.touch()
        os.utime(stamp, (begun, begun))

    def _copy_listed(self, names: Sequence[str]) -> None:
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as listing:
            listing.write("\n".join(names) + "\n")
            listing.flush()
            self.rclone(
                "copy", self.blobs, "stored:files", "--files-from", listing.name, "--no-traverse",
                "--ignore-times", "--transfers", "8",
            )  # fmt: skip

    def sweep(self) -> None:
        """Make the copied files what the stored ones are: what was erased here goes aside there, and after a while for good."""
        self.check()
        day = now()[:10]
        if self.blobs.is_dir() and any(self.blobs.iterdir()):
            self.rclone(
                "sync", self.blobs, "stored:files", "--exclude", "/incoming/**",
                "--backup-dir", f"stored:erased/{day}",
            )  # fmt: skip
        days = 7 * (self.target.keep + 1)
        if self._has("erased"):
            self.rclone("delete", "stored:erased", "--min-age", f"{days}d")

    def _has(self, name: str) -> bool:
        return f"{name}/" in self.rclone("lsf", "stored:").splitlines()

    # --- restoring ---------------------------------------------------------------

    def newest_point(self) -> dict[str, str]:
        """Name and time of the newest point. Raises SetupProblem when there is none, or the passphrase is another."""
        try:
            return dict(json.loads(self.rclone("cat", f"stored:{_POINT}")))
        except (SetupProblem, ValueError):
            raise SetupProblem("backup_empty", place=self.target.place) from None

    def restore_database(self, folder: Path, *until: str) -> None:
        """Write the database's files into an empty folder; the log is read when the server starts."""
        self.pgbackrest(f"--pg1-path={folder}", *until, "--target-action=promote", "restore")

    def restore_files(self, folder: Path, *, erased: bool) -> None:
        """Copy the stored files back; with `erased` also those that were erased since, for an earlier moment."""
        self.rclone("copy", "stored:files", folder, "--transfers", "8")
        if erased and self._has("erased"):
            for day in self.rclone("lsf", "--dirs-only", "stored:erased").splitlines():
                self.rclone("copy", f"stored:erased/{day.rstrip('/')}", folder, "--ignore-existing")

    def copy_some(self, names: Sequence[str], folder: Path) -> None:
        """Copy some files back, given by the SHA-256 of what they hold."""
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as listing:
            listing.write("\n".join(f"{name[:2]}/{name}" for name in names) + "\n")
            listing.flush()
            self.rclone(
                "copy", "stored:files", folder, "--files-from", listing.name, "--no-traverse"
            )


def _stored_since(blobs: Path, since: float) -> list[str]:
    """The stored files of folders that have changed since; a folder changes when a file comes into it."""
    if not blobs.is_dir():
        return []
    names = []
    for folder in sorted(blobs.iterdir()):
        if len(folder.name) != 2 or folder.stat().st_mtime < since:
            continue
        names += [
            f"{folder.name}/{entry.name}"
            for entry in os.scandir(folder)
            if entry.stat().st_mtime >= since or entry.stat().st_ctime >= since
        ]
    return names
