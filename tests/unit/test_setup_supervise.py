"""The supervisor, with real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from server.ops.setup.supervise import delay

ROOT = Path(__file__).resolve().parents[2]

SUPERVISOR = """
import os, sys
from server.ops.setup.supervise import Program, Supervisor
folder = sys.argv[1]
child = '''
import os, signal, subprocess, sys, time
name = sys.argv[1]
if name == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
below = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
with open(sys.argv[2], "a") as file:
    file.write(f"{os.getpid()} {below.pid}\\\\n")
time.sleep(600)
'''
names = sys.argv[2:]
Supervisor(
    [Program(n, [sys.executable, "-c", child, n, f"{folder}/{n}"], os.environ, grace=1) for n in names],
    report=lambda event: print(event, flush=True),
).run()
print("ended", flush=True)
"""


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def _wait(condition, seconds: float = 15.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "took too long"
        time.sleep(0.02)


class Supervised:
    """A supervisor in a process of its own."""

    def __init__(self, folder: Path, *names: str) -> None:
        self.folder = folder
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", SUPERVISOR, str(folder), *names],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )

    def starts(self, name: str) -> list[list[int]]:
        """[process, its own child] of each start so far."""
        try:
            lines = (self.folder / name).read_text().splitlines()
        except OSError:
            return []
        return [[int(pid) for pid in line.split()] for line in lines]


@pytest.fixture
def supervised(tmp_path: Path):
    made: list[Supervised] = []

    def make(*names: str) -> Supervised:
        made.append(Supervised(tmp_path, *names))
        _wait(lambda: all(made[-1].starts(name) for name in names))
        return made[-1]

    yield make
    for each in made:
        each.process.kill()
        each.process.communicate()


def test_a_process_that_dies_is_started_again_and_told_of(supervised):
    run = supervised("web", "worker")
    [[pid, below]] = run.starts("web")
    os.kill(pid, signal.SIGKILL)
    _wait(lambda: len(run.starts("web")) == 2)
    _wait(lambda: not _alive(below))  # nothing of the dead one is left
    assert len(run.starts("worker")) == 1

    run.process.send_signal(signal.SIGTERM)
    output, _ = run.process.communicate(timeout=15)
    assert f"web (process {pid}) ended with signal 9; starting it again in 0.5 s" in output
    assert output.endswith("ended\n")
    assert run.process.returncode == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_everything_even_what_is_stubborn(supervised, number):
    run = supervised("web", "stubborn")
    pids = [pid for name in ("web", "stubborn") for start in run.starts(name) for pid in start]
    run.process.send_signal(number)
    output, _ = run.process.communicate(timeout=15)
    assert "stubborn did not stop within 1 s; killed" in output
    assert not any(_alive(pid) for pid in pids)


RESTARTING = """
import os, sys, time
from server.ops.setup import supervise
from server.ops.setup.supervise import Program, Supervisor
supervise.delay = lambda failures: 600.0
folder = sys.argv[1]
child = "import os, sys, time; open(sys.argv[1], 'a').write(f'{os.getpid()} 0\\\\n'); time.sleep(float(sys.argv[2]))"
def tend():
    for name in ("restart", "retry"):
        if os.path.exists(f"{folder}/{name}.order"):
            os.unlink(f"{folder}/{name}.order")
            getattr(supervisor, name)("lasting" if name == "restart" else "failing")
supervisor = Supervisor(
    [Program("lasting", [sys.executable, "-c", child, f"{folder}/lasting", "600"], os.environ, grace=1),
     Program("failing", [sys.executable, "-c", child, f"{folder}/failing", "0"], os.environ, grace=1)],
    report=lambda event: print(event, flush=True),
    tend=tend,
)
supervisor.run()
"""


def test_a_program_is_restarted_on_request_without_delay_or_report(supervised, monkeypatch):
    monkeypatch.setitem(globals(), "SUPERVISOR", RESTARTING)
    run = supervised("lasting", "failing")
    [[pid, _]] = run.starts("lasting")
    (run.folder / "restart.order").touch()
    _wait(lambda: len(run.starts("lasting")) == 2)
    _wait(lambda: not _alive(pid))

    [[ended, _]] = run.starts("failing")
    _wait(lambda: not _alive(ended))
    time.sleep(0.5)  # until the supervisor has seen it; the next start is due in ten minutes
    (run.folder / "retry.order").touch()
    _wait(lambda: len(run.starts("failing")) == 2)

    run.process.send_signal(signal.SIGTERM)
    output, _ = run.process.communicate(timeout=15)
    assert "lasting" not in output
    assert "failing" in output


def test_the_killed_supervisor_takes_its_programs_along(supervised):
    run = supervised("web")
    [[pid, _]] = run.starts("web")
    run.process.kill()
    _wait(lambda: not _alive(pid))
    [[_, below]] = run.starts("web")
    os.kill(below, signal.SIGKILL)  # its program's own affair; gunicorn ends its workers


def test_restarts_back_off_up_to_half_a_minute():
    assert [delay(n) for n in (1, 2, 3, 4, 8, 50)] == [0.5, 1, 2, 4, 30, 30]
