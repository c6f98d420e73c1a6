"""./ruhu retry: read published forms again where this version reads them otherwise, and try again what failed."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from server.core import clock
from server.forms.reading_again import read_again
from server.ops.folding_anew import fold_anew
from server.ops.progress import Bar
from server.submissions.services.queueing import queue_unprocessed


class Command(BaseCommand):
    help = gettext_noop(
        "Read the published forms again that an earlier version of Ruhu read, try all records again "
        "on which a step failed, and compute the ledgers again where an earlier version folded them. "
        "Each start of the server with changed code does it; "
        "with forms to read again, run it while no worker runs."
    )
    requires_system_checks: list[str] = []  # a start of the server runs it

    def add_arguments(self, parser: CommandParser) -> None:
        parser.description = _(self.help)

    def handle(self, *args: Any, **options: Any) -> None:
        now = clock.now()
        again = read_again(at=now)
        with transaction.atomic():
            failed = queue_unprocessed(at=now)
        self.stdout.write(
            _(
                "{versions} form versions are read otherwise, {records} of their records are queued; "
                "{failed} records that failed are tried again."
            ).format(versions=again.versions, records=again.records, failed=failed)
        )
        if (report := fold_anew(Bar())) is not None:
            self.stdout.write(
                _("This version computed the ledgers again: {differences} differences.").format(
                    differences=len(report.differences)
                )
            )
        for name in again.unreadable:
            self.stderr.write(
                _("{form}: its workbook cannot be read any more; its mapping stays.").format(
                    form=name
                )
            )
