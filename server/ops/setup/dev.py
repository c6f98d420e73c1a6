"""`./ruhu dev`: web and worker that take up changed code, on the demo street."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from server.ops.setup import application, environment, instance, serving
from server.ops.setup.database import Database
from server.ops.setup.messages import SetupProblem, text
from server.ops.setup.places import Places
from server.ops.setup.stamps import Stamps, files
from server.ops.setup.supervise import Program, Supervisor
from server.ops.setup.up import fill, set_up
from server.ops.setup.welcome import FirstPeople, address

_HOST = "127.0.0.1"
"""Debug pages show values of variables, so nothing but this machine may reach them."""
_LOOK_SECONDS = 1.0
_CODE = ["**/*.py"]
_TRANSLATIONS = ["locale/*/LC_MESSAGES/*.po"]


def dev(places: Places, *, port: int) -> int:
    """Serve on this machine until SIGTERM or Ctrl-C, with debug pages; returns the exit code.

    Django's own reloader restarts the web process. The worker is restarted here when a module
    changes. A changed catalogue of translations is compiled.
    """
    with instance.only_one(places) as handle:
        with instance.listen(_HOST, port) as probe:
            free_port = probe.getsockname()[1]
        url = address(_HOST, free_port)
        instance.announce(handle, url)
        database = Database.chosen(places)
        progress = set_up(places, database)
        with database.running():
            people = FirstPeople(places, database, empty=False, url=url)
            fill(places, database, progress, people)
            progress.say("step_serve")
            serving.serve(
                places,
                database,
                [_web(places, database, free_port), _worker(places, database)],
                (_HOST, free_port),
                when_ready=lambda: people.show(_HOST),
                watch=Watch(places).look,
            )
    print(text("stopped"), file=sys.stderr, flush=True)
    return 0


def _web(places: Places, database: Database, port: int) -> Program:
    """Django's development server, which restarts itself when code or a template changes."""
    variables = application.environment(places, database, role="ruhu_web")
    variables.setdefault("RUHU_DEBUG", "true")
    command = application.command(places, "runserver", "--skip-checks", f"{_HOST}:{port}")
    return Program("web", command, variables, grace=3)


def _worker(places: Places, database: Database) -> Program:
    return serving.worker(places, database, graceful_seconds=2)


class Watch:
    """Looks for changed files below server/ once a second."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._code = self._state(_CODE)
        self._catalogues = self._state(_TRANSLATIONS)
        self._due = time.monotonic() + _LOOK_SECONDS

    def look(self, supervisor: Supervisor) -> None:
        """Restart the worker when a module has changed, compile the translations when they have."""
        if time.monotonic() < self._due:
            return
        if (catalogues := self._state(_TRANSLATIONS)) != self._catalogues:
            self._catalogues = catalogues
            self._compile()
            supervisor.restart("worker")
        if (code := self._state(_CODE)) != self._code:
            self._code = code
            print(text("reloading"), file=sys.stderr, flush=True)
            supervisor.restart("worker")
            supervisor.retry("web")
        self._due = time.monotonic() + _LOOK_SECONDS

    def _state(self, patterns: list[str]) -> dict[Path, int]:
        """Path → time of its last change, in nanoseconds."""
        times = {}
        for path in files(self._places.root / "server", patterns):
            try:
                times[path] = path.stat().st_mtime_ns
            except FileNotFoundError:  # deleted meanwhile
                continue
        return times

    def _compile(self) -> None:
        step = environment.translations(self._places, Stamps(self._places.stamps))
        try:
            note = "" if step.is_done() else step.act()
        except SetupProblem as problem:
            note = str(problem)
        print(note or text("translations_compiled"), file=sys.stderr, flush=True)
