"""`./ruhu up`, `./ruhu test`, and every other word as a management command."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from server.ops.setup import application, environment, instance, nginx, packages, serving
from server.ops.setup.database import Database
from server.ops.setup.messages import text
from server.ops.setup.places import Places
from server.ops.setup.progress import Progress, Step
from server.ops.setup.stamps import Stamps
from server.ops.setup.welcome import FirstPeople, address

_JAVA_TRIED = "java"
_WITHOUT_TABLES = {"makemigrations", "migrate", "showmigrations", "makemessages", "compilemessages"}


def preparation(places: Places, database: Database, *, testing: bool = False) -> list[Step]:
    """What has to be there before anything of Ruhu's can run, in order."""
    places.make()
    stamps = Stamps(places.stamps)
    steps = [
        _system_packages(places, database, stamps, testing=testing),
        environment.virtual_environment(places, stamps, testing=testing),
        environment.browser_libraries(places, stamps),
        environment.translations(places, stamps),
        environment.sealing_key(
            places, has_data=bool(database.cluster and database.cluster.version())
        ),
    ]
    if testing:
        steps += [
            environment.second_engine(places, stamps),
            environment.static_files(places, stamps),
            nginx.step(places),
        ]
    if database.cluster:
        steps.append(database.cluster.step())
    return steps


def _system_packages(places: Places, database: Database, stamps: Stamps, *, testing: bool) -> Step:
    version = database.cluster.version() if database.cluster else None
    lacking = packages.missing(database=bool(database.cluster), testing=testing, version=version)
    if stamps.fresh(_JAVA_TRIED, "1"):  # one try: a start without Java stays quick
        lacking = [package for package in lacking if not package.optional]

    def act() -> str:
        note = packages.install(places, lacking, version)
        if any(package.optional for package in lacking):
            stamps.write(_JAVA_TRIED, "1")
        return note

    return Step("step_packages", lambda: not lacking, act)


def up(places: Places, *, host: str, port: int, processes: int, empty: bool) -> int:
    """Set everything up and serve until told to stop."""
    with instance.only_one(places) as handle, instance.listen(host, port) as listener:
        url = address(host, listener.getsockname()[1])
        instance.announce(handle, url)
        database = Database.chosen(places)
        if database.cluster:
            database.cluster.check_version()
        steps = preparation(places, database)
        progress = Progress(len(steps) + (6 if database.cluster else 5))
        for step in steps:
            progress.run(step)
        progress.run(environment.static_files(places, Stamps(places.stamps)))
        if database.cluster:
            progress.say("step_database")
        with database.running():
            people = FirstPeople(places, database, empty=empty, url=url)
            for step in (
                application.tables(places, database),
                application.forms(places, database),
                people.step(),
            ):
                progress.run(step)
            progress.say("step_serve")
            serving.serve(
                places,
                database,
                listener,
                processes=processes,
                when_ready=lambda: people.show(host),
            )
    print(text("stopped"), file=sys.stderr, flush=True)
    return 0


def manage(places: Places, words: Sequence[str]) -> int:
    """Run a management command with what it needs; its exit code."""
    database = Database.chosen(places)
    progress = _prepared(places, database)
    if {"--help", "-h", "help"} & set(words):
        return _run(places, database, words)
    with database.running():
        if words[0] not in _WITHOUT_TABLES:
            progress.run(application.tables(places, database))
        return _run(places, database, words)


def _prepared(places: Places, database: Database, *, testing: bool = False) -> Progress:
    if database.cluster:
        database.cluster.check_version()
    steps = preparation(places, database, testing=testing)
    progress = Progress(len(steps) + 1, quiet=True)
    for step in steps:
        progress.run(step)
    return progress


def _run(places: Places, database: Database, words: Sequence[str]) -> int:
    """The command in the foreground: Ctrl-C is its own affair, SIGTERM is passed on."""
    environment_ = application.environment(places, database)
    if url := instance.serving_at(places):
        environment_.setdefault("RUHU_BASE_URL", url)
    child = subprocess.Popen(application.command(places, *words), env=environment_)
    interrupted = signal.signal(signal.SIGINT, signal.SIG_IGN)
    terminated = signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    try:
        code = child.wait()
    finally:
        signal.signal(signal.SIGINT, interrupted)
        signal.signal(signal.SIGTERM, terminated)
    return 128 - code if code < 0 else code


def suite(places: Places, arguments: Sequence[str]) -> int:
    """Every check and every test; non-zero when one fails. pytest comes last, the checks before it all at once."""
    database = Database.chosen(places, testing=True)
    progress = _prepared(places, database, testing=True)
    bin_ = [str(places.python), "-m"]
    checks = {
        "ruff check": [*bin_, "ruff", "check", "."],
        "ruff format": [*bin_, "ruff", "format", "--check", "."],
        "lint-imports": [str(places.python), "-c", "from importlinter.cli import lint_imports_command as c; c()"],
        "mypy": [*bin_, "mypy"],
        "makemigrations --check": application.command(places, "makemigrations", "--check", "--dry-run"),
    }  # fmt: skip
    with database.running():
        surroundings = application.environment(places, database)
        # Dozens of processes import the same modules, and pytest rewrites every assertion.
        surroundings.pop("PYTHONDONTWRITEBYTECODE", None)
        if database.cluster:
            progress.run(application.template(places, database, database.cluster))
            surroundings["TESTS_COPY_DATABASE"] = "ruhu"
        failed = _all_at_once(checks, places, surroundings)
        tests = [
            *bin_,
            "pytest",
            "-n",
            "2",
            "--dist",
            "loadfile",
            "--no-loadscope-reorder",
            *arguments,
        ]
        print("=== pytest", file=sys.stderr, flush=True)
        if subprocess.run(
            tests, cwd=places.root, env=surroundings, stdin=subprocess.DEVNULL, check=False
        ).returncode:
            failed.append("pytest")
    if failed:
        print(text("checks_failed", names=", ".join(failed)), file=sys.stderr, flush=True)
    return 1 if failed else 0


def _all_at_once(
    checks: Mapping[str, Sequence[str | Path]], places: Places, surroundings: Mapping[str, str]
) -> list[str]:
    """Run the checks side by side, print what each said in their order; the names of those that failed."""
    with ExitStack() as stack:
        outputs = {
            name: stack.enter_context(
                tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")
            )
            for name in checks
        }
        running = {
            name: subprocess.Popen(
                command,
                cwd=places.root,
                env=surroundings,
                stdin=subprocess.DEVNULL,
                stdout=outputs[name],
                stderr=subprocess.STDOUT,
            )
            for name, command in checks.items()
        }
        failed = []
        for name, process in running.items():
            code = process.wait()
            outputs[name].seek(0)
            print(f"=== {name}\n{outputs[name].read()}", file=sys.stderr, end="", flush=True)
            if code:
                failed.append(name)
    return failed
