"""./ruhu role add|remove: what users may do, and where."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from server.accounts import selectors, services
from server.accounts.models import Role
from server.core.problems import Problem


class Command(BaseCommand):
    help = gettext_noop("Give a user a further role in an area, or take one away.")

    def add_arguments(self, parser: CommandParser) -> None:
        parser.description = _(self.help)
        acts = parser.add_subparsers(dest="act", required=True)
        for act, text in (
            ("add", _("give a role in one or several areas")),
            ("remove", _("take a role away, from the next request on")),
        ):
            act_parser = acts.add_parser(act, help=text)
            act_parser.add_argument("username")
            act_parser.add_argument("--role", required=True, choices=Role.values)
            act_parser.add_argument(
                "--area",
                required=True,
                action="append",
                help=_("division code or its leading digits, '' for everywhere; may be repeated"),
            )
            act_parser.add_argument("--json", action="store_true", help=_("print one JSON object"))

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            user = selectors.user_named(options["username"])
            with transaction.atomic():
                for area in options["area"]:
                    if options["act"] == "add":
                        services.grant(user=user, role=options["role"], area=area, actor=None)
                    else:
                        services.take_role(user=user, role=options["role"], area=area, actor=None)
        except Problem as problem:
            raise CommandError(str(problem)) from None
        held = [
            {"role": role, "area": area} for role, area in user.grants.values_list("role", "area")
        ]
        if options["json"]:
            members = {"username": user.username, "roles": held}
            self.stdout.write(json.dumps(members, ensure_ascii=False))
            return
        roles = ", ".join(f"{Role(row['role']).label} {row['area'] or '*'}" for row in held)
        self.stdout.write(f"{user.username}  {roles or _('no role')}")
