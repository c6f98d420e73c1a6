"""A restore on trial: whether the newest backup gives back what is here."""

from __future__ import annotations

import os
import random
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from server.ops.setup import application, backup_settings, shell
from server.ops.setup.backup_settings import Status
from server.ops.setup.cluster import Cluster
from server.ops.setup.cluster_folders import data_home
from server.ops.setup.database import Database
from server.ops.setup.messages import SetupProblem

if TYPE_CHECKING:
    from server.ops.setup.backup import Backups

_SAMPLE = 50
_COUNTED = (
    "submissions_submission", "submissions_submissionversion", "submissions_attachment",
    "ledgers_household", "ledgers_person", "audit_entry",
)  # fmt: skip
_SCRATCH = "pg-verify"
_SCRATCH_MEMORY_MB = 1024
_AREAS = (
    "select area_code from ledgers_household where area_code <> '' group by area_code"
    " order by random() limit 5"
)
_FILES = f"""
    select name from (select distinct encode(sha256, 'hex') as name from submissions_attachment) as files
     order by random() limit {_SAMPLE}
"""  # noqa: S608 a number


def verify(backups: Backups, status: Status) -> dict[str, int]:
    """Restore the newest state into a scratch cluster and look whether it is all there. Raises SetupProblem.

    Compared are the counts of rows with those before and after the point, the audit log's
    chain with the heads written down, a division's ledgers with a rebuild of them, and
    files with their hashes.
    """
    size = int(
        backups.cluster.psql("postgres", "select sum(pg_database_size(oid)) from pg_database")
    )
    shell.need_space(backups.places.var, 2 * size // 2**20 + 300)
    before = _counts(backups.cluster)
    backups.point(status)
    after = _counts(backups.cluster)
    scratch = Cluster(backups.places, _SCRATCH, durable=False, memory_mb=_SCRATCH_MEMORY_MB)
    _remove(scratch)
    try:
        counted = _verify_in(backups, scratch, status, before, after)
    finally:
        _remove(scratch)
    status.verified, status.verified_at = counted, backup_settings.now()
    return counted


def _verify_in(
    backups: Backups,
    scratch: Cluster,
    status: Status,
    before: dict[str, int],
    after: dict[str, int],
) -> dict[str, int]:
    account = backups.cluster.account
    home = data_home(scratch.link, account.uid, account.gid)
    folder = home / "data"
    folder.mkdir(mode=0o700)
    os.chown(folder, account.uid, account.gid)
    until = ("--type=name", f"--target={status.point}")
    backups.repository.restore_database(folder, *until)
    scratch.recover()
    counts = _counts(scratch)
    for table in _COUNTED:
        if not before[table] <= counts[table] <= after[table]:
            raise SetupProblem(
                "verify_counts", table=table, found=counts[table], expected=after[table]
            )
    database = Database(backups.places, scratch)
    application.manage(backups.places, database, "step_verify_audit", "audit", "verify")
    area = scratch.psql("ruhu", _AREAS)
    if area:
        chosen = random.choice(area.split("\n"))  # noqa: S311 a sample
        words: tuple[str, ...] = ("rebuild", "--dry-run", "--area", chosen)
        application.manage(backups.places, database, "step_verify_rebuild", *words)
    names = scratch.psql("ruhu", _FILES).split()
    with tempfile.TemporaryDirectory() as looked_at:
        backups.repository.copy_some(names, Path(looked_at))
        words = ("restored", "--files", looked_at, *names)
        application.manage(backups.places, database, "step_verify_files", *words)
    return {**counts, "files_looked_at": len(names)}


def _counts(cluster: Cluster) -> dict[str, int]:
    counting = ", ".join(f"(select count(*) from {table})" for table in _COUNTED)  # noqa: S608 ours
    answer = cluster.psql("ruhu", f"select {counting}", quiet=True)
    return dict(zip(_COUNTED, map(int, answer.split("|")), strict=True))


def _remove(cluster: Cluster) -> None:
    """Stop and delete a scratch cluster."""
    if cluster.home.exists() and cluster.alive():
        cluster.stop()
    shutil.rmtree(cluster.home, ignore_errors=True)
    if cluster.link.is_symlink():
        cluster.link.unlink()
