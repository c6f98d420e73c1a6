"""After power cuts, crashes and SIGKILL, every acknowledged submission is stored once and whole.

The small run of tests/perf/kill.py: its own PostgreSQL cluster with fsync on, the supervisor
of `./ruhu up`, and SIGKILL to everything in turn while phones send.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 3600  # seconds; the run limits each of its phases itself, by the speed of the machine


def test_nothing_acknowledged_is_lost_or_doubled_when_processes_are_killed() -> None:
    arguments = "--submissions 60 --clients 4 --seconds 4 --each 0.5 --processes 2 --photo-kb 30"
    run = subprocess.Popen(
        [sys.executable, "-W", "ignore", "tests/perf/kill.py", *arguments.split()],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        output, report = run.communicate(timeout=LONGEST)
    except subprocess.TimeoutExpired:
        run.terminate()  # it ends its processes and reports its phase
        output, report = run.communicate(timeout=600)

    assert output, f"exit code {run.returncode}, no figures; standard error:\n{report[-12_000:]}"
    figures = json.loads(output.splitlines()[-1])
    assert figures["broken"] == [], f"{figures}\nstandard error:\n{report[-12_000:]}"
    assert figures["acknowledged"] == 60
    assert sum(figures["kills"].values()) >= 2, figures
