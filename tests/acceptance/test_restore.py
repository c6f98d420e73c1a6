"""The disk of an office dies while phones send: the backup brings back all but the last seconds, the phones the rest.

The short run of tests/perf/drill.py, through pgBackRest and rclone.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_a_destroyed_office_is_restored_and_the_phones_bring_back_the_rest() -> None:
    arguments = "--seconds 2 --each 5 --clients 2 --processes 1"
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "tests/perf/drill.py", *arguments.split()],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=1800,
        check=False,
    )
    assert run.stdout, f"exit code {run.returncode}; standard error:\n{run.stderr[-12_000:]}"
    figures = json.loads(run.stdout.splitlines()[-1])
    assert figures["broken"] == [], f"{figures}\nstandard error:\n{run.stderr[-12_000:]}"
    assert figures["restored"] > 0
    assert figures["acknowledged"] >= figures["restored"]
