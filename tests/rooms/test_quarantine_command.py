"""What was refused can be seen and got back."""

from __future__ import annotations

import json

import pytest
from django.core.management import CommandError, call_command

from server.submissions.problems import UnknownForm
from server.submissions.services import receive
from tests.factories.submissions import RECEIVED_AT, instance, make_phone, sender_of

pytestmark = pytest.mark.django_db


def test_the_quarantine_is_listed_and_its_documents_come_out_as_received(divisions, capsys) -> None:
    with pytest.raises(UnknownForm):
        receive(document=instance(1), sender=sender_of(make_phone()), received_at=RECEIVED_AT)

    call_command("quarantine", "list", "--json")
    (row,) = json.loads(capsys.readouterr().out)
    call_command("quarantine", "show", str(row["number"]))

    assert (row["reason"], row["submitter"], row["files"]) == ("unknown-form", "wang", 0)
    assert capsys.readouterr().out.rstrip("\n").encode() == instance(1)
    with pytest.raises(CommandError, match="0 in the quarantine"):
        call_command("quarantine", "show", "0")
