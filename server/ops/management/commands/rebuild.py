"""./ruhu rebuild: fold every ledger again from what was received, and tell the differences."""

from __future__ import annotations

import sys
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from server.core import clock
from server.ledgers.refolding.rebuild import Report, rebuild

_PROGRESS_EACH = 0.5  # seconds


class Command(BaseCommand):
    help = (
        "Fold every ledger again from what was received and decided, compare with the running "
        "ledgers column by column, and put right what differs. Exit code 1 when anything did. "
        "Submissions are accepted meanwhile; merging waits."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="compare only, change nothing")
        parser.add_argument(
            "--area",
            default="",
            help="division code or its leading digits: only that area, and what shares an entry with it",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        area = options["area"]
        if area and not area.isdecimal():
            raise CommandError(_("--area takes a division code or its leading digits."))
        began = time.monotonic()
        report = rebuild(
            area=area, keep=not options["dry_run"], as_of=clock.today(), progress=_Bar()
        )
        self._tell(report, time.monotonic() - began)
        if report.differences:
            sys.exit(1)

    def _tell(self, report: Report, seconds: float) -> None:
        self.stdout.write(
            _("{submissions} submissions and {acts} desk acts folded in {seconds:.1f} s").format(
                submissions=report.submissions, acts=report.acts, seconds=seconds
            )
        )
        for table, rows in report.rows.items():
            self.stdout.write(f"  {table:<28} {rows:>10}")
        for one in report.differences:
            where = f"{one.table}.{one.column}" if one.column else one.table
            self.stdout.write(self.style.ERROR(f"  {where}: {one.kind}, {one.rows}"))
        if not report.differences:
            self.stdout.write(self.style.SUCCESS(_("no differences")))


class _Bar:
    """Progress on standard error, twice a second at most."""

    def __init__(self) -> None:
        self._told = 0.0

    def __call__(self, done: int, of: int) -> None:
        now = time.monotonic()
        if done < of and now - self._told < _PROGRESS_EACH:
            return
        self._told = now
        share = done * 100 // of if of else 100
        end = "\n" if done >= of else ""
        sys.stderr.write(f"\r{done}/{of}  {share} %{end}")
        sys.stderr.flush()
