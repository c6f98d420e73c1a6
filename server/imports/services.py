"""Taking old ledgers in: check a file, say what its headings mean, start, undo, take in again, discard.

The worker does what takes long (imports.running); here is what a person decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Final
from uuid import uuid4

from django.db import transaction
from procrastinate.contrib.django import app

from server.accounts.access import REVIEWERS, Access
from server.accounts.models import User
from server.audit.models import Act
from server.audit.services import record
from server.core import clock
from server.core.masking import mask_numbers
from server.core.sealing import seal, unseal
from server.forms.problems import NotAWorkbook, WorkbookTooLarge
from server.imports.models import Import, ImportedRow, Meaning
from server.imports.placing import placed, takes_in
from server.imports.problems import (
    DayNotCome,
    MayNotImport,
    NoSuchImport,
    NothingToImport,
    OldLedgerTooLarge,
    OldLedgerUnreadable,
    UnknownMeaning,
    WrongImportState,
)
from server.imports.running import RUN
from server.imports.selectors import meanings_of
from server.ledgers.intake.old_columns import columns_of
from server.ledgers.intake.old_ledgers import Outcome, Remark, Report, check
from server.ledgers.intake.old_ledgers import Row as ReadableRow
from server.ledgers.intake.old_sheets import UnreadableFile, plain

MOST_ROWS: Final = 10_000
MOST_MEGABYTES: Final = 5
"""What a worker's memory holds of a workbook while it is read: about fifty times the file."""
State = Import.State
Row = ImportedRow.Outcome


def check_file(
    *,
    content: bytes,
    filename: str,
    ledger: str,
    area: str,
    as_of: date,
    user: User,
    access: Access,
) -> Import:
    """Check an uploaded old ledger, row by row, and keep the check; no ledger changes.

    `area` is the whole code of the division whose rows these are: a community, or a wider
    one if the rows name their communities. `as_of` is the day on which rows were true
    that name no day. Headings mean what somebody chose for the area's last file. Raises
    MayNotImport, DayNotCome, OldLedgerUnreadable, OldLedgerTooLarge; then nothing is kept.
    """
    _check_asked(area, as_of, access)
    imported = Import(
        ledger=ledger,
        filename=mask_numbers(filename)[:200],
        content=seal(content, "old ledger"),
        meanings=dict(meanings_of(area, ledger)),
        created_at=clock.now(),
        created_by=user,
    )
    return _kept(imported, content, area=area, as_of=as_of, user=user, access=access)


def check_again(
    *,
    number: int,
    meanings: Mapping[str, str],
    area: str,
    as_of: date,
    user: User,
    access: Access,
) -> Import:
    """Check the file again with other meanings of its headings (heading → column, "" for none), area or day.

    Locks the import. Raises NoSuchImport, WrongImportState, MayNotImport, DayNotCome, UnknownMeaning.
    """
    with transaction.atomic():
        imported = _locked(number, access, State.CHECKED)
        _check_asked(area, as_of, access)
        columns = columns_of(imported.ledger)
        unknown = next((name for name in meanings.values() if name and name not in columns), None)
        if unknown is not None:
            raise UnknownMeaning(column=unknown[:60])
        chosen = {plain(heading)[:100]: column for heading, column in meanings.items()}
        imported.meanings = {**imported.meanings, **chosen}
        content = unseal(bytes(imported.content or b""), "old ledger")
        return _kept(imported, content, area=area, as_of=as_of, user=user, access=access)


def _check_asked(area: str, as_of: date, access: Access) -> None:
    if not takes_in(access, area):
        raise MayNotImport
    if as_of > clock.today():
        raise DayNotCome(today=clock.today().isoformat())


def _kept(
    imported: Import, content: bytes, *, area: str, as_of: date, user: User, access: Access
) -> Import:
    """Store the check of the file with its rows, in place of an earlier check."""
    report = _report(content, imported)
    rows, remarks = [], list(report.remarks)
    for item in placed(
        report.rows, ledger=imported.ledger, area=area, as_of=as_of.isoformat(), access=access
    ):
        if isinstance(item, ReadableRow):
            rows.append(item)
        else:
            remarks.append(item)
    imported.area_code, imported.as_of = area, as_of
    imported.headings = report.headings
    imported.remarks = [list(asdict(remark).values()) for remark in _in_order(remarks)]
    imported.n_left_out = report.counts[Outcome.LEFT_OUT]
    imported.n_faulty = report.counts[Outcome.FAULTY] + len(report.rows) - len(rows)
    with transaction.atomic():
        imported.save()
        imported.rows.all().delete()
        ImportedRow.objects.bulk_create(
            ImportedRow(
                source=imported, sheet=row.sheet[:100], number=row.number, values=row.values
            )
            for row in rows
        )
        _record(imported, user, facts={"rows": len(rows), "faulty": imported.n_faulty})
    return imported


