"""The pure parts of the set-up: stamps, messages, steps, versions, folders, settings."""

from __future__ import annotations

import base64
import io
import os
import re
import socket
import string
from pathlib import Path

import pytest

from server.ops.setup import application, environment, instance, nginx, packages, shell, welcome
from server.ops.setup.cluster_folders import (
    SOCKET_LIMIT,
    data_home,
    fits,
    reachable,
    socket_folder,
    unused,
)
from server.ops.setup.cluster_settings import hba, ident, settings
from server.ops.setup.database import Database
from server.ops.setup.messages import COMMANDS, SetupProblem, catalogue, language, text
from server.ops.setup.places import Places
from server.ops.setup.preparation import Purpose, preparation
from server.ops.setup.progress import Progress, Step
from server.ops.setup.stamps import Stamps, digest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(ROOT, tmp_path / "var")


# --- stamps ----------------------------------------------------------------


def test_a_stamp_is_fresh_only_for_what_it_was_made_from(tmp_path):
    stamps = Stamps(tmp_path / "stamps")
    assert not stamps.fresh("venv", "a")
    stamps.write("venv", "a")
    assert stamps.fresh("venv", "a")
    assert not stamps.fresh("venv", "b")
    assert [path.name for path in stamps.folder.iterdir()] == ["venv"]


def test_a_digest_follows_contents_and_knows_missing_files(tmp_path):
    lock = tmp_path / "requirements.lock"
    missing = digest(lock)
    lock.write_text("a")
    first = digest(lock)
    lock.write_text("b")
    assert len({missing, first, digest(lock), digest(lock, "3.11")}) == 4


# --- messages --------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "en_GB.UTF-8", "LC_MESSAGES": "zh_CN"}, "zh"),
        ({}, "en"),
    ],
)
def test_the_language_is_the_environments(given, expected):
    assert language(given) == expected


def test_every_sentence_exists_twice_with_the_same_blanks():
    def blanks(sentence: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}

    for key, (english, chinese) in catalogue().items():
        assert blanks(english) == blanks(chinese), key
        assert re.search(r"[\u4e00-\u9fff]", chinese), key


def test_every_sentence_that_is_used_exists():
    used = set()
    for module in (ROOT / "server/ops/setup").glob("*.py"):
        source = module.read_text(encoding="utf-8")
        used |= set(re.findall(r'(?:\btext|SetupProblem|Step|say|key=)\(\s*"([a-z_]+)"', source))
        used |= set(re.findall(r'"((?:step|purpose)_[a-z]+)"', source))
    assert used <= set(catalogue())


# --- progress --------------------------------------------------------------


def test_steps_are_numbered_and_a_quiet_run_shows_only_work():
    done = Step("step_venv", lambda: True, lambda: "")
    due = Step("step_npm", lambda: False, lambda: "3 packages")
    loud, quiet = io.StringIO(), io.StringIO()
    progress = Progress(2, out=loud)
    assert [progress.run(done), progress.run(due)] == [False, True]
    assert loud.getvalue().splitlines()[0] == f"[ 1/2] {text('step_venv')}: {text('already')}"
    assert "3 packages" in loud.getvalue()
    Progress(1, quiet=True, out=quiet).run(done)
    assert quiet.getvalue() == ""


# --- packages and versions -------------------------------------------------


def test_the_newest_postgresql_offered_is_taken_and_an_old_one_is_not():
    debian = "postgresql-15-postgis-3 - x\npostgresql-15-postgis-3-scripts - x\n"
    assert packages.newest_offered(debian) == 15
    assert packages.newest_offered(debian + "postgresql-17-postgis-3 - x\n") == 17
    assert packages.newest_offered("postgresql-14-postgis-3 - x\n") is None


