"""A twentieth ledger is a declaration of forty lines and nothing else (decision 0320)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SAMPLE = Path(__file__).parents[1] / "samples" / "twentieth"
DECLARATION = SAMPLE / "declared" / "workshops.py"


def test_a_declaration_of_forty_lines_is_a_ledger():
    """In a process of its own with a database of its own, because ledgers are read once, at import."""
    assert len(DECLARATION.read_text("utf-8").splitlines()) <= 40
    words = ["-m", "pytest", "-q", "-n", "0", "-p", "tests.samples.twentieth.plugin"]
    run = subprocess.run(
        [sys.executable, *words, "-p", "no:cacheprovider", str(SAMPLE / "acts.py")],
        env={**os.environ, "TESTS_KEPT_SUFFIX": "_twentieth"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-2000:]
