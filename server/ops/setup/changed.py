"""Which test files a change concerns: the rule of `./ruhu test --changed`.

- A changed test file is run. A changed helper of the tests (factories, samples) selects the
  test files that import it, directly or through other helpers; a conftest.py selects all test
  files below its folder.
- A changed module of a room (`server/ROOM/…`) selects the test files that import from that
  room directly, and those in `tests/doors/ROOM/`.
- Any other changed file (template, form, page, catalogue) selects the test files that name it,
  and for a file of a room also those in `tests/doors/ROOM/`.
- Acceptance tests run only when they themselves, or a helper they import, have changed: they
  start browsers and form engines. The whole suite runs them.

Considered, not chosen: pytest-testmon follows coverage, so it knows no templates, forms or
catalogues, and it slows every run; pytest-picked selects changed test files only.
"""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterable
from functools import cache
from pathlib import Path, PurePosixPath

from server.ops.setup.messages import SetupProblem

_MAIN = "origin/main"


def changed_paths(root: Path) -> tuple[str, list[str]]:
    """The commit compared with, and the paths that differ from it, including new files.

    The commit is where this branch left origin/main; without such a branch it is HEAD. Deleted
    files are included. Raises SetupProblem outside a git clone.
    """
    base = "HEAD"
    if _git(root, "rev-parse", "--verify", "--quiet", _MAIN) is not None:
        base = (_git(root, "merge-base", _MAIN, "HEAD") or ["HEAD"])[0]
    differing = _git(root, "diff", "--name-only", "--no-renames", base)
    untracked = _git(root, "ls-files", "--others", "--exclude-standard")
    if differing is None or untracked is None:
        raise SetupProblem("no_git", folder=root)
    return base[:12], sorted({*differing, *untracked})


def _git(root: Path, *words: str) -> list[str] | None:
    """The lines that git prints; None when it fails."""
    try:
        done = subprocess.run(
            ["git", "-c", "core.quotepath=off", *words],
            cwd=root,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        return None
    return done.stdout.splitlines() if done.returncode == 0 else None


def affected_tests(root: Path, paths: Iterable[str]) -> list[str]:
    """The test files, relative to `root` and sorted, that changes of these paths concern."""
    tests = _Tests(root)
    selected: set[str] = set()
    for path in map(PurePosixPath, paths):
        selected |= tests.concerned_by(path)
    return sorted(selected)


class _Tests:
    """The tests of a source tree and what they import."""

    def __init__(self, root: Path) -> None:
        self._root = root
        modules = sorted((root / "tests").rglob("*.py"))
        self._imports = {self._name(path): _imported(path) for path in modules}
        self._files = [
            name for name in self._imports if PurePosixPath(name).name.startswith("test_")
        ]

    def _name(self, path: Path) -> str:
        return path.relative_to(self._root).as_posix()

    def concerned_by(self, path: PurePosixPath) -> set[str]:
        """The test files that a change of this path concerns."""
        if path.parts[0] == "tests" and path.suffix == ".py":
            return self._of_test_module(path)
        room = path.parts[1] if path.parts[0] == "server" and len(path.parts) > 2 else None
        of_door = set(
            self._quick(
                name for name in self._files if room and name.startswith(f"tests/doors/{room}/")
            )
        )
        if room and path.suffix == ".py":
            package = f"server.{room}"
            importing = (
                name
                for name in self._files
                if any(
                    module == package or module.startswith(f"{package}.")
                    for module in self._imports[name]
                )
            )
            return of_door | set(self._quick(importing))
        naming = (name for name in self._files if path.name in _source(self._root / name))
        return of_door | set(self._quick(naming))

    def _of_test_module(self, path: PurePosixPath) -> set[str]:
        name = str(path)
        if path.name.startswith("test_"):
            return {name} & set(self._files)  # a deleted file cannot be run
        if path.name == "conftest.py":
            return {file for file in self._files if file.startswith(f"{path.parent}/")}
        helper = ".".join(path.with_suffix("").parts)
        return {file for file in self._files if helper in self._reached(file)}

    def _reached(self, name: str) -> set[str]:
        """The modules of tests/ that a module imports, directly or through others."""
        reached: set[str] = set()
        waiting = [name]
        while waiting:
            for module in self._imports.get(waiting.pop(), ()):
                if module.startswith("tests.") and module not in reached:
                    reached.add(module)
                    waiting.append(f"{module.replace('.', '/')}.py")
        return reached

    @staticmethod
    def _quick(names: Iterable[str]) -> Iterable[str]:
        return (name for name in names if not name.startswith("tests/acceptance/"))


def _imported(path: Path) -> frozenset[str]:
    """The dotted names that a module imports: `from a import b` gives both `a` and `a.b`."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(_source(path))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return frozenset(names)


@cache
def _source(path: Path) -> str:
    return path.read_text(encoding="utf-8")
