"""./ruhu oldledger FILE --as LEDGER: check an office's old Excel ledger; nothing is stored."""

from __future__ import annotations

from dataclasses import astuple
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from server.core import clock
from server.imports.sheets import remarks_sheet
from server.ledgers.intake.old_columns import LEDGERS
from server.ledgers.intake.old_ledgers import Outcome, Report, check
from server.ledgers.intake.old_sheets import UnreadableFile


class Command(BaseCommand):
    help = gettext_noop(
        "Check an old ledger kept in Excel (.xlsx, .csv) row by row against a ledger's columns and code lists. "
        "Stores nothing; exit code 1 when a row is faulty."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.description = _(self.help)
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument(
            "--as", dest="ledger", choices=LEDGERS, required=True, help=_("what a row is")
        )
        parser.add_argument(
            "--list",
            type=Path,
            metavar="XLSX",
            help=_("write all remarks to this workbook instead of printing them"),
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            report = check(path.read_bytes(), path.name, options["ledger"], clock.today())
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}") from None
        except UnreadableFile:
            raise CommandError(
                _(
                    "{file} is no workbook (.xlsx) and no CSV file. Save it as .xlsx in Excel."
                ).format(file=path.name)
            ) from None
        self._print(report, options["list"])
        if report.counts[Outcome.FAULTY] or not report.counts[Outcome.READABLE]:
            raise CommandError(_("Put the faulty rows right in the file, then check it again."))

    def _print(self, report: Report, target: Path | None) -> None:
        for sheet, headings in report.headings.items():
            pairs = ", ".join(f"{heading} → {name or '–'}" for heading, name in headings.items())
            self.stdout.write(f"{sheet}: {pairs}")
        if target is not None:
            target.write_bytes(remarks_sheet(map(astuple, report.remarks)))
        else:
            for remark in report.remarks:
                place = f"{remark.sheet}!{remark.row} {remark.heading}".rstrip()
                self.stdout.write(f"{place}: {remark.reason}")
        self.stdout.write(
            _("{readable} rows can be read, {faulty} are faulty, {left} are no records.").format(
                readable=report.counts[Outcome.READABLE],
                faulty=report.counts[Outcome.FAULTY],
                left=report.counts[Outcome.LEFT_OUT],
            )
        )
