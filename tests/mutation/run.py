"""Runs the tests against every mutant of the modules named in gates.toml, and prints the survivors.

    python -m tests.mutation.run                      # all modules
    python -m tests.mutation.run folding/spells.py    # those whose path contains one of the words

The tests are collected once. A first run notes which tests call which function. Each mutant
then lives in a forked process that swaps the code of one function (or one value of a module),
runs the tests that call it, the quickest first, and ends at the first failure. Nothing is
written. Exit status 1 when a mutant survives that tests/mutation/equivalent.txt does not list.
"""

from __future__ import annotations

import ast
import os
import signal
import sys
import time
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Any

import pytest

from tests.mutation.mutants import Mutant, mutants_of

ROOT = Path(__file__).resolve().parents[2]
EQUIVALENT = Path(__file__).with_name("equivalent.txt")
_OPTIONS = [
    *("-o", "addopts=--import-mode=importlib", "-s"),
    *(word for name in ("terminal", "cacheprovider", "xdist") for word in ("-p", f"no:{name}")),
]
_SECONDS = 20  # for the tests of one mutant: an endless loop counts as noticed
Place = tuple[str, str]
"""(file, qualified name of a function)."""


class MutationRun:
    """A pytest plugin that runs the collected tests once for each mutant instead of once."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self.paths = paths
        self.files = {str(path): path for path in paths}
        self.tests: dict[Place, list[pytest.Item]] = defaultdict(list)
        self.seconds: dict[str, float] = {}
        self.failed = False
        self.survivors: list[Mutant] = []
        self.counts: Counter[str] = Counter()

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run the tests unchanged, then against every mutant."""
        for item in session.items:
            self._note_calls(item)
        if self.failed:
            raise pytest.UsageError("the tests fail without a mutant")
        for path in self.paths:
            for mutant in mutants_of(path, ROOT):
                self._try(mutant)
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed = True
            if not self.counts:
                print(report.nodeid, report.longreprtext, file=sys.stderr)

    def _note_calls(self, item: pytest.Item) -> None:
        """Run a test and note which functions of the modules it calls."""
        called: set[CodeType] = set()

        def note(frame: FrameType, event: str, _argument: object) -> None:
            if event == "call" and frame.f_code.co_filename in self.files:
                called.add(frame.f_code)

        start = time.monotonic()
        sys.setprofile(note)
        try:
            item.ihook.pytest_runtest_protocol(item=item, nextitem=None)
        finally:
            sys.setprofile(None)
        self.seconds[item.nodeid] = time.monotonic() - start
        for place in {(code.co_filename, _outermost(code.co_qualname)) for code in called}:
            self.tests[place].append(item)

    def _try(self, mutant: Mutant) -> None:
        tests = self._tests_of(mutant)
        outcome = _in_child(lambda: self._is_noticed(mutant, tests)) if tests else "survived"
        self.counts[outcome] += 1
        if outcome == "survived":
            self.survivors.append(mutant)
            print(f"survived  {mutant}", flush=True)

    def _tests_of(self, mutant: Mutant) -> list[pytest.Item]:
        """The tests that call the mutant's function, the quickest first; of a module's values, those of the file."""
        file = str(ROOT / mutant.path)
        tests = {
            item.nodeid: item
            for (path, function), items in self.tests.items()
            for item in items
            if path == file and mutant.function in ("", function)
        }
        return sorted(tests.values(), key=lambda item: self.seconds[item.nodeid])

    def _is_noticed(self, mutant: Mutant, tests: Iterable[pytest.Item]) -> bool:
        self.failed = False
        try:
            _apply(mutant)
        except Exception:
            return True  # the module does not even load
        for item in tests:
            item.ihook.pytest_runtest_protocol(item=item, nextitem=None)
            if self.failed:
                return True
        return False


def _outermost(qualified: str) -> str:
    return qualified.partition(".<locals>")[0]


def _in_child(is_noticed: Any) -> str:
    """Run in a forked process that prints nothing: killed, timeout or survived."""
    pid = os.fork()
    if pid == 0:
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        signal.alarm(_SECONDS)
        os._exit(1 if is_noticed() else 0)
    _pid, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        return "timeout"
    return "killed" if os.WEXITSTATUS(status) else "survived"


def _apply(mutant: Mutant) -> None:
    """Put the mutant in the place of what it was made from, in this process."""
    file = str(ROOT / mutant.path)
    module = next(
        module for module in sys.modules.values() if getattr(module, "__file__", None) == file
    )
    code = compile(mutant.tree, file, "exec")
    if mutant.function:
        _function(module, mutant.function).__code__ = _code_of(code, mutant.function)
    else:
        _replace_values(module, mutant, code)


def _function(module: ModuleType, qualified: str) -> FunctionType:
    found: Any = module
    for name in qualified.split("."):
        found = vars(found)[name]
    found = getattr(found, "fget", None) or getattr(found, "__func__", found)
    while hasattr(found, "__wrapped__"):
        getattr(found, "cache_clear", lambda: None)()
        found = found.__wrapped__
    return found  # type: ignore[no-any-return]


def _code_of(code: CodeType, qualified: str) -> CodeType:
    for name in qualified.split("."):
        code = next(
            constant
            for constant in code.co_consts
            if isinstance(constant, CodeType) and constant.co_name == name
        )
    return code


def _replace_values(module: ModuleType, mutant: Mutant, code: CodeType) -> None:
    """Give every module that holds a changed value the new one."""
    namespace = {**vars(module)}
    exec(code, namespace)  # noqa: S102 our own source
    changed = next(
        statement
        for statement in mutant.tree.body
        if isinstance(statement, ast.Assign | ast.AnnAssign)
        and statement.lineno <= mutant.line <= (statement.end_lineno or 0)
    )
    targets = changed.targets if isinstance(changed, ast.Assign) else [changed.target]
    names = {
        node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)
    }
    for name in names:
        old, new = vars(module)[name], namespace[name]
        for other in list(sys.modules.values()):
            for alias, value in list(getattr(other, "__dict__", {}).items()):
                if value is old:
                    setattr(other, alias, new)


def main(words: Sequence[str]) -> int:
    """Run the gates whose modules' paths contain one of the words (all without words)."""
    gates = tomllib.loads((ROOT / "tests" / "gates.toml").read_text(encoding="utf-8"))["gate"]
    known = {
        line.partition("  ←  ")[0]
        for line in EQUIVALENT.read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    }
    unknown = 0
    for gate in gates:
        paths = [
            path
            for module in gate["modules"]
            for path in _files(ROOT / module)
            if not words or any(word in str(path) for word in words)
        ]
        if not paths:
            continue
        run = MutationRun(paths)
        status = pytest.main([*_OPTIONS, *gate["tests"]], [run])
        if status not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            return int(status)
        new = [mutant for mutant in run.survivors if _name(mutant) not in known]
        unknown += len(new)
        print(f"{gate['name']}: {sum(run.counts.values())} mutants, {dict(run.counts)}")
        for mutant in new:
            print(f"not listed as equivalent: {_name(mutant)}")
    return 1 if unknown else 0


def _files(path: Path) -> list[Path]:
    return sorted(path.rglob("*.py")) if path.is_dir() else [path]


def _name(mutant: Mutant) -> str:
    """A mutant by file, function, source line and change, so that a shifted line does not rename it."""
    lines = (ROOT / mutant.path).read_text(encoding="utf-8").splitlines()
    source = lines[mutant.line - 1].strip()
    return f"{mutant.path} {mutant.function or 'module'}: {mutant.change}: {source}"


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
