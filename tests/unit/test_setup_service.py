"""Started by root, web and worker run as an account that may write the stored files only."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from server.ops.setup import service, serving, welcome
from server.ops.setup.account import Account
from server.ops.setup.cluster import Cluster
from server.ops.setup.cluster_settings import ident, settings
from server.ops.setup.database import Database
from server.ops.setup.places import Places
from server.ops.setup.service import Service

ROOT = Path(__file__).resolve().parents[2]
NOBODY = Account.named("nobody")
STATE = """
import os, sys
print(*os.getresuid(), *os.getresgid(), os.getgroups())
for line in open("/proc/self/status"):
    if line.startswith(("CapEff", "CapPrm", "NoNewPrivs")):
        print(line.strip())
for path in sys.argv[1:]:
    try:
        open(path, "a").close()
    except OSError as error:
        print(error.strerror)
    else:
        print("written")
"""


@pytest.fixture
def places(tmp_path: Path) -> Places:
    for folder in tmp_path.parents:
        if folder.stat().st_uid == os.getuid() and "pytest" in folder.name:
            folder.chmod(0o755)
    tmp_path.chmod(0o755)
    places = Places(ROOT, tmp_path / "var")
    places.make()
    places.var.chmod(0o755)
    return places


@pytest.mark.parametrize("reads_everything", [False, True])
def test_a_process_that_becomes_the_account_gives_up_root_for_good(
    places, reads_everything
) -> None:
    key = places.var / "secret.keys"
    key.touch(0o600)
    account = Service(NOBODY, reads_everything)
    command = [sys.executable, "-c", STATE, key]
    if os.geteuid() != 0:
        with pytest.raises(subprocess.SubprocessError):
            subprocess.run(command, preexec_fn=account.become, check=True)
        return
    if not reads_everything:  # Python itself may be below /root
        command[0] = "/usr/bin/python3"
    out = subprocess.run(
        command, preexec_fn=account.become, capture_output=True, text=True, check=True
    ).stdout

    capability = "0000000000000004" if reads_everything else "0000000000000000"
    uid, gid = NOBODY.uid, NOBODY.gid
    assert out.splitlines() == [
        f"{uid} {uid} {uid} {gid} {gid} {gid} []",
        f"CapPrm:\t{capability}",
        f"CapEff:\t{capability}",
        "NoNewPrivs:\t1",
        "Permission denied",
    ]


def test_the_account_gets_the_stored_files_and_may_read_the_key(places, monkeypatch) -> None:
    monkeypatch.delenv("RUHU_BLOBS", raising=False)
    folder = places.var / "blobs" / "ab"
    folder.mkdir()
    (folder / "abcd").touch()
    key = places.var / "secret.keys"
    key.touch(0o600)
    account = NOBODY if os.geteuid() == 0 else Account.of(os.geteuid())
    if os.geteuid() == 0:
        service.hand_over(places, Service(account, reads_everything=False))
        assert key.stat().st_uid == 0
        assert (key.stat().st_gid, key.stat().st_mode & 0o777) == (account.gid, 0o640)
        assert not service.may_write(key, account)
        assert service.may_write(places.var / "audit.heads", account)
        assert not service.may_write(places.var, account)
        assert not service.may_write(ROOT / "server", account)
    for path in (places.var / "blobs", folder, folder / "abcd"):
        assert path.stat().st_uid == account.uid
        assert service.may_write(path, account)


def test_what_root_stores_belongs_to_the_account(tmp_path, settings) -> None:
    from server.core import blobs

    settings.BLOB_ROOT = str(tmp_path / "blobs")
    (tmp_path / "blobs").mkdir()
    owner = NOBODY.uid if os.geteuid() == 0 else os.geteuid()
    if os.geteuid() == 0:
        os.chown(tmp_path / "blobs", NOBODY.uid, NOBODY.gid)
    blob = blobs.store([b"a workbook that root published"])
    path = blobs.path_of(blob.sha256)
    made = (path, path.parent, tmp_path / "blobs" / "incoming")
    assert {entry.stat().st_uid for entry in made} == {owner}


def test_only_root_needs_the_account(places, monkeypatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    told: list[str] = []
    assert service.chosen(places, told.append) is None
    assert not told


def test_where_the_account_cannot_be_made_the_start_says_so(places, monkeypatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(service, "_account", lambda: None)
    told: list[str] = []
    assert service.chosen(places, told.append) is None
    assert service.NAME in told[0]


def test_web_and_worker_are_started_as_the_account(places) -> None:
    import socket

    account = Service(NOBODY, reads_everything=False)
    database = Database(places, Cluster(places))
    with socket.socket() as listener:
        web = serving.web(places, database, listener, 2, account)
        worker = serving.worker(places, database, account)
        assert web.become == worker.become == account.become
        assert serving.web(places, database, listener, 2).become is None


def test_the_account_connects_as_a_serving_role_only(tmp_path) -> None:
    lines = ident({"root", "postgres"}, "postgres", guests={"ruhu"})
    assert 'ruhu "ruhu" ruhu_web\n' in lines
    assert 'ruhu "ruhu" ruhu\n' not in lines
    assert lines.count(" postgres\n") == 1
    sizes = {"socket": tmp_path, "memory_mb": 8000, "shared_memory_mb": 64}
    for guests, permissions in ((False, "0700"), (True, "0777")):
        made = settings(**sizes, durable=True, lz4=True, guests=guests)
        assert f"unix_socket_permissions = {permissions}" in made


@pytest.mark.parametrize(
    ("host", "url", "behind_tls", "expected"),
    [
        ("0.0.0.0", "http://10.0.0.1:8000", "", True),
        ("127.0.0.1", "http://127.0.0.1:8000", "", False),
        ("0.0.0.0", "https://ruhu.example", "true", False),
        ("0.0.0.0", "https://ruhu.example", "", True),
        ("0.0.0.0", "http://ruhu.example", "true", True),
    ],
)
def test_the_start_warns_when_passwords_cross_the_network_in_the_open(
    monkeypatch, host, url, behind_tls, expected
) -> None:
    monkeypatch.setenv("RUHU_BEHIND_TLS_PROXY", behind_tls)
    assert welcome.in_the_open(host, url) == expected
