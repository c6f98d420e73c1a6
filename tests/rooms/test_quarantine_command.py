"""`./ruhu quarantine` lists refused documents and writes them out."""

from __future__ import annotations

import json

import pytest
from django.core.management import CommandError, call_command

from server.quarantine.services import receive_or_quarantine
from server.submissions.problems import UnknownForm
from tests.factories.submissions import RECEIVED_AT, instance, make_phone, sender_of

pytestmark = pytest.mark.django_db


def test_the_quarantine_is_listed_in_words_and_the_offices_time(
    divisions, capsys, tmp_path
) -> None:
    call_command("quarantine", "list")
    assert capsys.readouterr().out.strip() == "没有暂存内容。"
    with pytest.raises(UnknownForm):
        receive_or_quarantine(
            document=instance(1), sender=sender_of(make_phone()), received_at=RECEIVED_AT
        )

    call_command("quarantine", "list")
    line = capsys.readouterr().out.splitlines()[1]
    number = line.split()[0]

    assert "2026-11-20 10:30  wang" in line
    assert line.endswith("household_survey  unknown-form  不认识这个表单")
    for odd in ("0", "-1", "x"):
        with pytest.raises(CommandError, match="--limit"):
            call_command("quarantine", "list", "--limit", odd)
    with pytest.raises(CommandError, match="nowhere"):
        call_command("quarantine", "export", number, str(tmp_path / "nowhere" / "a.zip"))


def test_the_quarantine_is_listed_and_its_documents_come_out_as_received(
    divisions, capfdbinary
) -> None:
    document = instance(1).decode().replace("<?xml version='1.0' ?>", "").encode("utf-16")
    with pytest.raises(UnknownForm):
        receive_or_quarantine(
            document=document, sender=sender_of(make_phone()), received_at=RECEIVED_AT
        )

    call_command("quarantine", "list", "--json")
    (row,) = json.loads(capfdbinary.readouterr().out)
    call_command("quarantine", "show", str(row["number"]))

    assert (row["reason"], row["submitter"], row["files"]) == ("unknown-form", "wang", 0)
    assert capfdbinary.readouterr().out == document
    with pytest.raises(CommandError, match="没有编号 0"):
        call_command("quarantine", "show", "0")
