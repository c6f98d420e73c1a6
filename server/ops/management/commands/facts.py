"""./ruhu facts: compute the facts of reports again, and say how many differed."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from server.reports.facts.keeping import keep_up, mark_area


class Command(BaseCommand):
    help = gettext_noop(
        "Compute the facts that reports count again from the ledgers. Not needed in daily work: "
        "the worker keeps them in step. What differs is kept beside what was known before."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.description = _(self.help)
        parser.add_argument(
            "--area", default="", help=_("division code or its leading digits; everything without")
        )

    def handle(self, *args: Any, **options: Any) -> None:
        area = options["area"]
        if area and not area.isdecimal():
            raise CommandError(_("--area takes a division code or its leading digits."))
        marked, done = mark_area(area), 0
        while taken := keep_up():
            done += taken
            self.stdout.write(f"  {done} / {marked}")
        self.stdout.write(
            self.style.SUCCESS(_("{entries} entries computed").format(entries=marked))
        )
