"""./ruhu publish FILE…: publish form versions from XLSForm workbooks or XForms."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from server.core.problems import Problem
from server.forms import services


class Command(BaseCommand):
    help = gettext_noop(
        "Publish XLSForm workbooks (.xlsx, .xls) or XForms (.xml). Prints a line for each: published, unchanged or refused. "
        "A refused file changes nothing; exit code 1 when any was refused."
    )
    requires_system_checks: list[
        str
    ] = []  # each start of the server publishes; the checks would load all doors

    def add_arguments(self, parser: CommandParser) -> None:
        parser.description = _(self.help)
        parser.add_argument("workbooks", nargs="+", type=Path, metavar="FILE")
        parser.add_argument(
            "--media",
            type=Path,
            metavar="DIR",
            help=_("folder with the media files that the forms refer to (pictures, CSV files)"),
        )
        parser.add_argument(
            "--no-validate",
            action="store_true",
            help=_("do not run ODK Validate (it needs Java and some seconds a form)"),
        )
        parser.add_argument(
            "--new-lists",
            action="store_true",
            help=_("let forms make entity lists that nobody has yet"),
        )

    def handle(self, *args: Any, **options: Any) -> None:
        media = _files_of(options["media"])
        refused = 0
        for path in options["workbooks"]:
            try:
                self.stdout.write(self._publish(path, media, options))
            except (Problem, OSError) as reason:
                refused += 1
                self.stderr.write(
                    _("{file}: refused. {reason}").format(file=path.name, reason=_why(reason))
                )
        if refused:
            raise CommandError(
                _("{refused} of {all} files were refused.").format(
                    refused=refused, all=len(options["workbooks"])
                )
            )

    def _publish(self, path: Path, media: dict[str, bytes], options: dict[str, Any]) -> str:
        publication = services.publish_workbook(
            workbook=path.read_bytes(),
            filename=path.name,
            publisher=None,
            media=media,
            validate=not options["no_validate"],
            may_make_lists=options["new_lists"],
        )
        sentence = (
            _("{file}: published {form_id} version {version}.")
            if publication.is_new
            else _("{file}: unchanged, {form_id} version {version}.")
        )
        version = publication.form_version
        lines = [
            sentence.format(file=path.name, form_id=version.form.form_id, version=version.version)
        ]
        if publication.is_new:
            lines += [f"  {warning}" for warning in version.warnings]
        return "\n".join(lines)


def _files_of(folder: Path | None) -> dict[str, bytes]:
    if folder is None:
        return {}
    if not folder.is_dir():
        raise CommandError(_("There is no folder {folder}.").format(folder=folder))
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def _why(reason: Problem | OSError) -> str:
    if isinstance(reason, FileNotFoundError):
        return _("There is no such file: check the name.")
    return str(reason) if isinstance(reason, Problem) else str(reason.strerror)
