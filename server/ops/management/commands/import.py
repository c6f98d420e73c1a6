"""./ruhu import central URL --project N: take a project of ODK Central over."""

from __future__ import annotations

import os
from getpass import getpass
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from server.accounts.access import ADMINISTRATORS, access_of
from server.accounts.models import User
from server.moving.central import CentralProject
from server.moving.problems import SourceRefused
from server.moving.services import Report, counts_of, take_over

PASSWORD = "RUHU_IMPORT_PASSWORD"  # noqa: S105 the name of a variable
_EACH = 100


class Command(BaseCommand):
    help = gettext_noop(
        "Take a project of ODK Central over: form versions, drafts, files, records with edits and review, entity lists, app users. "
        "Can be repeated: what is here is passed over. Exit code 1 when something could not be taken."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.description = _(self.help)
        kinds = parser.add_subparsers(dest="kind", required=True)
        central = kinds.add_parser("central", help=_("a project of ODK Central"))
        central.add_argument("server", metavar="URL", help=_("the server, https://…"))
        central.add_argument("--project", type=int, required=True, help=_("the project's number"))
        central.add_argument(
            "--email", required=True, help=_("who logs in there and may read the project")
        )
        central.add_argument(
            "--as",
            dest="username",
            required=True,
            help=_("the administrator here in whose name all is taken over"),
        )
        central.add_argument(
            "--area",
            default="",
            help=_("division whose workers the app users become; without it they are left out"),
        )
        central.add_argument(
            "--dry-run", action="store_true", help=_("count what there is and change nothing")
        )

    def handle(self, *args: Any, **options: Any) -> None:
        actor = User.objects.filter(username=options["username"], is_active=True).first()
        if actor is None or "" not in access_of(actor).areas(ADMINISTRATORS):
            raise CommandError(
                _("{name} is no administrator of the whole installation.").format(
                    name=options["username"]
                )
            )
        area = options["area"].strip()
        if area and not area.isdecimal():
            raise CommandError(_("--area takes a division code or its leading digits."))
        password = os.environ.get(PASSWORD) or getpass(_("Password there: "))
        try:
            with CentralProject.log_in(
                options["server"], options["project"], options["email"], password
            ) as source:
                self.stdout.write(_("Project: {name}").format(name=source.name()))
                if options["dry_run"]:
                    for what, number in counts_of(source).items():
                        self.stdout.write(f"  {_named(what)}: {number}")
                    return
                report = take_over(source, actor=actor, area=area, progress=self._progress)
        except SourceRefused as problem:
            raise CommandError(str(problem)) from None
        self._print(report)

    def _progress(self, what: str, number: int) -> None:
        if number % _EACH == 0:
            self.stdout.write(f"  {what}: {number} …")

    def _print(self, report: Report) -> None:
        for what in sorted(report.taken.keys() | report.known.keys()):
            self.stdout.write(
                _("  {what}: {taken} taken over, {known} here before").format(
                    what=_named(what), taken=report.taken[what], known=report.known[what]
                )
            )
        for what, why in report.refused:
            self.stderr.write(f"  {what}: {why}")
        if report.refused:
            raise CommandError(
                _(
                    "{number} could not be taken; see above. Records among them lie in the quarantine."
                ).format(number=len(report.refused))
            )


def _named(what: str) -> str:
    names = {
        "forms": _("forms"),
        "versions": _("form versions"),
        "drafts": _("drafts"),
        "records": _("records and edits"),
        "decisions": _("review decisions"),
        "comments": _("records with comments"),
        "lists": _("entity lists"),
        "properties": _("properties"),
        "entities": _("entities"),
        "states": _("form states"),
        "rosters": _("lists of workers"),
        "workers": _("workers"),
    }
    return names[what]
