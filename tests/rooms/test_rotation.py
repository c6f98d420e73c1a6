"""Rotating the sealing key: everything is sealed and hashed anew while records go on coming, and the old key is not needed."""

from __future__ import annotations

import base64
import json
import os
import re
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection, models
from django.test import Client
from django.utils import translation

from server.accounts.models import User
from server.audit.models import Act, AuditEntry
from server.core import keyring, sealing
from server.core.resealing import SealedBytes, SealedField
from server.ledgers.models import DeskAct, LedgerException, Naming, Person
from server.ledgers.reading.lookup import holding
from server.ledgers.reading.masking import plain
from server.ledgers.refolding.rebuild import rebuild
from server.ops import rotation
from server.submissions.models import SubmissionVersion
from tests.factories.stored import as_stored

AS_OF = date(2026, 12, 1)
NOT_SEALED = {
    "sha256", "md5", "token_hash", "public_key", "xform", "workbook_sha256", "previous", "hash", "digest",
}  # fmt: skip


@pytest.fixture
def key_file(migrated_database, settings, tmp_path: Path, monkeypatch) -> Iterator[Path]:
    """An older database with data, migrated, and its key in a file."""
    path = tmp_path / "secret.keys"
    path.write_text(base64.b64encode(settings.RUHU_SECRET_KEYS[0]).decode() + "\n")
    settings.RUHU_KEYS_PATH = path
    monkeypatch.setattr(rotation, "SETTLED", 0.0)
    monkeypatch.setattr(keyring, "CHECKED_EACH", 0.0)
    with translation.override("en"):
        yield path


def unheard(_done: int, _total: int) -> None:
    """Progress that nobody looks at."""


def traces(key_id: bytes, stored: str) -> list[str]:
    """Where a sealed value of this key begins, as bytes or as text."""
    in_base64 = base64.b64encode(key_id + b"\0\0").decode()[:5]
    return re.findall(rf"\\x{key_id.hex()}|(?<![A-Za-z0-9+/]){re.escape(in_base64)}", stored)


def people() -> dict[str, list[str | None]]:
    return {
        str(person.pk): [plain(person, "id_no"), plain(person, "phone")]
        for person in Person.objects.all()
    }


def opened_documents() -> list[bytes]:
    return [
        sealing.unseal_document(bytes(version.document))
        for version in SubmissionVersion.objects.order_by("pk")
    ]


