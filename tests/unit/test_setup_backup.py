"""Backups: when what is due, what the files of keys and settings hold, what the database's settings say."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from server.ops.setup import backup, backup_settings, restore
from server.ops.setup.backup_settings import Status, Target
from server.ops.setup.cluster import Cluster
from server.ops.setup.cluster_settings import archive_command, settings
from server.ops.setup.messages import SetupProblem
from server.ops.setup.places import Places
from server.ops.setup.repository import Repository, _stored_since

HOUR = 3600


@pytest.fixture
def places(tmp_path, monkeypatch) -> Places:
    for name in ("DATABASE_URL", "RUHU_SECRET_KEYS", "RUHU_KEYS_COMMAND", "RUHU_BLOBS"):
        monkeypatch.delenv(name, raising=False)
    return Places(tmp_path / "source", tmp_path / "var")


def ago(hours: float) -> str:
    return (datetime.now(UTC) - timedelta(hours=hours)).isoformat()


@pytest.mark.parametrize(
    ("hours", "hour", "due"),
    [(None, 12, True), (17, 3, False), (19, 3, True), (19, 12, False), (35, 12, False), (37, 12, True)],
)  # fmt: skip
def test_the_database_is_copied_each_night_or_after_a_missed_one(hours, hour, due):
    status = Status(base_at="" if hours is None else ago(hours))
    assert backup.is_base_due(status, hour) is due


def test_after_an_outage_the_database_is_copied_anew():
    assert not backup.was_away(Status(point_at=ago(1)))
    assert not backup.was_away(Status(point_at=ago(0.1), error="disk away"))
    assert backup.was_away(Status(point_at=ago(0.2), error="disk away"))


def test_each_week_the_copy_is_a_full_one():
    assert backup.is_full_due(Status())
    assert not backup.is_full_due(Status(full_at=ago(6 * 24)))
    assert backup.is_full_due(Status(full_at=ago(7 * 24)))


def test_a_restore_is_tried_each_week_at_night_or_when_two_days_overdue():
    target = Target("/x", verify_days=7)
    assert not backup.is_trial_due(Status(full_at=ago(1), verified_at=""), target, 3)
    assert backup.is_trial_due(Status(full_at=ago(7 * 24), verified_at=""), target, 3)
    assert not backup.is_trial_due(Status(full_at=ago(24), verified_at=ago(6 * 24)), target, 3)
    old = Status(full_at=ago(8 * 24), verified_at=ago(8 * 24))
    assert backup.is_trial_due(old, target, 3)
    assert not backup.is_trial_due(old, target, 12)
    assert backup.is_trial_due(Status(full_at=ago(10 * 24), verified_at=ago(10 * 24)), target, 12)
    assert not backup.is_trial_due(old, Target("/x", verify_days=0), 3)


def test_the_file_of_keys_gives_back_what_it_was_made_of(tmp_path):
    target = Target(
        "s3://bucket/a/b/", each=30, endpoint="s3.example", access_key="k", access_secret="s%cret",
        verify_tls=False,
    )  # fmt: skip
    path = tmp_path / "keys.txt"
    path.write_text(backup_settings.recovery_text(target, "phrase", ["AAA=", "BBB="]))
    recovery = backup_settings.recovery_of(path)
    assert recovery.target == target
    assert (recovery.backup, recovery.sealing) == ("phrase", ["AAA=", "BBB="])
    assert (target.bucket, target.prefix, target.is_s3) == ("bucket", "a/b", True)
    assert "s%cret" not in repr(target)


@pytest.mark.parametrize("content", ["", "[ruhu]\nplace = /x\n", "nonsense", "[ruhu]\neach = x\n"])
def test_another_file_is_refused(tmp_path, content):
    path = tmp_path / "keys.txt"
    path.write_text(content)
    with pytest.raises(SetupProblem) as refused:
        backup_settings.recovery_of(path)
    assert refused.value.key == "no_recovery_file"


def test_settings_and_key_are_private_and_the_status_is_for_everybody(places):
    target = Target("/mnt/backup", each=10)
    backup_settings.keep_target(places, target)
    phrase = backup_settings.passphrase(places, make=True)
    assert backup_settings.target_of(places) == target
    assert backup_settings.passphrase(places, make=True) == phrase
    for path in places.backup.iterdir():
        assert path.stat().st_mode & 0o777 == 0o600
    assert places.backup.stat().st_mode & 0o777 == 0o700
    backup_settings.keep_status(places, Status(place="/mnt/backup", point_at=ago(1)))
    assert places.backup_status.stat().st_mode & 0o777 == 0o644
    assert phrase not in places.backup_status.read_text()
    backup_settings.keep_target(places, None)
    assert backup_settings.target_of(places) is None
    assert not places.backup_status.exists()
    backup_settings.key_file(places).unlink()
    with pytest.raises(SetupProblem):
        backup_settings.passphrase(places)


def test_the_log_is_archived_only_where_backups_are_configured():
    common = {"socket": Path("/s"), "memory_mb": 4000, "shared_memory_mb": 0, "durable": True, "lz4": True}  # fmt: skip
    assert "archive" not in settings(**common)
    command = archive_command(Path("/srv/it's 100%/pg"))
    lines = settings(**common, archive=(command, 60))
    assert "archive_mode = on" in lines
    assert "archive_timeout = 60s" in lines
    assert "100%%" in lines  # PostgreSQL reads %p and %f
    assert lines.count("''") >= 3  # quotes are doubled


def test_a_folder_that_is_not_mounted_is_noticed(places, tmp_path):
    target = Target(str(tmp_path / "disk"))
    repository = Repository(places, Cluster(places), target, "x", places.blobs)
    with pytest.raises(SetupProblem) as absent:
        repository.mark()
    assert absent.value.key == "backup_no_folder"
    target.folder.mkdir()
    with pytest.raises(SetupProblem) as empty:
        repository.check()
    assert empty.value.key == "backup_not_there"


def test_only_what_was_stored_since_is_copied(tmp_path):
    import os

    for name, old in (("ab/abcd", True), ("cd/cdef", False), ("incoming/xyz", False)):
        path = tmp_path / name
        path.parent.mkdir()
        path.touch()
        if old:
            os.utime(path.parent, (1000, 1000))
    assert _stored_since(tmp_path, 0.0) == ["ab/abcd", "cd/cdef"]
    assert _stored_since(tmp_path, 2000.0) == ["cd/cdef"]
    assert _stored_since(tmp_path / "none", 0.0) == []


def test_what_is_not_covered_is_said_plainly(places, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgis://user@db.example/ruhu")
    for words in (["to", "/mnt"], ["now"], ["list"], ["verify"]):
        with pytest.raises(SetupProblem) as refused:
            backup.command(places, words)
        assert refused.value.key == "backup_external"
        assert "var/blobs" in str(refused.value)


def test_without_a_target_each_command_says_how_to_begin(places):
    for words in (["now"], ["list"], ["verify"], ["keys", "/x"], ["off"], ["watch"]):
        with pytest.raises(SetupProblem) as refused:
            backup.command(places, words)
        assert refused.value.key == "backup_off"
    for words in (["to", "/mnt", "--each", "1"], ["to"], ["to", "s3://bucket"], ["nonsense"]):
        with pytest.raises(SetupProblem):
            backup.command(places, words)


def test_nothing_is_restored_over_data_or_other_keys(places, tmp_path):
    recovery = backup_settings.Recovery(Target("/x"), "phrase", ["AAA="])
    places.make()
    (places.var / "secret.keys").write_text("BBB=\n")
    with pytest.raises(SetupProblem) as other:
        restore._keep_keys(places, recovery)
    assert other.value.key == "restore_other_key"
    (places.var / "secret.keys").unlink()
    restore._keep_keys(places, recovery)
    assert (places.var / "secret.keys").read_text() == "AAA=\n"
    assert (places.var / "secret.keys").stat().st_mode & 0o777 == 0o600

    (places.var / "pg" / "data").mkdir(parents=True)
    (places.var / "pg" / "data" / "PG_VERSION").write_text("15")
    with pytest.raises(SetupProblem) as full:
        restore.restore(places, recovery, None)
    assert full.value.key == "restore_not_empty"


def test_a_cluster_that_a_restore_left_unfinished_does_not_start(places):
    cluster = Cluster(places)
    places.make()
    cluster.restoring.touch()
    with pytest.raises(SetupProblem) as refused:
        cluster.start()
    assert refused.value.key == "restore_unfinished"


def test_a_moment_is_a_local_time():
    assert restore._moment("2026-11-27 10:30").isoformat().startswith("2026-11-27T10:30:00")
    with pytest.raises(ValueError, match="Invalid"):
        restore._moment("yesterday")
    assert argparse  # argparse turns the ValueError into a sentence
