"""./ruhu policies: the roles of web and worker, and what each may see and do in the database."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from server.ops import policies_in_force


class Command(BaseCommand):
    help = gettext_noop("Bring the policies of row-level security in step with the tables.")

    def add_arguments(self, parser: CommandParser) -> None:
        choice = parser.add_mutually_exclusive_group()
        choice.add_argument(
            "--sql",
            action="store_true",
            help=_("print what a superuser of your own server runs once, to make the roles"),
        )
        choice.add_argument(
            "--check",
            action="store_true",
            help=_("say whether the policies are in force, and change nothing"),
        )
        parser.add_argument("--json", action="store_true", help=_("print a JSON object"))

    def handle(self, *_arguments: Any, **options: Any) -> None:
        if options["sql"]:
            self.stdout.write(policies_in_force.roles_for_owner())
            return
        in_force = (
            policies_in_force.are_in_force() if options["check"] else policies_in_force.apply()
        )
        if options["json"]:
            self.stdout.write(json.dumps({"in_force": in_force}))
        elif in_force:
            self.stdout.write(_("Row-level security is in force."))
        else:
            self.stdout.write(
                _("Row-level security is off: make the roles with './ruhu policies --sql'.")
            )
