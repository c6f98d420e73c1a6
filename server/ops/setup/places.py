"""Where set-up finds and keeps things."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Places:
    """The source tree, and the folder that holds everything made from it."""

    root: Path
    var: Path

    @property
    def venv(self) -> Path:
        return self.var / "venv"

    @property
    def python(self) -> Path:
        return self.venv / "bin" / "python"

    @property
    def npm(self) -> Path:
        return self.var / "npm"

    @property
    def npm_tests(self) -> Path:
        return self.var / "npm-tests"

    @property
    def static(self) -> Path:
        return self.var / "static"

    @property
    def stamps(self) -> Path:
        return self.var / "stamps"

    @property
    def log(self) -> Path:
        """What the tools of the set-up said; never holds answers, only their output."""
        return self.var / "log" / "setup.log"

    @property
    def events(self) -> Path:
        """Processes that ended and were started again."""
        return self.var / "log" / "events.log"

    def make(self) -> None:
        """The folders that hold what others must not read; the way to the database stays open."""
        self.var.mkdir(parents=True, exist_ok=True)
        for private in (self.var / "blobs", self.log.parent):
            private.mkdir(mode=0o700, exist_ok=True)


def here() -> Places:
    root = Path(__file__).resolve().parents[3]
    return Places(root, Path(os.environ.get("RUHU_VAR") or root / "var").absolute())
