"""./ruhu messages: bring the translations in step with the sources, and compile them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from server.ops.translations import (
    GettextFailed,
    compile_catalogue,
    extracted,
    merged,
    parsed,
)


class Command(BaseCommand):
    help = (
        "Bring the translations (django.po) in step with the sources, compile them and list what "
        "lacks its Chinese. Entries keep their order; new ones are empty, nothing is guessed."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check",
            action="store_true",
            help="write nothing; exit 1 when a file would change or a translation is missing",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        server: Path = settings.BASE_DIR / "server"
        try:
            entries = extracted(server)
            faults = [
                self._in_step(path, entries, check=options["check"])
                for path in sorted(server.glob("locale/*/LC_MESSAGES/*.po"))
            ]
        except GettextFailed as error:
            raise CommandError(str(error), returncode=1) from None
        if options["check"] and any(faults):
            raise CommandError(
                _("Run ./ruhu messages, then write the missing translations."), returncode=1
            )

    def _in_step(self, path: Path, entries: tuple[Any, ...], *, check: bool) -> bool:
        """Bring one catalogue in step, or only report on it; whether something is to be done."""
        present = path.read_text(encoding="utf-8")
        catalogue = merged(parsed(present), entries)
        is_stale = catalogue.text() != present
        name = path.relative_to(settings.BASE_DIR)
        if is_stale and not check:
            path.write_text(catalogue.text(), encoding="utf-8")
        if not check:
            compile_catalogue(path)
        self._report_changes(parsed(present).entries, catalogue.entries)
        for original in catalogue.missing():
            self.stdout.write(_("without translation: {original}").format(original=original))
        if not is_stale:
            sentence = _("{file}: in step")
        elif check:
            sentence = _("{file}: out of step")
        else:
            sentence = _("{file}: now in step")
        self.stdout.write(sentence.format(file=name))
        return is_stale or bool(catalogue.missing())

    def _report_changes(self, before: tuple[Any, ...], after: tuple[Any, ...]) -> None:
        keys = {entry.key for entry in before}, {entry.key for entry in after}
        for entry in after:
            if entry.key not in keys[0]:
                self.stdout.write(_("new: {original}").format(original=entry.original))
        for entry in before:
            if entry.key not in keys[1]:
                self.stdout.write(_("no longer used: {original}").format(original=entry.original))