def test_afterwards_the_old_key_opens_nothing_and_nothing_is_missed(key_file):
    (old,) = sealing.key_ids()
    assert not Naming.objects.exists()  # names still hang on the old key
    browser = Client()
    user = User.objects.order_by("pk").first()
    browser.force_login(user)
    totp, codes = TOTP.activate(user, "A" * 32), RecoveryCodes.activate(user)
    recovery = codes.generate_codes()
    before = people(), opened_documents()
    assert len(traces(old, as_stored())) > 100

    usage = rotation.rotate(actor=None, progress=unheard)

    assert usage.is_settled
    assert usage.keys[1:] == (old,)
    assert usage.total(old) == 0
    assert usage.total(usage.keys[0]) > 100
    assert traces(old, as_stored()) == []
    assert len(keyring.parse(key_file.read_text())) == 2

    (retired,) = rotation.drop(actor=None)

    assert base64.b64encode(retired).decode() not in key_file.read_text()
    assert sealing.key_ids() == [usage.keys[0]]
    assert (people(), opened_documents()) == before
    assert browser.get("/account").status_code == 200
    for factor in (totp, codes):
        factor.instance.refresh_from_db()
    assert totp.validate_code(format_hotp_value(hotp_value("A" * 32, int(time.time()) // 30)))
    assert codes.generate_codes() == recovery
    with pytest.raises(rotation.CannotRotate, match="nothing_retired"):
        rotation.drop(actor=None)
    id_no = next(id_no for id_no, _phone in before[0].values() if id_no)
    assert holding(Person.objects.all(), "id_no", id_no).exists()
    rebuild(area="", keep=True, as_of=AS_OF, progress=unheard)  # notes identities (decision 0250)
    report = rebuild(area="", keep=False, as_of=AS_OF, progress=unheard)
    assert report.differences == []
    assert set(people()) == set(before[0])  # nobody is called otherwise
    acts = AuditEntry.objects.filter(act__startswith="sealing").order_by("pk")
    assert [entry.act for entry in acts] == [
        Act.SEALING_KEY_MADE,
        Act.SEALING_ROTATED,
        Act.SEALING_KEY_DROPPED,
    ]


def test_killed_on_the_way_it_goes_on_and_the_ledgers_work_meanwhile(key_file, monkeypatch):
    rebuild(area="", keep=True, as_of=AS_OF, progress=unheard)
    duplicates = LedgerException.objects.filter(kind="possible_duplicate").count()
    monkeypatch.setattr(rotation, "_BATCH", 3)
    begun = []

    class Killed(BaseException):
        pass

    def until_killed(done: int, _total: int) -> None:
        begun.append(done)
        if len(begun) == 12:
            raise Killed

    with pytest.raises(Killed):
        rotation.rotate(actor=None, progress=until_killed)

    usage = rotation.usage()
    new, old = usage.keys
    assert usage.total(new) > 0
    assert usage.total(old) > 0
    for id_no, _phone in people().values():
        if id_no:
            assert holding(Person.objects.all(), "id_no", id_no).exists()
    with pytest.raises(CommandError, match="two keys"):
        call_command("rebuild", "--dry-run")
    with pytest.raises(rotation.CannotRotate, match="still_used"):
        rotation.drop(actor=None)
    # What is merged now is compared with what the other key sealed: no conflict is made up.
    conflicts = LedgerException.objects.filter(kind="conflict").count()
    rebuild(area="", keep=True, as_of=AS_OF, progress=unheard)
    assert LedgerException.objects.filter(kind="conflict").count() == conflicts

    usage = rotation.rotate(actor=None, progress=unheard)

    assert usage.keys == (new, old)  # the key of before, not a third
    assert usage.is_settled
    assert traces(old, as_stored()) == []
    assert rebuild(area="", keep=False, as_of=AS_OF, progress=unheard).differences == []
    assert LedgerException.objects.filter(kind="possible_duplicate").count() == duplicates


def test_a_value_of_an_unknown_key_stops_the_rotation_before_it_changes_anything(key_file):
    with connection.cursor() as cursor:
        cursor.execute(
            "update accounts_user set device_secret = 'abcdefgh' where device_secret is not null"
        )
        assert cursor.rowcount
    with pytest.raises(CommandError, match="sealed with a key that is not here"):
        call_command("keys", "rotate-sealing")
    with pytest.raises(SystemExit):
        call_command("keys", "check")


def test_hashes_of_another_key_are_made_anew(key_file, capsys):
    with connection.cursor() as cursor:
        cursor.execute("update ledgers_person set id_no_hash = decode('00', 'hex')")
    assert rotation.usage().wrong_hashes == Person.objects.exclude(id_no=None).count() > 0

    call_command("keys", "rotate-sealing", "--json")

    assert rotation.usage().is_settled
    stated = json.loads(capsys.readouterr().out)
    assert stated["settled"]
    assert stated["wrong_hashes"] == 0


def test_the_retired_key_can_be_kept_for_old_backups(key_file, tmp_path, monkeypatch, capsys):
    old = key_file.read_text().strip()
    call_command("keys", "rotate-sealing")
    assert "drop-sealing" in capsys.readouterr().out
    monkeypatch.setattr(rotation, "SETTLED", 60.0)
    with pytest.raises(CommandError, match="less than a minute ago"):
        call_command("keys", "drop-sealing")
    an_hour_ago = time.time() - 3600
    os.utime(key_file, (an_hour_ago, an_hour_ago))

    call_command("keys", "drop-sealing", "--keep", str(tmp_path / "old.keys"))

    assert (tmp_path / "old.keys").read_text().strip() == old
    assert (tmp_path / "old.keys").stat().st_mode & 0o777 == 0o600
    assert old not in key_file.read_text()
    with pytest.raises(CommandError, match="File exists"):
        call_command("keys", "drop-sealing", "--keep", str(tmp_path / "old.keys"))


def test_keys_that_no_file_holds_are_rotated_after_the_new_one_is_put_there(key_file, settings):
    settings.RUHU_KEYS_PATH = None
    with pytest.raises(CommandError, match="RUHU_KEYS_COMMAND"):
        call_command("keys", "rotate-sealing")
    settings.RUHU_SECRET_KEYS = [b"n" * 32, *settings.RUHU_SECRET_KEYS]

    assert rotation.rotate(actor=None, progress=unheard).is_settled

    settings.RUHU_SECRET_KEYS = settings.RUHU_SECRET_KEYS[:1]
    assert rotation.usage().is_settled


def test_every_column_of_bytes_is_declared_as_sealed_or_known_not_to_be():
    undeclared = {
        f"{model._meta.db_table}.{field.column}"
        for model in apps.get_models()
        if model.__module__.startswith("server.")
        for field in model._meta.concrete_fields
        if isinstance(field, models.BinaryField)
        and not isinstance(field, SealedField)
        and not field.name.endswith("_hash")
        and field.name not in NOT_SEALED
    }
    assert not undeclared, "declare a SealedField with its purpose, or name the column above"


def test_every_declared_column_is_a_place_of_the_rotation():
    names = " ".join(place.name for place in rotation.places())
    for expected in (
        "submissions_submissionversion.document",
        "submissions_encryptedversion.document",
        "quarantine",
        "accounts_user.device_secret",
        "forms_encryptionkey.private_key",
        "ledgers_naming.secret",
        "accounts_session.data",
        "mfa_authenticator.data",
        "ledgers_contribution.values",
        "ledgers_deskact.value",
        "earlier_phones",
        "submissions_comment.body",
        "submissions_reviewdecision.reason",
        "ledgers_deskact.reason",
        "ledgers_visit.findings",
        "ledgers_person.whole_texts",
    ):
        assert expected in names
    declared = [
        field
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, SealedField)
    ]
    at_places = [place for place in rotation.places() if isinstance(place, SealedBytes)]
    assert len(at_places) == len(declared) - 2  # values of contributions and desk acts


def test_a_process_takes_up_a_new_key_without_being_started_again(settings, tmp_path, monkeypatch):
    path = tmp_path / "secret.keys"
    path.write_text(base64.b64encode(b"o" * 32).decode())
    path.chmod(0o640)
    settings.RUHU_KEYS_PATH = path
    sealed = sealing.seal(b"x", "id_no")
    keyring.write(path, [b"n" * 32, b"o" * 32])
    assert path.stat().st_mode & 0o777 == 0o640

    settings.RUHU_KEYS_PATH = tmp_path / "other"  # as another process: it has read nothing yet
    (tmp_path / "other").write_text(base64.b64encode(b"n" * 32).decode())
    by_new = sealing.seal(b"x", "id_no")
    settings.RUHU_KEYS_PATH = path

    monkeypatch.setattr(keyring, "CHECKED_EACH", 3600.0)
    assert sealing.unseal(by_new, "id_no") == b"x"
    assert sealing.unseal(sealed, "id_no") == b"x"
    path.unlink()  # the medium is taken out
    monkeypatch.setattr(keyring, "CHECKED_EACH", 0.0)
    assert sealing.unseal(by_new, "id_no") == b"x"


def test_keys_come_from_a_command_and_nonsense_is_refused():
    key = base64.b64encode(b"k" * 32).decode()
    assert keyring.from_command(f"echo {key}") == (b"k" * 32,)
    for command in ("false", "echo", "echo abc", "echo QUJD", "/nowhere/at-all"):
        with pytest.raises(keyring.BadKeys) as refused:
            keyring.from_command(command)
        assert key not in str(refused.value)


def test_the_secret_of_names_is_not_derived_from_the_key(db):
    from server.ledgers.identity.keys import Key, shared_uuid
    from server.ledgers.storage.naming import load_naming

    load_naming()
    once = shared_uuid("person", Key("id_no", "449901196501010016"))
    Naming.objects.all().delete()
    load_naming()
    assert shared_uuid("person", Key("id_no", "449901196501010016")) != once
    assert DeskAct.objects.count() == 0
