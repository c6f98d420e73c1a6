"""./ruhu codes [FILE…]: write the code lists of codes.csv into workbooks' choices sheets."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _
from openpyxl.utils.exceptions import InvalidFileException

from server.core.codes import code_lists
from server.forms.choice_lists import NoChoicesSheet, Rewritten, with_code_lists
from server.ops.generated import GeneratedFilesCommand


class Command(GeneratedFilesCommand):
    help = (
        "Write the code lists of server/core/codes.csv into the choices sheets of XLSForms. "
        "Lists whose name is no code list are left as they are."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "files",
            nargs="*",
            type=Path,
            metavar="FILE",
            help="workbooks; without any, those of xlsforms/",
        )
        parser.add_argument(
            "--check",
            action="store_true",
            help="write nothing; exit 1 when a workbook is not in step",
        )

    def outputs(self) -> Mapping[str, bytes]:
        return {
            file.relative_to(settings.BASE_DIR).as_posix(): _rewritten(file).content
            for file in _committed()
        }

    def handle(self, *args: Any, **options: Any) -> None:
        workbooks = {file: _rewritten(file) for file in options["files"] or _committed()}
        for file, workbook in workbooks.items():
            if not workbook.changed:
                self.stdout.write(_("{file}: in step").format(file=file.name))
                continue
            if not options["check"]:
                file.write_bytes(workbook.content)
            self.stdout.write(
                (
                    _("{file}: differs in {lists}")
                    if options["check"]
                    else _("{file}: rewrote {lists}")
                ).format(file=file.name, lists=", ".join(workbook.changed))
            )
        if options["check"] and any(workbook.changed for workbook in workbooks.values()):
            raise CommandError(_("Run ./ruhu codes on these workbooks."), returncode=1)


def _committed() -> list[Path]:
    """The workbooks of this repository."""
    return sorted((settings.BASE_DIR / "xlsforms").glob("*.xlsx"))


def _rewritten(file: Path) -> Rewritten:
    try:
        return with_code_lists(file.read_bytes(), code_lists())
    except OSError as error:
        raise CommandError(
            _("{file} cannot be read: {why}").format(file=file, why=error.strerror)
        ) from None
    except (BadZipFile, InvalidFileException, KeyError):
        raise CommandError(_("{file} is not an .xlsx workbook").format(file=file)) from None
    except NoChoicesSheet as error:
        raise CommandError(
            _("{file} is not an XLSForm: {why}").format(file=file, why=error)
        ) from None
