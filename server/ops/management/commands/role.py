"""./ruhu role add|remove: what users may do, and where."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from server.accounts import selectors, services
from server.accounts.models import Role
from server.core.problems import Problem


def _day(text: str) -> date:
    """A day of the command line. argparse reports the ValueError of another text."""
    return date.fromisoformat(text)


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
            if act == "add":
                act_parser.add_argument(
                    "--since",
                    type=_day,
                    help=_("the first day, as 2026-03-01; today if left out"),
                )
            else:
                act_parser.add_argument(
                    "--until",
                    type=_day,
                    help=_("the last day, as 2026-03-31; today if left out"),
                )
                act_parser.add_argument(
                    "--revoked",
                    action="store_true",
                    help=_(
                        "records of earlier visits that arrive from now on do not count, either"
                    ),
                )
            act_parser.add_argument("--json", action="store_true", help=_("print one JSON object"))

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            user = selectors.user_named(options["username"])
            with transaction.atomic():
                for area in options["area"]:
                    if options["act"] == "add":
                        services.grant(
                            user=user,
                            role=options["role"],
                            area=area,
                            since=options["since"],
                            actor=None,
                        )
                    else:
                        services.take_role(
                            user=user,
                            role=options["role"],
                            area=area,
                            until=options["until"],
                            is_revoked=options["revoked"],
                            actor=None,
                        )
        except Problem as problem:
            raise CommandError(str(problem)) from None
        held = [
            {"role": grant.role, "area": grant.area, "since": str(grant.since)}
            for grant in user.grants.all()
        ]
        if options["json"]:
            former = [
                {
                    "role": was.role,
                    "area": was.area,
                    "since": str(was.since),
                    "until": str(was.until),
                    "is_revoked": was.is_revoked,
                }
                for was in user.former_grants.all()
            ]
            members = {"username": user.username, "roles": held, "former_roles": former}
            self.stdout.write(json.dumps(members, ensure_ascii=False))
            return
        roles = ", ".join(f"{Role(row['role']).label} {row['area'] or '*'}" for row in held)
        self.stdout.write(f"{user.username}  {roles or _('no role')}")
