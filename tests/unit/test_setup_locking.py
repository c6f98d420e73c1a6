"""One set-up at a time, with real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from server.ops.setup.locking import alone

ROOT = Path(__file__).resolve().parents[2]

HOLDER = """
import sys, time
from pathlib import Path
from server.ops.setup.locking import alone
with alone(Path(sys.argv[2]), "purpose_setup"):
    print("held", flush=True)
    time.sleep(float(sys.argv[3]))
"""

SETTER_UP = """
import sys, time
from pathlib import Path
from server.ops.setup import preparation
from server.ops.setup.database import Database
from server.ops.setup.places import Places
from server.ops.setup.progress import Step

places = Places(Path(sys.argv[2]), Path(sys.argv[3]))
journal, stamp = places.var / "journal", places.var / "done"

def act():
    for word in ("begun", "ended"):
        with journal.open("a") as file:
            file.write(word + "\\n")
        time.sleep(0.6)
    stamp.touch()
    return ""

preparation.preparation = lambda *_: [Step("step_venv", stamp.exists, act)]
print("starts", flush=True)
preparation.prepared(places, Database(places, None))
"""


def _run(script: str, *words: object, language: str = "C.UTF-8") -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "LC_ALL": language}
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, words)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _hold(lock: Path, seconds: float) -> subprocess.Popen[str]:
    holder = _run(HOLDER, "up", lock, seconds)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    return holder


def test_two_commands_in_a_fresh_clone_set_it_up_one_after_the_other(tmp_path):
    var = tmp_path / "var"
    var.mkdir()
    processes = [_run(SETTER_UP, word, ROOT, var) for word in ("test", "up")]
    for process in processes:
        _, errors = process.communicate(timeout=30)
        assert process.returncode == 0, errors
    assert (var / "journal").read_text().split() == ["begun", "ended"]


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("C.UTF-8", "Waiting for process {pid} (./ruhu up), which is setting up this folder …"),
        ("zh_CN.UTF-8", "正在等待进程 {pid}（./ruhu up）：它正在安装本目录所需的软件 …"),
    ],
)
def test_whoever_waits_longer_than_a_second_is_told_for_which_process(tmp_path, language, sentence):
    holder = _hold(tmp_path / "setup.lock", 2.5)
    waiter = _run(HOLDER, "check", tmp_path / "setup.lock", 0, language=language)
    output, errors = waiter.communicate(timeout=30)
    holder.communicate()
    assert output == "held\n"
    assert errors.splitlines() == [sentence.format(pid=holder.pid)]


def test_a_short_wait_is_silent(tmp_path):
    holder = _hold(tmp_path / "setup.lock", 0.3)
    waiter = _run(HOLDER, "check", tmp_path / "setup.lock", 0)
    assert waiter.communicate(timeout=30) == ("held\n", "")
    holder.communicate()


def test_a_killed_holder_blocks_nobody(tmp_path):
    lock = tmp_path / "setup.lock"
    holder = _hold(lock, 600)
    os.kill(holder.pid, signal.SIGKILL)
    holder.communicate()
    began = time.monotonic()
    with alone(lock, "purpose_setup"):
        assert time.monotonic() - began < 1


def test_a_killed_holder_lets_the_waiting_one_go_on(tmp_path):
    lock = tmp_path / "setup.lock"
    holder = _hold(lock, 600)
    waiter = _run(HOLDER, "check", lock, 0)
    assert waiter.stderr is not None
    assert str(holder.pid) in waiter.stderr.readline()
    os.kill(holder.pid, signal.SIGKILL)
    holder.communicate()
    output, _ = waiter.communicate(timeout=10)
    assert output == "held\n"


def test_the_programs_of_a_killed_holder_do_not_keep_its_lock(tmp_path):
    lock = tmp_path / "setup.lock"
    script = HOLDER.replace(
        'print("held", flush=True)',
        'import subprocess; below = subprocess.Popen(["sleep", "30"]); print(below.pid, flush=True)',
    )
    holder = _run(script, "up", lock, 600)
    assert holder.stdout is not None
    below = int(holder.stdout.readline())
    try:
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
        began = time.monotonic()
        with alone(lock, "purpose_setup"):
            assert time.monotonic() - began < 1
    finally:
        os.kill(below, signal.SIGKILL)
        holder.communicate()


def test_ctrl_c_ends_a_wait(tmp_path):
    holder = _hold(tmp_path / "setup.lock", 600)
    waiter = _run(HOLDER, "check", tmp_path / "setup.lock", 0)
    assert waiter.stderr is not None
    waiter.stderr.readline()
    waiter.send_signal(signal.SIGINT)
    waiter.communicate(timeout=10)
    assert waiter.returncode != 0
    holder.kill()
    holder.communicate()