def _report(content: bytes, imported: Import) -> Report:
    # pyxform, which forms.workbook imports, takes a third of a second to load
    from server.forms.workbook import check_archive

    if len(content) > MOST_MEGABYTES * 1024 * 1024:
        raise OldLedgerTooLarge(rows=MOST_ROWS, megabytes=MOST_MEGABYTES)
    try:
        if not imported.filename.lower().endswith(".csv"):
            check_archive(content, imported.filename)
        report = check(
            content, imported.filename, imported.ledger, clock.today(), imported.meanings
        )
    except WorkbookTooLarge:
        raise OldLedgerTooLarge(rows=MOST_ROWS, megabytes=MOST_MEGABYTES) from None
    except NotAWorkbook as error:
        raise OldLedgerUnreadable(file=imported.filename, reason=error.data["reason"]) from None
    except UnreadableFile as error:
        raise OldLedgerUnreadable(file=imported.filename, reason=str(error)) from None
    if len(report.rows) > MOST_ROWS:
        raise OldLedgerTooLarge(rows=MOST_ROWS, megabytes=MOST_MEGABYTES)
    return report


def _in_order(remarks: list[Remark]) -> list[Remark]:
    """The remarks by sheet, in the file's order, and by row."""
    sheets = {name: place for place, name in enumerate(dict.fromkeys(r.sheet for r in remarks))}
    return sorted(remarks, key=lambda remark: (sheets[remark.sheet], remark.row))


@transaction.atomic
def start(*, number: int, user: User, access: Access) -> Import:
    """Let the worker take the checked rows into the ledgers, and remember what the headings mean.

    Rows that have a fault stay out; mended, they come with the next file. An import that is done
    begins again with the rows that were refused. Locks the import. Raises NoSuchImport,
    WrongImportState, NothingToImport.
    """
    imported = _locked(number, access, State.CHECKED, State.DONE)
    imported.rows.filter(outcome=Row.REFUSED).update(outcome=Row.READY, problem="")
    if not imported.rows.filter(outcome=Row.READY).exists():
        raise NothingToImport
    Meaning.objects.bulk_create(
        [
            Meaning(
                area_code=imported.area_code,
                ledger=imported.ledger,
                heading=heading,
                column=column,
            )
            for heading, column in _meanings(imported).items()
        ],
        update_conflicts=True,
        unique_fields=["area_code", "ledger", "heading"],
        update_fields=["column"],
    )
    return _move(imported, State.RUNNING, user)


@transaction.atomic
def undo(*, number: int, user: User, access: Access) -> Import:
    """Let the worker take the import's rows out of the ledgers: their records are rejected. Locks the import.

    Raises NoSuchImport, WrongImportState.
    """
    imported = _locked(number, access, State.DONE)
    imported.undo_batch = uuid4()
    return _move(imported, State.UNDOING, user)


@transaction.atomic
def restore(*, number: int, user: User, access: Access) -> Import:
    """Let the worker take back the undoing, for rows about which nobody has decided since. Locks the import.

    Raises NoSuchImport, WrongImportState.
    """
    return _move(_locked(number, access, State.UNDONE), State.RESTORING, user)


@transaction.atomic
def discard(*, number: int, user: User, access: Access) -> None:
    """Forget a checked file that nobody started. Locks the import. Raises NoSuchImport, WrongImportState."""
    imported = _locked(number, access, State.CHECKED)
    _record(imported, user, before=imported.state)
    imported.delete()


def _locked(number: int, access: Access, *states: str) -> Import:
    mine = Import.objects.select_for_update(of=("self",)).filter(
        access.within(roles=REVIEWERS), pk=number
    )
    imported = mine.first()
    if imported is None:
        raise NoSuchImport(number=number)
    if imported.state not in states:
        raise WrongImportState(state=imported.get_state_display())
    return imported


def _move(imported: Import, state: str, user: User) -> Import:
    before = imported.state
    imported.state, imported.decided_at, imported.decided_by = state, clock.now(), user
    imported.save(update_fields=["state", "decided_at", "decided_by", "undo_batch"])
    _record(imported, user, before=before)
    app.configure_task(RUN).defer(number=imported.pk)
    return imported


def _meanings(imported: Import) -> dict[str, str]:
    """What the headings of the file mean, as it was read."""
    return {
        plain(heading)[:100]: column
        for headings in imported.headings.values()
        for heading, column in headings.items()
    }


def _record(
    imported: Import,
    user: User,
    *,
    before: str | None = None,
    facts: Mapping[str, object] | None = None,
) -> None:
    record(
        Act.IMPORT,
        actor=user,
        object_type="import",
        object_id=imported.pk,
        area=imported.area_code,
        before=before,
        after=str(imported.state),
        facts={"ledger": imported.ledger, **(facts or {})},
    )
