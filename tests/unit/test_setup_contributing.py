"""The contributor's commands: checks, tests at once, long runs, variables for a shell."""

from __future__ import annotations

import shlex
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from server.ops.setup import checks, long_runs, shell_variables, suite
from server.ops.setup.checks import Check
from server.ops.setup.cluster import OWN_URL, Cluster
from server.ops.setup.database import Database
from server.ops.setup.dev import Watch
from server.ops.setup.messages import SetupProblem, text
from server.ops.setup.places import Places
from tests import conftest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(ROOT, tmp_path / "var")


# --- checks ----------------------------------------------------------------


def _python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_all_checks_run_and_a_failure_shows_its_output_and_its_remedy(places, capsys):
    chosen = [
        Check("types", _python("print('a fault'); raise SystemExit(3)")),
        Check("format", _python("print('quiet')")),
        Check("lint", _python("import os; os.kill(os.getpid(), 9)")),
    ]
    assert sorted(checks.run(places, chosen, {})) == ["lint", "types"]
    output = capsys.readouterr().out
    assert "a fault" in output
    assert "quiet" not in output
    assert text("remedy_types") in output
    assert text("remedy_format") not in output
    assert all(f"{name:<14} " in output for name in ("types", "format", "lint"))


def test_checks_run_side_by_side(places, monkeypatch):
    monkeypatch.setattr(checks.os, "cpu_count", lambda: 3)
    chosen = [Check(name, ["sleep", "1"]) for name in ("types", "format", "lint")]
    began = time.monotonic()
    assert checks.run(places, chosen, {"PATH": "/usr/bin:/bin"}) == []
    assert time.monotonic() - began < 2.5


def test_checks_are_chosen_by_name(places):
    available = checks.checks(places)
    assert checks.named(available, []) == available
    assert [check.name for check in checks.named(available, ["lint", "types"])] == ["types", "lint"]
    with pytest.raises(SetupProblem, match=r"style.*format"):
        checks.named(available, ["style"])


def test_fixing_formats_after_everything_else(places, monkeypatch, capsys):
    order = []
    monkeypatch.setattr(checks, "prepared", lambda *_: None)
    monkeypatch.setattr(checks.subprocess, "run", lambda command, **_: order.append(command))
    monkeypatch.setattr(checks, "run", lambda *_: ["types"])
    assert checks.check(places, [], fix=True) == 1
    assert [command[-3:] for command in order][-2:] == [["--fix", "-q", "."], ["format", "-q", "."]]
    assert len(order) == 3


# --- tests at once ---------------------------------------------------------


def _tree(folder: Path) -> Path:
    (folder / "tests/rooms").mkdir(parents=True)
    (folder / "tests/rooms/test_geo.py").write_text("def test_a_street_has_a_code(): ...\n")
    (folder / "tests/rooms/test_fold.py").write_text("def test_order(): ...\n")
    return folder


@pytest.mark.parametrize(
    ("arguments", "selected"),
    [
        (["-k", "street"], ["tests/rooms/test_geo.py"]),
        (["-kSTREET"], ["tests/rooms/test_geo.py"]),
        (["-k", "fold or street", "-x"], ["tests/rooms/test_fold.py", "tests/rooms/test_geo.py"]),
        (["-k", "test_fold and order"], ["tests/rooms/test_fold.py"]),
        (["-k", "not street"], []),
        (["-k", "nowhere"], []),
        (["-k", "street", "tests/rooms"], []),
        (["tests/rooms/test_fold.py::test_order"], []),
    ],
)
def test_an_expression_selects_the_files_that_can_match(tmp_path, arguments, selected):
    assert suite.files_for_expression(_tree(tmp_path), arguments) == selected


def test_modes_of_the_suite_exclude_each_other_and_only_needs_a_choice(places):
    with pytest.raises(SetupProblem) as caught:
        suite.test(places, ["--only", "--long", "x"])
    assert caught.value.key == "one_test_mode"
    with pytest.raises(SetupProblem) as caught:
        suite.test(places, ["--only"])
    assert caught.value.key == "only_what"


class FakeCluster(Cluster):
    """A cluster that only notes which statements it is given."""

    def __init__(self, places: Places) -> None:
        super().__init__(places, "pg-test")
        self.statements: list[str] = []

    def psql(self, database: str, statement: str) -> str:
        self.statements.append(statement)
        return (
            "ruhu\ntest_ruhu_kept\ntest_ruhu_gw0\ntest_ruhu_gw0_kept"
            if statement.startswith("SELECT")
            else ""
        )


def test_the_kept_database_is_dropped_after_a_run_that_did_not_end(places):
    cluster = FakeCluster(places)
    database = Database(places, cluster)
    assert suite._database_options(database) == ["--reuse-db"]
    assert cluster.statements == []
    suite._database_options(database)  # the run before has not noted its end
    assert [words for words in cluster.statements if words.startswith("DROP")] == [
        'DROP DATABASE IF EXISTS "test_ruhu_kept" WITH (FORCE)',
        'DROP DATABASE IF EXISTS "test_ruhu_gw0_kept" WITH (FORCE)',
    ]


def test_on_a_server_of_ones_own_the_database_is_made_anew(places):
    assert suite._database_options(Database(places, None)) == ["--create-db"]


# --- long runs -------------------------------------------------------------


def test_the_registry_of_long_runs_is_complete():
    runs = long_runs.registry(ROOT)
    assert len({run.name for run in runs}) == len(runs)
    for run in runs:
        assert run.command[0] in ("python", "pytest")
        assert run.what
        assert run.zh
        assert run.minutes > 0
        scripts = [word for word in run.command if word.endswith(".py")]
        assert all((ROOT / script).is_file() for script in scripts)


