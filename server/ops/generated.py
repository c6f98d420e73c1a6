"""Commands that write committed files from the code, and the list of them for `./ruhu generate`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

GENERATED = (
    "codes",
    "conformance",
    "database",
    "dictionary",
    "formtext",
    "indicators",
    "machines",
    "openapi",
    "problems",
)
"""The commands that `./ruhu generate` runs, in this order: `codes` writes workbooks that later ones read.

To add one, write a management command that is a `GeneratedFilesCommand` and add its name here.
"""


class GeneratedFilesCommand(BaseCommand):
    """Writes the files of `outputs`; with --check writes nothing and fails when one is stale."""

    def outputs(self) -> Mapping[str, bytes]:
        """Path below the repository → the content it must have. Reads the code and other files only."""
        raise NotImplementedError

    def stale(self) -> dict[Path, bytes]:
        """The files that are missing or differ, with the content they must have."""
        return stale(self.outputs())

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="write nothing; fail when a file is out of step"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        outputs = self.outputs()
        differing = stale(outputs)
        names = ", ".join(_shown(path) for path in differing)
        if options["check"] and differing:
            command = type(self).__module__.rpartition(".")[2]
            raise CommandError(
                _("{files} is out of step with the code: run ./ruhu {command}.").format(
                    files=names, command=command
                )
            )
        for path in write(differing):
            self.stdout.write(_("{file}: now in step").format(file=path))
        if not differing:
            self.stdout.write(_("{file}: in step").format(file=", ".join(outputs)))


class GeneratedFileCommand(GeneratedFilesCommand):
    """Writes the one text file at `path`."""

    path: ClassVar[str]

    def content(self) -> str:
        """The whole text of the file."""
        raise NotImplementedError

    def outputs(self) -> Mapping[str, bytes]:
        return {self.path: self.content().encode()}


def stale(outputs: Mapping[str, bytes]) -> dict[Path, bytes]:
    """Of these outputs, those whose file is missing or differs; with absolute paths."""
    wanted = {settings.BASE_DIR / path: content for path, content in outputs.items()}
    return {
        path: content
        for path, content in wanted.items()
        if not path.exists() or path.read_bytes() != content
    }


def write(files: Mapping[Path, bytes]) -> list[str]:
    """Write the contents to the files; returns their paths as shown to people."""
    for path, content in files.items():
        path.write_bytes(content)
    return [_shown(path) for path in files]


def _shown(path: Path) -> str:
    return path.relative_to(settings.BASE_DIR).as_posix()
