"""Running other programs: their output goes to the set-up log, a failure becomes one sentence."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from server.ops.setup.messages import SetupProblem, text
from server.ops.setup.places import Places

NEEDED_MB = 1500
"""Megabytes that a first start fills: packages, browser libraries, database, demo street."""
_DISK_FULL = ("No space left on device", "not enough free space", "Disk quota exceeded")
_NETWORK = ("Temporary failure", "ConnectionError", "NewConnectionError", "ENOTFOUND", "ECONNREFUSED",
            "ETIMEDOUT", "EAI_AGAIN", "Could not resolve", "ReadTimeout", "Network is unreachable")  # fmt: skip


def free_mb(folder: Path) -> int:
    """Free megabytes on the disk that holds the folder, or will hold it."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free // 2**20


def need_space(folder: Path, megabytes: int) -> None:
    """Raises SetupProblem when fewer megabytes are free."""
    free = free_mb(folder)
    if free < megabytes:
        raise SetupProblem("disk_full", folder=folder, free=free, need=megabytes)


def last_words(output: str) -> str:
    """The line of a program's output that most likely names the fault, at most 300 characters."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if "error" in line.lower() or "FATAL" in line]
    return (errors or lines or ["?"])[-1][:300]


def note(places: Places, entry: str) -> None:
    """Append an entry to the set-up log, with the time."""
    places.log.parent.mkdir(parents=True, exist_ok=True)
    with places.log.open("a", encoding="utf-8") as log:
        log.write(f"--- {datetime.now().astimezone().isoformat(timespec='seconds')} {entry}\n")


def run(
    places: Places,
    step: str,
    command: Sequence[str | Path],
    *,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    account: Mapping[str, object] | None = None,
    secret: bool = False,
    follow: bool = False,
    quiet: bool = False,
) -> str:
    """Run a program to its end and return its output. Raises SetupProblem when it fails.

    `step` is the catalogue key of the step it belongs to. `account` holds subprocess's user and
    group arguments. Output that is `secret` stays out of the log unless the program failed.
    What is `quiet` is logged only when it fails. `follow` shows the output on stderr while the program runs, except lines of JSON.
    """
    lines: list[str] = []
    with subprocess.Popen(
        [str(word) for word in command],
        env=dict(environment) if environment is not None else None,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        **(account or {}),  # type: ignore[call-overload]
    ) as process:
        try:
            for line in process.stdout:
                lines.append(line)
                if follow and not line.startswith(("{", "[")):
                    print(f"        {line.rstrip()}", file=sys.stderr, flush=True)
        except BaseException:
            process.kill()
            raise
    output = "".join(lines)
    succeeded = process.returncode == 0
    logged = "" if secret and succeeded else output
    if not (quiet and succeeded):
        note(places, f"{step}: {Path(command[0]).name} → {process.returncode}\n{logged}")
    if not succeeded:
        raise failure(places, step, output)
    return output


def failure(places: Places, step: str, output: str) -> SetupProblem:
    """The problem to report for a program that failed with this output."""
    if any(sign in output for sign in _DISK_FULL):
        return SetupProblem(
            "disk_full", folder=places.var, free=free_mb(places.var), need=NEEDED_MB
        )
    reason = last_words(output)
    if any(sign in output for sign in _NETWORK):
        return SetupProblem("download_failed", step=text(step), reason=reason)
    return SetupProblem("step_failed", step=text(step), reason=reason, log=places.log)


def inherited(**extra: str) -> dict[str, str]:
    """This process's environment variables, with additions."""
    return {**os.environ, **extra}