def test_without_apt_the_sentence_names_what_to_install(places, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    lacking = [packages.Package("gettext", lambda: False)]
    with pytest.raises(SetupProblem) as caught:
        packages.install(places, lacking)
    assert caught.value.key == "no_apt"
    assert "gettext" in str(caught.value)


def test_without_apt_an_optional_package_is_only_noted(places, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    java = packages.Package("openjdk-17-jre-headless", lambda: False, optional=True)
    assert packages.install(places, [java]) == text("no_java")


def test_nginx_is_fetched_and_unpacked_and_never_installed(places, monkeypatch, tmp_path):
    """With newer lists of packages when the ones here are none."""
    programs = {
        "apt-get": """
            echo "$@" >> {log}
            case "$*" in *update*) touch {lists} ;; esac
            case "$*" in *download*) test -e {lists} && touch nginx_1_amd64.deb ;; esac
        """,
        "dpkg-deb": 'mkdir -p "$3/usr/sbin" && touch "$3/usr/sbin/nginx"',
        "sudo": 'test "$1" = -v || exec "$@"',
    }
    log, lists = tmp_path / "log", tmp_path / "lists"
    for name, script in programs.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script.format(log=log, lists=lists)}")
        (tmp_path / name).chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    places.make()

    nginx.step(places).act()

    assert (places.var / "nginx/usr/sbin/nginx").exists()
    assert ["install" in words.split() for words in log.read_text().splitlines()] == [False] * 3
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    with pytest.raises(SetupProblem) as caught:
        nginx.step(places).act()
    assert (caught.value.key, "nginx" in str(caught.value)) == ("no_apt", True)


def test_the_lock_for_tests_holds_the_lock_for_serving():
    def pins(name: str) -> set[str]:
        return set(re.findall(r"^([a-z0-9._-]+==\S+)", (ROOT / name).read_text(), re.MULTILINE))

    serving, testing = pins(environment.LOCK), pins(environment.TESTING_LOCK)
    assert serving
    assert serving <= testing


def test_lock_files_name_no_host():
    for name in (environment.LOCK, environment.TESTING_LOCK):
        assert "://" not in (ROOT / name).read_text()
    for folder in ("server/console/npm", "tests/acceptance/engine/npm"):
        assert '"resolved"' not in (ROOT / folder / "package-lock.json").read_text()
        assert "://" not in (ROOT / folder / ".npmrc").read_text()


def test_the_second_form_engine_is_fetched_for_tests_and_once(places):
    stamps = Stamps(places.stamps)
    database = Database(places, None)

    def names(purpose: Purpose) -> list[str]:
        return [step.key for step in preparation(places, database, purpose)]

    assert "step_engine" not in names(Purpose.SERVING)
    assert "step_engine" in names(Purpose.TESTING)
    assert "step_npm" in names(Purpose.CHECKING), "Django checks that their folder is there"
    npm = ROOT / "tests/acceptance/engine/npm"
    lock = digest(*(npm / name for name in ("package.json", "package-lock.json", ".npmrc")))
    step = environment.second_engine(places, stamps)
    stamps.write("npm-tests", lock)
    assert not step.is_done(), "the packages are gone"
    (places.npm_tests / "node_modules").mkdir(parents=True)
    assert step.is_done()
    stamps.write("npm-tests", "of another lock")
    assert not step.is_done()


def test_the_form_filler_is_bundled_once_for_each_lock_and_entry(places):
    npm = ROOT / "server/console/npm"
    names = ("package.json", "package-lock.json", ".npmrc", "web-forms.mjs")
    stamps = Stamps(places.stamps)
    places.make()
    step = environment.browser_bundle(places, stamps)
    stamps.write("bundle", digest(str(places.bundle), *(npm / name for name in names)))
    assert not step.is_done(), "the bundle is gone"
    places.bundle.mkdir(parents=True)
    (places.bundle / "web-forms.mjs").touch()
    assert step.is_done()
    stamps.write("bundle", "of another lock")
    assert not step.is_done()


# --- key -------------------------------------------------------------------


def test_the_sealing_key_is_made_once_and_never_replaced(places, monkeypatch):
    monkeypatch.delenv("RUHU_SECRET_KEYS", raising=False)
    places.var.mkdir()
    step = environment.sealing_key(places, has_data=False)
    assert not step.is_done()
    step.act()
    key = places.var / "secret.keys"
    made = key.read_bytes()
    assert key.stat().st_mode & 0o777 == 0o600
    assert step.is_done()
    assert base64.b64decode(made) not in places.session_key.read_bytes()
    places.session_key.unlink()
    assert not step.is_done()
    step.act()
    assert key.read_bytes() == made
    assert places.session_key.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in places.var.iterdir()) == ["secret.keys", "session.key"]


