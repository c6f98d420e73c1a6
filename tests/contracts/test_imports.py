"""Rooms import in one direction, and their modules have the names everyone knows."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BANNED = {"utils", "helpers", "common", "signals"}


def test_the_import_contracts_hold():
    command = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([command, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_no_module_is_named_after_nothing():
    named = [path for path in (ROOT / "server").rglob("*.py") if path.stem in BANNED]
    assert not named


def test_no_file_grows_past_reading():
    long = {
        str(path.relative_to(ROOT)): lines
        for folder in ("server", "tests")
        for path in (ROOT / folder).rglob("*.py")
        if "migrations" not in path.parts
        and (lines := len(path.read_text(encoding="utf-8").splitlines())) > 420
    }
    assert not long


def test_every_room_says_what_it_owns():
    silent = [
        path.parent.name
        for path in (ROOT / "server").glob("*/__init__.py")
        if not path.read_text(encoding="utf-8").startswith('"""')
    ]
    assert not silent
