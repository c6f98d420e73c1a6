"""The folders and files of the set-up."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Places:
    """The source tree (`root`) and the folder of everything made from it (`var`)."""

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
    def bundle(self) -> Path:
        """What set-up bundles of the npm packages, for the page that fills in forms."""
        return self.npm / "bundle"

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
        """Output of the programs that the set-up runs; never holds answers to forms."""
        return self.var / "log" / "setup.log"

    @property
    def session_key(self) -> Path:
        """What sessions and tokens are signed with; whoever loses it makes everybody log in again."""
        return self.var / "session.key"

    @property
    def backup(self) -> Path:
        """Settings and key of the backups; only the owner of the installation reads it."""
        return self.var / "backup"

    @property
    def backup_status(self) -> Path:
        """When backups were last made and tried; anybody on this machine reads it."""
        return self.var / "backup-status.json"

    @property
    def blobs(self) -> Path:
        """The stored files."""
        return Path(os.environ.get("RUHU_BLOBS") or self.var / "blobs")

    @property
    def events(self) -> Path:
        """Log of web and worker processes that ended and were started again."""
        return self.var / "log" / "events.log"

    @property
    def setup_lock(self) -> Path:
        """Held by the command that sets up this folder."""
        return self.var / "setup.lock"

    def make(self) -> None:
        """Make var/ and its private folders (mode 700); var/ itself stays open for the database's account."""
        self.var.mkdir(parents=True, exist_ok=True)
        for private in (self.var / "blobs", self.log.parent):
            private.mkdir(mode=0o700, exist_ok=True)


def here() -> Places:
    """The places of this source tree, with RUHU_VAR as the other folder when that is set."""
    root = Path(__file__).resolve().parents[3]
    return Places(root, Path(os.environ.get("RUHU_VAR") or root / "var").absolute())