def test_the_sealing_key_may_lie_elsewhere_or_come_from_a_command(places, monkeypatch, tmp_path):
    monkeypatch.delenv("RUHU_SECRET_KEYS", raising=False)
    places.var.mkdir()
    monkeypatch.setenv("RUHU_KEYS_FILE", str(tmp_path / "stick.keys"))
    environment.sealing_key(places, has_data=False).act()
    assert (tmp_path / "stick.keys").exists()
    assert not (places.var / "secret.keys").exists()
    (tmp_path / "stick.keys").unlink()  # it was taken out
    with pytest.raises(SetupProblem):
        environment.sealing_key(places, has_data=True).act()
    monkeypatch.setenv("RUHU_KEYS_COMMAND", "kms-client get ruhu")
    assert environment.sealing_key(places, has_data=True).is_done()


def test_no_new_key_is_made_for_data_that_another_key_sealed(places, monkeypatch):
    monkeypatch.delenv("RUHU_SECRET_KEYS", raising=False)
    places.var.mkdir()
    with pytest.raises(SetupProblem) as caught:
        environment.sealing_key(places, has_data=True).act()
    assert caught.value.key == "key_lost"
    assert not list(places.var.iterdir())


# --- cluster ---------------------------------------------------------------


def test_the_socket_lies_beside_the_data_unless_its_path_is_too_long(tmp_path):
    short, long = Path("/srv/ruhu/var/pg"), Path("/srv") / ("deep/" * 20) / "var/pg"
    assert socket_folder(short, 1000) == short / "socket"
    chosen = socket_folder(long, 1000)
    assert fits(chosen)
    assert chosen.parent in (Path("/run"), Path("/tmp"))
    assert chosen != socket_folder(long, 1001)
    assert SOCKET_LIMIT <= 100


def test_reachable_asks_every_folder_on_the_way(tmp_path):
    closed = tmp_path / "closed"
    (closed / "tree").mkdir(parents=True)
    me, other = closed.stat().st_uid, 65533
    closed.chmod(0o700)
    assert reachable(closed / "tree", me, 65533)
    assert not reachable(closed / "tree", other, 65533)


def test_data_of_an_earlier_clone_at_the_same_place_is_left_alone(tmp_path):
    assert unused(tmp_path / "a") == tmp_path / "a"
    (tmp_path / "a").mkdir()
    (tmp_path / "a-2").mkdir()
    assert unused(tmp_path / "a") == tmp_path / "a-3"


def test_the_data_folder_is_private(tmp_path):
    link = tmp_path / "var" / "pg"
    home = data_home(link, os.geteuid(), os.getegid())
    assert home == link
    assert home.stat().st_mode & 0o777 == 0o700


def test_the_cluster_listens_on_no_network_and_trusts_nobody():
    given = settings(
        socket=Path("/srv/o'brien"), memory_mb=2000, shared_memory_mb=64, durable=True, lz4=True
    )
    assert "listen_addresses = ''" in given
    assert "unix_socket_directories = '/srv/o''brien'" in given
    assert "shared_buffers = 500MB" in given
    assert "fsync" not in given
    assert "dynamic_shared_memory_type = mmap" in given
    assert [line for line in hba().splitlines() if not line.startswith("#")] == [
        "local all all peer map=ruhu"
    ]
    rows = ident({"root", "dev"}, "dev", guests={"root", "www"}).splitlines()
    assert rows[1:] == [
        'ruhu "dev" ruhu',
        'ruhu "dev" ruhu_web',
        'ruhu "dev" ruhu_worker',
        'ruhu "root" ruhu',
        'ruhu "root" ruhu_web',
        'ruhu "root" ruhu_worker',
        'ruhu "www" ruhu_web',
        'ruhu "www" ruhu_worker',
        'ruhu "dev" postgres',
    ]


