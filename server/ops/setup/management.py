"""Every other word after `./ruhu`: Django's and Ruhu's management commands."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Sequence

from server.ops.setup import application, instance
from server.ops.setup.database import Database
from server.ops.setup.locking import alone
from server.ops.setup.places import Places
from server.ops.setup.preparation import Purpose, prepared

_WITHOUT_TABLES = {"makemigrations", "migrate", "showmigrations", "makemessages", "compilemessages"}
_WITHOUT_DATABASE = {
    "codes", "conformance", "database", "dictionary", "generate", "indicators", "machines", "messages", "oldledger", "openapi",
    "problems", "templates",
}  # fmt: skip
"""Commands that read and write files only."""
_WITH_TEST_PACKAGES = {"conformance", "generate"}
"""Commands that import from tests/."""


def manage(places: Places, words: Sequence[str]) -> int:
    """Run a management command with what it needs; returns its exit code."""
    database = Database.chosen(places)
    developing = words[0] in _WITH_TEST_PACKAGES
    progress = prepared(places, database, Purpose.CHECKING if developing else Purpose.SERVING)
    if words[0] in _WITHOUT_DATABASE or {"--help", "-h", "help"} & set(words):
        return _run(places, database, words)
    with database.running():
        if words[0] not in _WITHOUT_TABLES:
            with alone(database.lock, "purpose_tables"):
                progress.run(application.tables(places, database))
        return _run(places, database, words)


def _run(places: Places, database: Database, words: Sequence[str]) -> int:
    """Run the command in the foreground. It gets Ctrl-C from the terminal itself; SIGTERM is passed on."""
    environment = application.environment(places, database)
    if url := instance.serving_at(places):
        environment.setdefault("RUHU_BASE_URL", url)
    child = subprocess.Popen(application.command(places, *words), env=environment)
    interrupted = signal.signal(signal.SIGINT, signal.SIG_IGN)
    terminated = signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    try:
        code = child.wait()
    finally:
        signal.signal(signal.SIGINT, interrupted)
        signal.signal(signal.SIGTERM, terminated)
    return 128 - code if code < 0 else code
