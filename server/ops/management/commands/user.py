"""./ruhu user add|list|password|sessions|reset-factors|link|unlink|off|on: users of the console and the REST interface."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from server.accounts import identity_provider, second_factors, selectors, services
from server.accounts.models import Role
from server.accounts.problems import NameTaken
from server.core.problems import Problem
from server.ops.tables import table


class Command(BaseCommand):
    help = gettext_noop(
        "Create users, list them, replace passwords, end sessions, switch users off and on."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.description = _(self.help)
        acts = parser.add_subparsers(dest="act", required=True)
        add = acts.add_parser(
            "add", help=_("create a user and print the generated password, only once")
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
        self._add_handing_out(add)
        listing = acts.add_parser("list", help=_("list users with their roles"))
        listing.add_argument("--json", action="store_true", help=_("print a JSON array"))
        password = acts.add_parser(
            "password", help=_("replace a forgotten password; print the new one, only once")
        )
        password.add_argument("username")
        self._add_handing_out(password)
        for act, text in (
            ("sessions", _("end all sessions of a user; the password stays")),
            ("reset-factors", _("remove the second factors of somebody who has lost them")),
            ("unlink", _("remove the link to the office sign-in; all sessions end")),
            ("off", _("shut a user out of every door from the next request on")),
            ("on", _("let a user in again, with the password and the QR codes they had")),
        ):
            act_parser = acts.add_parser(act, help=text)
            act_parser.add_argument("username")
            act_parser.add_argument("--json", action="store_true", help=_("print one JSON object"))

        link = acts.add_parser("link", help=_("link a user to a subject of the identity provider"))
        link.add_argument("username")
        link.add_argument(
            "--subject", required=True, help=_("as the page shows it that refuses the sign-in")
        )
        link.add_argument("--json", action="store_true", help=_("print one JSON object"))

    @staticmethod
    def _add_handing_out(parser: CommandParser) -> None:
        """Options of the acts that print a password."""
        parser.add_argument(
            "--json",
            action="store_true",
            help=_("print one JSON object, for a program: its password stays as it is"),
        )
        parser.add_argument(
            "--must-choose",
            action="store_true",
            help=_("with --json: a person gets the password, and must choose another one first"),
        )

    def handle(self, *args: Any, **options: Any) -> None:
        acts = {
            "add": self._add,
            "list": self._list,
            "password": self._password,
            "sessions": self._sessions,
            "reset-factors": self._reset_factors,
            "link": self._link,
            "unlink": self._unlink,
        }
        try:
            acts.get(options["act"], self._switch)(options)
        except Problem as problem:
            raise CommandError(str(problem)) from None

    def _add(self, options: dict[str, Any]) -> None:
        try:
            created = services.create_user(
                username=options["username"],
                name=options["name"],
                role=options["role"],
                areas=options["area"],
                must_choose=_must_choose(options),
                actor=None,
            )
        except NameTaken as taken:
            raise CommandError(f"{taken} {_further_role(options)}") from None
        members = {
            "username": created.user.username,
            "password": created.password,
            "role": options["role"],
            "areas": options["area"],
        }
        self._print(members, options, _log_in(members))

    def _password(self, options: dict[str, Any]) -> None:
        user = selectors.user_named(options["username"])
        password = services.replace_password(
            user=user, must_choose=_must_choose(options), actor=None
        )
        members = {"username": user.username, "password": password}
        self._print(members, options, _log_in(members))

    def _sessions(self, options: dict[str, Any]) -> None:
        user = selectors.user_named(options["username"])
        ended = services.end_sessions(user=user, actor=None)
        sentence = _("Sessions of {username} ended: {ended}.")
        members = {"username": user.username, "ended": ended}
        self._print(members, options, sentence.format(**members))

    def _reset_factors(self, options: dict[str, Any]) -> None:
        user = selectors.user_named(options["username"])
        removed = second_factors.reset(user=user, actor=None)
        sentence = _("Second factors of {username} removed: {removed}.")
        members = {"username": user.username, "removed": removed}
        self._print(members, options, sentence.format(**members))

    def _link(self, options: dict[str, Any]) -> None:
        user = selectors.user_named(options["username"])
        identity_provider.link(user=user, subject=options["subject"], actor=None)
        members = {
            "username": user.username,
            "subject": identity_provider.subject_of(user),
        }
        sentence = _("{username} signs in as {subject} of the identity provider.")
        self._print(members, options, sentence.format(**members))

    def _unlink(self, options: dict[str, Any]) -> None:
        user = selectors.user_named(options["username"])
        identity_provider.unlink(user=user, actor=None)
        members = {"username": user.username, "subject": ""}
        sentence = _("{username} is no longer linked to the office sign-in.")
        self._print(members, options, sentence.format(**members))

    def _switch(self, options: dict[str, Any]) -> None:
        user = selectors.user_named(options["username"])
        services.set_active(user=user, is_active=options["act"] == "on", actor=None)
        members = {"username": user.username, "active": user.is_active}
        if user.is_active:
            sentence = _("{username} is let in again.")
        else:
            sentence = _("{username} is shut out.")
        self._print(members, options, sentence.format(username=user.username))

    def _print(self, members: dict[str, Any], options: dict[str, Any], text: str) -> None:
        """The members as JSON with --json, else the text."""
        self.stdout.write(json.dumps(members, ensure_ascii=False) if options["json"] else text)

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


def _must_choose(options: dict[str, Any]) -> bool:
    return options["must_choose"] or not options["json"]


def _further_role(options: dict[str, Any]) -> str:
    """The command that gives the role to the user who exists already."""
    words = ["./ruhu role add", options["username"], "--role", options["role"]]
    for area in options["area"]:
        words += ["--area", area or "''"]
    return " ".join(words)


def _log_in(members: dict[str, Any]) -> str:
    return table([(_("User name"), members["username"]), (_("Password"), members["password"])])


def _line(row: dict[str, Any]) -> tuple[str, ...]:
    """A user as a row of the table: each role with its area, `*` for everywhere."""
    roles = ", ".join(
        f"{Role(grant['role']).label} {grant['area'] or '*'}" for grant in row["roles"]
    )
    return row["username"], row["name"], roles, "" if row["active"] else _("inactive")
