"""Types, lint and format hold for the whole tree."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    "command",
    [
        ("ruff", "check", "server", "tests"),
        ("ruff", "format", "--check", "server", "tests"),
        ("mypy", "server"),
    ],
    ids=" ".join,
)
def test_the_tree_passes(command):
    program = Path(sys.executable).with_name(command[0])
    done = subprocess.run([program, *command[1:]], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
