"""Random examples for every property of the suite, which itself runs the same examples each time.

    python tests/perf/explore.py [--rounds 5] [PATH…]

A round runs every test file that uses Hypothesis with examples that no round had before, as
many as the test says. What fails is printed with the line that makes it fail again
(`@reproduce_failure`). Exit code 1 when a round failed.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("paths", nargs="*", help="test files; all that use Hypothesis when absent")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    files = options.paths or sorted(
        str(path.relative_to(ROOT))
        for path in (ROOT / "tests").rglob("test_*.py")
        if "from hypothesis" in path.read_text(encoding="utf-8")
    )
    command = [sys.executable, "-m", "pytest", "-n", "2", "--hypothesis-profile", "explore", *files]
    failed = 0
    for number in range(1, options.rounds + 1):
        print(f"--- round {number} of {options.rounds}", flush=True)
        failed |= subprocess.run(command, cwd=ROOT, check=False).returncode
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
