"""./ruhu user add|list|password|off|on: the people who log in to the console."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from server.accounts import selectors, services
from server.accounts.models import Role
from server.core.problems import Problem
from server.ops.tables import table


class Command(BaseCommand):
    help = gettext_noop("Make users, list them, give a new password, switch them off and on.")

    def add_arguments(self, parser: CommandParser) -> None:
        parser.description = _(self.help)
        acts = parser.add_subparsers(dest="act", required=True)
        add = acts.add_parser(
            "add", help=_("make a user and print the generated password, this once")
        )
        add.add_argument("username")
        add.add_argument("--name", default="", help=_("the person's name, as shown on screens"))
        add.add_argument("--role", required=True, choices=Role.values)
        add.add_argument(
            "--area",
            required=True,
            action="append",
            help=_("division code or its leading digits, '' for everywhere; may be repeated"),
        )
        add.add_argument("--json", action="store_true", help=_("print one JSON object"))
        listing = acts.add_parser("list", help=_("list users with their roles"))
        listing.add_argument("--json", action="store_true", help=_("print a JSON array"))
        for act, said in (
            ("password", _("replace a forgotten password; print the new one, this once")),
            ("off", _("let a person in at no door any more, from the next request on")),
            ("on", _("let a person in again, with the password and the codes they had")),
        ):
            one = acts.add_parser(act, help=said)
            one.add_argument("username")
            one.add_argument("--json", action="store_true", help=_("print one JSON object"))

    def handle(self, *args: Any, **options: Any) -> None:
        acts = {"add": self._add, "list": self._list, "password": self._password}
        try:
            acts.get(options["act"], self._switch)(options)
        except Problem as problem:
            raise CommandError(str(problem)) from None

    def _add(self, options: dict[str, Any]) -> None:
        made = services.create_user(
            username=options["username"],
            name=options["name"],
            role=options["role"],
            areas=options["area"],
        )
        told = {
            "username": made.user.username,
            "password": made.password,
            "role": options["role"],
            "areas": options["area"],
        }
        self._tell(told, options, _log_in(told))

    def _password(self, options: dict[str, Any]) -> None:
        user = selectors.user_named(options["username"])
        told = {"username": user.username, "password": services.replace_password(user=user)}
        self._tell(told, options, _log_in(told))

    def _switch(self, options: dict[str, Any]) -> None:
        user = selectors.user_named(options["username"])
        services.set_active(user=user, is_active=options["act"] == "on")
        told = {"username": user.username, "active": user.is_active}
        said = _("{username} is let in again.") if user.is_active else _("{username} is shut out.")
        self._tell(told, options, said.format(username=user.username))

    def _tell(self, told: dict[str, Any], options: dict[str, Any], line: str) -> None:
        self.stdout.write(json.dumps(told, ensure_ascii=False) if options["json"] else line)

    def _list(self, options: dict[str, Any]) -> None:
        rows: list[dict[str, Any]] = [
            {
                "username": user.username,
                "name": user.name,
                "active": user.is_active,
                "roles": [{"role": grant.role, "area": grant.area} for grant in user.grants.all()],
            }
            for user in selectors.users()
        ]
        if options["json"]:
            self.stdout.write(json.dumps(rows, ensure_ascii=False))
            return
        head = (_("User name"), _("Name"), _("Roles"), "")
        self.stdout.write(table([head, *map(_line, rows)]))


def _log_in(told: dict[str, Any]) -> str:
    return table([(_("User name"), told["username"]), (_("Password"), told["password"])])


def _line(row: dict[str, Any]) -> tuple[str, ...]:
    """A person as one line: what they may do where."""
    roles = ", ".join(f"{Role(held['role']).label} {held['area'] or '*'}" for held in row["roles"])
    return row["username"], row["name"], roles, "" if row["active"] else _("inactive")
