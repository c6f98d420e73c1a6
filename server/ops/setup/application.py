"""Calling the application's management commands from the set-up."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

from server.ops.setup import shell
from server.ops.setup.cluster import Cluster
from server.ops.setup.database import Database
from server.ops.setup.messages import SetupProblem
from server.ops.setup.places import Places
from server.ops.setup.progress import Step
from server.ops.setup.stamps import digest, files

_NO_DATABASE = re.compile(r"^(?:psycopg|django\.db\.utils)\.OperationalError: (.*)$", re.MULTILINE)


def environment(places: Places, database: Database) -> dict[str, str]:
    """What the application's processes see."""
    return shell.inherited(
        DATABASE_URL=database.url,
        RUHU_VAR=str(places.var),
        PYTHONPATH=str(places.root),
        PYTHONUTF8="1",
        DJANGO_SETTINGS_MODULE="server.config.settings",
    )


def command(places: Places, *words: str) -> list[str]:
    """The command line of `python -m server …`; -W: Django's note on old GDAL is answered in core."""
    return [str(places.python), "-P", "-W", "ignore", "-m", "server", *words]


def manage(
    places: Places,
    database: Database,
    step: str,
    *words: str,
    secret: bool = False,
    follow: bool = False,
) -> str:
    """Run a management command of a step; returns its output, which is logged unless `secret`.

    `follow` shows its progress on the terminal.
    """
    try:
        return shell.run(
            places,
            step,
            command(places, *words),
            environment=environment(places, database),
            secret=secret,
            follow=follow,
        )
    except SetupProblem as problem:
        if not database.cluster and problem.key == "step_failed":
            tail = places.log.read_text(encoding="utf-8", errors="replace")[-4000:]
            if found := _NO_DATABASE.findall(tail):
                raise SetupProblem("database_unreachable", reason=found[-1][:200]) from None
        raise


def rows(
    places: Places, database: Database, step: str, *words: str, follow: bool = False
) -> list[dict[str, Any]]:
    """What a command answers with --json: objects on lines of their own, or an array.

    Passwords may be among them, so nothing is logged.
    """
    output = manage(places, database, step, *words, "--json", secret=True, follow=follow)
    found: list[dict[str, Any]] = []
    for line in output.splitlines():
        if line.startswith("["):
            found.extend(json.loads(line))
        elif line.startswith("{"):
            found.append(json.loads(line))
    return found


def tables(places: Places, database: Database) -> Step:
    """Migrations, unless these very ones are known to be in."""
    made_from = digest(places.root / "requirements.lock",
                       *files(places.root / "server", ["*/migrations/*.py"]))  # fmt: skip

    def known() -> str:
        return f"{made_from} {database.facts('tables')}"

    def is_done() -> bool:
        return bool(database.cluster) and database.stamps.fresh("tables", known())

    def act() -> str:
        manage(places, database, "step_migrate", "migrate", "--noinput", "-v0")
        database.stamps.write("tables", known())
        return ""

    return Step("step_migrate", is_done, act)


def template(places: Places, database: Database, cluster: Cluster) -> Step:
    """The private cluster's database with nothing but these tables, for tests to copy.

    Made anew when a migration changed: one that was altered while it is being written would
    count as applied.
    """
    step = tables(places, database)

    def act() -> str:
        cluster.psql("postgres", "DROP DATABASE IF EXISTS ruhu WITH (FORCE)")
        cluster.psql("postgres", "CREATE DATABASE ruhu OWNER ruhu")
        return step.act()

    return Step(step.key, step.is_done, act)


def forms(places: Places, database: Database) -> Step:
    """The workbooks of xlsforms/ published; publishing the same content again changes nothing.

    Raises SetupProblem for a refused one on the first start; later that is only told.
    """
    workbooks = files(places.root / "xlsforms", ["*.xlsx"])
    content = digest(*workbooks)

    def known() -> str:
        return f"{content} {database.facts('forms')}"

    def is_done() -> bool:
        stamped = bool(database.cluster) and database.stamps.fresh("forms", known())
        return stamped or not workbooks

    def act() -> str:
        try:
            manage(places, database, "step_publish", "publish", *map(str, workbooks))
        except SetupProblem as problem:
            published = database.facts("forms").split()
            if not published or published[0] == "0":
                raise
            return str(problem)  # the forms in use stay as they are, and so does the service
        database.stamps.write("forms", known())
        return " ".join(path.stem for path in workbooks)

    return Step("step_publish", is_done, act)


def commands(root: Path) -> dict[str, str]:
    """Ruhu's management commands and the first sentence of what each says of itself."""
    found = {}
    for path in files(root / "server", ["*/management/commands/*.py"]):
        if not path.stem.startswith("_"):
            found[path.stem] = _help_of(path).split(". ")[0].rstrip(".")
    return dict(sorted(found.items()))


def _help_of(path: Path) -> str:
    """The text assigned to `help` in a command's class, read without importing it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Assign) and "help" in [
            getattr(one, "id", "") for one in node.targets
        ]:
            said = node.value.args[0] if isinstance(node.value, ast.Call) else node.value
            return str(said.value) if isinstance(said, ast.Constant) else ""
    return ""
