"""`./ruhu test`: the whole suite, some tests at once (`--only`, `--changed`), or the long runs (`--long`)."""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from server.ops.setup import application, changed, checks, long_runs
from server.ops.setup.database import Database
from server.ops.setup.locking import alone
from server.ops.setup.messages import SetupProblem, text
from server.ops.setup.places import Places
from server.ops.setup.preparation import Purpose, prepared
from server.ops.setup.progress import Progress
from server.ops.setup.stamps import files

TEMPLATE = "TESTS_COPY_DATABASE"
"""Names the database that the tests' databases are copied from (tests/conftest.py)."""
KEPT_SUFFIX = "_kept"
"""Ends the names of the databases that `--only` keeps (tests/conftest.py)."""
_UNFINISHED = "tests-running"
_FINISHED_CODES = (0, 1, 5)
"""pytest's exit codes after a run to the end: passed, some failed, no test collected."""
_MANY_FILES = 6
"""From so many files on, `--changed` uses two processes."""
_TWO_PROCESSES = ("-n", "2", "--dist", "loadfile", "--no-loadscope-reorder")


def test(places: Places, words: Sequence[str]) -> int:
    """Run what the words after `./ruhu test` ask for; returns the exit code."""
    modes = [word for word in words if word in ("--only", "--changed", "--long")]
    rest = [word for word in words if word not in modes]
    if len(modes) > 1:
        raise SetupProblem("one_test_mode", modes=", ".join(modes))
    if modes == ["--long"]:
        return _long(places, rest)
    if modes == ["--changed"]:
        return _changed(places, rest)
    if modes == ["--only"]:
        if not rest:
            raise SetupProblem("only_what")
        return _only(places, [*rest, *files_for_expression(places.root, rest)])
    return whole(places, rest)


def whole(places: Places, arguments: Sequence[str]) -> int:
    """Every check, then every test, with pytest's `arguments`; returns 1 when something fails."""
    database = Database.chosen(places, testing=True)
    progress = prepared(places, database, Purpose.TESTING)
    with database.running():
        environment = tests_environment(places, database, progress)
        failed = checks.run(places, checks.checks(places), environment)
        words = [*_TWO_PROCESSES, "--durations=20", *arguments]
        print("=== pytest", file=sys.stderr, flush=True)
        if _pytest(places, environment, words):
            failed.append("pytest")
    if failed:
        print(text("checks_failed", names=", ".join(failed)), file=sys.stderr, flush=True)
    return 1 if failed else 0


def tests_environment(places: Places, database: Database, progress: Progress) -> dict[str, str]:
    """The environment variables of pytest; brings the template of the tests' databases up to date.

    The database must be running.
    """
    environment = application.environment(places, database)
    # Dozens of processes import the same modules, and pytest rewrites every assertion.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    if database.cluster:
        with alone(database.lock, "purpose_tables"):
            progress.run(application.template(places, database, database.cluster))
        environment[TEMPLATE] = "ruhu"
    return environment


def _pytest(places: Places, environment: Mapping[str, str], words: Sequence[str]) -> int:
    return subprocess.run(
        [str(places.python), "-m", "pytest", *words],
        cwd=places.root,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        check=False,
    ).returncode


def _only(places: Places, arguments: Sequence[str]) -> int:
    """Run pytest with these arguments, without checks, in the database kept from the last such run."""
    database = Database.chosen(places, testing=True)
    progress = prepared(places, database, Purpose.TESTING)
    with database.running(), alone(places.var / "tests.lock", "purpose_tests"):
        environment = tests_environment(places, database, progress)
        environment["TESTS_KEPT_SUFFIX"] = KEPT_SUFFIX
        options = _database_options(database)
        code = _pytest(places, environment, [*options, *arguments])
        if code in _FINISHED_CODES:
            database.stamps.write(_UNFINISHED, "0")
        return code


def files_for_expression(root: Path, arguments: Sequence[str]) -> list[str]:
    """For `-k EXPRESSION` without a path, the test files whose path or text has one of its words.

    Collecting these is much quicker than collecting all. Empty, which means all, when a path is
    given, when the expression has `not`, or when no file has a word.
    """
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("-k", default="")
    options, others = parser.parse_known_args(list(arguments))
    words = {word.lower() for word in re.findall(r"[\w.\[\]-]+", options.k)} - {"and", "or"}
    if not words or "not" in words or any((root / word.split("::")[0]).exists() for word in others):
        return []
    return [
        path.relative_to(root).as_posix()
        for path in files(root / "tests", ["**/test_*.py"])
        if any(
            word in f"{path.relative_to(root)}\n{path.read_text(encoding='utf-8')}".lower()
            for word in words
        )
    ]


def _database_options(database: Database) -> list[str]:
    """pytest's options to use the kept database; drops it first when the last run did not end.

    A run that was interrupted may have left rows behind. A database whose migrations have
    changed is dropped by the step `template`. Of a server in DATABASE_URL neither is known, so
    there every run makes its database anew.
    """
    if not database.cluster:
        return ["--create-db"]
    if database.stamps.fresh(_UNFINISHED, "1"):
        application.drop_copies(database.cluster, KEPT_SUFFIX)
    database.stamps.write(_UNFINISHED, "1")
    return ["--reuse-db"]


def _changed(places: Places, arguments: Sequence[str]) -> int:
    """Run the tests that the changes since origin/main concern."""
    base, paths = changed.changed_paths(places.root)
    tests = changed.affected_tests(places.root, paths)
    print(text("changed_tests", changed=len(paths), base=base, count=len(tests)), flush=True)
    for file in tests:
        print(f"        {file}", flush=True)
    if not tests:
        return 0
    spread = _TWO_PROCESSES if len(tests) >= _MANY_FILES else ()
    return _only(places, [*spread, *arguments, *tests])


def _long(places: Places, names: Sequence[str]) -> int:
    """Run the long runs of these names, or all, one after the other; returns 1 when one fails."""
    runs = long_runs.named(long_runs.registry(places.root), names)
    database = Database.chosen(places, testing=True)
    progress = prepared(places, database, Purpose.TESTING)
    with database.running():
        environment = tests_environment(places, database, progress)
        failed = [run.name for run in runs if not long_runs.passed(places, run, environment)]
    if failed:
        print(text("checks_failed", names=", ".join(failed)), file=sys.stderr, flush=True)
    return 1 if failed else 0
