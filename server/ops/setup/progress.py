"""Numbered steps of the set-up, and how they are shown on the terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TextIO

from server.ops.setup.messages import text


@dataclass(frozen=True)
class Step:
    """One step: `is_done` says whether it has been done, `act` does it.

    `act` can be run again wherever it was interrupted. It returns a short note for the
    person at the terminal, or "". `key` is the step's title in the catalogue of messages.
    """

    key: str
    is_done: Callable[[], bool]
    act: Callable[[], str]

    @property
    def title(self) -> str:
        return text(self.key)


class Progress:
    """Prints the number of each step, its title and its seconds.

    Writes to stderr, so that scripts can read a command's own output from stdout. A `quiet`
    progress prints nothing about steps that are done already.
    """

    def __init__(self, total: int, *, quiet: bool = False, out: TextIO | None = None) -> None:
        self.total = total
        self.quiet = quiet
        self.out = out or sys.stderr
        self.number = 0

    def run(self, step: Step) -> bool:
        """Do the step unless it is done; returns whether it had to be done."""
        self.number += 1
        head = f"[{self.number:>2}/{self.total}] {step.title}"
        if step.is_done():
            if not self.quiet:
                self._line(f"{head}: {text('already')}")
            return False
        self._line(f"{head} …")
        started = time.monotonic()
        note = step.act()
        seconds = time.monotonic() - started
        self._line(f"        {note or text('done')} ({seconds:.1f} s)")
        return True

    def say(self, key: str) -> None:
        """Print the title of a step that goes on until the command ends."""
        self.number += 1
        self._line(f"[{self.number:>2}/{self.total}] {text(key)} …")

    def _line(self, line: str) -> None:
        print(line, file=self.out, flush=True)
