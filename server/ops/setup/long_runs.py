"""The long runs of `./ruhu test --long`, read from tests/long.toml.

That file holds one table `[[run]]` per run: `name`, `what` and `zh` (one line each), `minutes`
(about, on two cores) and `command`, whose first word `python` or `pytest` is that of var/venv.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from server.ops.setup.messages import SetupProblem, language, text
from server.ops.setup.places import Places

_REGISTRY = "tests/long.toml"


@dataclass(frozen=True)
class LongRun:
    """A run that is too long for the suite."""

    name: str
    what: str
    zh: str
    minutes: int
    command: Sequence[str]

    @property
    def title(self) -> str:
        """One line that says what it tests, in the terminal's language."""
        return self.zh if language(os.environ) == "zh" else self.what


def registry(root: Path) -> list[LongRun]:
    """All long runs, in the order of the file. Raises TypeError for an entry with other keys."""
    tables = tomllib.loads((root / _REGISTRY).read_text(encoding="utf-8"))
    return [LongRun(**entry) for entry in tables["run"]]


def named(runs: Sequence[LongRun], names: Sequence[str]) -> list[LongRun]:
    """The runs with these names; all of them for no names. Raises SetupProblem that lists them."""
    known = {run.name: run for run in runs}
    if unknown := [name for name in names if name not in known]:
        listing = "".join(f"\n  {run.name:<14} {run.title} ({run.minutes} min)" for run in runs)
        raise SetupProblem("unknown_long_run", name=unknown[0], listing=listing)
    return [known[name] for name in names] or list(runs)


def passed(places: Places, run: LongRun, environment: Mapping[str, str]) -> bool:
    """Run it, with its output on the terminal; whether it exited 0."""
    print(f"=== {run.name}: {run.title}", file=sys.stderr, flush=True)
    program = {"python": [], "pytest": ["-m", "pytest"]}[run.command[0]]
    began = time.monotonic()
    done = subprocess.run(
        [str(places.python), *program, *run.command[1:]],
        cwd=places.root,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        check=False,
    )
    word = text("check_passed" if done.returncode == 0 else "check_failed")
    print(f"{word} {run.name} {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    return done.returncode == 0
