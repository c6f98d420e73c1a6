"""Running the application's management commands from the set-up."""

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


_POLICIES = (
    "ops/policies_in_force.py",
    "ops/row_policies.py",
    "core/row_security.py",
    "ledgers/definitions/vocabulary.py",
    "ledgers/storage/declared.py",
)
"""What `./ruhu migrate` makes the policies, views and functions of row-level security from."""


def environment(places: Places, database: Database, *, role: str | None = None) -> dict[str, str]:
    """The environment variables of the application's processes; without a role they work as the tables' owner."""
    connection = database.serving_as(role) if role else {"DATABASE_URL": database.url}
    return shell.inherited(
        **connection,
        RUHU_VAR=str(places.var),
        PYTHONPATH=str(places.root),
        PYTHONUTF8="1",
        DJANGO_SETTINGS_MODULE="server.config.settings",
    )


def command(places: Places, *words: str) -> list[str]:
    """The command line of `python -m server …`.

    Python's warnings are hidden from the terminal; the tests turn them into errors.
    """
    return [str(places.python), "-P", "-W", "ignore", "-m", "server", *words]


def manage(
    places: Places,
    database: Database,
    step: str,
    *words: str,
    secret: bool = False,
    follow: bool = False,
) -> str:
    """Run a management command for a step and return its output. Raises SetupProblem.

    The output is logged unless it is `secret`. `follow` shows it on the terminal while it runs.
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
            if reasons := _NO_DATABASE.findall(tail):
                raise SetupProblem("database_unreachable", reason=reasons[-1][:200]) from None
        raise


def rows(
    places: Places, database: Database, step: str, *words: str, follow: bool = False
) -> list[dict[str, Any]]:
    """Run a management command with --json and return the objects it prints.

    It may print one object a line, or an array. The output may hold passwords, so it is not
    logged.
    """
    output = manage(places, database, step, *words, "--json", secret=True, follow=follow)
    objects: list[dict[str, Any]] = []
    for line in output.splitlines():
        if line.startswith("["):
            objects.extend(json.loads(line))
        elif line.startswith("{"):
            objects.append(json.loads(line))
    return objects


def tables(places: Places, database: Database) -> Step:
    """Apply the migrations, unless the stamp says that exactly these are applied."""
    migrations = digest(places.root / "requirements.lock",
                        *files(places.root / "server", ["*/migrations/*.py", *_POLICIES]))  # fmt: skip

    def stamp() -> str:
        return f"{migrations} {database.facts('tables')}"

    def is_done() -> bool:
        return bool(database.cluster) and database.stamps.fresh("tables", stamp())

    def act() -> str:
        manage(places, database, "step_migrate", "migrate", "--noinput", "-v0")
        if not database.cluster:
            state = rows(places, database, "step_migrate", "policies", "--check")
            database.has_serving_roles = state[0]["in_force"]
        database.stamps.write("tables", stamp())
        return ""

    return Step("step_migrate", is_done, act)


def template(places: Places, database: Database, cluster: Cluster) -> Step:
    """Make the tests' template: the cluster's database `ruhu` with tables and no rows of Ruhu's.

    It is made anew when a migration has changed, because Django counts an edited migration as
    applied. The copies that tests have kept are dropped with it.
    """
    step = tables(places, database)

    def act() -> str:
        drop_copies(cluster, "")
        cluster.psql("postgres", "DROP DATABASE IF EXISTS ruhu WITH (FORCE)")
        cluster.psql("postgres", "CREATE DATABASE ruhu OWNER ruhu")
        return step.act()

    return Step(step.key, step.is_done, act)


def drop_copies(cluster: Cluster, suffix: str) -> None:
    """Drop the databases that tests have copied from the template, those whose name ends in `suffix`."""
    for name in cluster.psql("postgres", "SELECT datname FROM pg_database").split():
        if name.startswith("test_ruhu") and name.endswith(suffix):
            cluster.psql("postgres", f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def retry(places: Places, database: Database) -> Step:
    """Read forms again and try failed records again, once for each state of the code."""
    code = digest(*files(places.root / "server", ["**/*.py"]))

    def stamp() -> str:
        return f"{code} {database.facts('tables')}"

    def is_done() -> bool:
        return bool(database.cluster) and database.stamps.fresh("retry", stamp())

    def act() -> str:
        manage(places, database, "step_retry", "retry")
        database.stamps.write("retry", stamp())
        return ""

    return Step("step_retry", is_done, act)


def forms(places: Places, database: Database) -> Step:
    """Publish the workbooks of xlsforms/; publishing unchanged content changes nothing.

    On a database without forms a refused workbook raises SetupProblem; later the refusal is
    only printed, and the published versions stay in use.
    """
    workbooks = files(places.root / "xlsforms", ["*.xlsx"])
    content = digest(*workbooks)

    def stamp() -> str:
        return f"{content} {database.facts('forms')}"

    def is_done() -> bool:
        unchanged = bool(database.cluster) and database.stamps.fresh("forms", stamp())
        return unchanged or not workbooks

    def act() -> str:
        try:
            manage(places, database, "step_publish", "publish", *map(str, workbooks))
        except SetupProblem as problem:
            published = database.facts("forms").split()
            if not published or published[0] == "0":
                raise
            return str(problem)  # the published forms stay in use
        database.stamps.write("forms", stamp())
        return " ".join(path.stem for path in workbooks)

    return Step("step_publish", is_done, act)


def commands(root: Path) -> dict[str, str]:
    """Ruhu's management commands: name → first sentence of its help."""
    sentences = {}
    for path in files(root / "server", ["*/management/commands/*.py"]):
        if not path.stem.startswith("_"):
            sentences[path.stem] = _help_of(path).split(". ")[0].rstrip(".")
    return dict(sorted(sentences.items()))


def _help_of(path: Path) -> str:
    """The text assigned to `help` in a command's class, read without importing it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Assign) and "help" in [
            getattr(target, "id", "") for target in node.targets
        ]:
            value = node.value.args[0] if isinstance(node.value, ast.Call) else node.value
            return str(value.value) if isinstance(value, ast.Constant) else ""
    return ""
