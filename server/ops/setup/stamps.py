"""What has been done already, recognised by a hash of what it was made from."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path


def digest(*parts: Path | str) -> str:
    """One hash over texts and the contents of files; a missing file counts as such."""
    total = hashlib.sha256()
    for part in parts:
        if isinstance(part, Path):
            data = part.read_bytes() if part.is_file() else b"\0missing"
            total.update(part.name.encode())
        else:
            data = part.encode()
        total.update(len(data).to_bytes(8, "big"))
        total.update(data)
    return total.hexdigest()


def files(folder: Path, patterns: Iterable[str]) -> list[Path]:
    """The files below a folder that match, in an order that does not depend on the disk."""
    return sorted(path for pattern in patterns for path in folder.glob(pattern) if path.is_file())


class Stamps:
    """A folder with one small file a finished step. Written last, so a half-done step has none."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fresh(self, name: str, value: str) -> bool:
        try:
            return (self.folder / name).read_text() == value
        except OSError:
            return False

    def write(self, name: str, value: str) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        draft = self.folder / f".{name}.new"
        draft.write_text(value)
        os.replace(draft, self.folder / name)