def test_only_the_cluster_for_tests_gives_up_durability():
    values = {"socket": Path("/s"), "memory_mb": 9000, "shared_memory_mb": 4000, "lz4": False}
    assert "fsync = off" in settings(durable=False, **values)
    assert "fsync" not in settings(durable=True, **values)


def test_attachments_and_logs_are_private(places):
    places.make()
    places.make()
    for name in ("blobs", "log"):
        assert (places.var / name).stat().st_mode & 0o777 == 0o700


# --- port, instance, failures ----------------------------------------------


def test_a_taken_port_is_told_with_the_remedy():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SetupProblem) as caught:
            instance.listen("127.0.0.1", port)
    assert caught.value.key == "port_taken"
    assert str(port) in str(caught.value)
    with instance.listen("127.0.0.1", 0) as free:
        assert free.getsockname()[1]


def test_an_address_of_another_machine_is_told():
    with pytest.raises(SetupProblem) as caught:
        instance.listen("192.0.2.1", 0)
    assert caught.value.key == "host_unknown"


def test_one_instance_a_folder(places):
    assert instance.serving_at(places) is None
    with instance.only_one(places) as handle:
        instance.announce(handle, "http://127.0.0.1:8000")
        assert instance.serving_at(places) == "http://127.0.0.1:8000"
        with pytest.raises(SetupProblem) as caught, instance.only_one(places):
            pass
        assert caught.value.key == "already_running"
        assert str(os.getpid()) in str(caught.value)
    assert instance.serving_at(places) is None


@pytest.mark.parametrize(
    ("words", "key"),
    [
        ("E: You don't have enough free space in /var/cache\nnot enough free space", "disk_full"),
        ("OSError: [Errno 28] No space left on device", "disk_full"),
        ("npm error code ENOTFOUND", "download_failed"),
        ("ERROR: hashes do not match", "step_failed"),
    ],
)
def test_a_tools_last_words_become_one_sentence(places, words, key):
    problem = shell.failure(places, "step_venv", words)
    assert problem.key == key
    assert "\n" not in str(problem)


def test_a_nearly_full_disk_is_told_before_work_begins(tmp_path):
    with pytest.raises(SetupProblem) as caught:
        shell.need_space(tmp_path / "not/yet", 10**9)
    assert caught.value.key == "disk_full"


def test_what_a_secret_command_prints_stays_out_of_the_log(places):
    assert shell.run(places, "step_demo", ["echo", "password"], secret=True) == "password\n"
    shell.run(places, "step_demo", ["echo", "harmless"])
    log = places.log.read_text()
    assert "harmless" in log
    assert "password" not in log


# --- address and commands --------------------------------------------------


def test_the_address_shown_is_one_that_can_be_called(monkeypatch):
    monkeypatch.delenv("RUHU_BASE_URL", raising=False)
    assert welcome.address("127.0.0.1", 8000) == "http://127.0.0.1:8000"
    assert welcome.address("::1", 8000) == "http://[::1]:8000"
    assert "0.0.0.0" not in welcome.address("0.0.0.0", 8000)
    monkeypatch.setenv("RUHU_BASE_URL", "https://ruhu.example/")
    assert welcome.address("0.0.0.0", 8000) == "https://ruhu.example"


def test_help_knows_every_command_of_ours():
    sentences = application.commands(ROOT)
    assert set(COMMANDS) == set(sentences), "each has its sentence in Chinese, too"
    assert {"user", "worker", "divisions"} <= set(sentences)
    assert all(sentences.values())
