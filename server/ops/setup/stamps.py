"""Stamps: small files that record what a finished step was made from, as a hash."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path


def digest(*parts: Path | str) -> str:
    """SHA-256 over texts and the names and contents of files; a missing file has a value of its own."""
    hasher = hashlib.sha256()
    for part in parts:
        if isinstance(part, Path):
            data = part.read_bytes() if part.is_file() else b"\0missing"
            hasher.update(part.name.encode())
        else:
            data = part.encode()
        hasher.update(len(data).to_bytes(8, "big"))
        hasher.update(data)
    return hasher.hexdigest()


def files(folder: Path, patterns: Iterable[str]) -> list[Path]:
    """The files below a folder that match one of the glob patterns, sorted by path."""
    return sorted(path for pattern in patterns for path in folder.glob(pattern) if path.is_file())


class Stamps:
    """A folder with one small file for each finished step. A step writes its stamp last."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fresh(self, name: str, value: str) -> bool:
        """Whether the stamp `name` exists and holds exactly `value`."""
        try:
            return (self.folder / name).read_text() == value
        except OSError:
            return False

    def write(self, name: str, value: str) -> None:
        """Write the stamp, replacing an older one in one rename."""
        self.folder.mkdir(parents=True, exist_ok=True)
        draft = self.folder / f".{name}.new"
        draft.write_text(value)
        os.replace(draft, self.folder / name)
