"""./ruhu import central URL --project N: take a project of ODK Central over. ./ruhu import briefcase FOLDER: take a folder of records over."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from getpass import getpass
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from server.accounts.access import ADMINISTRATORS, access_of
from server.accounts.models import User
from server.core.problems import Problem
from server.moving.briefcase import BriefcaseFolder
from server.moving.central import CentralProject
from server.moving.services import Report, counts_of, take_over
from server.moving.source import Source

PASSWORD = "RUHU_IMPORT_PASSWORD"  # noqa: S105 the name of a variable
_EACH = 100


class Command(BaseCommand):
    help = gettext_noop(
        "Take a project of ODK Central over: form versions, drafts, files, records with edits and review, entity lists, app users; "
        "or a folder of ODK Briefcase or Collect: forms, files, records with edits. "
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
            "--area",
            default="",
            help=_("division whose workers the app users become; without it they are left out"),
        )
        folder = kinds.add_parser(
            "briefcase", help=_("a folder of ODK Briefcase, or of a project of ODK Collect")
        )
        folder.add_argument("folder", metavar="FOLDER", type=Path, help=_("the folder"))
        folder.add_argument(
            "--area",
            default="",
            help=_("division that the records come from; one that names another place is held"),
        )
        folder.add_argument(
            "--form",
            action="append",
            default=[],
            metavar="FORM_ID",
            help=_("take this form only; may be given several times"),
        )
        for kind in (central, folder):
            kind.add_argument(
                "--as",
                dest="username",
                required=True,
                help=_("the administrator here in whose name all is taken over"),
            )
            kind.add_argument(
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
        if area and not (area.isascii() and area.isdecimal()):
            raise CommandError(_("--area takes a division code or its leading digits."))
        is_folder = options["kind"] == "briefcase"
        try:
            with _opened(options) as source:
                name = _("Folder: {name}") if is_folder else _("Project: {name}")
                self.stdout.write(name.format(name=source.name()))
                if options["dry_run"]:
                    for what, number in counts_of(source).items():
                        self.stdout.write(f"  {_named(what)}: {number}")
                    self._refuse(source.faults())
                    return
                report = take_over(
                    source,
                    actor=actor,
                    area="" if is_folder else area,
                    progress=self._progress,
                    sends_from=(area,) if is_folder and area else None,
                )
        except Problem as problem:
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
        if report.sealed:
            self.stdout.write(
                _(
                    "  {number} of the records are encrypted. They are kept whole; with the form's private key (page “Encryption”) they are opened."
                ).format(number=len(report.sealed))
            )
        self._refuse(report.refused)
        if report.refused:
            raise CommandError(
                _(
                    "{number} could not be taken; see above. Records among them lie in the quarantine."
                ).format(number=len(report.refused))
            )

    def _refuse(self, refused: list[tuple[str, str]]) -> None:
        for what, why in refused:
            self.stderr.write(f"  {what}: {why}")


@contextmanager
def _opened(options: dict[str, Any]) -> Iterator[Source]:
    """The source that the command line names. Raises SourceRefused, NoSuchFolder."""
    if options["kind"] == "briefcase":
        yield BriefcaseFolder.read(options["folder"], options["form"])
        return
    password = os.environ.get(PASSWORD) or getpass(_("Password there: "))
    with CentralProject.log_in(
        options["server"], options["project"], options["email"], password
    ) as source:
        yield source


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
