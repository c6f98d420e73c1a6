"""Commands that write a committed file from the code."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser


class GeneratedFileCommand(BaseCommand):
    """Writes `path`; with --check writes nothing and fails when the file is out of step."""

    path: ClassVar[str]

    def content(self) -> str:
        raise NotImplementedError

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="write nothing; fail when the file is out of step"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path = settings.BASE_DIR / self.path
        wanted = self.content()
        is_in_step = file.exists() and file.read_text(encoding="utf-8") == wanted
        if options["check"] and not is_in_step:
            name = type(self).__module__.rpartition(".")[2]
            raise CommandError(f"{self.path} is out of step with the code: run ./ruhu {name}.")
        if not is_in_step:
            file.write_text(wanted, encoding="utf-8")
        self.stdout.write(f"{self.path} {'was' if is_in_step else 'is now'} in step")
