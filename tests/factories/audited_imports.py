"""A call of each service about old ledgers and about many records, and the acts that it adds to the log."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from server.audit.models import Act
from server.imports import services
from server.imports.models import Import
from server.submissions import services as submissions
from server.submissions.models import ReviewState
from tests.conftest import COMMUNITY
from tests.factories.audited import AT, Office
from tests.factories.audited_records import Case
from tests.factories.imports import make_import

BATCH = UUID("6a3f8c1e-0000-4000-8000-000000000001")


def imported(office: Office, state: str = "checked") -> Import:
    """The chief's import, in this state."""
    known = Import.objects.first() or make_import(office.chief, COMMUNITY)
    Import.objects.filter(pk=known.pk).update(state=state)
    known.refresh_from_db()
    return known


def _numbered(office: Office) -> dict[str, Any]:
    return {"number": Import.objects.get().pk, "user": office.chief, "access": office.access}


def _decided(office: Office) -> dict[str, Any]:
    return {
        "numbers": [office.submission.pk],
        "batch": BATCH,
        "user": office.chief,
        "area": COMMUNITY,
        "at": AT,
    }


def _reject(office: Office) -> int:
    return submissions.decide_many(state=ReviewState.REJECTED, reason="核对", **_decided(office))


_FILE = {"area": COMMUNITY, "as_of": date(2024, 12, 31)}
IMPORT_CASES = {
    "imports.services.check_file": Case(
        lambda office: services.check_file(
            content="姓名,学历\n陈一,初中\n".encode(),
            filename="a.csv",
            ledger="person",
            user=office.chief,
            access=office.access,
            **_FILE,
        ),
        (Act.IMPORT,),
    ),
    "imports.services.check_again": Case(
        lambda office: services.check_again(meanings={}, **_FILE, **_numbered(office)),
        (Act.IMPORT,),
        imported,
    ),
    "imports.services.start": Case(
        lambda office: services.start(**_numbered(office)), (Act.IMPORT,), imported
    ),
    "imports.services.undo": Case(
        lambda office: services.undo(**_numbered(office)),
        (Act.IMPORT,),
        lambda office: imported(office, "done"),
    ),
    "imports.services.restore": Case(
        lambda office: services.restore(**_numbered(office)),
        (Act.IMPORT,),
        lambda office: imported(office, "undone"),
    ),
    "imports.services.discard": Case(
        lambda office: services.discard(**_numbered(office)), (Act.IMPORT,), imported
    ),
    "submissions.services.deciding_many.decide_many": Case(
        _reject, (Act.REVIEW,), lambda office: office.submission
    ),
    "submissions.services.deciding_many.take_back_rejections": Case(
        lambda office: submissions.take_back_rejections(**_decided(office)),
        (Act.REVIEW,),
        _reject,
    ),
}
"""Service (less "server.") → a call of it."""
