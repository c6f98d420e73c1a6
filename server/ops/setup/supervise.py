"""The supervisor: keeps web and worker running, and ends them together."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from server.ops.setup.messages import text

_PR_SET_PDEATHSIG = 1
_STEADY = 60.0
"""Seconds after which a process counts as healthy again and its next restart is quick."""
_LONGEST_DELAY = 30.0
_STOPPING = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
_TICK = 0.25
_libc = ctypes.CDLL(None)


@dataclass(frozen=True)
class Program:
    """A program to keep running, in a process group of its own together with everything it starts."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    pass_fds: Sequence[int] = ()
    grace: float = 25.0  # seconds between SIGTERM and SIGKILL
    become: Callable[[], None] | None = None
    """Called in the new process before the program: gives up what the supervisor may do."""


@dataclass
class _Child:
    program: Program
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    failures: int = 0
    replacing: bool = False
    due: float = field(default_factory=time.monotonic)


def delay(failures: int) -> float:
    """Seconds to wait before the n-th restart in a row: 0.5, 1, 2 … 30."""
    return float(min(_LONGEST_DELAY, 0.5 * 2 ** (failures - 1)))


class Supervisor:
    """Runs programs until SIGTERM, SIGINT or SIGHUP, and starts again those that end before.

    `report` is called with a sentence about each unexpected end. `tend` is called a few times a
    second; an exception from it ends everything. `leaving` is called before the programs are
    ended. Must run in the main thread. If the supervisor itself is killed, the kernel sends
    SIGTERM to its children.
    """

    def __init__(
        self,
        programs: Sequence[Program],
        *,
        report: Callable[[str], None],
        tend: Callable[[], None] = lambda: None,
        leaving: Callable[[], None] = lambda: None,
    ) -> None:
        self._children = [_Child(program) for program in programs]
        self._report = report
        self._tend = tend
        self._leaving = leaving
        self._stop = False

    def run(self) -> None:
        """Run the programs; returns after all of them have ended."""
        stopping = [n for n in _STOPPING if n != signal.SIGHUP or not _ignored(n)]  # nohup
        before: dict[signal.Signals, Any] = {n: signal.signal(n, self._on_stop) for n in stopping}
        before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: None)
        # Blocked except inside sigtimedwait: no signal is lost between a check and the wait.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, before)
        try:
            while not self._stop:
                self._step()
                self._tend()
                arrived = signal.sigtimedwait(before, _TICK)
                self._stop = self._stop or bool(arrived and arrived.si_signo in _STOPPING)
        finally:
            self._leaving()
            self._end_all(set(before))
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            for number, handler in before.items():
                signal.signal(number, handler)

    def restart(self, name: str) -> None:
        """End the program `name` and start it again at once; for `tend` to call."""
        for child in self._children:
            if child.program.name != name:
                continue
            if child.process and child.process.poll() is None:
                child.process.terminate()
                child.replacing = True
            child.due, child.failures = time.monotonic(), 0

    def send_signal(self, name: str, number: signal.Signals) -> None:
        """Send a signal to the program `name`, if it runs."""
        for child in self._children:
            if child.program.name == name and child.process and child.process.poll() is None:
                child.process.send_signal(number)

    def retry(self, name: str) -> None:
        """Start the program `name` at once if it has ended and waits for its next start."""
        for child in self._children:
            if child.program.name == name and child.process is None:
                child.due = time.monotonic()

    def _on_stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stop = True

    def _step(self) -> None:
        now = time.monotonic()
        for child in self._children:
            if child.process and child.process.poll() is not None:
                self._ended(child, now)
            if child.process is None and now >= child.due:
                self._start(child, now)

    def _start(self, child: _Child, now: float) -> None:
        parent = os.getpid()

        program = child.program

        def in_child() -> None:
            if program.become:
                program.become()
            _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
            if os.getppid() != parent:  # the supervisor died before the line above
                os._exit(1)
            signal.pthread_sigmask(signal.SIG_SETMASK, ())

        child.started = now
        child.process = subprocess.Popen(
            program.command,
            env=dict(program.environment),
            stdin=subprocess.DEVNULL,
            pass_fds=program.pass_fds,
            process_group=0,
            preexec_fn=in_child,  # safe: this process has one thread
        )

    def _ended(self, child: _Child, now: float) -> None:
        process = child.process
        assert process is not None  # noqa: S101
        _signal_group(process, signal.SIGKILL)  # processes it left behind
        child.process = None
        if child.replacing:
            child.replacing, child.due = False, now
            return
        child.failures = 1 if now - child.started > _STEADY else child.failures + 1
        wait = delay(child.failures)
        child.due = now + wait
        how = f"signal {-process.returncode}" if process.returncode < 0 else str(process.returncode)
        self._report(
            text("restarting", name=child.program.name, pid=process.pid, how=how, delay=wait)
        )

    def _end_all(self, signals: set[signal.Signals]) -> None:
        """Send SIGTERM to each leader, and SIGKILL to its group after its grace or at a second signal."""
        living = [c for c in self._children if c.process and c.process.poll() is None]
        for child in living:
            assert child.process is not None  # noqa: S101
            child.process.terminate()
        begun = time.monotonic()
        while living:
            arrived = signal.sigtimedwait(signals, 0.2)
            hurry = bool(arrived and arrived.si_signo in _STOPPING)
            for child in living:
                assert child.process is not None  # noqa: S101
                late = time.monotonic() - begun > child.program.grace
                if child.process.poll() is None and (hurry or late):
                    if late:
                        grace = int(child.program.grace)
                        self._report(text("killing", name=child.program.name, grace=grace))
                    _signal_group(child.process, signal.SIGKILL)
                    child.process.wait()
            living = [c for c in living if c.process and c.process.poll() is None]
        for child in self._children:
            if child.process:
                _signal_group(child.process, signal.SIGKILL)
                child.process = None


def _ignored(number: signal.Signals) -> bool:
    return signal.getsignal(number) == signal.SIG_IGN


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)
