"""./ruhu templates: compile every template, and name those with errors."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from server.ops.templates import faults, names


class Command(BaseCommand):
    help = "Compile every template of the pages and name those with errors."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        count = 0
        for name in names():
            for fault in faults(name):
                self.stdout.write(f"{name}: {fault}")
                count += 1
        if count:
            raise CommandError(_("Errors in templates: {count}").format(count=count), returncode=1)
        self.stdout.write(_("All templates compile."))
