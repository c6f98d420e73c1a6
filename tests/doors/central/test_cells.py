"""Files that programs read give values as they are, and a browser only saves them."""

from __future__ import annotations

import csv
import io
import zipfile

from server.core import sealing
from tests.doors.central.client import FORM, LISTS, get

FORMULA = '=HYPERLINK("http://evil.example","x")'


def test_formulas_come_unchanged_and_attached(street, asking):
    from server.submissions.models import SubmissionVersion

    version = SubmissionVersion.objects.get(instance_id="uuid:1")
    document = sealing.unseal_document(bytes(version.document)).decode()
    named = document.replace("陈大文", FORMULA.replace('"', "&quot;"))
    version.document = sealing.seal_document(named.encode())
    version.save()
    street.household.address = FORMULA
    street.household.save()

    client = asking("street")
    packed = get(client, f"{FORM}/submissions.csv.zip")
    names = zipfile.ZipFile(io.BytesIO(packed.getvalue()))
    members = names.read(next(name for name in names.namelist() if "members" in name)).decode()
    assert FORMULA in next(iter(csv.DictReader(io.StringIO(members))))["name"]
    for answer in (
        packed,
        get(client, f"{FORM}/submissions.csv"),
        get(client, f"{LISTS}/households/entities.csv"),
    ):
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"].startswith("sandbox")
