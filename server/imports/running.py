"""Takes rows of old ledgers in as records, out again, and back: what the worker does, a step at a time.

Each row is an instance of its ledger's form and goes the way of every record. Its instanceID is
made of its values, so that a step that is done twice, or a file that is uploaded twice,
stores no row twice.
"""

from __future__ import annotations

from typing import Final
from uuid import uuid4

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _
from django.utils.translation import override

from server.accounts.access import REVIEWERS, Access, access_of
from server.accounts.models import User
from server.core import clock, plain
from server.core.problems import Problem
from server.forms.models import FormVersion
from server.forms.services import publish_workbook
from server.imports.models import BUSY, Import, ImportedRow
from server.imports.old_forms import instance_of, old_form
from server.ledgers.identity.keys import Key, shared_uuid
from server.ledgers.intake.old_columns import AREA, AS_OF, KEYS
from server.ledgers.storage.naming import load_naming
from server.submissions.models import ReviewDecision, ReviewState, Submission
from server.submissions.problems import InstanceBusy, InstanceConflict
from server.submissions.services import (
    Sender,
    decide_many,
    receive,
    take_back_rejections,
)
from server.submissions.services.receiving import store_files

RUN: Final = "imports.run"
"""The name of the worker's task."""
ROWS_A_STEP: Final = 200
State, Row = Import.State, ImportedRow.Outcome


def step() -> bool:
    """Do a step of the import that has waited longest; whether any import is left to do.

    Each row, and each batch of decisions, is a transaction of its own.
    """
    busy = Import.objects.filter(state__in=BUSY).select_related("decided_by")
    imported = busy.defer("content", "remarks").order_by("decided_at", "id").first()
    if imported is None:
        return False
    load_naming()
    match imported.state:
        case State.RUNNING:
            _take_in(imported)
        case State.UNDOING:
            _take_out(imported)
        case _:
            _take_back(imported)
    return Import.objects.filter(state__in=BUSY).exists()


def _decider(imported: Import) -> User:
    """Whoever started what is under way."""
    return imported.decided_by or imported.created_by


def _take_in(imported: Import) -> None:
    user = _decider(imported)
    rows = list(imported.rows.filter(outcome=Row.READY).order_by("id")[:ROWS_A_STEP])
    if not rows:
        Import.objects.filter(pk=imported.pk).update(state=State.DONE, content=None)
        return
    _publish(imported.ledger)
    access = access_of(user)
    stored = [number for row in rows if (number := _store(imported, row, user, access))]
    with override("zh-hans"):
        reason = _("row of an old ledger")
    decide_many(
        numbers=stored,
        state=ReviewState.APPROVED,
        batch=uuid4(),
        reason=reason,
        user=user,
        area=imported.area_code,
        at=clock.now(),
    )


def _publish(ledger: str) -> None:
    """Publish the form of the ledger's rows unless this version of it is; it is offered to no phone."""
    form = old_form(ledger)
    if not FormVersion.objects.filter(form__form_id=form.form_id, version=form.version).exists():
        publish_workbook(
            workbook=form.workbook,
            filename=f"{form.form_id}.xlsx",
            publisher=None,
            is_offered=False,
        )


def _store(imported: Import, row: ImportedRow, user: User, access: Access) -> int | None:
    """Store a row as a record and note what became of it; the record's number if it is new.

    A row whose record another row or import has made stays that record.
    """
    if not access.may(REVIEWERS, row.values[AREA]):
        _note(row, Row.REFUSED, problem="may-not-import")
        return None
    instance_id = _instance_id(imported.ledger, row.values)
    sender = Sender(user_id=user.pk, field_account_id=None, areas=access.areas(REVIEWERS))
    try:
        receipt = receive(
            store_files(
                document=instance_of(imported.ledger, instance_id, row.values),
                files=(),
                sender=sender,
                received_at=clock.now(),
            )
        )
    except InstanceBusy:
        return None  # the next step tries again
    except InstanceConflict:  # the same row on another day
        known = Submission.objects.get(
            form__form_id=old_form(imported.ledger).form_id, instance_id=instance_id
        )
        _note(row, Row.KNOWN, submission=known.pk)
        return None
    except Problem as problem:
        _note(row, Row.REFUSED, problem=problem.type)
        return None
    others = ImportedRow.objects.filter(submission=receipt.submission_id).exclude(pk=row.pk)
    is_known = others.exists()
    _note(row, Row.KNOWN if is_known else Row.STORED, submission=receipt.submission_id)
    return None if is_known else receipt.submission_id


def _note(
    row: ImportedRow, outcome: str, *, problem: str = "", submission: int | None = None
) -> None:
    row.outcome, row.problem, row.submission_id = outcome, problem, submission
    if submission is not None:
        row.values = {}  # the record holds them
    row.save(update_fields=["outcome", "problem", "submission", "values"])


def _instance_id(ledger: str, values: dict[str, str]) -> str:
    """The row's instanceID: by its values, without its day where nothing else says that two rows are the same entry."""
    key = KEYS.get(ledger, "")
    named = {name: text for name, text in values.items() if values.get(key) or name != AS_OF}
    row = plain.dumps([ledger, named], is_sorted=True)
    return f"uuid:{shared_uuid('imported', Key('row', row))}"


def _take_out(imported: Import) -> None:
    present = _records(imported).exclude(review_state=ReviewState.REJECTED)
    numbers = list(present.values_list("pk", flat=True)[:ROWS_A_STEP])
    if not numbers or imported.undo_batch is None:
        Import.objects.filter(pk=imported.pk).update(state=State.UNDONE)
        return
    with override("zh-hans"):
        reason = _("the import was undone")
    decide_many(
        numbers=numbers,
        state=ReviewState.REJECTED,
        batch=imported.undo_batch,
        reason=reason,
        user=_decider(imported),
        area=imported.area_code,
        at=clock.now(),
    )


def _take_back(imported: Import) -> None:
    last = ReviewDecision.objects.filter(submission=OuterRef("pk")).order_by("-at", "-id")
    undone = _records(imported).filter(review_state=ReviewState.REJECTED)
    undone = undone.annotate(last_batch=Subquery(last.values("batch")[:1]))
    numbers = list(
        undone.filter(last_batch=imported.undo_batch).values_list("pk", flat=True)[:ROWS_A_STEP]
    )
    if not numbers or imported.undo_batch is None:
        Import.objects.filter(pk=imported.pk).update(state=State.DONE)
        return
    take_back_rejections(
        numbers=numbers,
        batch=imported.undo_batch,
        user=_decider(imported),
        area=imported.area_code,
        at=clock.now(),
    )


def _records(imported: Import) -> QuerySet[Submission]:
    """The records that the import made and that are not deleted."""
    return Submission.objects.filter(
        imported_rows__source=imported,
        imported_rows__outcome=Row.STORED,
        current_version__isnull=False,
    ).order_by("pk")
