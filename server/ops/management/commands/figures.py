"""./ruhu figures FILE.csv: state census counts, certificates and study of staff for the reports (R10)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from server.core.problems import Problem
from server.reports.figures import read_figures, state_figures


class Command(BaseCommand):
    help = gettext_noop(
        "State figures that no form asks, for report R10: census counts of communities, certificates and "
        "study of staff, from a CSV table in UTF-8 (api_docs/reports.md). The same again changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.description = _(self.help)
        parser.add_argument(
            "file", type=Path, help=_("the table, all of which is taken or nothing")
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with options["file"].open(encoding="utf-8-sig", newline="") as lines:
                stated = state_figures(read_figures(lines))
        except OSError as error:
            raise CommandError(
                _("{file} cannot be read: {why}").format(
                    file=options["file"], why=error.strerror or error
                )
            ) from error
        except UnicodeDecodeError as error:
            text = _("{file} is not UTF-8. Save it as CSV in UTF-8.")
            raise CommandError(text.format(file=options["file"])) from error
        except Problem as problem:
            raise CommandError(str(problem)) from problem
        text = _("{added} figures stated, {superseded} superseded, {unchanged} were there already")
        self.stdout.write(
            self.style.SUCCESS(
                text.format(
                    added=stated.added, superseded=stated.superseded, unchanged=stated.unchanged
                )
            )
        )
