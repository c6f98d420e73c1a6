"""Progress of a long command on the terminal."""

from __future__ import annotations

import sys
import time

_EACH = 0.5  # seconds


class Bar:
    """Progress on standard error, at most twice a second."""

    def __init__(self) -> None:
        self._written_at = 0.0

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if done < total and now - self._written_at < _EACH:
            return
        self._written_at = now
        share = done * 100 // total if total else 100
        end = "\n" if done >= total else ""
        sys.stderr.write(f"\r{done}/{total}  {share} %{end}")
        sys.stderr.flush()
