"""./ruhu rebuild: compute the ledgers again from all submissions and desk acts, and list the differences."""

from __future__ import annotations

import sys
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from server.core import clock
from server.ledgers.refolding.rebuild import Report, rebuild
from server.ledgers.refolding.version import note_folded
from server.ops import rotation
from server.ops.folding_anew import note_rebuilt
from server.ops.progress import Bar


class Command(BaseCommand):
    help = gettext_noop(
        "Compute all ledgers again from the submissions and the desk acts, compare them with the "
        "running ledgers column by column, and correct what differs. Exit code 1 when anything "
        "differs. Submissions are accepted meanwhile; their merging waits."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.description = _(self.help)
        parser.add_argument(
            "--dry-run", action="store_true", help=_("compare only, change nothing")
        )
        parser.add_argument(
            "--area",
            default="",
            help=_(
                "division code or its leading digits: only the submissions of that area, and those that share a ledger entry with them"
            ),
        )

    def handle(self, *args: Any, **options: Any) -> None:
        area = options["area"]
        if area and not area.isdecimal():
            raise CommandError(_("--area takes a division code or its leading digits."))
        if rotation.is_under_way():
            raise CommandError(
                _(
                    "Values are sealed with two keys, which would all be differences: finish './ruhu keys rotate-sealing' first."
                )
            )
        started = time.monotonic()
        report = rebuild(
            area=area, keep=not options["dry_run"], as_of=clock.today(), progress=Bar()
        )
        if not options["dry_run"]:
            note_rebuilt(area, report)
            if not area:
                note_folded()
        self._print(report, time.monotonic() - started)
        if report.differences:
            sys.exit(1)

    def _print(self, report: Report, seconds: float) -> None:
        self.stdout.write(
            _("{submissions} submissions and {acts} desk acts folded in {seconds:.1f} s").format(
                submissions=report.submissions, acts=report.acts, seconds=seconds
            )
        )
        for table, rows in report.rows.items():
            self.stdout.write(f"  {table:<28} {rows:>10}")
        for difference in report.differences:
            where = difference.table
            if difference.column:
                where += f".{difference.column}"
            self.stdout.write(self.style.ERROR(f"  {where}: {difference.kind}, {difference.rows}"))
        if not report.differences:
            self.stdout.write(self.style.SUCCESS(_("no differences")))
