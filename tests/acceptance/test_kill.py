"""Power cuts, crashes and operators in a hurry: what was acknowledged is there, once and whole.

The small run of tests/perf/kill.py: its own PostgreSQL cluster with fsync on, the supervisor
of `./ruhu up`, and SIGKILL to everything in turn while phones send.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_nothing_acknowledged_is_lost_or_doubled_when_processes_are_killed() -> None:
    words = "--submissions 60 --clients 4 --seconds 4 --each 0.5 --processes 2 --photo-kb 30"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "tests/perf/kill.py", *words.split()],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )

    assert done.stdout, f"exit code {done.returncode}; {done.stderr[-3000:]}"
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["broken"] == [], figures
    assert figures["acknowledged"] == 60
    assert sum(figures["kills"].values()) >= 2, figures
