"""./ruhu generate: write every generated file of the repository, or check that all are in step."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management import get_commands, load_command_class
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from server.ops.generated import GENERATED, GeneratedFilesCommand, write


class Command(BaseCommand):
    help = (
        "Write every file that is generated from the code, or check that all are in step. "
        "The single commands do the same for one kind of file."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check",
            action="store_true",
            help="write nothing; name each file that is out of step and exit 1",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        paths: list[str] = []
        for name in GENERATED:
            stale = generator(name).stale()
            if not options["check"]:
                write(stale)
            paths += [path.relative_to(settings.BASE_DIR).as_posix() for path in stale]
        for path in paths:
            sentence = _("{file}: out of step") if options["check"] else _("{file}: now in step")
            self.stdout.write(sentence.format(file=path))
        if paths and options["check"]:
            raise CommandError(_("Run ./ruhu generate and commit these files."), returncode=1)
        if not paths:
            self.stdout.write(_("Every generated file is in step."))


def generator(name: str) -> GeneratedFilesCommand:
    """The command that writes one kind of generated file. Raises TypeError when it is another kind of command."""
    command = load_command_class(get_commands()[name], name)
    if not isinstance(command, GeneratedFilesCommand):
        raise TypeError(f"{name} is no GeneratedFilesCommand")
    return command
