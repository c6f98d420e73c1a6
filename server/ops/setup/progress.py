"""Numbered steps on the terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TextIO

from server.ops.setup.messages import text


@dataclass(frozen=True)
class Step:
    """One thing to be brought about: how to see that it is done, and how to do it.

    `act` may be run again after it was interrupted anywhere, and returns a short note
    for the person ("" for none).
    """

    key: str
    is_done: Callable[[], bool]
    act: Callable[[], str]

    @property
    def title(self) -> str:
        return text(self.key)


class Progress:
    """Says which of how many steps is running, and how long it took.

    Writes to stderr: what a command prints stays readable by scripts. A quiet one says
    nothing of steps that are in place already.
    """

    def __init__(self, total: int, *, quiet: bool = False, out: TextIO | None = None) -> None:
        self.total = total
        self.quiet = quiet
        self.out = out or sys.stderr
        self.number = 0

    def run(self, step: Step) -> bool:
        """Do the step unless it is done; returns whether there was something to do."""
        self.number += 1
        head = f"[{self.number:>2}/{self.total}] {step.title}"
        if step.is_done():
            if not self.quiet:
                self._line(f"{head}: {text('already')}")
            return False
        self._line(f"{head} …")
        start = time.monotonic()
        note = step.act()
        took = time.monotonic() - start
        self._line(f"        {note or text('done')} ({took:.1f} s)")
        return True

    def say(self, key: str) -> None:
        """Name a step that goes on until the end."""
        self.number += 1
        self._line(f"[{self.number:>2}/{self.total}] {text(key)} …")

    def _line(self, line: str) -> None:
        print(line, file=self.out, flush=True)