def test_long_runs_are_chosen_by_name_and_an_unknown_name_lists_them():
    runs = long_runs.registry(ROOT)
    assert long_runs.named(runs, []) == runs
    assert [run.name for run in long_runs.named(runs, ["kill"])] == ["kill"]
    with pytest.raises(SetupProblem) as caught:
        long_runs.named(runs, ["nightly"])
    assert all(run.name in str(caught.value) for run in runs)


@pytest.mark.parametrize(
    ("asked", "left"),
    [
        (False, ["tests/unit/test_x.py::b"]),
        (True, ["tests/unit/test_x.py::a", "tests/unit/test_x.py::b"]),
    ],
)
def test_tests_marked_long_run_only_when_asked_for(asked, left):
    deselected: list[object] = []
    config = SimpleNamespace(
        getoption=lambda _name: asked,
        hook=SimpleNamespace(pytest_deselected=lambda items: deselected.extend(items)),
    )
    items = [
        SimpleNamespace(
            nodeid=f"tests/unit/test_x.py::{name}",
            get_closest_marker=lambda marker, name=name: marker == "long" and name == "a",
        )
        for name in ("a", "b")
    ]
    conftest.pytest_collection_modifyitems(config, items)
    assert [item.nodeid for item in items] == left
    assert len(deselected) == 2 - len(left)


# --- variables for a shell -------------------------------------------------


def test_a_shell_gets_the_variables_and_the_virtual_environment_first_and_once(places):
    programs = places.venv / "bin"
    given = {"DATABASE_URL": "postgis:///a'b", "PATH": f"{programs}:/bin", "HOME": "/root"}
    lines = shell_variables.exports(places, given)
    script = "\n".join([*lines, 'echo "$DATABASE_URL|$PATH|$VIRTUAL_ENV"'])
    shown = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=True)
    assert shown.stdout == f"postgis:///a'b|{programs}:/bin|{places.venv}\n"
    assert not [line for line in lines if "HOME" in line]
    assert all(shlex.split(line)[0] == "export" for line in lines)


def test_a_url_of_the_private_cluster_is_no_server_of_ones_own(places, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", Cluster(places, "pg-test").url())
    assert Database.chosen(places).cluster.link.name == "pg"
    assert Database.chosen(places, testing=True).cluster.link.name == "pg-test"
    monkeypatch.setenv("DATABASE_URL", f"{OWN_URL}/another/clone/socket")
    assert Database.chosen(places).cluster is None
    monkeypatch.setenv("DATABASE_URL", "postgis://me@db.example/ruhu")
    assert Database.chosen(places).cluster is None
    monkeypatch.delenv("DATABASE_URL")
    assert Database.chosen(places).cluster.link.name == "pg"


def test_only_the_server_that_was_kept_stays(places):
    cluster = Cluster(places)
    cluster.data.mkdir(parents=True)
    identity = cluster.data / "postmaster.pid"
    assert not cluster.kept()
    identity.write_text("4711\n/data\n1700000000\n5432\n")
    assert not cluster.kept()
    cluster._keep_file.write_text(cluster._server_identity())
    assert cluster.kept()
    identity.write_text("4711\n/data\n1700009999\n5432\n")
    assert not cluster.kept(), "another server, started after a reboot"


@pytest.mark.parametrize(("state", "serves"), [("ready   ", True), ("stopping", False)])
def test_a_server_that_stops_is_no_running_server(places, state, serves):
    cluster = Cluster(places)
    cluster.data.mkdir(parents=True)
    assert not cluster.serving()
    program = "import time; print(flush=True); time.sleep(60)"
    command = ["postgres", "-c", program, str(cluster.data)]
    with subprocess.Popen(command, executable=sys.executable, stdout=subprocess.PIPE) as server:
        server.stdout.readline()
        lines = f"{server.pid}\n/data\n1700000000\n5432\n/socket\n\n 1 2\n{state}\n"
        (cluster.data / "postmaster.pid").write_text(lines)
        assert cluster.serving() == serves
        assert cluster.alive()
        server.kill()
    assert not cluster.serving()


# --- dev -------------------------------------------------------------------


class FakeSupervisor:
    def __init__(self) -> None:
        self.calls: list[str] = []

    def restart(self, name: str) -> None:
        self.calls.append(f"restart {name}")

    def retry(self, name: str) -> None:
        self.calls.append(f"retry {name}")


def test_changed_code_restarts_the_worker_and_a_changed_catalogue_is_compiled(tmp_path):
    catalogue = tmp_path / "server/locale/zh_Hans/LC_MESSAGES/django.po"
    catalogue.parent.mkdir(parents=True)
    catalogue.write_text('msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n')
    module = tmp_path / "server/a.py"
    module.write_text("")
    watch, supervisor = Watch(Places(tmp_path, tmp_path / "var")), FakeSupervisor()

    def looked() -> list[str]:
        supervisor.calls.clear()
        watch._due = 0
        watch.look(supervisor)
        return list(supervisor.calls)

    assert looked() == []
    (tmp_path / "server/b.py").write_text("")
    assert looked() == ["restart worker", "retry web"]
    module.unlink()
    assert looked() == ["restart worker", "retry web"]
    catalogue.write_text(f'{catalogue.read_text()}\nmsgid "a"\nmsgstr "甲"\n')
    assert looked() == ["restart worker"]
    assert catalogue.with_suffix(".mo").exists()
    assert looked() == []
