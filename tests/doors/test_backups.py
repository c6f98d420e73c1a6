"""How old the backups are, at /healthz and on the front page of those who administer."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from server.audit.models import Act, AuditEntry
from server.core import blobs, clock
from server.core.backups import backup_state

pytestmark = pytest.mark.django_db


@pytest.fixture
def write(settings, tmp_path):
    settings.RUHU_BACKUP_STATUS = tmp_path / "backup-status.json"

    def write(
        *, point: timedelta | None = None, verified: timedelta | None = None, error: str = ""
    ):
        stored = {
            "point_at": (clock.now() - point).isoformat() if point is not None else "",
            "verified_at": (clock.now() - verified).isoformat() if verified is not None else "",
            "error": error,
            "each": 60,
            "place": "/mnt/secret-place",
        }
        settings.RUHU_BACKUP_STATUS.write_text(json.dumps(stored))

    return write


def test_healthz_has_the_ages_and_no_place(client, write):
    assert "backup" not in client.get("/healthz").json()
    write(point=timedelta(seconds=40), verified=timedelta(days=2))
    answer = client.get("/healthz")
    backup = answer.json()["backup"]
    assert 40 <= backup["age"] < 60
    assert 0 <= backup["verified_age"] - 2 * 86_400 < 60
    assert backup["failing"] is False
    assert b"secret-place" not in answer.content
    write(error="disk full at /mnt/secret-place")
    answer = client.get("/healthz")
    assert answer.json()["backup"] == {"age": None, "verified_age": None, "failing": True}
    assert b"secret-place" not in answer.content


def test_a_damaged_status_is_none(write, settings):
    settings.RUHU_BACKUP_STATUS.write_text("{")
    assert backup_state() is None
    settings.RUHU_BACKUP_STATUS.write_text("{}")
    assert backup_state() is None


@pytest.mark.parametrize(
    ("state", "told"),
    [
        (None, "none"),
        ({"point": timedelta(minutes=1), "verified": timedelta(days=3)}, "good"),
        ({"point": timedelta(minutes=1)}, "unverified"),
        ({"point": timedelta(minutes=1), "verified": timedelta(days=11)}, "unverified"),
        ({"point": timedelta(minutes=16), "verified": timedelta(days=3)}, "failing"),
        ({"point": timedelta(minutes=1), "error": "disk full"}, "failing"),
        ({"error": "never worked"}, "failing"),
    ],
)
def test_the_front_page_tells_administrators(client, write, make_user, divisions, state, told):
    if state is not None:
        write(**state)
    client.force_login(make_user("chief", role="administrator", area=""))
    page = client.get("/").content.decode()
    assert f'data-backups="{told}"' in page
    if state and "error" in state:
        assert state["error"] in page
    client.force_login(make_user("clerk", role="street"))
    assert "data-backups" not in client.get("/").content.decode()


def test_a_restore_is_an_act_and_counts_missing_files(divisions, capsys, settings, tmp_path):
    settings.RUHU_AUDIT_HEADS = tmp_path / "audit.heads"
    call_command("restored", "--at", "2026-11-27T10:00:00+00:00")
    entry = AuditEntry.objects.get(act=Act.RESTORED)
    assert entry.facts == {"as_of": "2026-11-27T10:00:00+00:00", "files_missing": 0}
    assert capsys.readouterr().out.strip().endswith("0")


def test_a_trial_looks_into_the_sealed_files(tmp_path, settings):
    content = b"a signature"
    blob = blobs.store([content])
    name = blob.sha256.hex()
    folder = str(blobs.path_of(blob.sha256).parents[1])
    call_command("restored", "--files", folder, name)
    blobs.path_of(blob.sha256).write_bytes(b"ruined")
    with pytest.raises(CommandError, match=name):
        call_command("restored", "--files", folder, name)
    with pytest.raises(CommandError, match="f" * 64):
        call_command("restored", "--files", folder, "f" * 64)
