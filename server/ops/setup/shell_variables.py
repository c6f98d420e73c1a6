"""`./ruhu env`: the variables with which pytest, an editor or Django run outside `./ruhu`."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping

from server.ops.setup import application
from server.ops.setup.database import Database
from server.ops.setup.messages import text
from server.ops.setup.places import Places
from server.ops.setup.preparation import Purpose, prepared
from server.ops.setup.suite import TEMPLATE, tests_environment

_NAMES = ("DATABASE_URL", "RUHU_VAR", "PYTHONPATH", "PYTHONUTF8", "DJANGO_SETTINGS_MODULE", TEMPLATE)  # fmt: skip


def show(places: Places, *, testing: bool, stop: bool) -> int:
    """Print `export NAME=value` lines for a shell to evaluate; notes for the person go to stderr.

    With `testing` they are those of the tests, and the tests' database is started and left
    running until `stop` or a reboot.
    """
    database = Database.chosen(places, testing=testing or stop)
    if stop:
        if database.cluster and database.cluster.version():
            database.cluster.release()
        return 0
    progress = prepared(places, database, Purpose.TESTING if testing else Purpose.CHECKING)
    if testing:
        if database.cluster:
            database.cluster.keep()
        with database.running():
            environment = tests_environment(places, database, progress)
        print(text("env_running"), file=sys.stderr)
    else:
        environment = application.environment(places, database)
        print(text("env_database"), file=sys.stderr)
    print("\n".join(exports(places, environment)))
    return 0


def exports(places: Places, environment: Mapping[str, str]) -> list[str]:
    """The lines for a shell, with the virtual environment first on PATH."""
    programs = str(places.venv / "bin")
    others = [part for part in environment["PATH"].split(os.pathsep) if part != programs]
    values = {name: environment[name] for name in _NAMES if name in environment}
    values |= {"VIRTUAL_ENV": str(places.venv), "PATH": os.pathsep.join([programs, *others])}
    return [f"export {name}={shlex.quote(value)}" for name, value in values.items()]
