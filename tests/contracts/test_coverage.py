"""Every branch of the modules in tests/gates.toml is run by the tests named there."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GATES = tomllib.loads((ROOT / "tests" / "gates.toml").read_text(encoding="utf-8"))["gate"]


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: gate["name"])
def test_every_branch_is_tested(gate, tmp_path: Path):
    """In a process of its own: this one is not measured, and the gate's tests need no database."""
    modules = [module.removesuffix(".py").replace("/", ".") for module in gate["modules"]]
    result = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-n", "0", "-p", "no:cacheprovider"),
            *(f"--cov={module}" for module in modules),
            *("--cov-branch", "--cov-report=term-missing:skip-covered", "--cov-fail-under=100"),
            *gate["tests"],
        ],
        cwd=ROOT,
        env={**os.environ, "COVERAGE_FILE": str(tmp_path / "coverage")},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert result.returncode == 0, f"{result.stdout}\n{result.stderr}"
