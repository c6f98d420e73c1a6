"""`./ruhu check`: format, lint, types, imports, migrations, templates, generated files, translations.

Needs neither a database nor a browser. Other modules add a check by adding it to `checks`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO

from server.ops.setup import application
from server.ops.setup.database import Database
from server.ops.setup.messages import SetupProblem, text
from server.ops.setup.places import Places
from server.ops.setup.preparation import Purpose, prepared

_IMPORTS = "from importlinter.cli import lint_imports_command; lint_imports_command()"
_POLL_SECONDS = 0.02


@dataclass(frozen=True)
class Check:
    """One check: a command that exits 0 when all is well. Its remedy is `remedy_NAME` in the catalogue."""

    name: str
    command: Sequence[str]
    fix: Sequence[str] = ()
    """A command that corrects what can be corrected by a program; empty when nothing can."""

    @property
    def remedy(self) -> str:
        return text(f"remedy_{self.name}")


def checks(places: Places) -> list[Check]:
    """All checks, in the order in which they are started: the longest first."""
    python = [str(places.python), "-m"]

    def command(*words: str) -> list[str]:
        return application.command(places, *words)

    return [
        Check("types", [*python, "mypy"]),
        Check("generated", command("generate", "--check"), command("generate")),
        Check("translations", command("messages", "--check")),
        Check("migrations", command("makemigrations", "--check", "--dry-run")),
        Check("django", command("check", "--fail-level", "WARNING")),
        Check("templates", command("templates")),
        Check("lint", [*python, "ruff", "check", "."], [*python, "ruff", "check", "--fix", "-q", "."]),
        Check("format", [*python, "ruff", "format", "--check", "."], [*python, "ruff", "format", "-q", "."]),
        Check("imports", [str(places.python), "-c", _IMPORTS]),
    ]  # fmt: skip


def check(places: Places, names: Sequence[str], *, fix: bool) -> int:
    """Run the checks of these names, or all; returns 1 when one fails. `fix` corrects first."""
    database = Database.chosen(places)
    prepared(places, database, Purpose.CHECKING)
    chosen = named(checks(places), names)
    environment = application.environment(places, database)
    # Half of the checks import the whole application.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    if fix:
        # Linting may remove an import; formatting comes after it.
        for item in sorted(chosen, key=lambda item: item.name == "format"):
            if item.fix:
                print(f"--fix {item.name}", flush=True)
                subprocess.run(item.fix, cwd=places.root, env=environment, check=False)
    began = time.monotonic()
    failed = run(places, chosen, environment)
    seconds = time.monotonic() - began
    print(text("checks_failed", names=", ".join(failed)) if failed else
          text("checks_passed", count=len(chosen), seconds=f"{seconds:.1f}"), flush=True)  # fmt: skip
    return 1 if failed else 0


def named(available: Sequence[Check], names: Sequence[str]) -> list[Check]:
    """The checks with these names; all of them for no names. Raises SetupProblem for an unknown name."""
    known = [item.name for item in available]
    for name in names:
        if name not in known:
            raise SetupProblem("unknown_check", name=name, names=", ".join(sorted(known)))
    return [item for item in available if not names or item.name in names]


@dataclass
class _Running:
    check: Check
    process: subprocess.Popen[bytes]
    output: IO[str]
    started: float


def run(places: Places, chosen: Sequence[Check], environment: Mapping[str, str]) -> list[str]:
    """Run the checks, one per core at a time, and print each as it ends; the names of those that failed."""
    waiting = list(chosen)
    running: list[_Running] = []
    failed: list[str] = []
    try:
        while waiting or running:
            while waiting and len(running) < (os.cpu_count() or 2):
                running.append(_started(places, waiting.pop(0), environment))
            for item in [item for item in running if item.process.poll() is not None]:
                running.remove(item)
                if not _shown(item):
                    failed.append(item.check.name)
            time.sleep(_POLL_SECONDS)
    finally:
        for item in running:
            item.process.kill()
            item.process.wait()
            item.output.close()
    return failed


def _started(places: Places, check: Check, environment: Mapping[str, str]) -> _Running:
    output = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115
    process = subprocess.Popen(
        check.command,
        cwd=places.root,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
    )
    return _Running(check, process, output, time.monotonic())


def _shown(item: _Running) -> bool:
    """Print the result of a check that has ended, with its output and remedy if it failed; whether it passed."""
    passed = item.process.returncode == 0
    seconds = time.monotonic() - item.started
    word = text("check_passed") if passed else text("check_failed")
    print(f"{word:<7} {item.check.name:<14} {seconds:5.1f} s", flush=True)
    if not passed:
        item.output.seek(0)
        sys.stdout.writelines(f"        {line}" for line in item.output)
        print(f"        → {item.check.remedy}", flush=True)
    item.output.close()
    return passed
